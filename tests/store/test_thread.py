"""The store's thread: what waits together is committed together, and fails alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.store.store import Store
from aggregator.store.thread import StoreThread


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreThread]:
    """Behind its thread."""
    thread = StoreThread(Store.open(tmp_path / "aggregator.db"))
    yield thread
    thread.close()


class Gate:
    """Holds the store's thread until what is to wait behind it has been asked for."""

    def __init__(self, store: StoreThread) -> None:
        self._is_open = threading.Event()
        self._held = asyncio.ensure_future(store.run(self._wait))

    def _wait(self, _: Store) -> None:
        assert self._is_open.wait(timeout=30)

    async def open(self) -> None:
        await asyncio.sleep(0)  # those who ask have asked by now
        self._is_open.set()
        await self._held


def add(store: Store, name: str) -> str:
    """A site more, in a transaction."""
    with store.transaction() as db:
        db.conn.execute("INSERT INTO sites (id, name, home) VALUES (?, ?, '')", (name, name))
    return name


def add_and_fail(store: Store, name: str) -> str:
    """What it wrote must not stay."""
    with store.transaction() as db:
        db.conn.execute("INSERT INTO sites (id, name, home) VALUES (?, ?, '')", (name, name))
        raise ValueError(name)


def watch(store: Store) -> list[str]:
    """Every statement from now on."""
    said: list[str] = []
    store.db.conn.set_trace_callback(said.append)
    return said


def sites(store: Store) -> list[str]:
    return [name for (name,) in store.db.conn.execute("SELECT id FROM sites ORDER BY rowid")]


async def test_what_waits_together_is_committed_once(store: StoreThread) -> None:
    """A commit costs as much as what a poll writes."""
    said = await store.run(watch)
    gate = Gate(store)
    asked = [asyncio.ensure_future(store.share(add, name)) for name in "abc"]

    await gate.open()
    told = await asyncio.gather(*asked)

    assert told == ["a", "b", "c"]
    assert said.count("COMMIT") == 1
    assert sorted(await store.run(sites)) == ["a", "b", "c"]


async def test_one_that_fails_takes_nobody_with_it(store: StoreThread) -> None:
    """All are rolled back, then each runs by itself."""
    gate = Gate(store)
    asked = [
        asyncio.ensure_future(store.share(add, "a")),
        asyncio.ensure_future(store.share(add_and_fail, "b")),
        asyncio.ensure_future(store.share(add, "c")),
    ]

    await gate.open()
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)

    assert (first, third) == ("a", "c")
    assert isinstance(second, ValueError)
    assert sorted(await store.run(sites)) == ["a", "c"]


async def test_one_between_keeps_its_place_and_its_own_transaction(store: StoreThread) -> None:
    """What was asked for later is not there yet, and what it sees is committed."""
    said = await store.run(watch)
    gate = Gate(store)
    before = [asyncio.ensure_future(store.share(add, name)) for name in "ab"]
    between = asyncio.ensure_future(store.run(lambda store: (sites(store), said.count("COMMIT"))))
    after = [asyncio.ensure_future(store.share(add, name)) for name in "cd"]

    await gate.open()
    await asyncio.gather(*before, *after)
    seen, commits = await between

    assert sorted(seen) == ["a", "b"]
    assert commits == 1
    assert said.count("COMMIT") == 2


async def test_closing_waits_for_what_was_asked(tmp_path: Path) -> None:
    """Also where more waits than runs together."""
    thread = StoreThread(Store.open(tmp_path / "aggregator.db"))
    gate = Gate(thread)
    asked = [asyncio.ensure_future(thread.share(add, f"s{number}")) for number in range(40)]
    await gate.open()

    await asyncio.to_thread(thread.close)

    assert len(await asyncio.gather(*asked)) == 40
