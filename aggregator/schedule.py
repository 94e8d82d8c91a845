"""How a poll ended -> when the feed is polled next.

A healthy feed is polled at its interval. Whatever a server or a document hints can only delay the
next poll, and only up to a bound. Failures double the wait up to a day; nothing but a 410 stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.model import DOCUMENT_OUTCOMES, FeedMeta, Hints, Outcome
from aggregator.times import format_duration

LONGEST_WAIT = timedelta(days=1)
"""Of failures, and of what max-age, ttl, skipHours and skipDays may ask: sites ask for a year."""

LONGEST_PAUSE = timedelta(days=7)
"""Of Retry-After; 88 hours have been seen."""

_SPREAD = 0.1
_FAILURE_SPREAD = 0.25
_THROTTLED = frozenset({Outcome.RATE_LIMITED, Outcome.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Pace:
    """How a healthy feed is polled: `interval`, and `why` in words for `status`.

    Jitter may shorten the interval by the share `early`, never under `floor`. `retry` is what
    failures double.
    """

    interval: timedelta
    why: str
    floor: timedelta
    retry: timedelta
    early: float = 0.0


@dataclass(frozen=True, slots=True)
class Following:
    """When the next poll is and what decided it; `at` None: never again (410 Gone)."""

    at: datetime | None
    why: str


def fixed_pace(every: timedelta) -> Pace:
    """`every:` of a feed."""
    return Pace(every, f"every {format_duration(every)}", floor=every, retry=every)


def next_poll(
    outcome: Outcome,
    *,
    failures: int,
    pace: Pace,
    hints: Hints,
    meta: FeedMeta,
    now: datetime,
    jitter: float,
) -> Following:
    """`failures` counts this poll too, `meta` is that of the feed's last document, `jitter` in
    [0, 1) spreads the feeds. Hints only delay: the longest of all waits holds."""
    if outcome is Outcome.GONE:
        return Following(None, "gone")
    if outcome in DOCUMENT_OUTCOMES:
        share = 1 - pace.early + (_SPREAD + pace.early) * jitter
        own = max(pace.floor, pace.interval * share), pace.why
    else:
        wait = _wait_after(outcome, failures=failures, interval=pace.retry, hints=hints)
        own = wait * (1 + _FAILURE_SPREAD * jitter), f"failure {failures}"
    gap, why = max((own, *_asked(hints, meta)), key=lambda found: found[0])
    earliest = now + gap
    at = _after_skipped_hours(earliest, meta, latest=max(earliest, now + LONGEST_WAIT))
    return Following(at, why if at == earliest else "skipped hours")


def _asked(hints: Hints, meta: FeedMeta) -> tuple[tuple[timedelta, str], ...]:
    """What the server and the document ask for, each within its bound."""
    pause = min(hints.retry_after or timedelta(), LONGEST_PAUSE)
    fresh = min(hints.fresh_for or timedelta(), LONGEST_WAIT)
    ttl = min(meta.ttl or timedelta(), LONGEST_WAIT)
    return (
        (pause, f"retry-after {_rounded(pause)}"),
        (fresh, f"max-age {_rounded(fresh)}"),
        (ttl, f"ttl {_rounded(ttl)}"),
    )


def _rounded(duration: timedelta) -> str:
    """Whole minutes once it is longer than some."""
    minutes = round(duration / timedelta(minutes=1))
    return format_duration(timedelta(minutes=minutes) if minutes >= 10 else duration)


def is_pause(outcome: Outcome) -> bool:
    """The server asked for fewer requests, as against having failed."""
    return outcome in _THROTTLED


def _wait_after(outcome: Outcome, *, failures: int, interval: timedelta, hints: Hints) -> timedelta:
    """Doubles with each failure in a row; twice as long where a server asks for less in vain."""
    vague = is_pause(outcome) and hints.retry_after is None
    doublings = min(failures - 1 + vague, 16)
    return max(interval, min(interval * (1 << doublings), LONGEST_WAIT))


def _after_skipped_hours(moment: datetime, meta: FeedMeta, *, latest: datetime) -> datetime:
    """The first hour at or after `moment` that skipHours and skipDays (GMT) leave, by `latest`.

    A feed that skips everything cannot block itself: `latest` ends the search.
    """
    utc = moment.astimezone(UTC)
    while utc.hour in meta.skip_hours or utc.weekday() in meta.skip_days:
        utc = utc.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if utc >= latest:
            return latest
    return utc
