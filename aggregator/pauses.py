"""Storage that fails -> how long nothing is tried, and what is said about it. Pure.

What cannot be stored is not downloaded again and again: each failure in a row doubles the pause.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 15.0
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Pause:
    """`reason` None: all is well. Times are of the monotonic clock."""

    reason: str | None = None
    detail: str = ""
    until_s: float = 0.0
    length_s: float = 0.0

    def is_on(self, now_s: float) -> bool:
        """Is it too early to try again?"""
        return self.reason is not None and now_s < self.until_s

    def after_failure(self, reason: str, detail: str, now_s: float) -> Pause:
        """Begins, or goes on for twice as long."""
        length_s = min(max(FIRST_S, 2 * self.length_s), LONGEST_S)
        return Pause(reason, detail, now_s + length_s, length_s)

    def while_short(self, detail: str, now_s: float) -> Pause:
        """Too little room on the disk: looked at again at the next tick, so it never grows."""
        return Pause("disk_full", detail, now_s, 0.0)
