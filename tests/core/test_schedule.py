"""When a feed is polled next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import DOCUMENT_OUTCOMES, FeedMeta, Hints, Outcome
from aggregator.network import RetryScope
from aggregator.schedule import Pace, fixed_pace, is_pause, next_poll, pause_scope, spread_overdue

NOW = datetime(2026, 11, 25, 12, 10, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NO_HINTS, NO_META = Hints(), FeedMeta()


def wait(
    outcome: Outcome = Outcome.OK,
    *,
    failures: int = 0,
    interval: timedelta = 30 * MINUTE,
    hints: Hints = NO_HINTS,
    meta: FeedMeta = NO_META,
    jitter: float = 0.0,
    pace: Pace | None = None,
) -> timedelta:
    """How long after NOW the next poll is."""
    following = next_poll(
        outcome,
        failures=failures,
        pace=pace or fixed_pace(interval),
        hints=hints,
        meta=meta,
        now=NOW,
        jitter=jitter,
    )
    assert following.at is not None
    return following.at - NOW


@pytest.mark.parametrize("outcome", sorted(DOCUMENT_OUTCOMES))
def test_a_document_keeps_the_interval(outcome: Outcome) -> None:
    """200, 304 and an unchanged body alike."""
    assert wait(outcome) == 30 * MINUTE


def test_jitter_only_ever_delays() -> None:
    """A tenth of the interval at most; no poll is early."""
    assert 30 * MINUTE < wait(jitter=0.5) < 33 * MINUTE


def test_P30_an_interval_is_never_under_the_floor() -> None:
    """Whatever the rate says."""
    pace = Pace(30 * MINUTE, "rate 90.0/day", floor=HOUR, retry=HOUR)

    assert wait(pace=pace) == HOUR


@pytest.mark.parametrize(
    ("outcome", "failures", "hints", "meta", "why"),
    [
        (Outcome.OK, 0, Hints(), FeedMeta(), "every 30m"),
        (Outcome.OK, 0, Hints(fresh_for=2 * HOUR), FeedMeta(), "max-age 2h"),
        (Outcome.OK, 0, Hints(fresh_for=timedelta(seconds=7193)), FeedMeta(), "max-age 2h"),
        (Outcome.OK, 0, Hints(), FeedMeta(ttl=90 * MINUTE), "ttl 90m"),
        (Outcome.OK, 0, Hints(), FeedMeta(skip_hours=frozenset({12})), "skipped hours"),
        (Outcome.DNS, 3, Hints(), FeedMeta(), "failure 3"),
        (Outcome.RATE_LIMITED, 1, Hints(retry_after=3 * HOUR), FeedMeta(), "retry-after 3h"),
    ],
)
def test_it_says_what_decided(
    outcome: Outcome, failures: int, hints: Hints, meta: FeedMeta, why: str
) -> None:
    """The longest of all waits names itself."""
    pace = fixed_pace(30 * MINUTE)

    following = next_poll(
        outcome, failures=failures, pace=pace, hints=hints, meta=meta, now=NOW, jitter=0.0
    )

    assert following.why == why


@pytest.mark.parametrize(
    ("failures", "expected"),
    [(1, 30 * MINUTE), (2, HOUR), (3, 2 * HOUR), (6, 16 * HOUR), (7, DAY), (99, DAY)],
)
def test_failures_decay_to_daily(failures: int, expected: timedelta) -> None:
    """P45, P47: gaps grow, capped at a day, for ever."""
    assert wait(Outcome.NOT_FOUND, failures=failures) == expected


def test_a_feed_slower_than_daily_does_not_speed_up_by_failing() -> None:
    """`every: 7d` stays seven days."""
    assert wait(Outcome.DNS, failures=5, interval=7 * DAY) == 7 * DAY


def test_410_stops() -> None:
    """P46: gone is gone."""
    following = next_poll(
        Outcome.GONE,
        failures=1,
        pace=fixed_pace(HOUR),
        hints=Hints(),
        meta=FeedMeta(),
        now=NOW,
        jitter=0.0,
    )

    assert (following.at, following.why) == (None, "gone")


def test_P40_retry_after_is_obeyed() -> None:
    """Nothing before it, up to seven days (rA23)."""
    assert wait(Outcome.RATE_LIMITED, failures=1, hints=Hints(retry_after=3 * HOUR)) == 3 * HOUR
    assert wait(Outcome.UNAVAILABLE, failures=1, hints=Hints(retry_after=90 * DAY)) == 7 * DAY


def test_P42_429_without_retry_after_slows_down() -> None:
    """At least twice the wait, longer each time."""
    assert wait(Outcome.RATE_LIMITED, failures=1) == HOUR
    assert wait(Outcome.RATE_LIMITED, failures=2) == 2 * HOUR


def test_P36_max_age_is_not_before() -> None:
    """It only delays, and by a day at most."""
    assert wait(hints=Hints(fresh_for=2 * HOUR)) == 2 * HOUR
    assert wait(hints=Hints(fresh_for=timedelta(seconds=5))) == 30 * MINUTE
    assert wait(hints=Hints(fresh_for=365 * DAY)) == DAY


def test_P37_ttl_is_a_minimum() -> None:
    """As max-age is."""
    assert wait(meta=FeedMeta(ttl=90 * MINUTE)) == 90 * MINUTE


def test_P37_skip_hours_are_skipped() -> None:
    """The next hour that is not skipped, at its beginning."""
    meta = FeedMeta(skip_hours=frozenset({12, 13}))

    assert NOW + wait(meta=meta) == datetime(2026, 11, 25, 14, tzinfo=UTC)


def test_P37_skip_days_are_skipped_up_to_a_day() -> None:
    """Wednesday is skipped: Thursday at midnight."""
    meta = FeedMeta(skip_days=frozenset({2}))

    assert NOW + wait(meta=meta) == datetime(2026, 11, 26, 0, tzinfo=UTC)


def test_a_feed_that_skips_everything_cannot_block_itself() -> None:
    """24 skipped hours: a day, then it is polled."""
    assert wait(meta=FeedMeta(skip_hours=frozenset(range(24)))) == DAY


def test_only_throttling_is_a_pause() -> None:
    """429 and 503 are the server's wish; the rest are failures."""
    assert {outcome for outcome in Outcome if is_pause(outcome)} == {
        Outcome.RATE_LIMITED,
        Outcome.UNAVAILABLE,
    }


