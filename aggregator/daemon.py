"""A network -> polls and publications until told to stop.

APScheduler runs a handful of jobs: the tick asks the database which feeds are due, `publish` writes
a generation when something changed or a minute has passed, `reload` reads a feeds.yaml that
changed, `steer` keeps the polls within their budget, `visit` asks whether what is shown is still
there, `tidy` does SQLite's upkeep. A job's own fault ends the process: alive but idle would be
worse. Storage and workers that fail are waited for (`setbacks`); a `pulse` beside the scheduler
sees that it still runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.control import ControlServer, Message
from aggregator.errors import ConfigError, StorageError, UsageError
from aggregator.file_watch import FileWatch
from aggregator.hubs import Hubs, open_hubs
from aggregator.instance import HOOK_GRACE_S, Instance, open_instance
from aggregator.logs import log_event
from aggregator.model import FeedState
from aggregator.network import Index, Network
from aggregator.notify import READY, STOPPING, Notifier
from aggregator.pacing import steer
from aggregator.publication import next_change
from aggregator.pulse import Pulse
from aggregator.recording import PollReport
from aggregator.requests import answer
from aggregator.schedule import spread_overdue
from aggregator.setbacks import Setbacks
from aggregator.store import due, moves, reading
from aggregator.store.store import Store
from aggregator.upkeep import remove_expired
from aggregator.visiting import check_stories
from aggregator.vitals import Vitals

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

TICK_S = 1
PUBLISH_CHECK_S = 1
RELOAD_CHECK_S = 1
PUBLISH_EVERY_S = 60.0
TIDY_S = 3600
STEER_S = 60
HUBS_S = 10
VISIT_S = 60
STOP_GRACE_S = 5.0
"""For polls under way; the whole stop has ten seconds."""


async def run_daemon(
    network: Network, reload: Callable[[], Network], config: Path, notifier: Notifier
) -> None:
    """Runs until SIGTERM or SIGINT; `reload` reads the configuration at `config` again.

    Raises what `open_instance` raises, and the error that made going on impossible.
    """
    watch, signals = FileWatch(config), _heed_signals()
    async with open_instance(network) as instance:
        await Daemon(instance, reload, watch, notifier, signals).run()


@dataclass(frozen=True, slots=True)
class Signals:
    """What came from outside and was not seen to yet: SIGTERM or SIGINT, SIGHUP."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    reload_wanted: asyncio.Event = field(default_factory=asyncio.Event)


def _heed_signals() -> Signals:
    """Before the start, which may take minutes: a SIGHUP would end it, and systemd takes that for
    a clean end. The second SIGTERM or SIGINT ends the process at once."""
    loop, signals = asyncio.get_running_loop(), Signals()

    def stop(number: signal.Signals) -> None:
        if signals.stopping.is_set():
            # Transactions and renames are whole at any moment; workers end with their pipes.
            os._exit(128 + number)
        signals.stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGHUP, signals.reload_wanted.set)
    return signals


