"""How many polls at once, and how far apart at one host."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from store_build import network_at

from aggregator.errors import StorageError
from aggregator.instance import adopt_network
from aggregator.model import FetchFailed, FetchRequest, FetchResult, Outcome
from aggregator.network import Feed, FetchSettings, Network, Site
from aggregator.pipeline import Tools
from aggregator.polling import Poller
from aggregator.slots import FIRST, JOIN_AFTER_S
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Server:
    """A fetcher that answers nothing but notes who was there together."""

    breaks: bool = False
    stays: float = 0.01
    now: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    starts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Stays for a moment."""
        if self.breaks:
            raise RuntimeError("a bug")
        host = request.url.split("/")[2]
        self.starts[host].append(asyncio.get_running_loop().time())
        for name in (host, "all"):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        await asyncio.sleep(self.stays)
        for name in (host, "all"):
            self.now[name] -= 1
        return FetchFailed(Outcome.DNS, "no such name")


def network(directory: Path, feeds: dict[str, int], **fetch: Any) -> Network:
    """So many feeds at each host, all of one site."""
    urls = [f"https://{host}/{n}" for host, count in feeds.items() for n in range(count)]
    site = Site("a", "A", "https://a.example/", ("a.example",), tuple(Feed(u, "a") for u in urls))
    settings = replace(FetchSettings(), host_delay=timedelta(), **fetch)
    return replace(network_at(directory), sites=(site,), fetch=settings)


async def poll_everything(poller: Poller, store: Store) -> list[Any]:
    """Every feed once."""
    return list(await poller.poll_all(reading.enabled_feeds(store.db)))


def poller_of(store: Store, found: Network, server: Server) -> Poller:
    """A poller whose client is `server`; nothing it returns needs a worker."""
    adopt_network(store, found, NOW)
    thread = StoreThread(store)
    tools = Tools(found, cast(Any, server), cast(Any, None), thread, lambda: NOW, lambda: 0.0)
    return Poller(tools)


async def test_P32_one_at_a_time_per_host(tmp_path: Path) -> None:
    """Hosts do not wait for each other."""
    found = network(tmp_path, {"one.example": 5, "two.example": 5})
    server, store = Server(), Store.open(found.database)
    poller = poller_of(store, found, server)

    reports = await poll_everything(poller, store)
    poller.tools.store.close()

    assert len(reports) == 10
    assert (server.most["one.example"], server.most["two.example"]) == (1, 1)
    assert server.most["all"] == 2


async def test_P32_starts_at_a_host_are_apart(tmp_path: Path) -> None:
    """By `host_delay`."""
    found = network(tmp_path, {"one.example": 3})
    found = replace(found, fetch=replace(found.fetch, host_delay=timedelta(seconds=0.05)))
    server, store = Server(), Store.open(found.database)
    poller = poller_of(store, found, server)

    await poll_everything(poller, store)
    poller.tools.store.close()

    first, second, third = server.starts["one.example"]
    assert second - first >= 0.05
    assert third - second >= 0.05


async def test_concurrency_is_bounded(tmp_path: Path) -> None:
    """Over all hosts; and rJ10: it is used."""
    found = network(tmp_path, {f"{n}.example": 1 for n in range(20)}, concurrency=4)
    server, store = Server(), Store.open(found.database)
    poller = poller_of(store, found, server)

    await poll_everything(poller, store)
    poller.tools.store.close()

    assert server.most["all"] == 4


async def test_the_first_fetches_do_not_start_all_at_once(tmp_path: Path) -> None:
    """A small server's listen queue overflows; those who are there let the others in."""
    found = network(tmp_path, {f"{n}.example": 1 for n in range(60)}, concurrency=50)
    server, store = Server(stays=2 * JOIN_AFTER_S), Store.open(found.database)
    poller = poller_of(store, found, server)

    reports = await poll_everything(poller, store)
    starts = sorted(start for times in server.starts.values() for start in times)
    poller.tools.store.close()

    assert len(reports) == 60
    assert sum(start < starts[0] + JOIN_AFTER_S / 2 for start in starts) == FIRST
    assert FIRST < server.most["all"] <= 50


async def test_a_feed_under_way_is_not_polled_twice(tmp_path: Path) -> None:
    """The tick finds it due again while it is being polled."""
    found = network(tmp_path, {"one.example": 1})
    server, store = Server(), Store.open(found.database)
    poller = poller_of(store, found, server)
    feeds = reading.enabled_feeds(store.db)

    first = poller.start(feeds)
    second = poller.start(feeds)
    await asyncio.gather(*first)
    poller.tools.store.close()

    assert first == second
    assert len(server.starts["one.example"]) == 1
    assert poller.running == 0


async def test_our_own_fault_stays_with_its_feed(tmp_path: Path) -> None:
    """It is recorded; the poll ends, nothing else does."""
    found = network(tmp_path, {"one.example": 1})
    store = Store.open(found.database)
    poller = poller_of(store, found, Server(breaks=True))

    reports = await poll_everything(poller, store)
    (status,) = reading.feed_statuses(store.db)
    poller.tools.store.close()

    assert reports == []
    assert poller.failure is None
    assert status.last_outcome == "internal_error"
    assert status.last_error == "RuntimeError in the aggregator; its log has the traceback"


async def test_storage_that_fails_is_not_the_feed_s_fault(tmp_path: Path) -> None:
    """The feed stays due; the error reaches whoever runs the polls."""
    found = network(tmp_path, {"one.example": 1})
    store = Store.open(found.database)
    poller = poller_of(store, found, Server())
    feeds = reading.enabled_feeds(store.db)
    store.db.conn.execute("PRAGMA query_only = ON")

    with pytest.raises(StorageError):
        await poller.poll_all(feeds)

    assert reading.due_feeds(store.db, now=NOW, limit=9) == feeds
    poller.tools.store.close()


async def test_stop_cancels_what_takes_too_long(tmp_path: Path) -> None:
    """After the grace; those feeds stay due."""
    found = network(tmp_path, {"one.example": 50})
    server, store = Server(), Store.open(found.database)
    poller = poller_of(store, found, server)
    poller.start(reading.enabled_feeds(store.db))
    await asyncio.sleep(0.05)

    await poller.stop(0.01)
    left = reading.due_feeds(store.db, now=NOW, limit=99)
    poller.tools.store.close()

    assert 0 < len(left) < 50
    assert poller.running == 0


async def test_a_cancelled_caller_does_not_break_a_transaction(tmp_path: Path) -> None:
    """What the store was asked for is done whole."""
    store = Store.open(tmp_path / "aggregator.db")
    thread = StoreThread(store)
    done: list[int] = []

    def slow(_: Store) -> None:
        done.append(1)

    task = asyncio.ensure_future(thread.run(slow))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with closing(thread):
        pass

    assert done == [1]
