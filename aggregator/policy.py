"""What the polls of a feed found -> how long to wait before the next one. Pure.

Each feed has a rate of items, learnt from their dates and forgotten over a week, and a profile of
the hours in which they appear. A feed is polled when the waiting time of the items to be expected
since the last poll adds up to `mu` item-seconds; `mu` is one number for the whole network and is
steered so that all feeds together spend the budget. docs/polling.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

START = timedelta(minutes=30)
"""The interval of a feed about which less than half a day is known."""

CAP = timedelta(hours=4)
QUIET_CAP = timedelta(hours=6)
IDLE_CAP = timedelta(days=1)
QUIET_AFTER = timedelta(days=30)
IDLE_AFTER = timedelta(days=90)

BINS = 48
"""Hours of a weekday, then hours of a day at the weekend, in UTC."""

FLAT = (1.0,) * BINS

_DAY_S = 86400.0
_MEMORY_S = 7 * _DAY_S
_PRIOR_ITEMS = 1.0
_PRIOR_S = 12 * 3600.0
# Fairness: a feed counts with the geometric mean of its own rate and this one, so that slow feeds
# are not starved for the sake of fast ones.
_PIVOT = 3 / _DAY_S
# A feed's own hours weigh as much as the network's once it has shown this many items.
_SHRINK = 30.0
# So many items are remembered by their hour, then halved: a site may change its hours.
_REMEMBERED = 4096.0
_LEAST_SHAPE = 0.05
# A whole archive listed again under new guids is no burst of news.
_MOST_PER_POLL = 50
_LEAST_MU, _MOST_MU = 1.0, 20_000.0
_STEP = timedelta(hours=1)
_STEP_HOURS = 24
_MOST_STEP = 1.2
_PROFILE_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeedRate:
    """What is known of one feed.

    `items` and `exposure_s` are decayed sums, `bins` counts items by hour. `newest_item_at` is
    the feed's first sight where it never listed an item with a date. `overrun`: the last document
    held nothing known, so items may have come and gone between two polls.
    """

    observed_at: datetime
    newest_item_at: datetime
    items: float = 0.0
    exposure_s: float = 0.0
    bins: tuple[float, ...] = (0.0,) * BINS
    overrun: bool = False


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What all feeds share. `polls_per_hour` is a mean over about a day."""

    mu: float
    polls_per_hour: float
    stepped_at: datetime
    profiled_at: datetime
    profile: tuple[float, ...] = FLAT


def starting_state(feeds: int, budget: float, now: datetime) -> PolicyState:
    """Before anything is known: a feed of three items a day would spend just the budget."""
    wait = _DAY_S / budget
    return PolicyState(
        mu=_clamp(_PIVOT * wait * wait / 2, _LEAST_MU, _MOST_MU),
        polls_per_hour=feeds * budget / 24,
        stepped_at=now,
        profiled_at=now,
    )


def seeded(dates: Iterable[datetime | None], now: datetime) -> FeedRate:
    """From a feed's first document: its oldest date begins the time about which we know."""
    past = sorted(date for date in dates if date is not None and date <= now)[-_MOST_PER_POLL:]
    if not past:
        return FeedRate(observed_at=now, newest_item_at=now)
    known_s = (now - past[0]).total_seconds()
    rate = FeedRate(
        observed_at=now,
        newest_item_at=past[-1],
        exposure_s=_MEMORY_S * (1 - math.exp(-known_s / _MEMORY_S)),
    )
    return _counted(rate, past[1:], now)


def observed(
    rate: FeedRate, dates: Sequence[datetime | None], now: datetime, *, overrun: bool = False
) -> FeedRate:
    """After a poll that gave a document, a 304 included; `dates` are those of its new items.

    A date that cannot be when the item appeared counts as the middle of the time since last poll.
    """
    last = rate.observed_at
    gap_s = max(0.0, (now - last).total_seconds())
    decay = math.exp(-gap_s / _MEMORY_S)
    middle = last + timedelta(seconds=gap_s / 2)
    oldest = last - timedelta(days=1)
    found = [
        middle if date is None or not oldest <= date <= now else date
        for date in dates[:_MOST_PER_POLL]
    ]
    aged = replace(
        rate,
        observed_at=max(now, last),
        newest_item_at=max((rate.newest_item_at, *found)),
        items=rate.items * decay,
        exposure_s=rate.exposure_s * decay + _MEMORY_S * (1 - decay),
        overrun=overrun,
    )
    return _counted(aged, found, now) if found else aged


def _counted(rate: FeedRate, dates: Sequence[datetime], now: datetime) -> FeedRate:
    items, bins = rate.items, list(rate.bins)
    for date in dates:
        items += math.exp(-max(0.0, (now - date).total_seconds()) / _MEMORY_S)
        bins[_bin(date.weekday(), date.hour)] += 1
    if sum(bins) > _REMEMBERED:
        bins = [count / 2 for count in bins]
    return replace(rate, items=items, bins=tuple(bins))


