"""A network -> polls and publications until told to stop.

APScheduler runs a handful of jobs: the tick asks the database which feeds are due, `publish` writes
a generation when something changed or a minute has passed, `steer` keeps the polls within their
budget, `visit` asks whether what is shown is still there, `tidy` does SQLite's upkeep. A job's own
fault ends the process: alive but idle would be worse.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.control import ControlServer, Message
from aggregator.errors import AggregatorError, ConfigError, StorageError, UsageError
from aggregator.instance import HOOK_GRACE_S, Instance, open_instance
from aggregator.logs import log_event
from aggregator.model import FeedState
from aggregator.network import Index, Network
from aggregator.pacing import steer
from aggregator.publication import next_change
from aggregator.recording import PollReport
from aggregator.requests import answer
from aggregator.schedule import spread_overdue
from aggregator.store import moves, reading
from aggregator.store.store import Store
from aggregator.upkeep import remove_expired
from aggregator.visiting import check_stories

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

TICK_S = 1
PUBLISH_CHECK_S = 1
PUBLISH_EVERY_S = 60.0
TIDY_S = 3600
STEER_S = 60
VISIT_S = 60
STORAGE_PAUSE_S = 30.0
"""How long nothing is fetched after a write failed: what cannot be stored is not downloaded."""

STOP_GRACE_S = 5.0
"""For polls under way; the whole stop has ten seconds."""


async def run_daemon(network: Network, reload: Callable[[], Network]) -> None:
    """Runs until SIGTERM or SIGINT; `reload` reads the configuration again at SIGHUP.

    Raises what `open_instance` raises, and the error that made going on impossible.
    """
    stopping = _stop_on_signals()
    async with open_instance(network) as instance:
        await Daemon(instance, reload, stopping).run()


def _stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; the second of them ends the process at once."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopping.is_set():
            # Transactions and renames are whole at any moment; workers end with their pipes.
            os._exit(128 + number)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return stopping


class Daemon:
    """One daemon, from `run` to its end."""

    def __init__(
        self, instance: Instance, reload: Callable[[], Network], stopping: asyncio.Event
    ) -> None:
        self._instance = instance
        self._reload = reload
        instance.poller.on_report = self._heard
        self._changed = True
        self._published_at = float("-inf")
        self._change_at: datetime | None = None
        self._paused_until = float("-inf")
        self._stopping = stopping
        self._fault: BaseException | None = None
        self._ticked_at: datetime | None = None

    async def run(self) -> None:
        """Returns when stopped; raises the fault that stopped it otherwise."""
        loop = asyncio.get_running_loop()
        control = ControlServer(self._instance.network.database, self._answer)
        await control.start()
        scheduler = self._schedule()
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        try:
            scheduler.start()
            log_event(log, logging.INFO, "started", feeds=len(self._instance.network.feeds()))
            await self._stopping.wait()
        finally:
            scheduler.shutdown(wait=False)
            await control.close()
            await self._instance.poller.stop(STOP_GRACE_S)
            await self._instance.hook.close(HOOK_GRACE_S)
            log_event(log, logging.INFO, "stopped")
        if self._fault is not None:
            raise self._fault

    def _schedule(self) -> AsyncIOScheduler:
        # Imported here: every other command would wait for it and has no jobs.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        # A run that is late is late, not lost: the default would drop it after one second.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        jobs = (
            (self._tick, TICK_S),
            (self._publish_if_due, PUBLISH_CHECK_S),
            (self._steer, STEER_S),
            (self._visit, VISIT_S),
            (self._tidy, TIDY_S),
        )
        now = datetime.now(UTC)
        for job, seconds in jobs:
            scheduler.add_job(self._run_job, "interval", (job,), seconds=seconds, next_run_time=now)
        return scheduler

    async def _run_job(self, job: Callable[[], Awaitable[None]]) -> None:
        """Storage that cannot be written is waited for; any other fault ends the daemon."""
        try:
            await job()
        except StorageError as error:
            self._pause(error)
        except Exception as error:
            self._end(error)

    def _pause(self, error: AggregatorError) -> None:
        loop = asyncio.get_running_loop()
        self._paused_until = loop.time() + STORAGE_PAUSE_S
        log_event(log, logging.WARNING, "storage_failed", error=error, pause_s=STORAGE_PAUSE_S)

    def _end(self, fault: BaseException) -> None:
        if self._fault is None:
            self._fault = fault
        self._stopping.set()

    async def _tick(self) -> None:
        poller, tools = self._instance.poller, self._instance.tools
        if (failure := poller.failure) is not None:
            poller.failure = None
            raise failure
        now = tools.clock()
        if self._ticked_at is None or now - self._ticked_at > tools.network.fetch.floor:
            # The start, or the machine has slept: what piled up meanwhile is spread.
            await tools.store.run(spread, tools.network.fetch.floor, tools.index, now)
        self._ticked_at = now
        if not self._paused():
            limit = 2 * tools.network.fetch.concurrency + poller.running
            poller.start(await tools.store.run(_due, tools.clock(), limit))

    def _paused(self) -> bool:
        return asyncio.get_running_loop().time() < self._paused_until

    async def _publish_if_due(self) -> None:
        now, tools = asyncio.get_running_loop().time(), self._instance.tools
        due = (
            self._changed
            or now - self._published_at >= PUBLISH_EVERY_S
            or (self._change_at is not None and tools.clock() >= self._change_at)
        )
        if due and not self._paused():
            self._changed = False
            self._published_at = now
            # Asked before: what comes due while this publishes is not passed over.
            self._change_at = await tools.store.run(next_change, tools.clock())
            try:
                await self._instance.publish()
            except StorageError:
                self._changed = True
                raise
            except ConfigError as error:
                # A template that only some headline breaks: what is shown stays.
                _log_problems(error)

    async def _steer(self) -> None:
        tools = self._instance.tools
        await tools.store.run(steer, tools.network, tools.clock())

    async def _visit(self) -> None:
        if not self._paused():
            visit = await check_stories(self._instance.poller, self._instance.fetcher)
            self._changed = self._changed or visit.has_changes

    async def _tidy(self) -> None:
        tools = self._instance.tools
        removed = await remove_expired(tools.store, tools.network, now=tools.clock())
        if not removed.is_nothing:
            log_event(log, logging.INFO, "removed", **asdict(removed))
        await tools.store.run(Store.tidy)

    def _heard(self, report: PollReport) -> None:
        self._changed = self._changed or report.new > 0 or report.updated > 0

    async def _answer(self, request: Message) -> Message:
        answered = await answer(self._instance, request)
        tools = self._instance.tools
        # An editor's word may have an end that comes before anything else.
        self._change_at = await tools.store.run(next_change, tools.clock())
        return answered

    def _hang_up(self) -> None:
        self._reloading = asyncio.ensure_future(self._run_job(self._reload_network))

    async def _reload_network(self) -> None:
        """An invalid file changes nothing; where the database lies is fixed while running."""
        try:
            network = await asyncio.to_thread(self._reload)
            await self._instance.adopt(network)
        except ConfigError as error:
            _log_problems(error)
            return
        except UsageError as error:
            log_event(log, logging.ERROR, "config_invalid", problem=error)
            return
        self._changed = True
        log_event(log, logging.INFO, "reloaded", feeds=len(network.feeds()))


def spread(store: Store, floor: timedelta, index: Index, now: datetime) -> int:
    """Puts off feeds that are overdue by more than `floor`, evenly over one, the longest overdue
    first; addresses of one's own need no such care. Returns how many."""
    with store.transaction() as db:
        late = [
            feed_id
            for feed_id, url in moves.overdue(db, before=now - floor)
            if index.floors.get(url)
        ]
        if late:
            times = spread_overdue(len(late), over=floor, now=now)
            moves.put_off(db, zip(late, times, strict=True))
    return len(late)


def _log_problems(error: ConfigError) -> None:
    for problem in error.problems:
        log_event(log, logging.ERROR, "config_invalid", problem=problem)


def _due(store: Store, now: datetime, limit: int) -> tuple[FeedState, ...]:
    return reading.due_feeds(store.db, now=now, limit=limit)
