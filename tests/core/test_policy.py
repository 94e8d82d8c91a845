"""How long to wait for news, from what earlier polls found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import policy
from aggregator.policy import CAP, FLAT, FeedRate, PolicyState

NOW = datetime(2026, 11, 25, 12, 10, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STATE = PolicyState(mu=225.0, polls_per_hour=1.0, stepped_at=NOW, profiled_at=NOW)


def feed(per_day: float, **changes: Any) -> FeedRate:
    """A feed watched for so long that its rate is `per_day`."""
    exposure_s = 7 * 86400.0
    items = per_day / 86400 * (exposure_s + 12 * 3600) - 1
    rate = FeedRate(NOW, NOW, items=items, exposure_s=exposure_s)
    return replace(rate, **changes)


def wait(rate: FeedRate, state: PolicyState = STATE, now: datetime = NOW) -> timedelta:
    """The interval within the usual cap."""
    return policy.interval(rate, state, now, cap=CAP)


def test_a_feed_of_the_pivot_s_rate_spends_the_budget_at_first() -> None:
    """Three items a day and 24 polls a day: an hour."""
    state = policy.starting_state(10, 24, NOW)

    assert state.polls_per_hour == 10
    assert wait(feed(3.0), state) / HOUR == pytest.approx(1.0)


def test_faster_feeds_are_polled_more_by_the_square_root_of_the_square_root() -> None:
    """Fairness halves the exponent: sixteen times the items, half the wait."""
    assert wait(feed(3.0)) / wait(feed(48.0)) == pytest.approx(2.0)


def test_a_silent_feed_waits_for_the_cap() -> None:
    """However little is expected of it."""
    assert wait(feed(0.0001)) == CAP


def test_a_poll_waits_for_the_hours_of_news() -> None:
    """A feed that writes in the afternoon is polled sooner then than at night."""
    bins = tuple(100.0 if 12 <= hour < 18 else 0.0 for hour in range(policy.BINS))
    rate = feed(3.0, bins=bins)

    assert wait(rate, now=NOW) < wait(rate, now=NOW.replace(hour=20))


def test_the_network_s_hours_count_for_a_feed_without_its_own() -> None:
    """A profile of mean one that is high now."""
    profile = tuple(3.0 if 12 <= hour < 18 else 0.3 for hour in range(policy.BINS))

    assert wait(feed(3.0), replace(STATE, profile=profile)) < wait(feed(3.0))


def test_weekends_are_hours_of_their_own() -> None:
    """Friday evening looks ahead into Saturday."""
    bins = tuple(10.0 if hour < 24 else 0.0 for hour in range(policy.BINS))
    friday = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)

    assert wait(feed(3.0, bins=bins), now=friday) > wait(feed(3.0, bins=bins), now=friday - DAY)


def test_the_first_document_s_dates_are_a_history() -> None:
    """Its oldest item begins the time that is known; no cold start."""
    rate = policy.seeded([NOW - 6 * HOUR * n for n in range(21)], NOW)

    assert policy.items_per_day(rate) == pytest.approx(4, abs=0.6)
    assert rate.newest_item_at == NOW
    assert not policy.is_new(rate)


@pytest.mark.parametrize("dates", [[], [None], [NOW + DAY]])
def test_a_first_document_without_dates_tells_nothing(dates: list[datetime | None]) -> None:
    """Nor does one with dates to come alone: the feed is new."""
    rate = policy.seeded(dates, NOW)

    assert rate == FeedRate(NOW, NOW)
    assert policy.is_new(rate)
    assert policy.is_new(None)


def test_polls_that_find_nothing_count() -> None:
    """A 304 is exposure, or silent feeds would never slow down."""
    rate = feed(10.0)

    later = policy.observed(rate, [], NOW + 3 * DAY)

    assert policy.items_per_day(later) < policy.items_per_day(rate)


def test_items_count_where_their_dates_are() -> None:
    """A burst found by one poll is spread over the hours it was written in."""
    rate = policy.observed(feed(1.0), [NOW + HOUR, NOW + 2 * HOUR], NOW + 3 * HOUR)

    assert (rate.bins[13], rate.bins[14], sum(rate.bins)) == (1, 1, 2)
    assert rate.newest_item_at == NOW + 2 * HOUR


@pytest.mark.parametrize("date", [None, NOW + 9 * HOUR, NOW - 3 * DAY])
def test_a_date_that_cannot_be_is_the_middle(date: datetime | None) -> None:
    """None, one to come, and one long before the last poll: undated feeds lose nothing."""
    rate = policy.observed(feed(1.0), [date], NOW + 2 * HOUR)

    assert rate.bins[13] == 1
    assert rate.newest_item_at == NOW + HOUR


def test_an_archive_listed_again_is_no_burst() -> None:
    """Fifty items of one poll count."""
    rate = policy.observed(feed(1.0), [NOW] * 400, NOW + HOUR)

    assert sum(rate.bins) == 50


def test_hours_are_forgotten_in_the_end() -> None:
    """A site may change them: what is remembered is halved."""
    rate = policy.observed(feed(1.0, bins=(90.0,) * policy.BINS), [], NOW + HOUR)
    rate = policy.observed(rate, [NOW], NOW + 2 * HOUR)

    assert sum(rate.bins) == pytest.approx(45 * policy.BINS + 0.5)


def test_R10_a_clock_set_back_is_survived() -> None:
    """No negative exposure; the last observation stays the last."""
    rate = feed(3.0)

    back = policy.observed(rate, [NOW - DAY / 2], NOW - DAY)

    assert back.exposure_s == rate.exposure_s
    assert back.observed_at == NOW


@pytest.mark.parametrize(
    ("silent", "overrun", "cap"),
    [
        (DAY, False, 4 * HOUR),
        (DAY, True, 2 * HOUR),
        (31 * DAY, False, 6 * HOUR),
        (91 * DAY, False, DAY),
        (91 * DAY, True, DAY),
    ],
)
def test_caps(silent: timedelta, overrun: bool, cap: timedelta) -> None:
    """Silence is asked about less often; a feed that outran its polls more often."""
    rate = feed(1.0, newest_item_at=NOW - silent, overrun=overrun)

    assert policy.cap_of(rate, NOW) == cap


def test_over_budget_means_longer_waits() -> None:
    """And under budget shorter ones, a little each hour."""
    later = NOW + HOUR

    over = policy.steered(replace(STATE, polls_per_hour=20.0), polls=20, budget=10, now=later)
    under = policy.steered(replace(STATE, polls_per_hour=5.0), polls=5, budget=10, now=later)

    assert over.mu == pytest.approx(STATE.mu * 2 ** (1 / 24))
    assert under.mu == pytest.approx(STATE.mu * 0.5 ** (1 / 24))
    assert over.stepped_at == later


def test_a_step_is_bounded_and_so_is_mu() -> None:
    """A storm of polls moves it by a fifth at most; it never runs away."""
    storm = policy.steered(STATE, polls=10**9, budget=0.001, now=NOW + HOUR)
    low = policy.steered(replace(STATE, mu=1.0), polls=0, budget=10**9, now=NOW + HOUR)
    idle = policy.steered(replace(STATE, polls_per_hour=0.0), polls=0, budget=1, now=NOW + HOUR)

    assert storm.mu == pytest.approx(STATE.mu * 1.2)
    assert low.mu == 1.0
    assert idle.mu == STATE.mu


@pytest.mark.parametrize("late", [-HOUR, 5 * HOUR])
def test_hours_that_nobody_polled_are_no_savings(late: timedelta) -> None:
    """A stop, or a clock that jumped: nothing is learnt, steps go on."""
    state = policy.steered(STATE, polls=0, budget=10, now=NOW + late)

    assert state == replace(STATE, stepped_at=NOW + late)


@pytest.mark.parametrize(
    ("after", "step", "profile"),
    [(MINUTE, False, False), (HOUR, True, False), (DAY, True, True), (-HOUR, True, True)],
)
def test_steps_are_hourly_and_profiles_daily(after: timedelta, step: bool, profile: bool) -> None:
    """And due at once when the clock was set back."""
    assert policy.is_step_due(STATE, NOW + after) is step
    assert policy.is_profile_due(STATE, NOW + after) is profile


def test_the_network_s_profile_is_the_mean_of_its_feeds() -> None:
    """Of those that have shown enough; flat without any. Its mean over a week is one."""
    busy = feed(1.0, bins=tuple(float(hour % 24 == 9) * 100 for hour in range(policy.BINS)))

    profile = policy.network_profile([busy, feed(1.0)])

    assert policy.network_profile([feed(1.0)]) == FLAT
    assert profile[9] > profile[8] > profile[7] == 0
    assert sum(profile[:24]) * 5 + sum(profile[24:]) * 2 == pytest.approx(168)


@given(
    per_day=st.floats(0.01, 1000),
    mu=st.floats(1, 20_000),
    minutes=st.integers(0, 7 * 1440),
    bins=st.lists(st.integers(0, 90), min_size=48, max_size=48),
)
def test_an_interval_is_positive_and_within_its_cap(
    per_day: float, mu: float, minutes: int, bins: list[int]
) -> None:
    """Whatever was seen, whenever it is."""
    rate = feed(per_day, bins=tuple(map(float, bins)))

    found = wait(rate, replace(STATE, mu=mu), NOW + minutes * MINUTE)

    assert timedelta() < found <= CAP


@given(per_day=st.floats(0.1, 100), more=st.floats(1.0, 10))
def test_more_items_never_mean_fewer_polls(per_day: float, more: float) -> None:
    """Monotone in the rate."""
    assert wait(feed(per_day * more)) <= wait(feed(per_day)) + timedelta(milliseconds=1)
