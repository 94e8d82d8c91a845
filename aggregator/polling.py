"""Due feeds -> polls: how many at once, one at a time per host, none faster than its host likes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from aggregator.errors import AggregatorError
from aggregator.logs import log_event, masked_url
from aggregator.model import FeedState
from aggregator.network import Feed
from aggregator.pipeline import Tools, poll_feed
from aggregator.recording import PollReport, record_internal_error
from aggregator.slots import Slots
from aggregator.times import format_time
from aggregator.urls import host_of

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class _Host:
    """One poll at a time; `free_at` is loop time before which none may start, `is_slow` says how
    the last one went."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    is_slow: bool = False


class Poller:
    """Polls feeds within the bounds of `fetch:`; lives as long as its event loop runs.

    `failure` holds the error that ended a poll and is not the feed's: storage that cannot be
    written, a damaged database. `on_report` hears of every poll that ended.
    """

    def __init__(self, tools: Tools, *, slots: Slots | None = None) -> None:
        self.tools = tools
        self.failure: AggregatorError | None = None
        self.on_report: Callable[[PollReport], None] | None = None
        self._slots = slots or Slots(tools.network.fetch.concurrency)
        self._hosts: dict[str, _Host] = {}
        self._running: dict[int, asyncio.Task[PollReport | None]] = {}
        self._told_to_wait: set[int] = set()

    def adopt(self, tools: Tools) -> None:
        """Polls that begin from now on go by another configuration."""
        self.tools = tools
        self._slots.resize(tools.network.fetch.concurrency)

    @property
    def running(self) -> int:
        """How many polls are under way or waiting for their host."""
        return len(self._running)

    def start(self, feeds: Iterable[FeedState]) -> list[asyncio.Task[PollReport | None]]:
        """Begins polls; a feed that is being polled already is left to that poll."""
        tasks = []
        for feed in feeds:
            if feed.id not in self._running:
                task = asyncio.create_task(self._guarded(feed))
                self._running[feed.id] = task
                task.add_done_callback(partial(self._ended, feed.id))
            tasks.append(self._running[feed.id])
        return tasks

    async def poll_all(self, feeds: Iterable[FeedState]) -> list[PollReport]:
        """Polls every one of `feeds`; raises `failure` when the storage failed meanwhile."""
        reports = await asyncio.gather(*self.start(feeds))
        if self.failure is not None:
            raise self.failure
        return [report for report in reports if report is not None]

    async def wait_for(self, feed_id: int) -> None:
        """Until the poll of this feed that is under way, if there is one, has ended."""
        if (running := self._running.get(feed_id)) is not None:
            await asyncio.wait((running,))

    async def stop(self, grace: float) -> None:
        """Gives polls under way `grace` seconds to end, then cancels them; they stay due."""
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, feed_id: int, _: asyncio.Task[PollReport | None]) -> None:
        del self._running[feed_id]
        self._told_to_wait.discard(feed_id)

    async def _guarded(self, feed: FeedState) -> PollReport | None:
        """One feed's poll; whatever goes wrong in it ends with it."""
        try:
            report = await self._in_turn(feed)
        except AggregatorError as error:
            self.failure = error
            log_event(log, logging.DEBUG, "poll_not_stored", feed=feed.id, error=error)
            return None
        except Exception as error:
            log.exception("poll_broke", extra={"fields": {"feed": feed.id}})
            await self._record_our_fault(feed, error)
            return None
        if report is not None:
            # Those of them whose turn has not come do not poll; they are due again later.
            self._told_to_wait |= report.paused & self._running.keys()
            self._tell(report)
        return report

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[_Host]:
        """One's turn at the host of `url`, once it has rested."""
        host = self._hosts.setdefault(host_of(url), _Host())
        async with host.turn:
            if (wait := host.free_at - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            yield host

    async def visit(self, url: str, ask: Callable[[str], Awaitable[T]]) -> T:
        """Asks for something else than a feed, in its turn: a host has one request at a time."""
        network = self.tools.network
        async with self._turn(url) as host, self._slots.take(is_slow=host.is_slow) as slot:
            if not network.is_own(Feed(url, site="")):
                delay = network.fetch.host_delay.total_seconds()
                host.free_at = asyncio.get_running_loop().time() + delay
            answer = await ask(url)
            host.is_slow = slot.was_slow
            return answer

    async def _in_turn(self, feed: FeedState) -> PollReport | None:
        async with self._turn(feed.polled_url) as host:
            loop = asyncio.get_running_loop()
            async with self._slots.take(is_slow=host.is_slow or feed.timed_out) as slot:
                if feed.id in self._told_to_wait:
                    return None
                tools = self.tools
                settings = tools.index.feeds.get(feed.url)
                if settings is None:  # it left the configuration while it waited
                    return None
                if tools.index.floors[feed.url]:
                    host.free_at = loop.time() + tools.network.fetch.host_delay.total_seconds()
                report = await poll_feed(feed, settings, tools)
                host.is_slow = slot.was_slow
                return report

    async def _record_our_fault(self, feed: FeedState, error: Exception) -> None:
        what = f"{type(error).__name__} in the aggregator; its log has the traceback"
        try:
            await self.tools.store.share(record_internal_error, feed, self.tools.clock(), what)
        except AggregatorError as failure:
            self.failure = failure

    def _tell(self, report: PollReport) -> None:
        if log.isEnabledFor(logging.INFO):
            _log_poll(report)
        if self.on_report is not None:
            self.on_report(report)


def _log_poll(report: PollReport) -> None:
    log_event(
        log,
        logging.INFO,
        "poll",
        site=report.feed.site_id,
        feed=masked_url(report.feed.url),
        outcome=report.outcome,
        new=report.new,
        updated=report.updated,
        ms=round(report.duration.total_seconds() * 1000),
        next=format_time(report.next_poll_at) if report.next_poll_at else "never",
        why=report.why,
        error=report.error,
    )