class Daemon:
    """One daemon, from `run` to its end."""

    def __init__(
        self,
        instance: Instance,
        reload: Callable[[], Network],
        watch: FileWatch,
        notifier: Notifier,
        signals: Signals,
    ) -> None:
        self._instance = instance
        self._reload = reload
        self._watch = watch
        self._notifier = notifier
        instance.poller.on_report = self._heard
        self.vitals = Vitals(_now_s())
        self._setbacks = Setbacks(instance, self.vitals, notifier)
        self._hubs: Hubs | None = None
        self._changed = True
        self._published_at = float("-inf")
        self._change_at: datetime | None = None
        self._stopping = signals.stopping
        self._reload_wanted = signals.reload_wanted
        self._fault: BaseException | None = None
        self._ticked_at: datetime | None = None

    async def run(self) -> None:
        """Returns when stopped; raises the fault that stopped it otherwise."""
        async with AsyncExitStack() as stack:
            control = ControlServer(self._instance.network.database, self._answer)
            await control.start()
            stack.push_async_callback(self._finish_work)
            stack.push_async_callback(control.close)
            await self._listen(stack)
            scheduler = self._schedule()
            self._notifier.status("running")  # what the first tick finds wrong comes after
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

    async def _finish_work(self) -> None:
        await self._instance.poller.stop(STOP_GRACE_S)
        if self._hubs is not None:
            await self._hubs.close()
        await self._instance.hook.close(HOOK_GRACE_S)

    async def _listen(self, stack: AsyncExitStack) -> None:
        if (serve := self._instance.network.serve) is not None:
            if serve.callback_url is not None:
                self._hubs = await open_hubs(self._instance, self.vitals, serve.callback_url)
            listener = serving().open_listener(self._instance, self.vitals, serve, self._hubs)
            port = await listener.start()
            stack.push_async_callback(listener.close)
            log_event(log, logging.INFO, "serving", host=serve.host, port=port)

    def _schedule(self) -> AsyncIOScheduler:
        # Imported here: every other command would wait for it and has no jobs.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        # A run that is late is late, not lost: the default would drop it after one second.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        jobs = (
            (self._tick, TICK_S),
            (self._publish_if_due, PUBLISH_CHECK_S),
            (self._reload_if_wanted, RELOAD_CHECK_S),
            (self._steer, STEER_S),
            (self._visit, VISIT_S),
            (self._tidy, TIDY_S),
            (self._ask_hubs, HUBS_S),
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
            self._setbacks.storage_failed(error)
        except asyncio.CancelledError:
            # The scheduler's, at its end, which it would log as the job's fault.
            if not self._stopping.is_set():
                raise
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
            if self.vitals.tick_s is None:
                self._notifier.send(READY)
            self.vitals.tick_s = _now_s()

    async def _tick_once(self) -> None:
        poller, tools = self._instance.poller, self._instance.tools
        await tools.store.run(Store.check_in_place)
        self._setbacks.look_at_wal()
        if (failure := poller.failure) is not None:
            poller.failure = None
            self._setbacks.heard(failure)
        if not await self._setbacks.may_fetch():
            return
        now = tools.clock()
        if self._ticked_at is None or now - self._ticked_at > tools.network.fetch.floor:
            # The start, or the machine has slept: what piled up meanwhile is spread.
            count = await tools.store.run(spread, tools.network.fetch.floor, tools.index, now)
            if count:
                log_event(log, logging.INFO, "spread", feeds=count)
        self._ticked_at = now
        limit = 2 * tools.network.fetch.concurrency + poller.running
        poller.start(await tools.store.run(_due, tools.clock(), limit))

    async def _publish_if_due(self) -> None:
        now, tools = _now_s(), self._instance.tools
        due = (
            self._changed
            or now - self._published_at >= PUBLISH_EVERY_S
            or (self._change_at is not None and tools.clock() >= self._change_at)
        )
        if not due or self._setbacks.stop_publication:
            return
        # Asked before: what comes due while this publishes is not passed over.
        self._change_at = await tools.store.run(next_change, tools.clock())
        self._changed = False
        self._published_at = now
        try:
            await self._instance.publish()
        except StorageError as error:
            self._changed = True
            self._setbacks.output_failed(error)
        except ConfigError as error:
            # A template that only some headline breaks: what is shown stays.
            _log_problems(error)
        else:
            self._setbacks.output_is_well()

    async def _steer(self) -> None:
        tools = self._instance.tools
        if not self._setbacks.stop_writes:
            await tools.store.run(steer, tools.network, tools.clock())

    async def _ask_hubs(self) -> None:
        if self._hubs is not None and not self._setbacks.stop_writes:
            await self._hubs.ask_due()

    async def _visit(self) -> None:
        if not self.vitals.stop_fetches:
            visit = await check_stories(self._instance.poller, self._instance.look)
            self._changed = self._changed or visit.has_changes

    async def _tidy(self) -> None:
        tools = self._instance.tools
        if self._setbacks.stop_writes:
            return
        removed = await remove_expired(tools.store, tools.network, now=tools.clock())
        if not removed.is_nothing:
            log_event(log, logging.INFO, "removed", **asdict(removed))
        await tools.store.run(Store.tidy)

    # ------------------------------------------------------------------ pulse

    async def _pulse(self, scheduler: AsyncIOScheduler) -> None:
        """Its own fault ends the daemon like a job's."""
        pulse = Pulse(self._instance.tools.clock, self.vitals, self._notifier, tick_s=TICK_S)
        try:
            await pulse.run(lambda moved: self._clock_jumped(scheduler, moved), self._look)
        except Exception as error:
            self._end(error)

    async def _clock_jumped(self, scheduler: AsyncIOScheduler, moved: timedelta) -> None:
        """The scheduler goes by the wall clock: set back, it would sleep for as long."""
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        if moved < timedelta():
            # Ahead, the next tick spreads what is overdue.
            await self._run_job(lambda: self._shift_polls(moved))

    async def _shift_polls(self, moved: timedelta) -> None:
        tools = self._instance.tools
        await tools.store.run(_shift, tools.clock(), moved)

    def _look(self) -> None:
        if self._instance.network.watch and self._watch.changed():
            self._reload_wanted.set()

    # ------------------------------------------------------------ from outside

    def _heard(self, report: PollReport) -> None:
        self._changed = self._changed or report.new > 0 or report.updated > 0
        self.vitals.count(report.feed.site_id, report.outcome, report.new, report.tier)
        self.vitals.note_lateness(report.late.total_seconds())

    async def _answer(self, request: Message) -> Message:
        if request.get("command") == "health":
            return {"complaint": self.vitals.complaint(_now_s())}
        answered = await answer(self._instance, request)
        tools = self._instance.tools
        # An editor's word may have an end that comes before anything else; what came due by now is
        # yet to be published.
        found = (self._change_at, await tools.store.run(next_change, tools.clock()))
        self._change_at = min((at for at in found if at is not None), default=None)
        return answered

    async def _reload_if_wanted(self) -> None:
        """An invalid file changes nothing; where the database lies is fixed while running. A change
        that comes meanwhile is read after this one."""
        if not self._reload_wanted.is_set() or self.vitals.storage.is_on(_now_s()):
            return
        self._reload_wanted.clear()
        self._notifier.reloading(_now_s())
        try:
            network = await asyncio.to_thread(self._reload)
            await self._instance.adopt(network)
        except ConfigError as error:
            _log_problems(error)
            self._is_invalid()
        except UsageError as error:
            log_event(log, logging.ERROR, "config_invalid", problem=error)
            self._is_invalid()
        except StorageError:
            self._reload_wanted.set()  # once its pause is over
            raise
        else:
            self.vitals.config_ok = True
            self._changed = True
            log_event(log, logging.INFO, "reloaded", feeds=len(network.feeds()))
            self._notifier.status("running")
        finally:
            self._notifier.send(READY)

    def _is_invalid(self) -> None:
        self.vitals.config_ok = False
        self._notifier.status("running, but feeds.yaml is invalid: the old one is in force")


def serving() -> Any:
    """The package that listens; raises UsageError where the extra is not installed."""
    try:
        return import_module("aggregator.serve.port")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serve: needs {error.name}; install it with: pip install 'aggregator[serve]'"
        ) from error


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


def _shift(store: Store, now: datetime, moved: timedelta) -> None:
    with store.transaction() as db:
        due.shift_polls(db, now=now, jump=moved)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
