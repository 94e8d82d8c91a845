"""Entries and stories -> rows for other programs, a batch at a time.

Every batch is a query of its own: one long one would hold back the checkpoints of the writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.times import format_time

BATCH = 5000

Cell = str | int | None

_ENTRIES = """
    SELECT
        entries.id, entries.feed_id, feeds.url AS feed_url, feeds.site_id, entries.guid,
        entries.url, entries.canonical_url, entries.title, entries.summary, entries.author,
        entries.image_url, entries.categories, entries.published_at, entries.updated_at,
        entries.first_seen_at, entries.last_seen_at, entries.position, entries.story_id
    FROM entries
    CROSS JOIN feeds ON feeds.id = entries.feed_id
    WHERE entries.id > :after
        AND (:since IS NULL OR entries.first_seen_at >= :since)
        AND (:site IS NULL OR feeds.site_id = :site)
    ORDER BY entries.id
    LIMIT :limit
"""
_STORIES = """
    SELECT
        stories.id, stories.site_id, sites.name AS site_name, stories.url, stories.title,
        stories.image_url, stories.published_at, stories.first_seen_at, stories.shown_at,
        stories.withdrawn_at,
        (SELECT count(id) FROM entries WHERE entries.story_id = stories.id) AS entries,
        (SELECT count(DISTINCT feed_id) FROM entries WHERE entries.story_id = stories.id) AS feeds
    FROM stories
    CROSS JOIN sites ON sites.id = stories.site_id
    WHERE stories.id > :after AND stories.merged_into IS NULL
        AND (:since IS NULL OR stories.first_seen_at >= :since)
        AND (:site IS NULL OR stories.site_id = :site)
    ORDER BY stories.id
    LIMIT :limit
"""
_QUERIES = {"entries": _ENTRIES, "stories": _STORIES}
KINDS = tuple(_QUERIES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: `entries` or `stories`, first seen at or after `since`, of one site."""

    kind: str
    since: datetime | None = None
    site: str | None = None


def export_columns(db: Database, kind: str) -> tuple[str, ...]:
    """The names of the columns, in their order."""
    nothing = {"after": 0, "since": None, "site": None, "limit": 0}
    return tuple(found[0] for found in db.conn.execute(_QUERIES[kind], nothing).description)


def export_batches(db: Database, wanted: Wanted) -> Iterator[list[Mapping[str, Cell]]]:
    """All rows by id, at most 5,000 a batch; none is empty."""
    columns = export_columns(db, wanted.kind)
    since = None if wanted.since is None else format_time(wanted.since)
    after = 0
    while True:
        found = db.conn.execute(
            _QUERIES[wanted.kind],
            {"after": after, "since": since, "site": wanted.site, "limit": BATCH},
        ).fetchall()
        if not found:
            return
        after = found[-1]["id"]
        yield [dict(zip(columns, row, strict=True)) for row in found]
