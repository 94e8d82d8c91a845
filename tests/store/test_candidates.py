"""The candidates of a block as the database gives them: their order, and what they cost."""

from __future__ import annotations

from datetime import timedelta

from store_build import NOW, entry, store_document

from aggregator.network import Network
from aggregator.store import reading
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

DAY = timedelta(days=1)


def order(store: Store) -> list[str]:
    found = reading.newest_stories(store.db, {"a": 9}, {"a": "A"}, now=NOW + 9 * DAY)
    return [story.title for story in found]


def test_rD15_an_undated_entry_listed_again_does_not_rise(store: Store, network: Network) -> None:
    """It went, it came back, its words changed: it still counts from when it was first seen."""
    old, new = entry(1, published_at=None), entry(2, published_at=None)
    store_document(store, network, 1, old)
    store_document(store, network, 1, new, now=NOW + DAY)
    before = order(store)

    again = entry(1, published_at=None, title="Story 1, told again", fingerprint=77)
    store_document(store, network, 1, again, now=NOW + 2 * DAY)

    assert before == ["Story 2", "Story 1"]
    assert order(store) == ["Story 2", "Story 1, told again"]


def test_rD9_a_dated_entry_with_a_later_date_does_not_rise(store: Store, network: Network) -> None:
    """A past date never moves later."""
    store_document(store, network, 1, entry(1), entry(2, published_at=NOW + timedelta(hours=1)))

    again = entry(1, published_at=NOW + 2 * DAY, fingerprint=77)
    store_document(store, network, 1, again, now=NOW + 3 * DAY)

    assert order(store) == ["Story 2", "Story 1"]


def test_candidates_are_found_by_an_index(store: Store) -> None:
    """No scan and no sort of all stories: the archive may grow."""
    statements: list[str] = []
    store.db.conn.set_trace_callback(statements.append)
    reading.newest_stories(store.db, {"a": 9}, {"a": "A"}, now=NOW)
    store.db.conn.set_trace_callback(None)

    plans = [
        str(row["detail"])
        for statement in statements
        for row in store.db.conn.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]

    assert any("USING INDEX story_copies_by_site (site_id=?)" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN")]
    assert "USE TEMP B-TREE FOR ORDER BY" not in plans
