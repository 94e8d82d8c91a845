"""A daemon in the test's own process: what is told of at the wrong moment is not lost."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from road_build import family_at_work, network_of
from shell_build import wait_for

from aggregator.control import ask
from aggregator.daemon import Daemon, Signals, run_daemon
from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.file_watch import FileWatch
from aggregator.instance import Instance
from aggregator.network import Network
from aggregator.notify import Notifier
from aggregator.store.store import Store
from aggregator.times import format_time


@pytest.fixture(autouse=True)
def _signals_end_nothing() -> Iterator[None]:
    """What nobody heeds would end the tests."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: None)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@asynccontextmanager
async def running(
    instance: Instance, reload: Callable[[], Network], signals: Signals
) -> AsyncIterator[Daemon]:
    """From its first tick to its orderly stop."""
    watch = FileWatch(instance.network.database)
    daemon = Daemon(instance, reload, watch, Notifier({}), signals)
    task = asyncio.create_task(daemon.run())
    await until(lambda: daemon.vitals.tick_s is not None)
    yield daemon
    signals.stopping.set()
    await task


async def until(what: Callable[[], object]) -> None:
    """Waits without holding up the loop."""
    await asyncio.to_thread(wait_for, what)


async def test_a_change_while_one_is_read_is_read_as_well(tmp_path: Path) -> None:
    """The file was read before it was written again, and adopting it takes a while."""
    async with family_at_work(tmp_path) as (instance, _):
        network, signals = instance.network, Signals()
        read, go_on = list[str](), threading.Event()

        def reload() -> Network:
            read.append("First" if not read else "Second")
            go_on.wait(20)
            return replace(network, name=read[-1])

        async with running(instance, reload, signals):
            signals.reload_wanted.set()
            await until(lambda: read)
            signals.reload_wanted.set()
            go_on.set()

            await until(lambda: instance.network.name == "Second")

    assert read == ["First", "Second"]


def _set_query_only(store: Store, value: int) -> None:
    store.db.conn.execute(f"PRAGMA query_only = {value}")


async def test_a_change_that_cannot_be_stored_is_read_again(tmp_path: Path) -> None:
    """Once the storage's pause is over; nobody has to tell the daemon twice."""
    async with family_at_work(tmp_path) as (instance, _):
        network, signals = instance.network, Signals()
        async with running(instance, lambda: replace(network, name="Another"), signals) as daemon:
            await instance.tools.store.run(_set_query_only, 1)
            signals.reload_wanted.set()
            await until(lambda: daemon.vitals.storage.reason)
            await instance.tools.store.run(_set_query_only, 0)
            daemon.vitals.storage = replace(daemon.vitals.storage, until_s=0.0)

            await until(lambda: instance.network.name == "Another")


async def test_a_sighup_while_it_starts_is_heeded(tmp_path: Path) -> None:
    """A start may take minutes; the signal's own default would end it."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        network, read = network_of(tmp_path, server), list[str]()

        def reload() -> Network:
            read.append("read")
            return network

        running = asyncio.create_task(
            run_daemon(network, reload, tmp_path / "feeds.yaml", Notifier({}))
        )
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: read)
        os.kill(os.getpid(), signal.SIGTERM)
        await running


async def test_an_end_is_published_whatever_is_asked_meanwhile(tmp_path: Path) -> None:
    """Each request looks for the next end; the one that has come is not passed over."""
    page = tmp_path / "public/current/spacewar/headlines.txt"
    async with family_at_work(tmp_path) as (instance, _):
        database = instance.network.database
        async with running(instance, lambda: instance.network, Signals()):
            await until(page.exists)
            end = format_time(datetime.now(UTC) + timedelta(seconds=4))
            retitle: dict[str, object] = {
                "command": "override",
                "kind": "retitle",
                "story_id": 1,
                "value": "For now",
                "expires_at": end,
            }
            await asyncio.to_thread(ask, database, retitle, timeout=20)
            shown = "For now" in page.read_text()

            def is_over() -> bool:
                ask(database, {"command": "reindex"}, timeout=20)
                return "For now" not in page.read_text()

            await until(is_over)

    assert shown
