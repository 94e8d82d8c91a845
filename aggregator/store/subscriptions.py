"""Subscriptions at hubs -> rows; every function is part of a transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

from sqlite_utils import Database

from aggregator.store.rows import text_of, time_of
from aggregator.times import format_time, parse_time
from aggregator.websub import State, Subscription, Topic

_COLUMNS = """
    subscriptions.hub_url, topic_url, nonce, state, asked_at, ask_at, verified_at, expires_at,
    subscriptions.failures, pushed_at, missed_at, subscriptions.last_error
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A feed that names a hub, and what has become of that; `known` None: nothing yet."""

    feed_id: int
    feed_url: str
    topic: Topic
    known: Subscription | None


def wishes(db: Database) -> list[Wish]:
    """Every feed of the configuration whose last document named a hub."""
    cursor = db.conn.execute(
        f"""
        SELECT feeds.id, feeds.url, feeds.hub_url AS hub, feeds.self_url, {_COLUMNS}
        FROM feeds
        LEFT JOIN subscriptions ON subscriptions.feed_id = feeds.id
        WHERE feeds.hub_url IS NOT NULL AND feeds.disabled_at IS NULL
        ORDER BY feeds.id
        """
    )
    return [
        Wish(
            feed_id=row["id"],
            feed_url=row["url"],
            topic=Topic(row["hub"], row["self_url"] or row["url"]),
            known=None if row["nonce"] is None else _subscription(row),
        )
        for row in cursor.fetchall()
    ]


def read(db: Database, feed_id: int) -> Subscription | None:
    """That of one feed."""
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE feed_id = :feed_id", {"feed_id": feed_id}
    ).fetchone()
    return None if row is None else _subscription(row)


def read_enabled(db: Database, feed_id: int) -> Subscription | None:
    """`read`, of a feed that the configuration still has."""
    row = db.conn.execute(
        f"""
        SELECT {_COLUMNS} FROM subscriptions
        JOIN feeds ON feeds.id = subscriptions.feed_id
        WHERE feed_id = :feed_id AND feeds.disabled_at IS NULL
        """,
        {"feed_id": feed_id},
    ).fetchone()
    return None if row is None else _subscription(row)


def write(db: Database, feed_id: int, known: Subscription) -> None:
    """In place of what there was."""
    db.conn.execute(
        """
        INSERT OR REPLACE INTO subscriptions (
            feed_id, hub_url, topic_url, nonce, state, asked_at, ask_at, verified_at, expires_at,
            failures, pushed_at, missed_at, last_error
        ) VALUES (
            :feed_id, :hub_url, :topic_url, :nonce, :state, :asked_at, :ask_at, :verified_at,
            :expires_at, :failures, :pushed_at, :missed_at, :last_error
        )
        """,
        {
            "feed_id": feed_id,
            "hub_url": known.topic.hub,
            "topic_url": known.topic.url,
            "nonce": known.nonce,
            "state": known.state,
            "asked_at": format_time(known.asked_at),
            "ask_at": format_time(known.ask_at),
            "verified_at": text_of(known.verified_at),
            "expires_at": text_of(known.expires_at),
            "failures": known.failures,
            "pushed_at": text_of(known.pushed_at),
            "missed_at": text_of(known.missed_at),
            "last_error": known.error,
        },
    )


def count_by_state(db: Database) -> Counter[str]:
    """Those of feeds of the configuration."""
    cursor = db.conn.execute(
        """
        SELECT subscriptions.state, count(*)
        FROM subscriptions
        JOIN feeds ON feeds.id = subscriptions.feed_id
        WHERE feeds.disabled_at IS NULL
        GROUP BY subscriptions.state
        """
    )
    return Counter(dict(cursor.fetchall()))


def forget_all(db: Database) -> None:
    """The key that their callbacks were made with is gone: nobody can reach them."""
    db.conn.execute("DELETE FROM subscriptions")


def _subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        topic=Topic(row["hub_url"], row["topic_url"]),
        nonce=row["nonce"],
        state=State(row["state"]),
        asked_at=parse_time(row["asked_at"]),
        ask_at=parse_time(row["ask_at"]),
        verified_at=time_of(row["verified_at"]),
        expires_at=time_of(row["expires_at"]),
        failures=row["failures"],
        pushed_at=time_of(row["pushed_at"]),
        missed_at=time_of(row["missed_at"]),
        error=row["last_error"],
    )
