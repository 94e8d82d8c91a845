"""How a poll ended -> when the feed is polled next.

A healthy feed is polled at its interval. Whatever a server or a document hints can only delay the
next poll, and only up to a bound. Failures double the wait up to a day; nothing but a 410 stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.model import DOCUMENT_OUTCOMES, FeedMeta, Hints, Outcome
from aggregator.network import RetryScope
from aggregator.times import format_duration

LONGEST_WAIT = timedelta(days=1)
"""Of failures, and of what max-age, ttl, skipHours and skipDays may ask: sites ask for a year."""

LONGEST_PAUSE = timedelta(days=7)
"""Of Retry-After; 88 hours have been seen."""

_SPREAD = 0.1
_FAILURE_SPREAD = 0.25
_THROTTLED = frozenset({Outcome.RATE_LIMITED, Outcome.UNAVAILABLE})
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a healthy feed is polled: `interval`, and `why` in words for `status`.

    `retry` is what failures double.
    """

    interval: timedelta
    why: str
    floor: timedelta
    retry: timedelta


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
    [0, 1) spreads the feeds: it only ever adds. Hints only delay: the longest wait holds."""
    if outcome is Outcome.GONE:
        return Following(None, "gone")
    if outcome in DOCUMENT_OUTCOMES:
        own = max(pace.floor, pace.interval * (1 + _SPREAD * jitter)), pace.why
    else:
        wait = _wait_after(outcome, failures=failures, interval=pace.retry, hints=hints)
        own = wait * (1 + _FAILURE_SPREAD * jitter), f"failure {failures}"
    gap, why = max((own, *_asked(hints, meta)), key=lambda found: found[0])
    earliest = whole_second(now + gap)
    latest = max(earliest, whole_second(now + LONGEST_WAIT))
    at = _after_skipped_hours(earliest, meta, latest=latest)
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


def whole_second(moment: datetime) -> datetime:
    """The next whole second: the database has no fractions, and a poll must not be early."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + _SECOND


def pause_scope(outcome: Outcome, scope: RetryScope) -> RetryScope:
    """Who waits after `outcome`, `scope` being what the configuration says; never AUTO."""
    if not is_pause(outcome):
        return RetryScope.URL
    if scope is RetryScope.AUTO:
        return RetryScope.HOST if outcome is Outcome.RATE_LIMITED else RetryScope.URL
    return scope


def spread_overdue(count: int, *, over: timedelta, now: datetime) -> list[datetime]:
    """When to poll `count` feeds that are long overdue: evenly over `over`, from now on.

    After a long stop all of them are due at one moment, and so would be for days.
    """
    return [whole_second(now + over * place / count) for place in range(count)]


def is_pause(outcome: Outcome) -> bool:
    """The server asked for fewer requests, as against having failed."""
    return outcome in _THROTTLED


def _wait_after(outcome: Outcome, *, failures: int, interval: timedelta, hints: Hints) -> timedelta:
    """Doubles with each failure in a row; twice as long where a server asks for less in vain.

    A 403 counts as such: some platforms answer it where others answer 429 (rA25).
    """
    refused = is_pause(outcome) or outcome is Outcome.FORBIDDEN
    vague = refused and hints.retry_after is None
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
