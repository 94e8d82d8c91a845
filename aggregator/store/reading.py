"""Rows -> what commands and publications ask for; works on any connection, also read-only ones.

Cursors are exhausted before a function returns: a half-read one would hold back checkpoints.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import FeedHealth, FeedState, Story
from aggregator.store import rows
from aggregator.store.overrides import GONE_LINKS
from aggregator.times import format_time, parse_time

_FEED_STATE = """
    SELECT
        feeds.id, feeds.url, site_id, title, home, language, icon, hub_url, self_url, ttl_s,
        skip_hours, skip_days, etag, last_modified, served_by, body_hash, failures,
        last_polled_at, last_success_at, last_full_at, last_outcome, paused_until, next_poll_at,
        feed_moves.url AS moved_to,
        EXISTS (
            SELECT 1 FROM feed_moves AS sighted
            WHERE sighted.feed_id = feeds.id
                AND sighted.learnt_at IS NULL AND sighted.undone_at IS NULL
        ) AS is_sighted
    FROM feeds
    LEFT JOIN feed_moves ON feed_moves.feed_id = feeds.id
        AND feed_moves.learnt_at IS NOT NULL
        AND feed_moves.replaced_at IS NULL AND feed_moves.undone_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A line of `status`. Times are the database's text, None where it never happened.

    `moved_to` is polled instead of `url`; `move_sighted` is where a permanent redirect leads that
    is not (yet) believed, `move_sighted_at` since when. `paused_until`: what a server last asked
    for, which may be over.
    """

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
    moved_to: str | None
    move_sighted: str | None
    move_sighted_at: str | None
    why: str | None
    id_policy: str = "guid"
    paused_until: str | None = None


def due_feeds(db: Database, *, now: datetime, limit: int) -> tuple[FeedState, ...]:
    """The feeds whose time has come, the longest overdue first."""
    cursor = db.conn.execute(
        f"""
        {_FEED_STATE}
        WHERE next_poll_at <= :now AND disabled_at IS NULL
        ORDER BY next_poll_at, feeds.id
        LIMIT :limit
        """,
        {"now": format_time(now), "limit": limit},
    )
    return tuple(rows.feed_state(row) for row in cursor.fetchall())


def find_feed(db: Database, feed_id: int) -> FeedState | None:
    """A feed of the configuration by its number."""
    row = db.conn.execute(
        f"{_FEED_STATE} WHERE feeds.id = :id AND disabled_at IS NULL", {"id": feed_id}
    ).fetchone()
    return None if row is None else rows.feed_state(row)


def enabled_feeds(db: Database) -> tuple[FeedState, ...]:
    """Every feed of the configuration, whether due or not."""
    cursor = db.conn.execute(f"{_FEED_STATE} WHERE disabled_at IS NULL ORDER BY feeds.id")
    return tuple(rows.feed_state(row) for row in cursor.fetchall())


def is_any_failing(db: Database) -> bool:
    """Whether the last poll of some feed of the configuration failed."""
    (found,) = db.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM feeds WHERE failures > 0 AND disabled_at IS NULL)"
    ).fetchone()
    return bool(found)


_SHOWABLE = f"""
    SELECT
        stories.id, story_copies.site_id, story_copies.url, story_copies.title,
        story_copies.shown_at, stories.published_at, story_copies.image_url,
        story_copies.agency, stories.event_id AS event, leading.position, leading.backfill,
        entries.categories, feeds.language
    FROM story_copies
    CROSS JOIN stories ON stories.id = story_copies.story_id
    CROSS JOIN entries AS leading ON leading.id = stories.entry_id
    CROSS JOIN entries ON entries.id = story_copies.entry_id
    CROSS JOIN feeds ON feeds.id = entries.feed_id
    WHERE stories.withdrawn_at IS NULL
        AND stories.merged_into IS NULL
        AND story_copies.url IS NOT NULL
        AND story_copies.url NOT IN ({GONE_LINKS})
        AND story_copies.title <> ''
        AND (story_copies.held_until IS NULL OR story_copies.held_until <= :now)
"""

# In the two parts of the order of a block: see `selection.fitness.place`.
_UNDATED = "stories.published_at IS NULL AND leading.backfill"


def newest_stories(
    db: Database, depths: Mapping[str, int], site_names: Mapping[str, str], *, now: datetime
) -> tuple[Story, ...]:
    """Of each site in `depths`, so many of its first stories that it may show at `now`.

    Each as the site's own copy tells it, so a story of several sites comes several times, in the
    order of `depths`. First in the order of a block: what came undated with a feed's first
    document is last. Left out: withdrawn ones, copies that are held for later or whose link is
    withdrawn, and what has no link or title.
    """
    found: list[Story] = []
    for site_id, depth in depths.items():
        dated = _first_stories(db, f"NOT ({_UNDATED})", site_id, depth, now)
        # Only a site with few others is asked for these, so few rows are passed over.
        missing = depth - len(dated)
        undated = _first_stories(db, f"({_UNDATED})", site_id, missing, now) if missing else []
        found.extend(rows.story(row, site_names) for row in (*dated, *undated))
    return tuple(found)


def _first_stories(
    db: Database, condition: str, site_id: str, depth: int, now: datetime
) -> list[sqlite3.Row]:
    return db.conn.execute(
        f"""
        {_SHOWABLE}
            AND story_copies.site_id = :site_id
            AND {condition}
        ORDER BY story_copies.shown_at DESC, leading.position, stories.id
        LIMIT :depth
        """,
        {"site_id": site_id, "now": format_time(now), "depth": depth},
    ).fetchall()


def stories_by_id(
    db: Database, story_ids: Iterable[int], site_names: Mapping[str, str], *, now: datetime
) -> tuple[Story, ...]:
    """Those of `story_ids` that may be shown at `now`, as each site in `site_names` tells them.

    Copies of one story come in the order of `site_names`.
    """
    cursor = db.conn.execute(
        f"""
        {_SHOWABLE}
            AND story_copies.story_id IN (SELECT value FROM json_each(:ids))
            AND story_copies.site_id IN (SELECT value FROM json_each(:sites))
        """,
        {
            "now": format_time(now),
            "ids": json.dumps(sorted(story_ids)),
            "sites": json.dumps(sorted(site_names)),
        },
    )
    found = [rows.story(row, site_names) for row in cursor.fetchall()]
    order = {site_id: place for place, site_id in enumerate(site_names)}
    return tuple(sorted(found, key=lambda story: (story.id, order[story.site])))


def told_now(db: Database, story_ids: Iterable[int]) -> dict[int, tuple[int, str | None]]:
    """Story -> the story that has its entries now, and that one's credits as of one agency."""
    cursor = db.conn.execute(
        """
        SELECT
            stories.id,
            coalesce(entries.story_id, stories.id) AS story_id,
            (
                SELECT group_concat(agency, '/') FROM story_copies
                WHERE story_copies.story_id = coalesce(entries.story_id, stories.id)
            ) AS agency
        FROM json_each(:ids) AS wanted
        CROSS JOIN stories ON stories.id = wanted.value
        LEFT JOIN entries ON entries.id = stories.entry_id
        """,
        {"ids": json.dumps(sorted(set(story_ids)))},
    )
    return {row["id"]: (row["story_id"], row["agency"]) for row in cursor.fetchall()}


