"""The daemon after its clock was moved: jobs run on, polls stay where they were meant to be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from road_build import family_at_work

from aggregator.daemon import Daemon, Signals
from aggregator.file_watch import FileWatch
from aggregator.instance import Instance
from aggregator.notify import Notifier
from aggregator.times import parse_time

HOUR = timedelta(hours=1)


def next_polls(instance: Instance) -> list[datetime]:
    """Of every feed, by id."""
    with closing(sqlite3.connect(instance.network.database)) as connection:
        found = connection.execute("SELECT next_poll_at FROM feeds ORDER BY id").fetchall()
    return [parse_time(row[0]) for row in found]


@pytest.mark.parametrize("moved", [-24 * HOUR, -HOUR, HOUR])
async def test_R10_a_jump_neither_stops_nor_bursts_polls(tmp_path: Path, moved: timedelta) -> None:
    """The scheduler would sleep as long as the clock went back; its jobs are due at once instead.

    Set back, every poll to come moves along; set ahead, none is early and none is moved.
    """
    async with family_at_work(tmp_path) as (instance, _):
        daemon = Daemon(
            instance, lambda: instance.network, FileWatch(tmp_path), Notifier({}), Signals()
        )
        scheduler = daemon._schedule()
        scheduler.start(paused=True)
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) + 24 * HOUR)
        before = next_polls(instance)

        await daemon._clock_jumped(scheduler, moved)
        after = next_polls(instance)
        runs = [job.next_run_time for job in scheduler.get_jobs()]
        scheduler.shutdown(wait=False)

    expected = moved if moved < timedelta() else timedelta()
    assert [later - earlier for earlier, later in zip(before, after, strict=True)] == (
        [expected] * len(before)
    )
    assert max(runs) <= datetime.now(UTC)
