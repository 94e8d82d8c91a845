"""An editor's words in the database: what holds, for which stories, and until when."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest
from store_build import NOW, entry, store_document

from aggregator.editors import Override, OverrideKind
from aggregator.network import Network
from aggregator.store import overrides, reading
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

HOUR = timedelta(hours=1)
WITHDRAW, PIN, RETITLE = OverrideKind


@pytest.fixture
def store(store: Store, network: Network) -> Store:
    """Three stories of site a: 1, 2 and 3."""
    store_document(store, network, 1, entry(1), entry(2), entry(3))
    return store


def add(store: Store, kind: OverrideKind, *, now: datetime = NOW, **values: Any) -> int:
    with store.transaction() as db:
        return overrides.add(db, NewOverride(kind, **values), now=now)


def settle(store: Store, now: datetime = NOW) -> None:
    with store.transaction() as db:
        overrides.settle(db, now=now)


def withdrawn(store: Store) -> list[int]:
    rows = store.db.conn.execute("SELECT id FROM stories WHERE withdrawn_at IS NOT NULL")
    return [row["id"] for row in rows.fetchall()]


def test_what_is_in_force_comes_with_its_stories(store: Store) -> None:
    """By number, by the key of a link, or words that selection looks for."""
    add(store, WITHDRAW, story_id=1, page="a")
    add(store, RETITLE, url="https://www.a.example/2/", canonical_url="a.example/2", value="New")
    add(store, WITHDRAW, words="moon")

    found = overrides.in_force(store.db, now=NOW)

    assert found == (
        Override(1, WITHDRAW, frozenset({1}), page="a"),
        Override(2, RETITLE, frozenset({2}), value="New"),
        Override(3, WITHDRAW, words="moon"),
    )


def test_nothing_in_force_is_nothing(store: Store) -> None:
    """No row, no override."""
    assert overrides.in_force(store.db, now=NOW) == ()
    assert overrides.next_end(store.db, now=NOW) is None


def test_a_withdrawal_from_every_page_is_told_to_analysts(store: Store) -> None:
    """`stories.withdrawn_at` says so, the view `headlines` leaves it out; one page is not all."""
    add(store, WITHDRAW, story_id=1)
    add(store, WITHDRAW, story_id=2, page="a")
    add(store, PIN, story_id=3)

    settle(store)

    shown = store.db.conn.execute("SELECT story_id FROM headlines ORDER BY 1").fetchall()
    assert withdrawn(store) == [1]
    assert [row["story_id"] for row in shown] == [2, 3]


def test_a_story_withdrawn_before_it_came_never_shows(store: Store, network: Network) -> None:
    """The link is known, the story not yet."""
    add(store, WITHDRAW, url="https://a.example/9", canonical_url="a.example/9")
    settle(store)
    store_document(store, network, 1, entry(9))

    settle(store)

    assert withdrawn(store) == [4]


def test_an_override_runs_out(store: Store) -> None:
    """At its moment the story is back, and the row says when it ended."""
    add(store, WITHDRAW, story_id=1, expires_at=NOW + HOUR)
    settle(store)
    due = overrides.next_end(store.db, now=NOW)

    settle(store, NOW + HOUR)

    (row,) = overrides.listed(store.db, ended=True)
    assert due == NOW + HOUR
    assert withdrawn(store) == []
    assert row.ended_at == row.expires_at == "2026-11-25T13:00:00Z"
    assert overrides.listed(store.db, ended=False) == ()
    assert overrides.in_force(store.db, now=NOW + HOUR) == ()


def test_what_is_undone_holds_no_more(store: Store) -> None:
    """Unless another one says the same."""
    first, second = (add(store, WITHDRAW, story_id=1) for _ in range(2))
    settle(store)

    with store.transaction() as db:
        overrides.end(db, first, now=NOW)
    after_one = withdrawn(store)
    with store.transaction() as db:
        overrides.end(db, second, now=NOW)

    assert (after_one, withdrawn(store)) == ([1], [])


def test_a_row_names_its_stories_one_way(store: Store) -> None:
    """Number, link or words: two at once are refused by the schema itself."""
    with pytest.raises(sqlite3.IntegrityError):
        add(store, WITHDRAW, story_id=1, words="moon")


def test_rows_can_be_found(store: Store) -> None:
    """One by its number; stories by the override; none where there is none."""
    number = add(store, PIN, story_id=2, value="space", note="why", page="a")

    row = overrides.find(store.db, number)

    assert row is not None
    assert (row.kind, row.story_id, row.value, row.note, row.page) == (
        "pin",
        2,
        "space",
        "why",
        "a",
    )
    assert overrides.find(store.db, 99) is None
    assert overrides.stories_of(store.db, number) == ((2, "Story 2"),)
    assert (overrides.story_exists(store.db, 2), overrides.story_exists(store.db, 9)) == (
        True,
        False,
    )


def test_pinned_stories_are_read_by_number(store: Store) -> None:
    """Only those that may be shown, of sites that are known."""
    add(store, WITHDRAW, story_id=1)
    settle(store)

    found = reading.stories_by_id(store.db, [1, 2, 99], {"a": "A"}, now=NOW)
    elsewhere = reading.stories_by_id(store.db, [2], {"b": "B"}, now=NOW)

    assert [story.id for story in found] == [2]
    assert elsewhere == ()


def test_stories_come_with_what_selection_asks_for(store: Store, network: Network) -> None:
    """Categories and the language of the feed; undated back-fill is last."""
    with store.transaction() as db:
        db.conn.execute("UPDATE feeds SET language = 'en-AU'")
        db.conn.execute("UPDATE entries SET categories = '[\"Moon\"]' WHERE id = 2")
        db.conn.execute("UPDATE entries SET backfill = 1 WHERE id IN (1, 2)")
        db.conn.execute("UPDATE stories SET published_at = NULL WHERE id IN (1, 3)")

    found = reading.newest_stories(store.db, {"a": 3}, {"a": "A"}, now=NOW)

    assert [(story.id, story.backfill) for story in found] == [(2, True), (3, False), (1, True)]
    assert found[0].categories == ("Moon",)
    assert {story.language for story in found} == {"en-AU"}
    assert len(reading.newest_stories(store.db, {"a": 2}, {"a": "A"}, now=NOW)) == 2


def test_a_site_is_as_fresh_as_its_freshest_feed(store: Store) -> None:
    """A feed that never gave a document says nothing."""
    with store.transaction() as db:
        db.conn.execute("UPDATE feeds SET last_success_at = '2026-11-25T11:00:00Z' WHERE id = 1")

    assert reading.fresh_at(store.db) == {"a": NOW - HOUR}