def fresh_at(db: Database) -> dict[str, datetime]:
    """Site -> when one of its feeds last gave a document, new or not."""
    cursor = db.conn.execute(
        """
        SELECT site_id, max(last_success_at)
        FROM feeds
        WHERE disabled_at IS NULL AND last_success_at IS NOT NULL
        GROUP BY site_id
        """
    )
    return {site_id: parse_time(at) for site_id, at in cursor.fetchall()}


def next_held(db: Database, *, now: datetime) -> datetime | None:
    """When the next story that a future date holds back may be shown."""
    (held_until,) = db.conn.execute(
        "SELECT min(held_until) FROM story_copies WHERE held_until > :now",
        {"now": format_time(now)},
    ).fetchone()
    return rows.time_of(held_until)


def count_stories(db: Database) -> int:
    """All that are stored, but for those that became a part of another."""
    # Of the two counts each has an index of its own to go by.
    (count,) = db.conn.execute(
        """
        SELECT
            (SELECT count(*) FROM stories)
            - (SELECT count(*) FROM stories WHERE merged_into IS NOT NULL)
        """
    ).fetchone()
    return int(count)


def feed_statuses(db: Database) -> tuple[FeedStatus, ...]:
    """Every feed with its health, by site and URL."""
    cursor = db.conn.execute(
        """
        SELECT
            feed_health.feed_id, feed_health.site_id, feed_health.url, feed_health.state,
            feeds.last_polled_at, feeds.last_outcome, feed_health.last_success_at,
            feed_health.next_poll_at, feed_health.newest_entry_at, feed_health.failures,
            feed_health.last_error, feeds.next_poll_why, feeds.id_policy,
            feeds.entries, feeds.paused_until,
            in_force.url AS moved_to, sighted.url AS move_sighted,
            sighted.first_sighted_at AS move_sighted_at
        FROM feed_health
        JOIN feeds ON feeds.id = feed_health.feed_id
        LEFT JOIN feed_moves AS in_force ON in_force.feed_id = feeds.id
            AND in_force.learnt_at IS NOT NULL
            AND in_force.replaced_at IS NULL AND in_force.undone_at IS NULL
        LEFT JOIN feed_moves AS sighted ON sighted.id = (
            SELECT id FROM feed_moves
            WHERE feed_id = feeds.id AND learnt_at IS NULL AND undone_at IS NULL
            ORDER BY last_sighted_at DESC LIMIT 1
        )
        ORDER BY feed_health.site_id, feed_health.url
        """
    )
    return tuple(_feed_status(row) for row in cursor.fetchall())


def feed_health(db: Database) -> tuple[FeedHealth, ...]:
    """Every feed of the configuration, by site and URL; counts nothing, so it costs little."""
    cursor = db.conn.execute(
        """
        SELECT site_id, url, state, last_success_at, last_error
        FROM feed_health
        WHERE state <> 'disabled'
        ORDER BY site_id, url
        """
    )
    return tuple(
        FeedHealth(
            site=row["site_id"],
            url=row["url"],
            state=row["state"],
            last_success_at=rows.time_of(row["last_success_at"]),
            why=row["last_error"],
        )
        for row in cursor.fetchall()
    )


def _feed_status(row: sqlite3.Row) -> FeedStatus:
    is_polled = row["state"] != "disabled"  # its time stays, for when it is in feeds.yaml again
    return FeedStatus(
        feed_id=row["feed_id"],
        site=row["site_id"],
        url=row["url"],
        state=row["state"],
        last_polled_at=row["last_polled_at"],
        last_outcome=row["last_outcome"],
        last_success_at=row["last_success_at"],
        next_poll_at=row["next_poll_at"] if is_polled else None,
        newest_entry_at=row["newest_entry_at"],
        entries=row["entries"],
        failures=row["failures"],
        last_error=row["last_error"],
        moved_to=row["moved_to"],
        move_sighted=row["move_sighted"],
        move_sighted_at=row["move_sighted_at"],
        why=row["next_poll_why"] if is_polled else None,
        id_policy=row["id_policy"],
        paused_until=row["paused_until"],
    )
