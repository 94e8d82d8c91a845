"""Parser processes that do not start: a pause of the daemon, not its end."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from road_build import family_at_work, poll_all

from aggregator.errors import DamagedError, StorageError
from aggregator.instance import Instance
from aggregator.notify import Notifier
from aggregator.pauses import Pause
from aggregator.setbacks import Setbacks
from aggregator.vitals import Vitals
from aggregator.workers.pool import WorkerPool
from aggregator.workers.process import WorkerStartError


@asynccontextmanager
async def without_workers(directory: Path) -> AsyncIterator[tuple[Instance, Setbacks, Vitals]]:
    """A family whose documents changed, and no process that runs yet to read them."""
    async with family_at_work(directory) as (instance, _), WorkerPool() as workers:
        instance.tools = replace(instance.tools, workers=workers)
        instance.poller.adopt(instance.tools)
        await instance.tools.store.run(
            lambda store: store.db.conn.execute("UPDATE feeds SET body_hash = NULL, etag = NULL")
        )
        vitals = Vitals(asyncio.get_running_loop().time())
        yield instance, Setbacks(instance, vitals, Notifier({})), vitals


async def test_F06_workers_that_do_not_start_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is fetched meanwhile, the reason is told, and no feed has failed; then it goes on."""
    caplog.set_level(logging.INFO)
    executable = sys.executable
    async with without_workers(tmp_path) as (instance, setbacks, vitals):
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
        with pytest.raises(WorkerStartError) as caught:
            await poll_all(instance)
        for _ in range(3):
            setbacks.heard(caught.value)
        paused = await setbacks.may_fetch()
        complaint = vitals.complaint(0.0)
        vitals.workers = replace(vitals.workers, until_s=0.0)
        proving = await setbacks.may_fetch()
        await until(lambda: vitals.workers.length_s > 20)
        monkeypatch.setattr(sys, "executable", executable)
        vitals.workers = replace(vitals.workers, until_s=0.0)
        await setbacks.may_fetch()
        await until(lambda: vitals.workers == Pause())
        again = await setbacks.may_fetch()
        reports = await_reports(instance)

        assert (paused, proving, again) == (False, False, True)
        assert complaint is not None
        assert complaint.startswith("workers: a parser worker does not start")
        assert len(await reports) == 7
        assert caplog.text.count("workers_failed") == 1
        assert "workers_recovered" in caplog.text


async def await_reports(instance: Instance) -> list[object]:
    """Of every feed, once the failure of before is forgotten."""
    instance.poller.failure = None
    return list(await poll_all(instance))


async def until(what: object) -> None:
    """Until `what()` is true, ten seconds at most."""
    assert callable(what)
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 # the other side is a task of the daemon's own
            await asyncio.sleep(0.01)


async def test_a_damaged_database_is_no_setback(tmp_path: Path) -> None:
    """It ends the daemon; storage that fails does not, and is told once."""
    async with without_workers(tmp_path) as (_, setbacks, vitals):
        with pytest.raises(DamagedError):
            setbacks.heard(DamagedError("damaged"))

        setbacks.heard(StorageError("full"))
        setbacks.heard(StorageError("full"))

        assert vitals.storage.reason == "storage"
        assert setbacks.stop_writes
        assert setbacks.stop_publication
