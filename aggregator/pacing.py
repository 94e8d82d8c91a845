"""What is stored of a feed's rate, and what its poll found -> the pace of its polls.

Every function runs inside the transaction of the poll it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator import policy, websub
from aggregator.network import Feed, Network
from aggregator.policy import FeedRate, PolicyState
from aggregator.schedule import Pace, fixed_pace
from aggregator.store import rates, subscriptions
from aggregator.store.store import Store
from aggregator.times import format_duration


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a document says of its feed's rate: the dates of its new items, None where undated.

    `first`: no document came before. `overrun`: nothing in it was known.
    """

    dates: tuple[datetime | None, ...]
    first: bool
    overrun: bool


def pace_of(
    db: Database,
    feed_id: int,
    feed: Feed,
    network: Network,
    learnt: Learnt | None,
    *,
    floor: timedelta,
    now: datetime,
) -> Pace:
    """How the feed is polled from now on; `learnt` None: the poll gave no document."""
    rate = rates.read_rate(db, feed_id)
    if learnt is not None:
        rate = _learn(rate, learnt, now)
        rates.write_rate(db, feed_id, rate)
    if feed.every is not None:
        return fixed_pace(max(feed.every, floor))
    if rate is None or policy.is_new(rate):
        return starting_pace(floor)
    if _is_pushed(db, feed_id, network, now):
        return pushed_pace(floor)
    return _adaptive(rate, _state(db, network, now), floor, now)


def starting_pace(floor: timedelta) -> Pace:
    """For a feed about which nothing is known yet."""
    start = max(policy.START, floor)
    return Pace(start, f"new, {format_duration(start)}", floor, retry=start)


def pushed_pace(floor: timedelta) -> Pace:
    """For a feed whose hub tells of its news: polls only see that it does."""
    interval = max(websub.PUSHED_INTERVAL, floor)
    why = f"pushed, {format_duration(interval)}"
    return Pace(interval, why, floor, retry=max(policy.START, floor))


def _is_pushed(db: Database, feed_id: int, network: Network, now: datetime) -> bool:
    if network.serve is None or network.serve.callback_url is None:
        return False
    known = subscriptions.read(db, feed_id)
    return known is not None and websub.is_alive(known, now)


def _learn(rate: FeedRate | None, learnt: Learnt, now: datetime) -> FeedRate:
    if rate is None or learnt.first:
        return policy.seeded(learnt.dates, now)
    return policy.observed(rate, learnt.dates, now, overrun=learnt.overrun)


def _adaptive(rate: FeedRate, state: PolicyState, floor: timedelta, now: datetime) -> Pace:
    cap = policy.cap_of(rate, now)
    interval = policy.interval(rate, state, now, cap=cap)
    why = f"rate {policy.items_per_day(rate):.1f}/day"
    if interval <= floor:
        why += f", floor {format_duration(floor)}"
    elif interval == cap:
        why += f", cap {format_duration(cap)}"
    return Pace(max(interval, floor), why, floor, retry=max(policy.START, floor))


def _state(db: Database, network: Network, now: datetime) -> PolicyState:
    state = rates.read_policy(db)
    if state is None:
        state = policy.starting_state(len(_steered_urls(network)), network.fetch.budget, now)
        rates.write_policy(db, state)
    return state


def _steered_urls(network: Network) -> frozenset[str]:
    return frozenset(feed.url for feed in network.feeds() if feed.every is None)


def steer(store: Store, network: Network, now: datetime) -> None:
    """The policy's hourly step, and its daily look at the hours of all feeds, when they are due."""
    with store.transaction() as db:
        state = _state(db, network, now)
        if policy.is_step_due(state, now):
            urls = _steered_urls(network)
            polls = rates.polls_within(db, urls, now=now, span=timedelta(hours=1))
            budget = len(urls) * network.fetch.budget / 24
            state = policy.steered(state, polls=polls, budget=budget, now=now)
            rates.write_policy(db, state)
        if policy.is_profile_due(state, now):
            profile = policy.network_profile(rates.all_rates(db))
            rates.write_policy(db, replace(state, profile=profile, profiled_at=now))
