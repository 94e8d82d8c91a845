"""Where feeds went and how long they wait for others -> rows; each function is part of a
transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlite_utils import Database

from aggregator.moves import Sighting
from aggregator.store.rows import text_of
from aggregator.times import format_time, parse_time


def sight(db: Database, feed_id: int, url: str, *, now: datetime) -> Sighting:
    """Counts one more sighting of the redirect to `url` and returns what is known of it."""
    forget_sightings(db, feed_id, but=url)
    (row,) = db.conn.execute(
        """
        INSERT INTO feed_moves (feed_id, url, first_sighted_at, last_sighted_at, sightings)
        VALUES (:feed_id, :url, :at, :at, 1)
        ON CONFLICT (feed_id, url) DO UPDATE SET
            last_sighted_at = excluded.last_sighted_at,
            -- Left for another address and now named again: it begins anew.
            first_sighted_at = CASE
                WHEN replaced_at IS NULL THEN first_sighted_at ELSE excluded.first_sighted_at
            END,
            sightings = CASE WHEN replaced_at IS NULL THEN sightings + 1 ELSE 1 END,
            learnt_at = CASE WHEN replaced_at IS NULL THEN learnt_at END,
            replaced_at = NULL
        RETURNING url, first_sighted_at, sightings, allowed_at, undone_at
        """,
        {"feed_id": feed_id, "url": url, "at": format_time(now)},
    ).fetchall()
    return Sighting(
        url=row["url"],
        first_at=parse_time(row["first_sighted_at"]),
        count=row["sightings"],
        allowed=row["allowed_at"] is not None,
        undone=row["undone_at"] is not None,
    )


def forget_sightings(db: Database, feed_id: int, *, but: str | None = None) -> None:
    """Redirects that are no longer seen count from nothing; the operator's word stays."""
    db.conn.execute(
        """
        DELETE FROM feed_moves
        WHERE feed_id = :feed_id AND url IS NOT :but
            AND learnt_at IS NULL AND allowed_at IS NULL AND undone_at IS NULL
        """,
        {"feed_id": feed_id, "but": but},
    )


def learn(db: Database, feed_id: int, url: str, *, now: datetime) -> bool:
    """From now on the feed is polled at `url`; False when another feed is polled there already."""
    parameters = {"feed_id": feed_id, "url": url, "at": format_time(now)}
    (taken,) = db.conn.execute(
        """
        SELECT
            EXISTS (
                SELECT 1 FROM feeds
                WHERE url = :url AND id <> :feed_id AND disabled_at IS NULL
            )
            OR EXISTS (
                SELECT 1 FROM feed_moves
                WHERE url = :url AND feed_id <> :feed_id
                    AND learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL
            )
        """,
        parameters,
    ).fetchone()
    if taken:
        return False
    db.conn.execute(
        """
        UPDATE feed_moves SET replaced_at = :at
        WHERE feed_id = :feed_id
            AND learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL
        """,
        parameters,
    )
    db.conn.execute(
        """
        UPDATE feed_moves SET learnt_at = :at, replaced_at = NULL
        WHERE feed_id = :feed_id AND url = :url
        """,
        parameters,
    )
    return True


def undo(db: Database, feed_id: int, *, now: datetime) -> str | None:
    """The feed is polled at its configured URL again; returns where it was polled, None: there.

    It is not sent to that place again until the operator allows it; a feed that stopped there
    (410) is due again.
    """
    found = db.conn.execute(
        """
        UPDATE feed_moves SET undone_at = :at, allowed_at = NULL
        WHERE feed_id = :feed_id
            AND learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL
        RETURNING url
        """,
        {"feed_id": feed_id, "at": format_time(now)},
    ).fetchall()
    if not found:
        return None
    db.conn.execute(
        "UPDATE feeds SET next_poll_at = coalesce(next_poll_at, :at) WHERE id = :feed_id",
        {"feed_id": feed_id, "at": format_time(now)},
    )
    return str(found[0]["url"])


def allow(db: Database, feed_id: int, *, now: datetime) -> Sighting | None:
    """The operator's word for the redirect seen last, or for the move undone last; None: there is
    none of either."""
    found = db.conn.execute(
        """
        UPDATE feed_moves SET allowed_at = :at, undone_at = NULL, learnt_at = NULL
        WHERE id = (
            SELECT id FROM feed_moves
            WHERE feed_id = :feed_id AND (learnt_at IS NULL OR undone_at IS NOT NULL)
            ORDER BY last_sighted_at DESC, id DESC
            LIMIT 1
        )
        RETURNING url, first_sighted_at, sightings
        """,
        {"feed_id": feed_id, "at": format_time(now)},
    ).fetchall()
    if not found:
        return None
    (row,) = found
    first_at = parse_time(row["first_sighted_at"])
    return Sighting(row["url"], first_at, row["sightings"], allowed=True)


def find_feed(db: Database, feed: str) -> tuple[int, str] | None:
    """Id and configured URL of a feed named by either."""
    row = db.conn.execute(
        "SELECT id, url FROM feeds WHERE url = :feed OR CAST(id AS TEXT) = :feed", {"feed": feed}
    ).fetchone()
    return None if row is None else (row["id"], row["url"])


def polled_urls(db: Database) -> dict[int, str]:
    """Enabled feed -> where it is polled."""
    cursor = db.conn.execute(
        """
        SELECT feeds.id, coalesce(feed_moves.url, feeds.url) AS url
        FROM feeds
        LEFT JOIN feed_moves ON feed_moves.feed_id = feeds.id
            AND learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL
        WHERE disabled_at IS NULL
        """
    )
    return {row["id"]: row["url"] for row in cursor}


def pause(db: Database, feed_ids: Iterable[int], *, until: datetime) -> None:
    """None of these feeds is polled before `until`; one that is never polled stays so."""
    db.conn.executemany(
        """
        UPDATE feeds SET
            next_poll_at = max(next_poll_at, :until),
            paused_until = max(coalesce(paused_until, ''), :until)
        WHERE id = :id
        """,
        [{"id": feed_id, "until": text_of(until)} for feed_id in feed_ids],
    )


def overdue(db: Database, *, before: datetime) -> tuple[tuple[int, str], ...]:
    """Id and configured URL of the feeds that have been due since `before` or longer, the longest
    first; one that was never polled is new, not late."""
    cursor = db.conn.execute(
        """
        SELECT id, url FROM feeds
        WHERE next_poll_at <= :before AND disabled_at IS NULL AND last_polled_at IS NOT NULL
        ORDER BY next_poll_at, id
        """,
        {"before": format_time(before)},
    )
    return tuple((row["id"], row["url"]) for row in cursor)


def put_off(db: Database, times: Iterable[tuple[int, datetime]]) -> None:
    """Sets when feeds are polled next."""
    db.conn.executemany(
        "UPDATE feeds SET next_poll_at = :at WHERE id = :id",
        [{"id": feed_id, "at": text_of(at)} for feed_id, at in times],
    )