@given(
    outcome=st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.GONE]),
    failures=st.integers(1, 1000),
    minutes=st.integers(5, 20_000),
    retry=st.none() | st.integers(0, 10**9),
    fresh=st.none() | st.integers(0, 10**9),
    hours=st.frozensets(st.integers(0, 23)),
    days=st.frozensets(st.integers(0, 6)),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_never_early_and_never_lost(
    outcome: Outcome,
    failures: int,
    minutes: int,
    retry: int | None,
    fresh: int | None,
    hours: frozenset[int],
    days: frozenset[int],
    jitter: float,
) -> None:
    """Whatever is hinted: not before the interval, not later than a bound."""
    interval = timedelta(minutes=minutes)
    hints = Hints(
        retry_after=None if retry is None else timedelta(seconds=retry),
        fresh_for=None if fresh is None else timedelta(seconds=fresh),
    )

    gap = wait(
        outcome,
        failures=failures,
        interval=interval,
        hints=hints,
        meta=FeedMeta(skip_hours=hours, skip_days=days),
        jitter=jitter,
    )

    assert interval <= gap <= max(interval, 7 * DAY) * 1.25 + DAY


def test_fractions_of_a_second_are_rounded_up() -> None:
    """P30, P40: the database has whole seconds, and no poll may be early."""
    late = NOW + timedelta(microseconds=1)

    following = next_poll(
        Outcome.OK,
        failures=0,
        pace=fixed_pace(HOUR),
        hints=Hints(),
        meta=FeedMeta(),
        now=late,
        jitter=0.0,
    )

    assert following.at == NOW + HOUR + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("outcome", "configured", "expected"),
    [
        (Outcome.RATE_LIMITED, RetryScope.AUTO, RetryScope.HOST),
        (Outcome.UNAVAILABLE, RetryScope.AUTO, RetryScope.URL),
        (Outcome.RATE_LIMITED, RetryScope.URL, RetryScope.URL),
        (Outcome.UNAVAILABLE, RetryScope.DOMAIN, RetryScope.DOMAIN),
        (Outcome.FORBIDDEN, RetryScope.HOST, RetryScope.URL),
    ],
)
def test_P44_pause_scope(outcome: Outcome, configured: RetryScope, expected: RetryScope) -> None:
    """Only a server that asks for a pause makes others wait."""
    assert pause_scope(outcome, configured) is expected


def test_P35_overdue_feeds_are_spread_evenly() -> None:
    """The first now, none later than the whole."""
    times = spread_overdue(4, over=HOUR, now=NOW)

    assert times == [NOW + n * 15 * MINUTE for n in range(4)]


def test_rA25_a_vague_403_waits_like_a_vague_429() -> None:
    """Twice as long as another failure."""
    assert wait(Outcome.FORBIDDEN, failures=1) == wait(Outcome.RATE_LIMITED, failures=1) == HOUR
