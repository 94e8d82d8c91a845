"""Another configuration for an instance at work: what is taken over, and what must wait."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from road_build import family_at_work

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
