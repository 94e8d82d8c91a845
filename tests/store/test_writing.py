"""What polls leave in the database."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from store_build import NOW, entry, network_at, poll_record, store_document

from aggregator.model import FeedMeta, Validators
from aggregator.network import Network
from aggregator.store import reading, writing
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

HOUR = timedelta(hours=1)


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    """Every row of a query."""
    return [tuple(row) for row in store.db.conn.execute(query).fetchall()]


def test_new_feeds_are_due_in_file_order(store: Store) -> None:
    """At once."""
    due = reading.due_feeds(store.db, now=NOW, limit=10)

    assert [feed.url for feed in due] == ["https://a.example/feed", "https://b.example/feed"]


def test_P31_a_restart_makes_nothing_due(store: Store, network: Network) -> None:
    """The configuration read again leaves next_poll_at alone."""
    with store.transaction() as db:
        writing.record_poll(db, poll_record(1, next_poll_at=NOW + HOUR))

    with store.transaction() as db:
        writing.sync_network(db, network, now=NOW)

    assert [feed.id for feed in reading.due_feeds(store.db, now=NOW, limit=10)] == [2]


def test_a_feed_that_leaves_is_disabled_and_comes_back(store: Store, tmp_path: Path) -> None:
    """Its entries stay; back again it keeps its time."""
    with store.transaction() as db:
        writing.record_poll(db, poll_record(2, next_poll_at=NOW + HOUR))
        writing.sync_network(db, network_at(tmp_path, sites=("a",)), now=NOW)

    assert [feed.id for feed in reading.enabled_feeds(store.db)] == [1]
    assert rows(store, "SELECT state FROM feed_health WHERE feed_id = 2") == [("disabled",)]

    with store.transaction() as db:
        writing.sync_network(db, network_at(tmp_path), now=NOW)

    assert [feed.id for feed in reading.enabled_feeds(store.db)] == [1, 2]
    assert rows(store, "SELECT next_poll_at FROM feeds WHERE id = 2") == [("2026-11-25T13:00:00Z",)]


def test_a_gone_feed_stays_gone_over_a_restart(store: Store, network: Network) -> None:
    """P46: no further request, until the operator takes it out and in again."""
    with store.transaction() as db:
        writing.record_poll(db, poll_record(1, outcome="gone", has_document=False))
        writing.sync_network(db, network, now=NOW)

    assert rows(store, "SELECT next_poll_at FROM feeds WHERE id = 1") == [(None,)]
    assert rows(store, "SELECT state FROM feed_health WHERE feed_id = 1") == [("gone",)]


def test_failures_count_polls_in_a_row_without_a_document(store: Store) -> None:
    """A document resets them and the error."""
    failed = poll_record(1, outcome="dns", has_document=False, error="no such name")
    with store.transaction() as db:
        writing.record_poll(db, failed)
        writing.record_poll(db, failed)
    assert rows(store, "SELECT failures, last_error FROM feeds WHERE id = 1") == [
        (2, "no such name")
    ]

    with store.transaction() as db:
        writing.record_poll(db, poll_record(1))

    assert rows(store, "SELECT failures, last_error FROM feeds WHERE id = 1") == [(0, None)]
    assert rows(store, "SELECT outcome FROM polls ORDER BY id") == [
        ("dns",),
        ("dns",),
        ("not_modified",),
    ]


def test_P12_failures_leave_validators_as_they_were(store: Store) -> None:
    """P10 too: a document without an ETag clears it."""
    with store.transaction() as db:
        writing.record_poll(db, poll_record(1, validators=Validators('"a"', "Mon")))
        writing.record_poll(db, poll_record(1, outcome="timeout", has_document=False))
    assert rows(store, "SELECT etag, last_modified FROM feeds WHERE id = 1") == [('"a"', "Mon")]

    with store.transaction() as db:
        writing.record_poll(db, poll_record(1, validators=Validators(None, "Tue")))

    assert rows(store, "SELECT etag, last_modified FROM feeds WHERE id = 1") == [(None, "Tue")]


def test_what_a_document_says_of_its_feed_is_kept_for_later_304s(store: Store) -> None:
    """rA15: a 304 changes none of it."""
    meta = FeedMeta(
        title="T",
        home="https://a.example/",
        language="en",
        icon="https://a.example/i.png",
        ttl=HOUR,
        skip_hours=frozenset({3, 1}),
        skip_days=frozenset({6}),
        hub="https://hub.example/",
        self_url="https://a.example/feed",
    )
    with store.transaction() as db:
        writing.record_poll(db, poll_record(1, meta=meta, body_hash="h"))
        writing.record_poll(db, poll_record(1))

    (state,) = (feed for feed in reading.enabled_feeds(store.db) if feed.id == 1)

    assert state.meta == meta
    assert state.body_hash == "h"
    assert state.has_document


def test_entries_keep_what_the_document_says(store: Store, network: Network) -> None:
    """Every field in its column; absent ones NULL."""
    item = entry(
        1,
        summary="S",
        author="Staff",
        image_url="https://a.example/i.png",
        categories=("Space", "Ünïcode"),
        updated_at=NOW + HOUR,
    )

    store_document(store, network, 1, item, entry(2, guid=None, published_at=None))

    (first, second) = store.db.conn.execute("SELECT * FROM entries ORDER BY id").fetchall()
    assert json.loads(first["categories"]) == ["Space", "Ünïcode"]
    assert (first["summary"], first["author"]) == ("S", "Staff")
    assert first["updated_at"] == "2026-11-25T13:00:00Z"
    assert (second["guid"], second["published_at"], second["author"]) == (None, None, None)


def test_changed_entries_keep_when_they_were_first_seen(store: Store, network: Network) -> None:
    """rI3: an update is not a delete and an insert."""
    store_document(store, network, 1, entry(1))

    store_document(store, network, 1, entry(1, title="Corrected", fingerprint=2), now=NOW + HOUR)

    assert rows(store, "SELECT title, first_seen_at, last_seen_at FROM entries") == [
        ("Corrected", "2026-11-25T12:00:00Z", "2026-11-25T13:00:00Z")
    ]
    assert rows(store, "SELECT title FROM stories") == [("Corrected",)]


def test_keys_are_added_never_rewritten(store: Store, network: Network) -> None:
    """An entry stays known by the link it had."""
    store_document(store, network, 1, entry(1, canonical_url="a.example/old"))

    store_document(store, network, 1, entry(1, canonical_url="a.example/new", fingerprint=2))

    assert rows(store, "SELECT kind, scope, value FROM entry_keys ORDER BY kind, value") == [
        ("guid", 1, "g1"),
        ("url", 0, "a.example/new"),
        ("url", 0, "a.example/old"),
    ]


def test_a_story_of_two_feeds_has_its_evidence(store: Store, network: Network) -> None:
    """Feed b carries a's story: one story, owned by a, and a merge that says why."""
    store_document(store, network, 2, entry(1, guid="b1"))
    store_document(store, network, 1, entry(1))

    assert rows(store, "SELECT story_id, entries, feeds, site_id FROM headlines") == [
        (1, 2, 2, "a")
    ]
    assert rows(
        store, "SELECT story_id, entry_id, matched_entry_id, rule, version FROM merges"
    ) == [(1, 1, 2, "url", 1)]
    assert rows(store, "SELECT entry_id FROM stories") == [(2,)]  # a's own feed leads


