"""Times and durations -> text and back, in the two forms every file of ours uses.

Times are aware UTC datetimes inside and `2026-11-25T01:02:03Z` (RFC 3339, whole seconds, always
20 characters, so text order is time order) outside. Durations are `90s`, `30m`, `12h`, `7d`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)


@lru_cache(maxsize=1024)
def format_time(moment: datetime) -> str:
    """Whole seconds in UTC, rounded down; `moment` must be aware."""
    # Remembered: the date of an entry goes to three tables, that of a poll to every row of it.
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat()[:19]}Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`; raises ValueError on any other form."""
    if len(text) != 20 or text[10] != "T" or text[19] != "Z":
        raise ValueError("not of the form 2026-11-25T01:02:03Z")
    return datetime.fromisoformat(text)


def parse_duration(text: str) -> timedelta:
    """`90s`, `30m`, `12h` or `7d`; raises ValueError on anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a whole number and a unit, such as 90s, 30m, 12h or 7d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def format_duration(duration: timedelta) -> str:
    """The largest unit that divides it: 3600 s is `1h`, 5400 s is `90m`."""
    seconds = int(duration.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
