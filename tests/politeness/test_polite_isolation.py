"""R14: what a fifth of the servers does wrong is nobody else's delay."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from fetch_bad import BAD_SCRIPTS
from fetch_servers import AGENT, always, answer, serve
from polite_world import rss

from aggregator.fetch import Fetcher
from aggregator.instance import adopt_network, utc_now
from aggregator.network import Feed, FetchSettings, Network, Site
from aggregator.pipeline import Tools
from aggregator.polling import Poller
from aggregator.recording import PollReport
from aggregator.slots import Slots
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.workers.pool import WorkerPool

HEALTHY, BAD = 80, 20
SECONDS = 8.0
EVERY = timedelta(seconds=2)


@dataclass
class Lateness:
    """How long after their time the polls of healthy feeds ended."""

    found: list[float] = field(default_factory=list)
    due: dict[int, datetime] = field(default_factory=dict)

    def hear(self, report: PollReport) -> None:
        """Of every poll."""
        was_due = self.due.get(report.feed.id)
        if was_due is not None:
            self.found.append((report.at - report.duration - was_due).total_seconds())
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


def network_of(directory: Path, url: Callable[[int], str]) -> Network:
    """Few slots, so that the bad ones could take them all."""
    feeds = tuple(Feed(url(n), "a", every=EVERY) for n in range(HEALTHY + BAD))
    site = Site("a", "A", "https://a.example/", ("a.example",), feeds)
    fetch = replace(
        FetchSettings(),
        allow_private=(ip_network("127.0.0.0/8"),),
        concurrency=20,
        timeout=timedelta(seconds=1),
    )
    return Network("N", None, directory / "db", directory / "out", (site,), (), fetch)


async def tick(poller: Poller, store: StoreThread, lateness: Lateness) -> None:
    """As the daemon does, but faster; on a busy machine until the good ones had their two turns."""
    begin = asyncio.get_running_loop().time()
    while (spent := asyncio.get_running_loop().time() - begin) < SECONDS or (
        len(lateness.found) < 2 * HEALTHY and spent < 10 * SECONDS
    ):
        due = await store.run(lambda s: reading.due_feeds(s.db, now=datetime.now(UTC), limit=500))
        poller.start(due)
        await asyncio.sleep(0.1)
    await poller.stop(2)


async def test_twenty_bad_servers_do_not_delay_eighty_good_ones(tmp_path: Path) -> None:
    """Hang, drip, bomb, loop, lie: the others are polled on time (p99 under 2 s), and this process
    stays small."""
    lateness, store = Lateness(), Store.open(tmp_path / "db")
    thread = StoreThread(store)
    async with servers() as url, WorkerPool() as workers:
        network = network_of(tmp_path, url)
        adopt_network(store, network, utc_now())
        fetcher = Fetcher(network.fetch, user_agent=AGENT)
        tools = Tools(network, fetcher, workers, thread, utc_now, lambda: 0.5)
        poller = Poller(tools, slots=Slots(network.fetch.concurrency, slow_after=0.3))
        poller.on_report = lateness.hear

        await tick(poller, thread, lateness)

        await fetcher.aclose()
    outcomes = dict(store.db.execute("SELECT outcome, count(*) FROM polls GROUP BY outcome"))
    thread.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"p99 {lateness.p99:.2f} s of {len(lateness.found)}, peak {peak:.0f} MB\n")
    assert {"timeout", "too_large", "bad_redirect"} <= outcomes.keys()
    assert len(lateness.found) >= 2 * HEALTHY
    assert lateness.p99 < 2