def test_known_fingerprints_are_those_listed_last(store: Store, network: Network) -> None:
    """An entry that two sightings disagree on is known by the newest."""
    store_document(store, network, 1, entry(1), entry(2))
    store_document(store, network, 1, entry(1, fingerprint=5), now=NOW + HOUR)

    assert writing.listed(store.db, 1) == {5: 1, 1002: 2}
    assert writing.listed(store.db, 2) == {}


@pytest.mark.parametrize("value", ["1704067200", "2026-11-25", "2026-11-25T12:00:00+00:00"])
def test_rI13_times_have_one_form(store: Store, value: str) -> None:
    """The schema refuses any other."""
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        store.db.conn.execute("UPDATE feeds SET next_poll_at = ?", [value])


def test_feeds_and_entries_can_be_written_from_outside(store: Store) -> None:
    """With plain SQL and nothing but their own columns."""
    store.db.conn.execute("UPDATE feeds SET next_poll_at = '2026-11-25T00:00:00Z'")
    store.db.conn.execute("INSERT INTO feeds (site_id, url) VALUES ('a', 'https://a.example/2')")
    store.db.conn.execute(
        """
        INSERT INTO entries (feed_id, title, first_seen_at, last_seen_at)
        VALUES (1, 'By hand', '2026-11-25T00:00:00Z', '2026-11-25T00:00:00Z')
        """
    )

    assert rows(store, "SELECT title, position, story_id FROM entries") == [("By hand", 0, None)]


def test_rI10_foreign_keys_hold(store: Store) -> None:
    """On the writing connection."""
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.db.conn.execute("INSERT INTO feeds (site_id, url) VALUES ('nobody', 'u')")
