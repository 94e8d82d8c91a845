"""Which pages of stories to ask for, and what they answered -> rows of `story_checks`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.presence import GIVE_UP_AFTER, PageCheck
from aggregator.times import format_time


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a page after a look at it; `override_id` withdraws its story."""

    story_id: int
    url: str
    checked_at: datetime
    next_check_at: datetime
    http_status: int | None
    misses: int
    override_id: int | None


# What stands on a page, and what was withdrawn for its absence not too long ago.
_WANTED = """
    WITH wanted (story_id, shown_from) AS (
        SELECT story_id, min(shown_from)
        FROM placements
        WHERE shown_until IS NULL
        GROUP BY +story_id -- by what is shown now, not by all that ever was
        UNION ALL
        SELECT story_checks.story_id, NULL
        FROM story_checks
        JOIN overrides ON overrides.id = story_checks.override_id
        WHERE overrides.ended_at IS NULL
            AND overrides.created_at > :given_up
            AND NOT EXISTS (
                SELECT 1 FROM placements
                WHERE placements.story_id = story_checks.story_id AND shown_until IS NULL
            )
    )
"""


def due(db: Database, *, now: datetime, every: timedelta) -> tuple[PageCheck, ...]:
    """Every page whose time has come, the longest overdue first; as many as are shown, at most."""
    cursor = db.conn.execute(
        f"""
        {_WANTED}
        SELECT
            stories.id, stories.url, overrides.ended_at, known.override_id,
            CASE WHEN known.url = stories.url THEN known.misses ELSE 0 END AS misses
        FROM wanted
        JOIN stories ON stories.id = wanted.story_id
        LEFT JOIN story_checks AS known ON known.story_id = stories.id
        LEFT JOIN overrides ON overrides.id = known.override_id
        WHERE stories.url IS NOT NULL
            AND CASE
                WHEN known.story_id IS NULL THEN wanted.shown_from <= :since
                ELSE known.next_check_at <= :now OR known.url <> stories.url
            END
        ORDER BY coalesce(known.next_check_at, wanted.shown_from), stories.id
        """,
        {
            "now": format_time(now),
            "since": format_time(now - every),
            "given_up": format_time(now - GIVE_UP_AFTER),
        },
    )
    return tuple(_page_check(row) for row in cursor.fetchall())


def _page_check(row: sqlite3.Row) -> PageCheck:
    has_word = row["override_id"] is not None
    return PageCheck(
        story_id=row["id"],
        url=row["url"],
        misses=row["misses"],
        override_id=row["override_id"],
        is_withdrawn=has_word and row["ended_at"] is None,
        is_overruled=has_word and row["ended_at"] is not None,
    )


def record(db: Database, checked: Checked) -> None:
    """In place of what was known of the story's page."""
    db.conn.execute(
        """
        INSERT OR REPLACE INTO story_checks (
            story_id, url, checked_at, next_check_at, http_status, misses, override_id
        ) VALUES (
            :story_id, :url, :checked_at, :next_check_at, :http_status, :misses, :override_id
        )
        """,
        {
            "story_id": checked.story_id,
            "url": checked.url,
            "checked_at": format_time(checked.checked_at),
            "next_check_at": format_time(checked.next_check_at),
            "http_status": checked.http_status,
            "misses": checked.misses,
            "override_id": checked.override_id,
        },
    )


def forget(db: Database, *, now: datetime) -> None:
    """Stories that no page shows and that are not waited for any more."""
    db.conn.execute(
        f"""
        {_WANTED}
        DELETE FROM story_checks WHERE story_id NOT IN (SELECT story_id FROM wanted)
        """,
        {"given_up": format_time(now - GIVE_UP_AFTER)},
    )


def answers(db: Database) -> tuple[tuple[str, bool], ...]:
    """URL of every page that was asked for, and whether it was missing; without those of stories
    that were withdrawn for it, which say nothing about the host any more."""
    cursor = db.conn.execute("SELECT url, misses > 0 FROM story_checks WHERE override_id IS NULL")
    return tuple((url, bool(is_missing)) for url, is_missing in cursor.fetchall())


def waiting(db: Database, *, now: datetime) -> tuple[str, ...]:
    """URLs of feeds and pages whose servers asked for fewer requests until some later time."""
    cursor = db.conn.execute(
        """
        SELECT coalesce(feed_moves.url, feeds.url)
        FROM feeds
        LEFT JOIN feed_moves ON feed_moves.feed_id = feeds.id
            AND learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL
        WHERE paused_until > :now
        UNION
        SELECT url FROM story_checks WHERE next_check_at > :now AND http_status IN (429, 503)
        """,
        {"now": format_time(now)},
    )
    return tuple(row[0] for row in cursor.fetchall())
