"""Polls that are to be at another time than was planned -> rows; inside a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.store import rows
from aggregator.times import format_time


def shift_polls(db: Database, *, now: datetime, jump: timedelta) -> int:
    """The clock went back by `-jump`: what is to come moves with it; how many feeds there were."""
    coming = db.conn.execute(
        """
        SELECT id, next_poll_at, paused_until FROM feeds
        WHERE next_poll_at > :now AND disabled_at IS NULL
        """,
        {"now": format_time(now)},
    ).fetchall()
    db.conn.executemany(
        "UPDATE feeds SET next_poll_at = :at, paused_until = :paused_until WHERE id = :id",
        [
            {
                "id": row["id"],
                "at": _moved(row["next_poll_at"], jump),
                "paused_until": _moved(row["paused_until"], jump),
            }
            for row in coming
        ],
    )
    return len(coming)


def advance_poll(db: Database, feed_id: int, at: datetime) -> None:
    """No later than `at`, but where the server asked for a pause."""
    db.conn.execute(
        """
        UPDATE feeds SET
            next_poll_at = max(:at, coalesce(paused_until, '')),
            next_poll_why = 'pushed'
        WHERE id = :feed_id AND next_poll_at > :at AND disabled_at IS NULL
        """,
        {"feed_id": feed_id, "at": format_time(at)},
    )


def _moved(text: str | None, jump: timedelta) -> str | None:
    moment = rows.time_of(text)
    return None if moment is None else format_time(moment + jump)
