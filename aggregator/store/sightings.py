"""Where titles and summaries were seen, and what feeds' titles end with.

Every function runs inside a transaction of the writer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.times import format_time, parse_time

SIGHTINGS_LIMIT = 40
"""Of one title or summary, the earliest; more prove nothing more."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row of `sightings`; the keys are hashes, None for a text that says nothing."""

    entry_id: int
    feed_id: int
    link: str
    at: datetime
    title_key: int | None
    summary_key: int | None
    recurring: bool = False
    boilerplate: bool = False


def learnt_by(db: Database, feed_id: int, *, limit: int) -> tuple[tuple[str, ...], list[str]]:
    """The suffixes a feed is known by, and the titles of its newest entries."""
    (suffixes,) = db.conn.execute(
        "SELECT suffixes FROM feeds WHERE id = :feed_id", {"feed_id": feed_id}
    ).fetchone()
    titles = db.conn.execute(
        """
        SELECT title FROM entries
        WHERE feed_id = :feed_id
        ORDER BY last_seen_at DESC, id
        LIMIT :limit
        """,
        {"feed_id": feed_id, "limit": limit},
    ).fetchall()
    return tuple(json.loads(suffixes)), [title for (title,) in titles]


def teach(db: Database, feed_id: int, suffixes: Iterable[str]) -> None:
    """The suffixes a feed is known by from now on."""
    db.conn.execute(
        "UPDATE feeds SET suffixes = :suffixes WHERE id = :feed_id",
        {"suffixes": json.dumps(sorted(suffixes)), "feed_id": feed_id},
    )


def recent_entries(db: Database, feed_id: int, *, since: datetime) -> list[int]:
    """The feed's entries first seen since then."""
    cursor = db.conn.execute(
        """
        SELECT id FROM entries
        WHERE feed_id = :feed_id AND last_seen_at >= :since AND first_seen_at >= :since
        ORDER BY id
        """,
        {"feed_id": feed_id, "since": format_time(since)},
    )
    return [entry_id for (entry_id,) in cursor.fetchall()]


def of_entries(db: Database, entry_ids: Iterable[int]) -> list[Sighting]:
    """What is stored of these entries."""
    cursor = db.conn.execute(
        f"""
        {_SIGHTING}
        FROM json_each(:wanted) AS wanted
        CROSS JOIN sightings ON sightings.entry_id = wanted.value
        """,
        {"wanted": json.dumps(list(entry_ids))},
    )
    return [_sighting(row) for row in cursor.fetchall()]


_SIGHTING = """
    SELECT
        sightings.entry_id, sightings.feed_id, sightings.link, sightings.at,
        sightings.title_key, sightings.summary_key, sightings.recurring, sightings.boilerplate
"""


def alike(db: Database, column: str, keys: Iterable[int]) -> dict[int, list[Sighting]]:
    """Key -> its sightings, the earliest first, for keys seen more than once.

    `column` is `title_key` or `summary_key`.
    """
    assert column in ("title_key", "summary_key")
    found = {}
    for key in sorted(set(keys)):
        cursor = db.conn.execute(
            f"""
            {_SIGHTING}
            FROM sightings
            WHERE {column} = :key
            ORDER BY at, link, entry_id
            LIMIT :limit
            """,
            {"key": key, "limit": SIGHTINGS_LIMIT},
        )
        rows = cursor.fetchall()
        if len(rows) > 1 or any(row["recurring"] or row["boilerplate"] for row in rows):
            found[key] = [_sighting(row) for row in rows]
    return found


def feed_sites(db: Database, feed_ids: Collection[int]) -> dict[int, str]:
    """Feed -> its site."""
    if not feed_ids:
        return {}
    cursor = db.conn.execute(
        "SELECT id, site_id FROM feeds WHERE id IN (SELECT value FROM json_each(:wanted))",
        {"wanted": json.dumps(sorted(feed_ids))},
    )
    return dict(cursor.fetchall())


def _sighting(row: sqlite3.Row) -> Sighting:
    return Sighting(
        entry_id=row["entry_id"],
        feed_id=row["feed_id"],
        link=row["link"],
        at=parse_time(row["at"]),
        title_key=row["title_key"],
        summary_key=row["summary_key"],
        recurring=bool(row["recurring"]),
        boilerplate=bool(row["boilerplate"]),
    )


def record(db: Database, sightings: Iterable[Sighting], *, version: int) -> None:
    """What the entries are seen with now; findings stay as they were."""
    db.conn.executemany(
        """
        INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, version)
        VALUES (:entry_id, :feed_id, :link, :at, :title_key, :summary_key, :version)
        ON CONFLICT (entry_id) DO UPDATE SET
            feed_id = excluded.feed_id, link = excluded.link, at = excluded.at,
            title_key = excluded.title_key, summary_key = excluded.summary_key,
            version = excluded.version
        """,
        [
            {
                "entry_id": seen.entry_id,
                "feed_id": seen.feed_id,
                "link": seen.link,
                "at": format_time(seen.at),
                "title_key": seen.title_key,
                "summary_key": seen.summary_key,
                "version": version,
            }
            for seen in sightings
        ],
    )


def record_findings(db: Database, column: str, findings: Mapping[int, bool]) -> None:
    """Entry id -> whether its title is `recurring`, or its summary `boilerplate`."""
    assert column in ("recurring", "boilerplate")
    db.conn.executemany(
        f"UPDATE sightings SET {column} = :found WHERE entry_id = :entry_id",
        [{"entry_id": entry_id, "found": found} for entry_id, found in findings.items()],
    )
