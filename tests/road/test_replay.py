"""A recorded run, replayed: the same database again; and what happens to an archive with holes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from road_build import network_of, poll_all

from aggregator.demo.family import Family, build_family
from aggregator.demo.server import FamilyServer
from aggregator.errors import StorageError, UsageError
from aggregator.instance import Instance, open_instance
from aggregator.network import Archive, Network
from aggregator.replaying import Replay, replay
from aggregator.times import format_time

TABLES = ("entries", "stories", "merges", "entry_keys")


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    """All of a table."""
    with closing(sqlite3.connect(database)) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def contents(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a replay has to bring back, row by row, ids and times included."""
    return {table: rows(database, table) for table in TABLES}


def left_in(directory: Path) -> list[str]:
    """Everything that the replay of `again.db` left."""
    return sorted(path.name for path in directory.glob("*again*"))


@asynccontextmanager
async def recorded(directory: Path) -> AsyncIterator[tuple[Instance, FamilyServer, Family]]:
    """A family with an archive, by a clock that goes half an hour further with each round."""
    started = datetime.now(UTC)
    family = build_family(started)
    with FamilyServer(family) as server:
        network = replace(network_of(directory, server), archive=Archive())
        async with open_instance(network) as instance:
            await poll_all(instance)
            yield instance, server, family


def pass_time(instance: Instance, by: timedelta) -> None:
    """For the polls that follow."""
    clock = instance.tools.clock
    instance.tools = replace(instance.tools, clock=lambda: clock() + by)
    instance.poller.tools = instance.tools


def retitled(family: Family) -> Family:
    """Every document with one of its headlines changed, and the time of its feed."""
    changed = tuple(
        replace(
            document,
            body=document.body.replace(b"Orbiter stays", b"Probe stays"),
            modified=document.modified + timedelta(minutes=5),
        )
        for document in family.documents
    )
    return replace(family, documents=changed)


async def record(directory: Path) -> Network:
    """New, unchanged, corrected and failed polls; the network they were recorded with."""
    async with recorded(directory) as (instance, server, family):
        pass_time(instance, timedelta(minutes=30))
        await poll_all(instance)
        pass_time(instance, timedelta(minutes=30))
        server.replace(family.with_breaking_story(datetime.now(UTC)))
        await poll_all(instance)
        pass_time(instance, timedelta(minutes=30))
        server.replace(retitled(family.with_breaking_story(datetime.now(UTC))))
        await poll_all(instance)
        pass_time(instance, timedelta(minutes=30))
        server.replace(replace(family, documents=family.documents[1:]))
        await poll_all(instance)
        return instance.network


async def replayed(network: Network, target: Path, **options: Any) -> tuple[Replay, list[str]]:
    """A whole replay, and what was wrong on the way."""
    problems: list[str] = []

    def told(total: int, problem: str | None) -> None:
        if problem is not None:
            problems.append(problem)

    options = {"until": None, **options}
    return await replay(network, target, on_poll=told, **options), problems


async def test_a_replay_makes_the_same_entries_and_stories(tmp_path: Path) -> None:
    """Every row: ids, first_seen_at, positions, who merged with whom; the live one is only read."""
    network = await record(tmp_path)
    before = network.database.read_bytes()

    done, problems = await replayed(network, tmp_path / "again.db")

    assert contents(tmp_path / "again.db") == contents(network.database)
    assert len({row[13] for row in rows(network.database, "entries")}) >= 2, "one moment only"
    with closing(sqlite3.connect(network.database)) as connection:
        told = connection.execute(
            "SELECT sum(updated_entries > 0), sum(http_status = 304) FROM polls"
        )
        assert min(told.fetchone()) > 0, "nothing corrected, or nothing unchanged"
    assert problems == []
    assert (done.problems, done.left_out) == (0, 0)
    assert done.documents < done.polls == len(rows(network.database, "polls"))
    assert network.database.read_bytes() == before
    assert left_in(tmp_path) == ["again.db"]


async def test_two_replays_are_the_same(tmp_path: Path) -> None:
    """No clock and no chance of this day has a part in it."""
    network = await record(tmp_path)

    for name in ("one.db", "two.db"):
        await replayed(network, tmp_path / name)

    everything = ("feeds", "feed_rates", "search", *TABLES)
    assert [rows(tmp_path / "one.db", table) for table in everything] == [
        rows(tmp_path / "two.db", table) for table in everything
    ]


async def test_a_replay_may_end_early(tmp_path: Path) -> None:
    """At a moment of the past: what was known then."""
    network = await record(tmp_path)
    moments = sorted({row[13] for row in rows(network.database, "entries")})
    until = datetime.fromisoformat(moments[0]) + timedelta(minutes=10)

    await replayed(network, tmp_path / "then.db", until=until)

    kept = rows(tmp_path / "then.db", "entries")
    assert {row[13] for row in kept} <= {at for at in moments if at <= format_time(until)}
    assert len(kept) < len(rows(network.database, "entries"))


async def test_a_damaged_body_costs_its_poll_alone(tmp_path: Path) -> None:
    """It is named; the other feeds are as they were."""
    network = await record(tmp_path)
    with closing(sqlite3.connect(network.database)) as connection, connection:
        connection.execute("UPDATE archive_bodies SET body = x'00' WHERE id = 1")
        connection.execute("UPDATE archive_polls SET outcome = 'odd' WHERE id = 2")

    done, problems = await replayed(network, tmp_path / "again.db")

    assert done.problems == len(problems) >= 2
    assert any("its body" in problem for problem in problems)
    assert any("odd" in problem for problem in problems)
    others = {row[1] for row in rows(tmp_path / "again.db", "entries")}
    assert len(others) >= len(network.feeds()) - 2


async def test_a_feed_that_left_is_left_out(tmp_path: Path) -> None:
    """It is counted; what feeds.yaml says now is what is replayed."""
    network = await record(tmp_path)
    fewer = replace(network, sites=network.sites[1:], pages=())

    done, _ = await replayed(fewer, tmp_path / "again.db")

    assert done.left_out == 5
    assert len(rows(tmp_path / "again.db", "feeds")) == len(network.feeds()) - 1


async def test_never_over_a_database_that_is_there(tmp_path: Path) -> None:
    """The live one, any other file, a link to nowhere; nor where the log of one is left."""
    network = await record(tmp_path)
    (tmp_path / "link.db").symlink_to("nowhere")
    (tmp_path / "old.db-wal").write_bytes(b"log")

    for name in (network.database.name, "feeds.yaml", "link.db", "old.db"):
        with pytest.raises(UsageError, match="there already"):
            await replayed(network, tmp_path / name)
    with pytest.raises(StorageError, match="no such directory"):
        await replayed(network, tmp_path / "missing" / "x.db")


async def test_an_empty_archive_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    """The key is off by default."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        network = network_of(tmp_path, server)
        async with open_instance(network) as instance:
            await poll_all(instance)

    with pytest.raises(UsageError, match="archive is empty"):
        await replayed(network, tmp_path / "again.db")

    assert rows(network.database, "archive_polls") == []
    assert left_in(tmp_path) == []
