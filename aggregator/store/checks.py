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
    """What is known of a page after a look at it; `override_id` withdraws the copies that link
    there. `story_id` is that of one of them."""

    story_id: int
    url: str
    checked_at: datetime
    next_check_at: datetime
    http_status: int | None
    misses: int
    override_id: int | None


_SHOWN = "SELECT url FROM placements WHERE shown_until IS NULL"


def follow_pages(db: Database, *, every: timedelta) -> None:
    """A row for each link that pages show, to be asked for when it was shown for `every`.

    Of what no page shows only those stay that were withdrawn: should an editor take that back, it
    is not begun again.
    """
    db.conn.execute(
        """
        INSERT INTO story_checks (url, story_id, next_check_at)
        SELECT
            url, min(story_id),
            strftime('%Y-%m-%dT%H:%M:%SZ', min(shown_from), :every || ' seconds')
        FROM placements
        WHERE shown_until IS NULL
        GROUP BY url
        ON CONFLICT (url) DO NOTHING
        """,
        {"every": int(every.total_seconds())},
    )
    db.conn.execute(f"DELETE FROM story_checks WHERE override_id IS NULL AND url NOT IN ({_SHOWN})")


def due(db: Database, *, now: datetime) -> tuple[PageCheck, ...]:
    """Every page whose time has come, the longest overdue first: what is shown, and what was
    withdrawn for its absence not too long ago."""
    cursor = db.conn.execute(
        f"""
        SELECT
            story_checks.url, story_checks.story_id, story_checks.misses,
            story_checks.override_id, overrides.ended_at
        FROM story_checks
        LEFT JOIN overrides ON overrides.id = story_checks.override_id
        WHERE story_checks.next_check_at <= :now
            AND (
                story_checks.url IN ({_SHOWN})
                OR (overrides.ended_at IS NULL AND overrides.created_at > :given_up)
            )
        ORDER BY story_checks.next_check_at, story_checks.story_id, story_checks.url
        """,
        {"now": format_time(now), "given_up": format_time(now - GIVE_UP_AFTER)},
    )
    return tuple(_page_check(row) for row in cursor.fetchall())


def _page_check(row: sqlite3.Row) -> PageCheck:
    has_word = row["override_id"] is not None
    return PageCheck(
        story_id=row["story_id"],
        url=row["url"],
        misses=row["misses"],
        override_id=row["override_id"],
        is_withdrawn=has_word and row["ended_at"] is None,
        is_overruled=has_word and row["ended_at"] is not None,
    )


def record(db: Database, checked: Checked) -> None:
    """In place of what was known of the page."""
    db.conn.execute(
        """
        INSERT OR REPLACE INTO story_checks (
            url, story_id, checked_at, next_check_at, http_status, misses, override_id
        ) VALUES (
            :url, :story_id, :checked_at, :next_check_at, :http_status, :misses, :override_id
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


def answers(db: Database) -> tuple[tuple[str, bool], ...]:
    """URL of every page that was asked for, and whether it was missing; without those that
    were withdrawn for it, which say nothing about the host any more."""
    cursor = db.conn.execute(
        """
        SELECT url, misses > 0 FROM story_checks
        WHERE checked_at IS NOT NULL AND override_id IS NULL
        """
    )
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
