"""How the daemon is, for its watchdog, its health check and its metrics.

One object, written by the daemon's event loop alone and read by whoever reports.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from aggregator.pauses import Pause

LATE_TICK_S = 30.0
"""No tick for so long: not healthy."""

DEAD_TICK_S = 120.0
"""No tick for so long: nothing will ever be polled again."""

LATENESS_BUCKETS_S = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


@dataclass(slots=True)
class Vitals:
    """`started_s` and `tick_s` are of the monotonic clock; `tick_s` None: no tick ended yet."""

    started_s: float
    tick_s: float | None = None
    config_ok: bool = True
    storage: Pause = field(default_factory=Pause)
    output: Pause = field(default_factory=Pause)
    workers: Pause = field(default_factory=Pause)
    wal_bytes: int = 0
    polls: Counter[tuple[str, str]] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)
    pushes: Counter[str] = field(default_factory=Counter)
    new_entries: Counter[str] = field(default_factory=Counter)
    lateness: Counter[float] = field(default_factory=Counter)
    lateness_sum_s: float = 0.0

    @property
    def stop_fetches(self) -> bool:
        """What was fetched now could not be stored, or not be read."""
        return self.storage.reason is not None or self.workers.reason is not None

    def since_tick_s(self, now_s: float) -> float:
        """Since the last tick ended, or since the start."""
        return now_s - (self.started_s if self.tick_s is None else self.tick_s)

    def is_beating(self, now_s: float, interval_s: float) -> bool:
        """Did a tick end within its last two intervals? A tick asks the store, so both live."""
        return self.tick_s is not None and self.since_tick_s(now_s) <= 2 * interval_s

    def complaint(self, now_s: float) -> str | None:
        """Why it is not healthy, one word and a detail; None: it is."""
        if self.storage.reason is not None:
            return f"{self.storage.reason}: {self.storage.detail}"
        if self.output.reason is not None:
            return f"output: {self.output.detail}"
        if self.workers.reason is not None:
            return f"workers: {self.workers.detail}"
        if self.tick_s is None:
            return "starting: no tick yet"
        if self.since_tick_s(now_s) > LATE_TICK_S:
            return f"tick: none for {self.since_tick_s(now_s):.0f} s"
        return None

    def count(self, site: str, outcome: str, new: int, tier: str | None) -> None:
        """One poll that ended; `tier` None: no document was read."""
        self.polls[site, outcome] += 1
        self.new_entries[site] += new
        if tier is not None:
            self.tiers[tier] += 1

    def note_lateness(self, seconds: float) -> None:
        """How long after its time a poll began."""
        self.lateness_sum_s += seconds
        bucket = next((le for le in LATENESS_BUCKETS_S if seconds <= le), float("inf"))
        self.lateness[bucket] += 1
