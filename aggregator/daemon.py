"""A network -> polls and publications until told to stop.

APScheduler runs a handful of jobs: the tick asks the database which feeds are due, `publish` writes
a generation when something changed or a minute has passed, `steer` keeps the polls within their
budget, `tidy` does SQLite's upkeep. A job's own fault ends the process: alive but idle would be
worse. Beside the scheduler, which goes by the wall clock, `pulse` beats once a second by the
monotonic one: it sees clocks that jump and jobs that no longer run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.clocks import Reading, jump
from aggregator.control import ControlServer, Message
from aggregator.errors import ConfigError, StorageError, UsageError
from aggregator.instance import Instance, open_instance
from aggregator.logs import log_event
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.notify import BEAT, READY, STOPPING, Notifier
from aggregator.pacing import steer
from aggregator.pauses import Pause
from aggregator.pipeline import PollReport
from aggregator.requests import answer
from aggregator.store import due, place, reading
from aggregator.store.store import Store
from aggregator.vitals import DEAD_TICK_S, Vitals

log = logging.getLogger(__name__)

TICK_S = 1
PULSE_S = 1.0
PUBLISH_CHECK_S = 1
PUBLISH_EVERY_S = 60.0
TIDY_S = 3600
STEER_S = 60
OVERDUE = timedelta(seconds=60)
WAL_SHORTEN_BYTES = 8 * 1024 * 1024
WAL_WARN_BYTES = 64 * 1024 * 1024
STOP_GRACE_S = 5.0
"""For polls under way; the whole stop has ten seconds."""

OUR_BUG = 70


async def run_daemon(
    network: Network, reload: Callable[[], Network], config: Path, notifier: Notifier
) -> None:
    """Runs until SIGTERM or SIGINT; `reload` reads the configuration at `config` again.

    Raises what `open_instance` raises, and the error that made going on impossible.
    """
    stopping = _stop_on_signals()
    async with open_instance(network) as instance:
        await Daemon(instance, reload, config, notifier, stopping).run()


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
        self,
        instance: Instance,
        reload: Callable[[], Network],
        config: Path,
        notifier: Notifier,
        stopping: asyncio.Event,
    ) -> None:
        self._instance = instance
        self._reload = reload
        self._watch = FileWatch(config)
        self._notifier = notifier
        instance.poller.on_report = self._heard
        self.vitals = Vitals(self._now_s())
        self._changed = True
        self._published_at = float("-inf")
        self._beat_at = float("-inf")
        self._wal_is_long = False
        self._stopping = stopping
        self._fault: BaseException | None = None
        self._reloading: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Returns when stopped; raises the fault that stopped it otherwise."""
        async with AsyncExitStack() as stack:
            control = ControlServer(self._instance.network.database, self._answer)
            await control.start()
            stack.push_async_callback(self._instance.poller.stop, STOP_GRACE_S)
            stack.push_async_callback(control.close)
            await self._spread(timedelta())
            if (serve := self._instance.network.serve) is not None:
                listener = serving().open_listener(self._instance, self.vitals, serve)
                port = await listener.start()
                stack.push_async_callback(listener.close)
                log_event(log, logging.INFO, "serving", host=serve.host, port=port)
            scheduler = self._schedule()
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hang_up)
            scheduler.start()
            stack.callback(scheduler.shutdown, wait=False)
            pulse = asyncio.create_task(self._pulse(scheduler))
            stack.callback(pulse.cancel)
            log_event(log, logging.INFO, "started", feeds=len(self._instance.network.feeds()))
            await self._stopping.wait()
            self._notifier.send(STOPPING)
        log_event(log, logging.INFO, "stopped")
        if self._fault is not None:
            raise self._fault

    def _schedule(self) -> AsyncIOScheduler:
        # A run that is late is late, not lost: the default would drop it after one second.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        jobs = (
            (self._tick, TICK_S),
            (self._publish_if_due, PUBLISH_CHECK_S),
            (self._steer, STEER_S),
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
            self._storage_failed(error)
        except Exception as error:
            self._end(error)

    def _end(self, fault: BaseException) -> None:
        if self._fault is None:
            self._fault = fault
        self._stopping.set()

    # ------------------------------------------------------------------- jobs

    async def _tick(self) -> None:
        try:
            await self._tick_once()
        finally:
            self._first_tick_is_over()
            self.vitals.tick_s = self._now_s()

    async def _tick_once(self) -> None:
        poller, tools = self._instance.poller, self._instance.tools
        await tools.store.run(Store.check_in_place)
        await self._look_at_wal()
        if (failure := poller.failure) is not None:
            poller.failure = None
            # Polls under way when the first of them failed fail one by one: that is one failure.
            if not (isinstance(failure, StorageError) and self.vitals.storage.is_on(self._now_s())):
                raise failure
        if await self._is_storage_well():
            limit = 2 * tools.network.fetch.concurrency + poller.running
            poller.start(await tools.store.run(_due, tools.clock(), limit))

    def _first_tick_is_over(self) -> None:
        if self.vitals.tick_s is None:
            self._notifier.send(READY)

    async def _publish_if_due(self) -> None:
        now = self._now_s()
        wanted = self._changed or now - self._published_at >= PUBLISH_EVERY_S
        if not wanted or self.vitals.output.is_on(now) or self.vitals.storage.reason:
            return
        self._changed = False
        self._published_at = now
        try:
            await self._instance.publish()
        except StorageError as error:
            self._changed = True
            self.vitals.output = self._paused(self.vitals.output, "output", error)
        else:
            self.vitals.output = self._recovered(self.vitals.output)

    async def _steer(self) -> None:
        tools = self._instance.tools
        if not self.vitals.storage.reason:
            await tools.store.run(steer, tools.network, tools.clock())

    async def _tidy(self) -> None:
        if not self.vitals.storage.reason:
            await self._instance.tools.store.run(Store.tidy)

    # ---------------------------------------------------------------- storage

    async def _is_storage_well(self) -> bool:
        """Room on the disk, and after a failure a write that goes through: only then is anything
        fetched again."""
        network, pause, now = self._instance.network, self.vitals.storage, self._now_s()
        free = place.free_bytes(network.database)
        if free < network.min_free:
            detail = f"{free} bytes free, {network.min_free} wanted"
            if pause.reason != "disk_full":
                log_event(log, logging.WARNING, "storage_failed", reason="disk_full", error=detail)
            self.vitals.storage = pause.while_short(detail, now)
            return False
        if pause.is_on(now):
            return False
        if pause.reason is not None:
            await self._instance.tools.store.run(Store.probe)
            self.vitals.storage = self._recovered(pause)
        return True

    def _storage_failed(self, error: StorageError) -> None:
        self.vitals.storage = self._paused(self.vitals.storage, "storage", error)

    def _paused(self, pause: Pause, reason: str, error: StorageError) -> Pause:
        following = pause.after_failure(reason, str(error), self._now_s())
        if self.vitals.storage.reason is None and self.vitals.output.reason is None:
            log_event(log, logging.WARNING, "storage_failed", reason=reason, error=error)
            self._notifier.status(f"paused: {error}")
        return following

    def _recovered(self, pause: Pause) -> Pause:
        if pause.reason is not None:
            log_event(log, logging.INFO, "storage_recovered", reason=pause.reason)
            self._notifier.status("running")
        return Pause()

    async def _look_at_wal(self) -> None:
        size = place.wal_bytes(self._instance.network.database)
        self.vitals.wal_bytes = size
        if size > WAL_SHORTEN_BYTES:
            await self._instance.tools.store.run(Store.shorten_wal)
        if size > WAL_WARN_BYTES and not self._wal_is_long:
            log_event(log, logging.WARNING, "wal_long", bytes=size, cause="a reader stays open")
        self._wal_is_long = size > WAL_WARN_BYTES

    # ------------------------------------------------------------------ pulse

    async def _pulse(self, scheduler: AsyncIOScheduler) -> None:
        """Each second by the monotonic clock; its own fault ends the daemon like a job's."""
        try:
            before = self._clocks()
            while not self._stopping.is_set():
                await asyncio.sleep(PULSE_S)
                now = self._clocks()
                if moved := jump(before, now):
                    await self._clock_jumped(scheduler, moved)
                before = now
                self._beat()
                self._look_at_config()
        except Exception as error:
            self._end(error)

    def _clocks(self) -> Reading:
        return Reading(self._instance.tools.clock(), self._now_s())

    async def _clock_jumped(self, scheduler: AsyncIOScheduler, moved: timedelta) -> None:
        """The scheduler goes by the wall clock: set back, it would sleep for as long."""
        log_event(log, logging.WARNING, "clock_jumped", seconds=round(moved.total_seconds()))
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        try:
            await self._spread(moved)
        except StorageError as error:
            self._storage_failed(error)

    async def _spread(self, moved: timedelta) -> None:
        """After a stop or a jump: what is overdue is polled once, over a floor's length."""
        tools = self._instance.tools
        count = await tools.store.run(_put_in_place, tools.network, tools.clock(), moved)
        if count:
            log_event(log, logging.INFO, "spread", feeds=count)

    def _beat(self) -> None:
        """Only while ticks end; without any for long, the process ends: it polls nothing."""
        now, watchdog_s = self._now_s(), self._notifier.watchdog_s
        if self.vitals.since_tick_s(now) > DEAD_TICK_S:
            log_event(log, logging.ERROR, "dead", tick_s=round(self.vitals.since_tick_s(now)))
            os._exit(OUR_BUG)  # the store's thread may hang: nothing would end in order
        if watchdog_s is None or not self.vitals.is_beating(now, TICK_S):
            return
        if now - self._beat_at >= watchdog_s / 4:
            self._beat_at = now
            self._notifier.send(BEAT)

    # ----------------------------------------------------------------- reload

    def _look_at_config(self) -> None:
        if self._instance.network.watch and self._watch.changed():
            self._hang_up()

    def _hang_up(self) -> None:
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.ensure_future(self._run_job(self._reload_network))

    async def _reload_network(self) -> None:
        """An invalid file changes nothing; where the database lies is fixed while running."""
        self._notifier.reloading(self._now_s())
        try:
            network = await asyncio.to_thread(self._reload)
        except ConfigError as error:
            self.vitals.config_ok = False
            for problem in error.problems:
                log_event(log, logging.ERROR, "config_invalid", problem=problem)
            self._notifier.status("running, but feeds.yaml is invalid: the old one is in force")
        else:
            await self._instance.adopt(network)
            self.vitals.config_ok = True
            self._changed = True
            log_event(log, logging.INFO, "reloaded", feeds=len(network.feeds()))
            self._notifier.status("running")
        finally:
            self._notifier.send(READY)

    # ----------------------------------------------------------------- others

    def _heard(self, report: PollReport) -> None:
        self._changed = self._changed or report.new > 0 or report.updated > 0
        self.vitals.polls[report.feed.site_id, report.outcome] += 1
        self.vitals.new_entries[report.feed.site_id] += report.new
        self.vitals.note_lateness(report.late.total_seconds())
        if report.tier is not None:
            self.vitals.tiers[report.tier] += 1

    async def _answer(self, request: Message) -> Message:
        if request.get("command") == "health":
            return {"complaint": self.vitals.complaint(self._now_s())}
        return await answer(self._instance, request)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def serving() -> Any:
    """The package that listens; raises UsageError where the extra is not installed."""
    try:
        return import_module("aggregator.serve.port")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serve: needs {error.name}; install it with: pip install 'aggregator[serve]'"
        ) from error


class FileWatch:
    """A file that may be replaced or rewritten while we look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._seen = self._look()

    def changed(self) -> bool:
        """Once for each change, as soon as two looks in a row agree: it is written no more."""
        before, self._seen = self._seen, self._look()
        if self._seen == self._known or self._seen != before:
            return False
        self._known = self._seen
        return True

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _due(store: Store, now: datetime, limit: int) -> tuple[FeedState, ...]:
    return reading.due_feeds(store.db, now=now, limit=limit)


def _put_in_place(store: Store, network: Network, now: datetime, moved: timedelta) -> int:
    floors = {feed.url: network.floor_of(feed) for feed in network.feeds()}
    with store.transaction() as db:
        if moved < timedelta():
            return due.shift_polls(db, now=now, jump=moved)
        return due.spread_overdue(db, floors, now=now, late=OVERDUE)
