"""What is stored of a feed's rate, and the pace it gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from store_build import NOW, network_at, poll_record

from aggregator.instance import adopt_network
from aggregator.network import FetchSettings, Network
from aggregator.pacing import Learnt, pace_of, steer
from aggregator.schedule import Pace
from aggregator.store import rates, writing
from aggregator.store.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING = Learnt((), first=False, overrun=False)
HISTORY = Learnt(tuple(NOW - n * 6 * HOUR for n in range(20)), first=True, overrun=False)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Two feeds; no feed is polled sooner than 15 minutes."""
    settings = FetchSettings(floor=timedelta(minutes=15))
    return replace(network_at(tmp_path), fetch=settings)


@pytest.fixture
def store(network: Network) -> Iterator[Store]:
    """Knows the network."""
    with closing(Store.open(network.database)) as opened:
        adopt_network(opened, network, NOW)
        yield opened


def pace(store: Store, network: Network, learnt: Learnt | None, *, later: timedelta) -> Pace:
    """Of the first feed."""
    feed = network.feeds()[0]
    with store.transaction() as db:
        floor = network.floors()[feed.url]
        return pace_of(db, 1, feed, network, learnt, floor=floor, now=NOW + later)


def test_a_feed_starts_at_thirty_minutes(store: Store, network: Network) -> None:
    """Before its first document, and after one without dates."""
    before = pace(store, network, None, later=timedelta())
    undated = pace(store, network, Learnt((None,), first=True, overrun=False), later=timedelta())

    assert before.interval == undated.interval == timedelta(minutes=30)
    assert before.why == "new, 30m"


def test_its_first_document_s_dates_make_its_rate(store: Store, network: Network) -> None:
    """Four items a day, well under an hour and a half between polls."""
    found = pace(store, network, HISTORY, later=timedelta())

    assert found.why.startswith("rate 3.")
    assert found.floor < found.interval < 1.5 * HOUR


def test_what_is_known_survives(store: Store, network: Network) -> None:
    """The row is read back as it was written."""
    pace(store, network, HISTORY, later=timedelta())
    known = rates.read_rate(store.db, 1)
    assert known is not None

    pace(store, network, NOTHING, later=DAY)

    later = rates.read_rate(store.db, 1)
    assert later is not None
    assert later.items < known.items
    assert later.bins == known.bins


def test_floor_and_cap_are_named(store: Store, network: Network) -> None:
    """In the words of `status`."""
    pace(store, network, HISTORY, later=timedelta())
    state = rates.read_policy(store.db)
    assert state is not None
    rates.write_policy(store.db, replace(state, mu=1.0))
    often = pace(store, network, NOTHING, later=HOUR)
    rates.write_policy(store.db, replace(state, mu=20_000.0))

    seldom = pace(store, network, NOTHING, later=2 * HOUR)

    assert often.why.endswith(", floor 15m")
    assert often.interval == timedelta(minutes=15)
    assert seldom.why.endswith(", cap 4h")


def test_every_overrides_it(store: Store, network: Network) -> None:
    """The rate is learnt all the same."""
    feed = replace(network.feeds()[0], every=2 * HOUR)

    with store.transaction() as db:
        found = pace_of(db, 1, feed, network, HISTORY, floor=HOUR, now=NOW)

    assert (found.interval, found.why) == (2 * HOUR, "every 2h")
    assert rates.read_rate(store.db, 1) is not None


def test_polls_are_steered_to_the_budget(store: Store, network: Network) -> None:
    """Many polls in an hour: mu rises; each hour counts once; a day later the hours are learnt."""
    pace(store, network, HISTORY, later=timedelta())
    with store.transaction() as db:
        for minute in range(60):
            at = NOW + timedelta(minutes=minute)
            writing.record_poll(db, poll_record(1, at=at))
    before = rates.read_policy(store.db)

    steer(store, network, NOW + HOUR)
    once = rates.read_policy(store.db)
    steer(store, network, NOW + HOUR)
    twice = rates.read_policy(store.db)
    steer(store, network, NOW + DAY + HOUR)
    daily = rates.read_policy(store.db)

    assert before is not None
    assert once is not None
    assert daily is not None
    assert once.mu > before.mu
    assert twice == once
    assert daily.profiled_at == NOW + DAY + HOUR
