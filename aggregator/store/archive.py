"""Polls as they were answered -> the archive, and back: bodies once each, compressed, bounded.

What is oldest goes first. A body stays as long as a poll in the archive has it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.times import format_time, parse_time

BATCH = 500
"""Polls that one transaction removes at most."""

_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Packed:
    """A body ready to be stored; `sha256` is of what it was."""

    sha256: str
    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ArchivedPoll:
    """All of one poll that a replay needs; `body` None where no document came.

    `arrived_at` is what the reader of the document took for now, `at` what was stored with it.
    """

    feed_id: int
    arrived_at: datetime
    at: datetime
    outcome: str
    http_status: int | None
    url: str | None
    content_type: str | None
    error: str | None
    body: Packed | None = None


@dataclass(frozen=True, slots=True)
class StoredPoll:
    """A poll of the archive; `feed` is the URL of feeds.yaml."""

    id: int
    feed_id: int
    feed: str
    arrived_at: datetime
    at: datetime
    outcome: str
    http_status: int | None
    url: str | None
    content_type: str | None
    error: str | None
    body_id: int | None


class DamagedBodyError(Exception):
    """A body of the archive is not what was put there; the message says how."""


def pack(body: bytes) -> Packed:
    """Takes a while for a large body: not for the thread of the store."""
    return Packed(hashlib.sha256(body).hexdigest(), len(body), zlib.compress(body, _LEVEL))


def keep(db: Database, poll: ArchivedPoll, *, max_bytes: int) -> None:
    """Adds a poll; where the bodies pass `max_bytes` then, a batch of the oldest polls goes."""
    db.conn.execute(
        """
        INSERT INTO archive_polls (
            feed_id, arrived_at, at, outcome, http_status, url, content_type, error, body_id
        ) VALUES (
            :feed_id, :arrived_at, :at, :outcome, :http_status, :url, :content_type, :error,
            :body_id
        )
        """,
        {
            "feed_id": poll.feed_id,
            "arrived_at": format_time(poll.arrived_at),
            "at": format_time(poll.at),
            "outcome": poll.outcome,
            "http_status": poll.http_status,
            "url": poll.url,
            "content_type": poll.content_type,
            "error": poll.error,
            "body_id": None if poll.body is None else _keep_body(db, poll.body),
        },
    )
    if stored_bytes(db) > max_bytes:
        trim(db, max_bytes=max_bytes, before=None)


def _keep_body(db: Database, body: Packed) -> int:
    found = db.conn.execute(
        "SELECT id FROM archive_bodies WHERE sha256 = :sha256", {"sha256": body.sha256}
    ).fetchone()
    if found is not None:
        return int(found["id"])
    cursor = db.conn.execute(
        """
        INSERT INTO archive_bodies (sha256, bytes, stored_bytes, body)
        VALUES (:sha256, :bytes, :stored_bytes, :body)
        """,
        {
            "sha256": body.sha256,
            "bytes": body.size,
            "stored_bytes": len(body.data),
            "body": body.data,
        },
    )
    assert cursor.lastrowid is not None
    _count(db, len(body.data))
    return cursor.lastrowid


def _count(db: Database, more: int) -> None:
    db.conn.execute(
        """
        INSERT INTO archive_state (id, stored_bytes) VALUES (1, max(0, :more))
        ON CONFLICT (id) DO UPDATE SET stored_bytes = max(0, stored_bytes + :more)
        """,
        {"more": more},
    )


def stored_bytes(db: Database) -> int:
    """Of all bodies, compressed."""
    row = db.conn.execute("SELECT stored_bytes FROM archive_state").fetchone()
    return 0 if row is None else int(row["stored_bytes"])


def recount(db: Database) -> None:
    """Makes the stored sum right again, should somebody have deleted rows by hand."""
    db.conn.execute(
        """
        INSERT OR REPLACE INTO archive_state (id, stored_bytes)
        SELECT 1, coalesce(sum(stored_bytes), 0) FROM archive_bodies
        """
    )


# -------------------------------------------------------------------- what goes


def trim(db: Database, *, max_bytes: int, before: datetime | None) -> int:
    """Removes up to a batch of the oldest polls: those from `before` that time, and as many as
    it takes to come down to `max_bytes`. Returns how many; 0: nothing more is to go.
    """
    oldest = db.conn.execute(
        """
        SELECT
            archive_polls.id, at, body_id, stored_bytes,
            (
                SELECT max(later.id) FROM archive_polls AS later
                WHERE later.body_id = archive_polls.body_id
            ) AS last_with_body
        FROM archive_polls
        LEFT JOIN archive_bodies ON archive_bodies.id = archive_polls.body_id
        ORDER BY archive_polls.id
        LIMIT :limit
        """,
        {"limit": BATCH},
    ).fetchall()
    cutoff = "" if before is None else format_time(before)
    over = stored_bytes(db) - max_bytes
    going: list[sqlite3.Row] = []
    bodies: set[int] = set()
    for poll in oldest:
        if poll["at"] >= cutoff and over <= 0:
            break
        going.append(poll)
        if poll["id"] == poll["last_with_body"]:
            bodies.add(poll["body_id"])
            over -= poll["stored_bytes"]
    _remove(db, (poll["id"] for poll in going), bodies)
    return len(going)


def _remove(db: Database, poll_ids: Iterable[int], body_ids: Iterable[int]) -> None:
    db.conn.execute(
        "DELETE FROM archive_polls WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": json.dumps(list(poll_ids))},
    )
    freed = db.conn.execute(
        """
        DELETE FROM archive_bodies
        WHERE id IN (SELECT value FROM json_each(:ids))
        RETURNING stored_bytes
        """,
        {"ids": json.dumps(list(body_ids))},
    ).fetchall()
    if freed:
        _count(db, -sum(row["stored_bytes"] for row in freed))


# --------------------------------------------------------------- for a replay


def polls_after(db: Database, after: int, *, limit: int) -> tuple[StoredPoll, ...]:
    """The next polls in the order they were stored; `after` is the id of the last one had."""
    cursor = db.conn.execute(
        """
        SELECT archive_polls.id, feed_id, feeds.url AS feed, arrived_at, at, outcome, http_status,
            archive_polls.url, content_type, error, body_id
        FROM archive_polls
        JOIN feeds ON feeds.id = archive_polls.feed_id
        WHERE archive_polls.id > :after
        ORDER BY archive_polls.id
        LIMIT :limit
        """,
        {"after": after, "limit": limit},
    )
    return tuple(_stored_poll(row) for row in cursor.fetchall())


def count_polls(db: Database) -> int:
    """In the whole archive."""
    (polls,) = db.conn.execute("SELECT count(*) FROM archive_polls").fetchone()
    return int(polls)


def body_of(db: Database, body_id: int) -> bytes:
    """A body as it was received; raises DamagedBodyError."""
    row = db.conn.execute(
        "SELECT sha256, bytes, body FROM archive_bodies WHERE id = :id", {"id": body_id}
    ).fetchone()
    if row is None:
        raise DamagedBodyError("its body is gone")
    inflater = zlib.decompressobj()
    try:
        # One byte more than there should be: a damaged one must not fill the memory.
        body = inflater.decompress(row["body"], row["bytes"] + 1)
    except zlib.error as error:
        raise DamagedBodyError("its body cannot be decompressed") from error
    if hashlib.sha256(body).hexdigest() != row["sha256"]:
        raise DamagedBodyError("its body is not the one that was stored")
    return body


def count_damaged(db: Database) -> int:
    """Reads every body of the archive, one at a time."""
    damaged = 0
    for (body_id,) in db.conn.execute("SELECT id FROM archive_bodies").fetchall():
        try:
            body_of(db, body_id)
        except DamagedBodyError:
            damaged += 1
    return damaged


def _stored_poll(row: sqlite3.Row) -> StoredPoll:
    return StoredPoll(
        id=row["id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        arrived_at=parse_time(row["arrived_at"]),
        at=parse_time(row["at"]),
        outcome=row["outcome"],
        http_status=row["http_status"],
        url=row["url"],
        content_type=row["content_type"],
        error=row["error"],
        body_id=row["body_id"],
    )


def feed_rows(db: Database) -> tuple[dict[str, str | int], ...]:
    """Number, site and URL of every feed that the database knows."""
    cursor = db.conn.execute("SELECT id, site_id, url FROM feeds ORDER BY id")
    return tuple(dict(zip(("id", "site_id", "url"), row, strict=True)) for row in cursor.fetchall())


def give_numbers(db: Database, feeds: Iterable[dict[str, str | int]], *, now: datetime) -> None:
    """Makes feeds under the numbers they had, due `now`; their sites must follow at once."""
    db.conn.execute("PRAGMA defer_foreign_keys = ON")
    db.conn.executemany(
        """
        INSERT INTO feeds (id, site_id, url, next_poll_at) VALUES (:id, :site_id, :url, :at)
        """,
        [{**feed, "at": format_time(now)} for feed in feeds],
    )
