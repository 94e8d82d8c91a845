"""What SQLite and sqlite-utils do to others (cases rI), and that it does not happen here."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_build import entry, store_document

from aggregator.network import Network
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread

pytest_plugins = ["store_fixtures"]


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    """Every row of a query."""
    return [tuple(row) for row in store.db.conn.execute(query).fetchall()]


def test_rI1_an_upsert_of_required_columns_writes_the_row(store: Store, network: Network) -> None:
    """sqlite-utils#538: with not_null, an upsert wrote nothing."""
    store_document(store, network, 1, entry(1))

    assert rows(store, "SELECT id, title, entry_id FROM stories") == [(1, "Story 1", 1)]


def test_rI2_ids_are_right_after_ignored_inserts(store: Store, network: Network) -> None:
    """sqlite-utils#554: an ignored insert reported another table's rowid. Ids are ours to give."""
    store_document(store, network, 1, entry(1), entry(2))
    store_document(store, network, 1, entry(1, title="Again", fingerprint=5), entry(3))

    pairs = rows(
        store,
        "SELECT entries.id, value FROM entries JOIN entry_keys ON entry_id = id"
        " WHERE kind = 'guid' ORDER BY entries.id",
    )

    assert pairs == [(1, "g1"), (2, "g2"), (3, "g3")]


def test_rI3_columns_that_a_write_does_not_name_stay(store: Store, network: Network) -> None:
    """sqlite-utils#66: a replace is a delete and an insert. A withdrawn story stays withdrawn."""
    store_document(store, network, 1, entry(1))
    store.db.conn.execute("UPDATE stories SET withdrawn_at = '2026-11-25T12:00:00Z'")

    store_document(store, network, 1, entry(1, title="Again", fingerprint=5))

    assert rows(store, "SELECT title, withdrawn_at FROM stories") == [
        ("Again", "2026-11-25T12:00:00Z")
    ]


def test_rI5_an_entry_without_guid_is_stored(store: Store, network: Network) -> None:
    """A key with NULL in it raised; the link is the key then, else the title."""
    store_document(
        store, network, 1, entry(1, guid=None), entry(2, guid=None, url=None, canonical_url=None)
    )

    assert rows(store, "SELECT kind FROM entry_keys ORDER BY kind") == [("title",), ("url",)]


def test_rI9_a_transaction_that_reads_first_may_still_write(store: Store, network: Network) -> None:
    """A deferred one fails at once after another program's commit; ours holds the lock before."""
    with (
        closing(sqlite3.connect(network.database, timeout=0, isolation_level=None)) as other,
        store.transaction() as db,
    ):
        db.conn.execute("SELECT count(*) FROM sites").fetchone()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE sites SET name = 'other' WHERE id = 'a'")
        db.conn.execute("UPDATE sites SET name = 'ours' WHERE id = 'a'")

    assert rows(store, "SELECT name FROM sites WHERE id = 'a'") == [("ours",)]


async def test_rI11_one_connection_is_used_by_one_thread(tmp_path: Path) -> None:
    """Callers on the event loop hand their work to the store's own thread."""
    thread = StoreThread(Store.open(tmp_path / "aggregator.db"))
    try:
        found = await thread.run(lambda store: rows(store, "SELECT count(*) FROM entries"))
    finally:
        thread.close()

    assert found == [(0,)]


def test_rI14_a_late_item_may_have_more_than_the_first_ones(store: Store, network: Network) -> None:
    """600 items, one with fields the others lack: the list of columns is fixed."""
    items = [entry(n) for n in range(600)]
    items[500] = entry(500, author="Staff", image_url="https://a.example/i", categories=("x",))

    store_document(store, network, 1, *items)

    assert rows(store, "SELECT id FROM entries WHERE author IS NOT NULL") == [(501,)]
    assert rows(store, "SELECT count(*) FROM entries") == [(600,)]
