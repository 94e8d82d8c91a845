"""R14, F03: what other servers do wrong is nobody's delay."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from fetch_bad import BAD_SCRIPTS
from fetch_servers import AGENT, always, answer, serve
from polite_world import rss
from shell_build import SOAK

from aggregator.fetch import Fetcher
from aggregator.fetch.resolve import Lookup, look_up
from aggregator.instance import adopt_network, utc_now
from aggregator.network import Feed, FetchSettings, Network, Site
from aggregator.pipeline import Tools
from aggregator.polling import Poller
from aggregator.recording import PollReport
from aggregator.slots import Slots
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.times import format_time
from aggregator.workers.pool import WorkerPool

HEALTHY, BAD = 80, 20
SECONDS = 8.0
F03_S, DEAD = (120.0, 100) if SOAK else (1.0, 20)
EVERY = timedelta(seconds=2)


@dataclass
class Lateness:
    """How late polls of healthy feeds began that were planned once `known` feeds had been polled;
    `enough` of them."""

    known: int = 0
    enough: int = 2 * HEALTHY
    seen: set[int] = field(default_factory=set)
    found: list[float] = field(default_factory=list)
    due: dict[int, datetime] = field(default_factory=dict)

    def hear(self, report: PollReport) -> None:
        """Of every poll."""
        was_due = self.due.get(report.feed.id)
        self.seen.add(report.feed.id)
        if was_due is not None:
            self.found.append((report.at - report.duration - was_due).total_seconds())
        if len(self.seen) < self.known:
            return
        if report.feed.id <= HEALTHY and report.next_poll_at is not None:
            self.due[report.feed.id] = report.next_poll_at

    @property
    def p99(self) -> float:
        """In seconds."""
        return sorted(self.found)[int(len(self.found) * 0.99)]


@asynccontextmanager
async def servers() -> AsyncIterator[Callable[[int], str]]:
    """One for the healthy, one for each kind of bad; every feed has an address of its own."""
    async with AsyncExitStack() as stack:
        scripts = (always(answer(rss("one"), 'ETag: "a"')), *BAD_SCRIPTS)
        ports = [
            (await stack.enter_async_context(serve(one, host="0.0.0.0"))).port for one in scripts
        ]

        def url(number: int) -> str:
            kind = 0 if number < HEALTHY else 1 + number % len(BAD_SCRIPTS)
            return f"http://127.0.{1 + number // 200}.{1 + number % 200}:{ports[kind]}/feed"

        yield url


def network_of(directory: Path, url: Callable[[int], str], bad: int = BAD) -> Network:
    """Few slots, so that the bad ones could take them all."""
    feeds = tuple(Feed(url(n), "a", every=EVERY) for n in range(HEALTHY + bad))
    site = Site("a", "A", "https://a.example/", ("a.example",), feeds)
    fetch = replace(
        FetchSettings(),
        allow_private=(ip_network("127.0.0.0/8"),),
        concurrency=20,
        timeout=timedelta(seconds=1),
    )
    return Network("N", None, directory / "db", directory / "out", (site,), (), fetch)


def keep_due(store: Store) -> None:
    """The failing ones, which would be left alone for longer and longer."""
    store.db.conn.execute(
        "UPDATE feeds SET next_poll_at = last_polled_at WHERE failures > 0 AND next_poll_at > :now",
        {"now": format_time(datetime.now(UTC))},
    )


async def tick(poller: Poller, store: StoreThread, lateness: Lateness, seconds: float) -> None:
    """As the daemon does, but faster; on a busy machine until the good ones had their turns."""
    begin = asyncio.get_running_loop().time()
    while (spent := asyncio.get_running_loop().time() - begin) < seconds or (
        len(lateness.found) < lateness.enough and spent < 10 * SECONDS
    ):
        if lateness.known:
            await store.run(keep_due)
        due = await store.run(lambda s: reading.due_feeds(s.db, now=datetime.now(UTC), limit=500))
        poller.start(due)
        await asyncio.sleep(0.1)
    await poller.stop(2)


async def poll_for(
    seconds: float, network: Network, *, lateness: Lateness, lookup: Lookup = look_up
) -> dict[str, int]:
    """How all polls ended; where `lateness` waits until the bad feeds are known, they are tried
    again and again."""
    store = Store.open(network.database)
    thread = StoreThread(store)
    async with WorkerPool() as workers:
        adopt_network(store, network, utc_now())
        fetcher = Fetcher(network.fetch, user_agent=AGENT, lookup=lookup)
        tools = Tools(network, fetcher, workers, thread, utc_now, lambda: 0.5)
        poller = Poller(tools, slots=Slots(network.fetch.concurrency, slow_after=0.3))
        poller.on_report = lateness.hear

        await tick(poller, thread, lateness, seconds)

        await fetcher.aclose()
    outcomes = dict(store.db.execute("SELECT outcome, count(*) FROM polls GROUP BY outcome"))
    thread.close()
    sys.stdout.write(f"p99 {lateness.p99:.2f} s of {len(lateness.found)}, {outcomes}\n")
    return outcomes


async def test_twenty_bad_servers_do_not_delay_eighty_good_ones(tmp_path: Path) -> None:
    """Hang, drip, bomb, loop, lie: the others are polled on time (p99 under 2 s), and this process
    stays small."""
    lateness = Lateness()
    async with servers() as url:
        outcomes = await poll_for(SECONDS, network_of(tmp_path, url), lateness=lateness)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak {peak:.0f} MB\n")
    assert {"timeout", "too_large", "bad_redirect"} <= outcomes.keys()
    assert len(lateness.found) >= 2 * HEALTHY
    assert lateness.p99 < 2


@contextmanager
def full_listener() -> Iterator[int]:
    """The port of one that lets nobody in, on every address of loopback."""
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("0.0.0.0", 0))
        full.listen(0)
        for filler in (one, two):
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", full.getsockname()[1]))
        yield full.getsockname()[1]


def ten_addresses(host: str) -> tuple[str, ...]:
    """Of the name `deadN.test`."""
    number = int(host.removeprefix("dead").removesuffix(".test"))
    return tuple(f"127.{2 + number}.0.{place}" for place in range(1, 11))


@pytest.mark.timeout(600 if SOAK else 120)
async def test_F03_a_hundred_hosts_that_accept_nobody_delay_nobody(tmp_path: Path) -> None:
    """Each with ten addresses: cut at their time, and the good ones are polled on time."""
    lateness = Lateness(HEALTHY + DEAD, enough=HEALTHY)
    async with servers() as url:
        with full_listener() as port:
            network = network_of(
                tmp_path,
                lambda n: url(n) if n < HEALTHY else f"http://dead{n - HEALTHY}.test:{port}/",
                bad=DEAD,
            )
            outcomes = await poll_for(F03_S, network, lateness=lateness, lookup=ten_addresses)
    assert outcomes["timeout"] >= DEAD
    assert outcomes.keys() <= {"timeout", "ok", "unchanged"}
    assert len(lateness.found) >= HEALTHY
    assert not SOAK or lateness.p99 < 2
