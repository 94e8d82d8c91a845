"""Rows -> what the pages of `web` show; every query is bounded by a period or a number.

Times are the database's text, as everywhere outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.times import format_time

Row = Mapping[str, str | int | None]

LATE_MINUTES = (5, 15, 60, 180, 720, 1440)
"""Upper bounds of the steps of lateness; the last step is beyond the last bound."""

MAX_ROWS = 200
"""Of any list on the page of a story, the newest."""


@dataclass(frozen=True, slots=True)
class StoryPage:
    """A story, its entries, and what became of it; newest last."""

    story: Row
    entries: tuple[Row, ...]
    merges: tuple[Row, ...]
    places: tuple[Row, ...]
    overrides: tuple[Row, ...]
    revisions: tuple[Row, ...]


def story_page(db: Database, story_id: int) -> StoryPage | None:
    """None: there is no such story."""
    found = _rows(
        db,
        """
        SELECT stories.id, stories.title, stories.url, stories.site_id, sites.name AS site_name,
            stories.published_at, stories.first_seen_at, stories.withdrawn_at, stories.entry_id,
            stories.merged_into, heir.title AS merged_into_title
        FROM stories
        JOIN sites ON sites.id = stories.site_id
        LEFT JOIN stories AS heir ON heir.id = stories.merged_into
        WHERE stories.id = :id
        """,
        id=story_id,
    )
    if not found:
        return None
    return StoryPage(
        found[0],
        _entries(db, story_id),
        _merges(db, story_id),
        _places(db, story_id),
        _overrides(db, story_id),
        _revisions(db, story_id),
    )


def _rows(db: Database, query: str, **parameters: str | int) -> tuple[Row, ...]:
    cursor = db.conn.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _of_story(db: Database, story_id: int, query: str) -> tuple[Row, ...]:
    """What `query` says of the story, newest first -> the newest rows of it, newest last."""
    return _rows(db, f"{query} LIMIT :limit", id=story_id, limit=MAX_ROWS)[::-1]


def _entries(db: Database, story_id: int) -> tuple[Row, ...]:
    return _of_story(
        db,
        story_id,
        """
        SELECT entries.id, entries.title, entries.url, entries.summary, entries.author,
            entries.published_at, entries.first_seen_at, entries.last_seen_at,
            feeds.url AS feed, feeds.site_id
        FROM entries
        JOIN feeds ON feeds.id = entries.feed_id
        WHERE entries.story_id = :id
        ORDER BY entries.id DESC
        """,
    )


def _merges(db: Database, story_id: int) -> tuple[Row, ...]:
    return _of_story(
        db,
        story_id,
        """
        SELECT entry_id, matched_entry_id, rule, score, decided_at, undone_at
        FROM merges
        WHERE story_id = :id
        ORDER BY id DESC
        """,
    )


def _places(db: Database, story_id: int) -> tuple[Row, ...]:
    return _of_story(
        db,
        story_id,
        """
        SELECT page, block, position, title, shown_from, shown_until
        FROM placements
        WHERE story_id = :id
        ORDER BY id DESC
        """,
    )


def _overrides(db: Database, story_id: int) -> tuple[Row, ...]:
    """What editors said of it by its number or its link, in force or not."""
    return _of_story(
        db,
        story_id,
        """
        SELECT kind, value, url, page, note, created_at, expires_at, ended_at
        FROM overrides
        WHERE story_id = :id
            OR canonical_url IN (
                SELECT entry_keys.value
                FROM entries
                JOIN entry_keys ON entry_keys.entry_id = entries.id
                WHERE entries.story_id = :id AND entry_keys.kind = 'url'
            )
        ORDER BY id DESC
        """,
    )


def _revisions(db: Database, story_id: int) -> tuple[Row, ...]:
    """How its entries read before."""
    return _of_story(
        db,
        story_id,
        """
        SELECT revisions.entry_id, revisions.seen_at, revisions.title, revisions.url
        FROM entries
        JOIN revisions ON revisions.entry_id = entries.id
        WHERE entries.story_id = :id
        ORDER BY revisions.id DESC
        """,
    )


def polls_by_hour(db: Database, *, now: datetime, hours: int) -> tuple[Row, ...]:
    """(hour, outcome, polls) of the last hours; `hour` is `2026-11-25T12`."""
    return _rows(
        db,
        """
        SELECT substr(at, 1, 13) AS hour, outcome, count(*) AS polls
        FROM polls
        WHERE at > :since
        GROUP BY hour, outcome
        """,
        since=format_time(now - timedelta(hours=hours)),
    )


def published_by_weekday(db: Database, *, now: datetime, days: int) -> tuple[Row, ...]:
    """(weekday, hour, stories) of stories dated in the last days; Monday is 0, hours are UTC."""
    return _rows(
        db,
        """
        SELECT (strftime('%w', shown_at) + 6) % 7 AS weekday,
            CAST(substr(shown_at, 12, 2) AS INTEGER) AS hour,
            count(*) AS stories
        FROM stories
        WHERE shown_at > :since AND shown_at <= :now AND published_at IS NOT NULL
            AND merged_into IS NULL
        GROUP BY weekday, hour
        """,
        since=format_time(now - timedelta(days=days)),
        now=format_time(now),
    )


def lateness(db: Database, *, now: datetime, days: int) -> list[int]:
    """Entries by how long after their date they were seen first, in the steps of LATE_MINUTES.

    Without those of a feed's first document, which were there before us.
    """
    counts = [0] * (len(LATE_MINUTES) + 1)
    found = _rows(
        db,
        """
        SELECT (strftime('%s', first_seen_at) - strftime('%s', published_at)) / 60 AS minutes,
            count(*) AS entries
        FROM entries
        WHERE first_seen_at > :since AND backfill = 0 AND published_at <= first_seen_at
        GROUP BY minutes
        """,
        since=format_time(now - timedelta(days=days)),
    )
    for row in found:
        minutes, entries = int(row["minutes"] or 0), int(row["entries"] or 0)
        counts[sum(minutes >= bound for bound in LATE_MINUTES)] += entries
    return counts


def block_freshness(db: Database) -> tuple[Row, ...]:
    """(page, block, headlines, newest_at, changed_at) of every block that shows something."""
    return _rows(
        db,
        """
        SELECT page, block, count(*) AS headlines, max(published_at) AS newest_at,
            max(shown_from) AS changed_at
        FROM placements
        WHERE shown_until IS NULL
        GROUP BY page, block
        ORDER BY page, block
        """,
    )


def feed_states(db: Database) -> tuple[Row, ...]:
    """(state, feeds) of the feeds of the network."""
    return _rows(
        db,
        """
        SELECT state, count(*) AS feeds
        FROM feed_health
        WHERE state <> 'disabled'
        GROUP BY state
        ORDER BY feeds DESC
        """,
    )


def newest_headlines(db: Database, *, limit: int) -> tuple[Row, ...]:
    """(story_id, title, url, site_name, shown_at) of the whole network."""
    return _rows(
        db,
        """
        SELECT story_id, title, url, site_name, shown_at
        FROM headlines
        ORDER BY shown_at DESC
        LIMIT :limit
        """,
        limit=limit,
    )
