"""A network -> an instance of it at work: database locked, client and workers ready, all closed
at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import resource
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from aggregator.environment import reveal
from aggregator.fetch import Fetcher, user_agent
from aggregator.hook import AfterPublish
from aggregator.logs import log_event
from aggregator.model import FetchFailed
from aggregator.network import FetchSettings, Network
from aggregator.pipeline import Tools, publish, put_back
from aggregator.polling import Poller
from aggregator.publish import Publication, sweep
from aggregator.store import writing
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.workers.pool import WorkerPool

try:
    import uvloop
except ImportError:  # it does not build everywhere; asyncio's own loop is slower, no less right
    NEW_LOOP: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    NEW_LOOP = uvloop.new_event_loop

log = logging.getLogger(__name__)

OTHER_DESCRIPTORS = 40

LASTING = ("database", "output", "serve")
"""Keys of feeds.yaml that a running instance keeps as they were at its start."""

T = TypeVar("T")

HOOK_GRACE_S = 2.0
"""How long a daemon that stops or reloads waits for the operator's program."""


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """The one place that starts an event loop: uvloop's where it is installed."""
    # What was imported and configured lives as long as the process: no collection need look at it.
    gc.freeze()
    with asyncio.Runner(loop_factory=NEW_LOOP) as runner:
        return runner.run(main)


def utc_now() -> datetime:
    """The wall clock, read here and handed down."""
    return datetime.now(UTC)


class Instance:
    """A network at work; owns what its polls and publications share."""

    def __init__(self, tools: Tools, fetcher: Fetcher) -> None:
        self.tools = tools
        self.fetcher = fetcher
        self.poller = Poller(tools)
        self.hook = _hook(tools.network)
        self._publishing = asyncio.Lock()
        self._retired: list[tuple[float, Fetcher]] = []

    @property
    def network(self) -> Network:
        """The configuration in force."""
        return self.tools.network

    async def publish(self, *, force: bool = False) -> Publication | None:
        """One publication at a time; None when everything shown is already so.

        `force`: also in place of a generation that was put back.
        """
        async with self._publishing:
            publication = await publish(self.tools, force=force)
        self._say(publication)
        return publication

    async def put_back(self, generation: int | None) -> Publication | None:
        """Shows an older generation again, the one before by default; raises UsageError."""
        async with self._publishing:
            publication = await put_back(self.tools, generation)
        self._say(publication)
        return publication

    def _say(self, publication: Publication | None) -> None:
        if publication is not None:
            self.hook.tell(publication)
            log_event(
                log,
                logging.INFO,
                "published",
                generation=publication.generation,
                changed=len(publication.changed),
                removed=len(publication.removed),
            )

    async def look(self, url: str) -> int | FetchFailed:
        """As `Fetcher.look`, by the client that is in force when it is asked."""
        return await self.fetcher.look(url)

    async def adopt(self, network: Network) -> None:
        """Goes on with another configuration; what holds from the next start alone is said."""
        network = self._kept(fitted(reveal(network, os.environ)))
        fetcher = await open_fetcher(network)
        try:
            await self.tools.store.run(adopt_network, network, self.tools.clock())
        except BaseException:
            await fetcher.aclose()
            raise
        before, hook = self.network, self.hook
        self._retire(self.fetcher, before.fetch)
        self.fetcher = fetcher
        self.tools = replace(self.tools, network=network, fetcher=fetcher)
        self.poller.adopt(self.tools)
        if network.publishing.after_publish != before.publishing.after_publish:
            self.hook = _hook(network)  # what is published from now on is the new one's to hear
            await hook.close(HOOK_GRACE_S)
        await self._close_unused()

    def _retire(self, fetcher: Fetcher, settings: FetchSettings) -> None:
        """Requests under way go on by it, each for as long as its `fetch.timeout` lets it."""
        unused_at = asyncio.get_running_loop().time() + settings.timeout.total_seconds()
        self._retired.append((unused_at, fetcher))

    async def _close_unused(self) -> None:
        """Of the clients of earlier configurations: each holds certificates and sessions, and a
        daemon may be told of a new configuration every few minutes for months."""
        now = asyncio.get_running_loop().time()
        unused = [fetcher for unused_at, fetcher in self._retired if unused_at < now]
        self._retired = [(at, fetcher) for at, fetcher in self._retired if at >= now]
        for fetcher in unused:
            await fetcher.aclose()

    def _kept(self, network: Network) -> Network:
        """With database, output and listener where they are."""
        old = self.network
        pairs = {name: (getattr(old, name), getattr(network, name)) for name in LASTING}
        changed = [name for name, (before, after) in pairs.items() if before != after]
        if changed:
            log_event(log, logging.WARNING, "restart_needed", keys=",".join(changed))
        return replace(network, database=old.database, output=old.output, serve=old.serve)

    async def close(self) -> None:
        """After the last poll has ended; waits for the operator's program, which has a limit."""
        await self.hook.close()
        for fetcher in (*(fetcher for _, fetcher in self._retired), self.fetcher):
            await fetcher.aclose()


def _hook(network: Network) -> AfterPublish:
    return AfterPublish(network.publishing.after_publish, network.output)


async def open_fetcher(network: Network) -> Fetcher:
    """A client whose guard has been proved; raises GuardError."""
    agent = user_agent(version("aggregator"), network.contact)
    fetcher = Fetcher(network.fetch, user_agent=agent)
    try:
        await fetcher.prove_guard()
    except BaseException:
        await fetcher.aclose()
        raise
    return fetcher


def fitted(network: Network) -> Network:
    """With no more polls at once than this process may have descriptors for.

    The soft limit is raised to the hard one first; a poll needs two, everything else some forty.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * network.fetch.concurrency + OTHER_DESCRIPTORS
    if soft < wanted and soft < hard:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft >= wanted:
        return network
    concurrency = max(1, (soft - OTHER_DESCRIPTORS) // 2)
    log_event(log, logging.WARNING, "few_descriptors", limit=soft, concurrency=concurrency)
    return replace(network, fetch=replace(network.fetch, concurrency=concurrency))


@asynccontextmanager
async def open_instance(network: Network) -> AsyncIterator[Instance]:
    """Raises LockedError, StorageError, DamagedError, NewerSchemaError, GuardError; UsageError
    when an environment variable that feeds.yaml names is missing.

    Leftovers of an interrupted publication are gone and the database knows the configuration's
    sites and feeds when the block begins.
    """
    network = fitted(reveal(network, os.environ))
    store = StoreThread(Store.open(network.database))
    try:
        sweep(network.output)
        await store.run(adopt_network, network, utc_now())
        fetcher = await open_fetcher(network)
        async with WorkerPool() as workers:
            tools = Tools(network, fetcher, workers, store, utc_now, random.random)
            instance = Instance(tools, fetcher)
            try:
                yield instance
            finally:
                await instance.close()
    finally:
        store.close()


def adopt_network(store: Store, network: Network, now: datetime) -> None:
    """Makes the stored sites and feeds those of `network`."""
    with store.transaction() as db:
        writing.sync_network(db, network, now=now)
