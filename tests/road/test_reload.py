"""Another configuration for an instance at work: what is taken over, and what must wait."""

from __future__ import annotations

import gc
import logging
import weakref
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from road_build import family_at_work

from aggregator.errors import StorageError
from aggregator.logs import LineFormatter
from aggregator.network import ServeSettings


async def test_what_holds_from_the_next_start_is_kept_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Database, output and listener stay; the rest is in force, and a warning names the keys."""
    async with family_at_work(tmp_path) as (instance, _):
        before = instance.network
        other = replace(
            before,
            name="Another",
            database=tmp_path / "other.db",
            output=tmp_path / "elsewhere",
            serve=ServeSettings("127.0.0.1", 0),
        )

        with caplog.at_level(logging.WARNING):
            await instance.adopt(other)
        await instance.publish()

        after = instance.network
        assert after.name == "Another"
        assert (after.database, after.output, after.serve) == (before.database, before.output, None)
        assert (tmp_path / "public/current").exists()
        assert not (tmp_path / "elsewhere").exists()
        line = LineFormatter().format(caplog.records[-1])
        assert line.endswith("restart_needed keys=database,output,serve")


async def test_a_configuration_that_keeps_them_needs_no_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is said of it."""
    async with family_at_work(tmp_path) as (instance, _):
        with caplog.at_level(logging.WARNING):
            await instance.adopt(replace(instance.network, name="Another"))

    assert caplog.records == []


async def test_a_client_that_no_poll_can_be_using_is_let_go(tmp_path: Path) -> None:
    """Certificates and sessions of every configuration there ever was would fill the memory."""
    async with family_at_work(tmp_path) as (instance, _):
        network = instance.network
        await instance.adopt(
            replace(network, fetch=replace(network.fetch, timeout=timedelta(milliseconds=1)))
        )
        second = weakref.ref(instance.fetcher)

        for _ in range(2):
            await instance.adopt(network)
        gc.collect()

        assert second() is None


async def test_a_client_that_a_poll_may_be_using_stays(tmp_path: Path) -> None:
    """A request under way ends as it would have."""
    async with family_at_work(tmp_path) as (instance, _):
        first = instance.fetcher

        for _ in range(2):
            await instance.adopt(instance.network)
        found = await first.look(instance.network.sites[0].feeds[0].url)

    assert found == 200


async def test_a_configuration_that_cannot_be_stored_leaves_the_old_one(tmp_path: Path) -> None:
    """Whole, with its client."""
    async with family_at_work(tmp_path) as (instance, _):
        network, fetcher = instance.network, instance.fetcher
        await instance.tools.store.run(lambda store: store.db.conn.execute("PRAGMA query_only = 1"))

        with pytest.raises(StorageError):
            await instance.adopt(replace(network, name="Another"))
        await instance.tools.store.run(lambda store: store.db.conn.execute("PRAGMA query_only = 0"))

        assert instance.network is network
        assert instance.fetcher is fetcher
