"""The archive of polls: what is kept, once, within bounds, and what of it can be read again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from store_build import NOW

from aggregator.store import archive
from aggregator.store.archive import ArchivedPoll, DamagedBodyError, pack
from aggregator.store.doctor import Verdict, examine
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

HOUR = timedelta(hours=1)
PLENTY = 2**30


def keep(
    store: Store,
    body: bytes | None,
    *,
    at: datetime = NOW,
    max_bytes: int = PLENTY,
    feed: int = 1,
) -> None:
    """One poll of the archive, in a transaction."""
    poll = ArchivedPoll(
        feed_id=feed,
        arrived_at=at - timedelta(seconds=1),
        at=at,
        outcome="ok" if body is not None else "timeout",
        http_status=200 if body is not None else None,
        url="https://a.example/feed",
        content_type="text/xml; charset=iso-8859-1",
        error=None,
        body=None if body is None else pack(body),
    )
    with store.transaction() as db:
        archive.keep(db, poll, max_bytes=max_bytes)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that no compression makes fewer."""
    return random.Random(seed).randbytes(size)


def bodies(store: Store) -> list[bytes | None]:
    """Of every poll, in order."""
    return [
        None if poll.body_id is None else archive.body_of(store.db, poll.body_id)
        for poll in archive.polls_after(store.db, 0, limit=1000)
    ]


def total(store: Store) -> tuple[int, int]:
    """Bytes as they are known, and as they are."""
    (actual,) = store.db.conn.execute(
        "SELECT coalesce(sum(length(body)), 0) FROM archive_bodies"
    ).fetchone()
    return archive.stored_bytes(store.db), actual


def test_a_poll_comes_back_as_it_was(store: Store) -> None:
    """Everything that was answered, with the feed's own URL; the body byte for byte."""
    keep(store, b"\xff\x00<rss/>", feed=2)

    (poll,) = archive.polls_after(store.db, 0, limit=9)

    assert (poll.feed, poll.feed_id, poll.at, poll.arrived_at) == (
        "https://b.example/feed",
        2,
        NOW,
        NOW - timedelta(seconds=1),
    )
    assert (poll.outcome, poll.http_status, poll.content_type, poll.url, poll.error) == (
        "ok",
        200,
        "text/xml; charset=iso-8859-1",
        "https://a.example/feed",
        None,
    )
    assert bodies(store) == [b"\xff\x00<rss/>"]


def test_a_body_is_stored_once_and_small(store: Store) -> None:
    """Of two feeds even; ten copies take the space of one, compressed."""
    body = b"<item>the same again</item>" * 1000
    for number in range(10):
        keep(store, body, feed=number % 2 + 1)
    keep(store, None)

    assert bodies(store) == [*[body] * 10, None]
    known, actual = total(store)
    assert known == actual < len(body) / 50


def test_space_is_bounded_the_oldest_going_first(store: Store) -> None:
    """At every poll, whatever came before; the newest is always there."""
    sizes = []
    for number in range(40):
        keep(store, noise(1000, number), at=NOW + number * HOUR, max_bytes=10_000)
        sizes.append(total(store))

    assert max(known for known, _ in sizes) <= 10_000
    assert all(known == actual for known, actual in sizes)
    assert bodies(store) == [noise(1000, number) for number in range(31, 40)]


def test_a_body_stays_while_a_poll_has_it(store: Store) -> None:
    """What came first and came again just now is not the oldest; nor is it counted away."""
    shared = noise(5000)
    keep(store, shared)
    keep(store, noise(1000, 2))
    keep(store, shared)
    for number in range(3, 9):
        keep(store, noise(1000, number), max_bytes=11_500)

    assert [len(body or b"") for body in bodies(store)] == [5000, *[1000] * 6]
    assert shared in bodies(store)
    assert total(store)[0] == total(store)[1] <= 11_500


def test_age_is_bounded_in_small_batches(store: Store) -> None:
    """Polls without a body grow old as well."""
    for number in range(archive.BATCH + 20):
        keep(store, None, at=NOW + number * timedelta(minutes=1))
    keep(store, b"new", at=NOW + 100 * HOUR)

    removed = []
    while count := archive.trim(store.db, max_bytes=PLENTY, before=NOW + 99 * HOUR):
        removed.append(count)

    assert removed == [archive.BATCH, 20]
    assert bodies(store) == [b"new"]


def test_rows_deleted_by_hand_are_counted_anew(store: Store) -> None:
    """Else the archive would take itself for full for ever."""
    keep(store, noise(1000))
    store.db.conn.execute("DELETE FROM archive_polls")
    store.db.conn.execute("DELETE FROM archive_bodies")

    archive.recount(store.db)

    assert total(store) == (0, 0)


def flip(store: Store) -> None:
    """One byte in the middle."""
    store.db.conn.execute(
        "UPDATE archive_bodies SET body ="
        " CAST(substr(body, 1, 20) || x'00ff00ff' || substr(body, 25) AS BLOB)"
    )


def swap(store: Store) -> None:
    """A sound body, but another one."""
    store.db.conn.execute("UPDATE archive_bodies SET body = ?", (pack(b"another").data,))


def cut(store: Store) -> None:
    """Its end is missing."""
    store.db.conn.execute("UPDATE archive_bodies SET body = substr(body, 1, 30)")


def swell(store: Store) -> None:
    """A bomb: a gigabyte of zeros, had it been inflated."""
    store.db.conn.execute("UPDATE archive_bodies SET body = ?", (pack(b"\0" * 2**24).data,))


@pytest.mark.parametrize("spoil", [flip, swap, cut, swell])
def test_a_damaged_body_is_known_for_one(store: Store, spoil: object) -> None:
    """Never read as if it were the feed's."""
    assert callable(spoil)
    keep(store, b"<rss>" + b"".join(b"%d " % n for n in range(500)) + b"</rss>")
    spoil(store)

    with pytest.raises(DamagedBodyError, match="its body"):
        archive.body_of(store.db, 1)


def test_the_doctor_knows_of_damaged_bodies(store: Store) -> None:
    """Advice: the database is whole without them."""
    keep(store, noise(500))
    keep(store, noise(500, 2))
    flip(store)

    (finding,) = [one for one in examine(store.db, store.path) if one.verdict is not Verdict.OK]

    assert (finding.check, finding.verdict) == ("archive", Verdict.ADVICE)
    assert finding.detail.startswith("2 bodies")


def test_a_body_that_is_gone_is_said_so(store: Store) -> None:
    """By one who deleted it with foreign keys off."""
    with pytest.raises(DamagedBodyError, match="gone"):
        archive.body_of(store.db, 99)
