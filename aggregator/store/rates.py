"""What the polling policy knows -> rows, and back."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.policy import FeedRate, PolicyState
from aggregator.times import format_time, parse_time

_COLUMNS = "observed_at, newest_item_at, items, exposure_s, bins, overrun"


def read_rate(db: Database, feed_id: int) -> FeedRate | None:
    """None for a feed that never gave a document."""
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM feed_rates WHERE feed_id = :id", {"id": feed_id}
    ).fetchone()
    return None if row is None else _rate(row)


def write_rate(db: Database, feed_id: int, rate: FeedRate) -> None:
    """Replaces what was known."""
    db.conn.execute(
        f"""
        INSERT OR REPLACE INTO feed_rates (feed_id, {_COLUMNS})
        VALUES (:feed_id, :observed_at, :newest_item_at, :items, :exposure_s, :bins, :overrun)
        """,
        {
            "feed_id": feed_id,
            "observed_at": format_time(rate.observed_at),
            "newest_item_at": format_time(rate.newest_item_at),
            "items": rate.items,
            "exposure_s": rate.exposure_s,
            "bins": json.dumps(rate.bins),
            "overrun": rate.overrun,
        },
    )


def all_rates(db: Database) -> list[FeedRate]:
    """Of every feed of the configuration."""
    cursor = db.conn.execute(
        f"""
        SELECT {_COLUMNS} FROM feed_rates
        JOIN feeds ON feeds.id = feed_rates.feed_id
        WHERE feeds.disabled_at IS NULL
        """
    )
    return [_rate(row) for row in cursor.fetchall()]


def _rate(row: sqlite3.Row) -> FeedRate:
    return FeedRate(
        observed_at=parse_time(row["observed_at"]),
        newest_item_at=parse_time(row["newest_item_at"]),
        items=row["items"],
        exposure_s=row["exposure_s"],
        bins=tuple(json.loads(row["bins"])),
        overrun=bool(row["overrun"]),
    )


def read_policy(db: Database) -> PolicyState | None:
    """None in a new database."""
    row = db.conn.execute(
        "SELECT mu, polls_per_hour, stepped_at, profiled_at, profile FROM policy_state"
    ).fetchone()
    if row is None:
        return None
    return PolicyState(
        mu=row["mu"],
        polls_per_hour=row["polls_per_hour"],
        stepped_at=parse_time(row["stepped_at"]),
        profiled_at=parse_time(row["profiled_at"]),
        profile=_profile(row["profile"]),
    )


@functools.lru_cache(maxsize=2)
def _profile(text: str) -> tuple[float, ...]:
    """From its column: every poll asks, and it is another one once a day."""
    return tuple(json.loads(text))


def write_policy(db: Database, state: PolicyState) -> None:
    """Replaces what was."""
    db.conn.execute(
        """
        INSERT OR REPLACE INTO policy_state (
            id, mu, polls_per_hour, stepped_at, profiled_at, profile
        ) VALUES (1, :mu, :polls_per_hour, :stepped_at, :profiled_at, :profile)
        """,
        {
            "mu": state.mu,
            "polls_per_hour": state.polls_per_hour,
            "stepped_at": format_time(state.stepped_at),
            "profiled_at": format_time(state.profiled_at),
            "profile": json.dumps(state.profile),
        },
    )


def polls_within(db: Database, urls: Collection[str], *, now: datetime, span: timedelta) -> int:
    """How many polls the feeds of `urls` had in the `span` before `now`."""
    (count,) = db.conn.execute(
        """
        SELECT count(*) FROM polls
        JOIN feeds ON feeds.id = polls.feed_id
        WHERE polls.at > :since AND polls.at <= :now
            AND feeds.url IN (SELECT value FROM json_each(:urls))
        """,
        {
            "since": format_time(now - span),
            "now": format_time(now),
            "urls": json.dumps(list(urls)),
        },
    ).fetchone()
    return int(count)
