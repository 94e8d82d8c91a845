"""Two clocks -> whether the wall clock jumped. Pure.

The wall clock tells when feeds are due, the monotonic one how long something took. They part when
someone sets the clock, and when the machine slept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks at one moment."""

    wall: datetime
    monotonic_s: float


def jump(before: Reading, now: Reading) -> timedelta:
    """By how much the wall clock moved more than time did; zero within the tolerance."""
    passed = timedelta(seconds=now.monotonic_s - before.monotonic_s)
    difference = now.wall - before.wall - passed
    return difference if abs(difference) > TOLERANCE else timedelta()