def items_per_day(rate: FeedRate) -> float:
    """The rate with its prior: one item in half a day that nobody saw."""
    return (_PRIOR_ITEMS + rate.items) / (_PRIOR_S + rate.exposure_s) * _DAY_S


def is_new(rate: FeedRate | None) -> bool:
    """Is too little known to tell a rate?"""
    return rate is None or rate.exposure_s < _PRIOR_S


def cap_of(rate: FeedRate, now: datetime) -> timedelta:
    """The longest interval: longer for a feed that fell silent, shorter for one that outran us."""
    silent = now - rate.newest_item_at
    if silent > IDLE_AFTER:
        return IDLE_CAP
    if silent > QUIET_AFTER:
        return QUIET_CAP
    return CAP / 2 if rate.overrun else CAP


def interval(rate: FeedRate, state: PolicyState, now: datetime, *, cap: timedelta) -> timedelta:
    """When the expected items will have waited `mu` seconds in all; `cap` at most."""
    pull = math.sqrt(items_per_day(rate) / _DAY_S * _PIVOT)
    shown = sum(rate.bins)
    cap_s, waited, gone, expected = cap.total_seconds(), 0.0, 0.0, 0.0
    weekday, hour = now.weekday(), now.hour
    step = 3600.0 - now.minute * 60 - now.second - now.microsecond / 1e6
    while gone < cap_s:
        here = _bin(weekday, hour)
        flow = pull * _shape(rate.bins, shown, state.profile, here)
        step = min(step, cap_s - gone)
        after = waited + expected * step + flow * step * step / 2
        if after >= state.mu:
            missing = 2 * flow * (state.mu - waited)
            return timedelta(
                seconds=gone + (math.sqrt(expected * expected + missing) - expected) / flow
            )
        waited, expected, gone = after, expected + flow * step, gone + step
        step, hour = 3600.0, hour + 1
        if hour == 24:
            weekday, hour = (weekday + 1) % 7, 0
    return cap


def _bin(weekday: int, hour: int) -> int:
    return hour + 24 if weekday >= 5 else hour


def _shape(bins: tuple[float, ...], shown: float, profile: tuple[float, ...], here: int) -> float:
    """The feed's own hours, smoothed, and the network's, weighted by how much was shown."""
    own = _own_shape(bins, here)
    return max(_LEAST_SHAPE, (own + _SHRINK * profile[here]) / (shown + _SHRINK))


def _own_shape(bins: Sequence[float], here: int) -> float:
    """A feed's items in the hour and its neighbours, times 168 hours over those of the bin.

    Divided by the number of items it is the feed's rate there relative to its mean.
    """
    half = 24 if here >= 24 else 0
    hour = here - half
    around = bins[half + (hour - 1) % 24] / 4 + bins[here] / 2 + bins[half + (hour + 1) % 24] / 4
    return around * (84.0 if half else 33.6)


def network_profile(rates: Iterable[FeedRate]) -> tuple[float, ...]:
    """The mean of the profiles of all feeds that have shown enough to have one."""
    total, feeds = [0.0] * BINS, 0
    for rate in rates:
        shown = sum(rate.bins)
        if shown >= _SHRINK:
            feeds += 1
            for here in range(BINS):
                total[here] += _own_shape(rate.bins, here) / shown
    return tuple(value / feeds for value in total) if feeds else FLAT


def is_step_due(state: PolicyState, now: datetime) -> bool:
    """An hour has passed; also after the clock was set back."""
    return not timedelta() <= now - state.stepped_at < _STEP


def is_profile_due(state: PolicyState, now: datetime) -> bool:
    """A day has passed; also after the clock was set back."""
    return not timedelta() <= now - state.profiled_at < _PROFILE_AGE


def steered(state: PolicyState, *, polls: int, budget: float, now: datetime) -> PolicyState:
    """One step: `polls` were made in the last hour, `budget` may be. Over budget: `mu` rises.

    Hours in which nobody polled because the program did not run are no savings: after a gap
    nothing is learnt.
    """
    if not timedelta() <= now - state.stepped_at < 2 * _STEP:
        return replace(state, stepped_at=now)
    mean = state.polls_per_hour + (polls - state.polls_per_hour) / _STEP_HOURS
    factor = (mean / budget) ** (1 / _STEP_HOURS) if mean > 0 and budget > 0 else 1.0
    factor = _clamp(factor, 1 / _MOST_STEP, _MOST_STEP)
    return replace(
        state,
        mu=_clamp(state.mu * factor, _LEAST_MU, _MOST_MU),
        polls_per_hour=mean,
        stepped_at=now,
    )


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
