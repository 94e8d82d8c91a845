"""Rows -> what commands and publications ask for; works on any connection, also read-only ones.

Cursors are exhausted before a function returns: a half-read one would hold back checkpoints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import FeedState, Story
from aggregator.store import rows
from aggregator.times import format_time

_FEED_STATE = """
    SELECT
        id, url, site_id, title, home, language, icon, hub_url, self_url, ttl_s, skip_hours,
        skip_days, etag, last_modified, body_hash, failures, last_polled_at, last_success_at
    FROM feeds
"""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A line of `status`. Times are the database's text, None where it never happened."""

    feed_id: int
    site: str
    url: str
    state: str
    last_polled_at: str | None
    last_outcome: str | None
    last_success_at: str | None
    next_poll_at: str | None
    newest_entry_at: str | None
    entries: int
    failures: int
    last_error: str | None
    id_policy: str = "guid"


def due_feeds(db: Database, *, now: datetime, limit: int) -> tuple[FeedState, ...]:
    """The feeds whose time has come, the longest overdue first."""
    cursor = db.conn.execute(
        f"""
        {_FEED_STATE}
        WHERE next_poll_at <= :now AND disabled_at IS NULL
        ORDER BY next_poll_at, id
        LIMIT :limit
        """,
        {"now": format_time(now), "limit": limit},
    )
    return tuple(rows.feed_state(row) for row in cursor.fetchall())


def enabled_feeds(db: Database) -> tuple[FeedState, ...]:
    """Every feed of the configuration, whether due or not."""
    cursor = db.conn.execute(f"{_FEED_STATE} WHERE disabled_at IS NULL ORDER BY id")
    return tuple(rows.feed_state(row) for row in cursor.fetchall())


def newest_stories(
    db: Database, depths: Mapping[str, int], site_names: Mapping[str, str], *, now: datetime
) -> tuple[Story, ...]:
    """Of each site in `depths`, so many of the newest stories that it tells and may show at `now`.

    Each as the site's own copy tells it, so a story of several sites comes several times, in the
    order of `depths`. Left out: withdrawn ones, copies held for later, and what has no link or
    title.
    """
    found: list[Story] = []
    for site_id, depth in depths.items():
        cursor = db.conn.execute(
            """
            SELECT
                stories.id, story_copies.site_id, story_copies.url, story_copies.title,
                story_copies.shown_at, stories.published_at, story_copies.image_url,
                story_copies.agency, stories.event_id, entries.position
            FROM story_copies
            CROSS JOIN stories ON stories.id = story_copies.story_id
            CROSS JOIN entries ON entries.id = stories.entry_id
            WHERE story_copies.site_id = :site_id
                AND stories.withdrawn_at IS NULL
                AND stories.merged_into IS NULL
                AND story_copies.url IS NOT NULL
                AND story_copies.title <> ''
                AND (story_copies.held_until IS NULL OR story_copies.held_until <= :now)
            ORDER BY story_copies.shown_at DESC, entries.position, stories.id
            LIMIT :depth
            """,
            {"site_id": site_id, "now": format_time(now), "depth": depth},
        )
        found.extend(rows.story(row, site_names) for row in cursor.fetchall())
    return tuple(found)


def next_held(db: Database, *, now: datetime) -> datetime | None:
    """When the next story that a future date holds back may be shown."""
    (held_until,) = db.conn.execute(
        "SELECT min(held_until) FROM story_copies WHERE held_until > :now",
        {"now": format_time(now)},
    ).fetchone()
    return rows.time_of(held_until)


def feed_statuses(db: Database) -> tuple[FeedStatus, ...]:
    """Every feed with its health, by site and URL."""
    cursor = db.conn.execute(
        """
        SELECT
            feed_health.feed_id, feed_health.site_id, feed_health.url, feed_health.state,
            feeds.last_polled_at, feeds.last_outcome, feed_health.last_success_at,
            feed_health.next_poll_at, feed_health.newest_entry_at, feed_health.failures,
            feed_health.last_error, feeds.id_policy,
            (SELECT count(*) FROM entries WHERE entries.feed_id = feeds.id) AS entries
        FROM feed_health
        JOIN feeds ON feeds.id = feed_health.feed_id
        ORDER BY feed_health.site_id, feed_health.url
        """
    )
    return tuple(_feed_status(row) for row in cursor.fetchall())


def _feed_status(row: sqlite3.Row) -> FeedStatus:
    return FeedStatus(
        feed_id=row["feed_id"],
        site=row["site_id"],
        url=row["url"],
        state=row["state"],
        last_polled_at=row["last_polled_at"],
        last_outcome=row["last_outcome"],
        last_success_at=row["last_success_at"],
        next_poll_at=row["next_poll_at"],
        newest_entry_at=row["newest_entry_at"],
        entries=row["entries"],
        failures=row["failures"],
        last_error=row["last_error"],
        id_policy=row["id_policy"],
    )
