"""What the daemon removes once an hour, batch by batch, through the store's own thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from store_build import NOW, network_at, poll_record

from aggregator.network import Archive, Network, Retention
from aggregator.store import archive, writing
from aggregator.store.archive import ArchivedPoll, pack
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.upkeep import Removed, remove_expired

DAY = timedelta(days=1)
POLLS = 1200


def fill(store: Store, network: Network) -> None:
    """A long log, and a body in the archive for each poll of its end."""
    with store.transaction() as db:
        writing.sync_network(db, network, now=NOW)
        for number in range(POLLS):
            writing.record_poll(db, poll_record(1, at=NOW + number * timedelta(minutes=1)))
        for number in range(10):
            at = NOW + number * DAY
            body = pack(b"%d" % number * 100)
            poll = ArchivedPoll(1, at, at, "ok", 200, None, None, None, body)
            archive.keep(db, poll, max_bytes=2**30)


async def removed(tmp_path: Path, **settings: Any) -> tuple[Removed, int]:
    """By a network with these settings, ten days later; and the bytes that the archive has."""
    network = replace(network_at(tmp_path), **settings)
    opened = Store.open(network.database)
    fill(opened, network)
    store = StoreThread(opened)
    try:
        done = await remove_expired(store, network, now=NOW + 10 * DAY)
        left = await store.run(lambda store: archive.stored_bytes(store.db))
    finally:
        store.close()
    return done, left


async def test_by_default_nothing_is_removed(tmp_path: Path) -> None:
    """Nor is an archive that nobody adds to any more."""
    done, left = await removed(tmp_path)

    assert done.is_nothing
    assert left > 0


async def test_the_log_and_the_archive_are_cut_back(tmp_path: Path) -> None:
    """Each by its own rule, in as many batches as it takes."""
    done, _ = await removed(
        tmp_path, retention=Retention(poll_days=1), archive=Archive(2**30, days=5)
    )

    assert done == Removed(polls=POLLS, archived=5)


async def test_an_archive_that_may_be_smaller_now_shrinks(tmp_path: Path) -> None:
    """feeds.yaml was changed; the sum that a poll looks at is right again too."""
    done, left = await removed(tmp_path, archive=Archive(60, days=100))

    assert done == Removed(archived=5)
    assert left == 5 * len(pack(b"1" * 100).data)
