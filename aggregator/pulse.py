"""Each second by the monotonic clock -> what the scheduler, which goes by the wall clock, cannot
see: clocks that jump and jobs that no longer run."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aggregator.clocks import Reading, jump
from aggregator.logs import log_event
from aggregator.notify import BEAT, Notifier
from aggregator.vitals import DEAD_TICK_S, Vitals

log = logging.getLogger(__name__)

PULSE_S = 1.0
OUR_BUG = 70


class Pulse:
    """Feeds the watchdog while ticks end, one every `tick_s`; ends the process when none does."""

    def __init__(
        self, clock: Callable[[], datetime], vitals: Vitals, notifier: Notifier, *, tick_s: float
    ) -> None:
        self._clock = clock
        self._vitals = vitals
        self._notifier = notifier
        self._tick_s = tick_s
        self._beat_at = float("-inf")

    async def run(
        self, jumped: Callable[[timedelta], Awaitable[None]], look: Callable[[], None]
    ) -> None:
        """Until cancelled; `jumped` hears of the wall clock's jumps, `look` is called each time."""
        before = self._read_clocks()
        while True:
            await asyncio.sleep(PULSE_S)
            now = self._read_clocks()
            if moved := jump(before, now):
                log_event(
                    log, logging.WARNING, "clock_jumped", seconds=round(moved.total_seconds())
                )
                await jumped(moved)
            before = now
            self._beat(now.monotonic_s)
            look()

    def _read_clocks(self) -> Reading:
        return Reading(self._clock(), asyncio.get_running_loop().time())

    def _beat(self, now_s: float) -> None:
        watchdog_s = self._notifier.watchdog_s
        if self._vitals.since_tick_s(now_s) > DEAD_TICK_S:
            log_event(log, logging.ERROR, "dead", tick_s=round(self._vitals.since_tick_s(now_s)))
            os._exit(OUR_BUG)  # the store's thread may hang: nothing would end in order
        if watchdog_s is None or not self._vitals.is_beating(now_s, self._tick_s):
            return
        if now_s - self._beat_at >= watchdog_s / 4:
            self._beat_at = now_s
            self._notifier.send(BEAT)
