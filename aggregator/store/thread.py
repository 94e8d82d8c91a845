"""The store behind one thread: callers on the event loop wait, SQLite never blocks the loop."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Concatenate, ParamSpec, TypeVar

from aggregator.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")

_TOGETHER = 32
"""Jobs taken at once while more is waiting, told of when the last has run: waking the loop costs as
much as a short transaction, a commit as much as all that a poll writes. Of twice as many the commit
is no cheaper a poll."""


class StoreThread:
    """Runs functions on the store one after the other, in the order they were asked for.

    Those that came by `share` and wait next to each other have one transaction.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="store")
        self._thread.start()

    async def run(
        self, function: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's own result or exception.

        A caller that is cancelled meanwhile does not stop the function: a transaction is whole.
        """
        return await self._asked(lambda: function(self._store, *args, **kwargs), is_shared=False)

    async def share(
        self, function: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, for a function whose whole effect is in the database: what it writes is
        committed together with what others that wait write, before anyone is told.

        Where one of them fails, all are rolled back and each runs again by itself.
        """
        return await self._asked(lambda: function(self._store, *args, **kwargs), is_shared=True)

    async def _asked(self, function: Callable[[], T], *, is_shared: bool) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(function, done, is_shared))
        return await done

    def close(self) -> None:
        """Waits for what was asked for, then closes the store."""
        self._jobs.put(None)
        self._thread.join()
        self._store.close()

    def _work(self) -> None:
        while not self._is_closing:
            jobs = self._next()
            for is_shared, beside in groupby(jobs, key=attrgetter("is_shared")):
                self._run(list(beside), is_shared=is_shared)
            _tell(jobs)

    def _next(self) -> list[_Job]:
        """What waits; at least one job, unless it is time to close."""
        jobs: list[_Job] = []
        while len(jobs) < _TOGETHER and not (jobs and self._jobs.empty()):
            job = self._jobs.get()
            if job is None:
                self._is_closing = True
                break
            jobs.append(job)
        return jobs

    def _run(self, jobs: list[_Job], *, is_shared: bool) -> None:
        if is_shared and len(jobs) > 1 and self._ran_together(jobs):
            return
        for job in jobs:
            job.run()

    def _ran_together(self, jobs: list[_Job]) -> bool:
        try:
            with self._store.together():
                results = [job.function() for job in jobs]
        except Exception:
            return False  # whoever failed fails again, alone
        for job, result in zip(jobs, results, strict=True):
            job.result = result
        return True


@dataclass(slots=True, eq=False)
class _Job:
    """A function and who waits for it; `result` or `error` once it has run."""

    function: Callable[[], Any]
    done: asyncio.Future[Any]
    is_shared: bool
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        """In the store's thread."""
        try:
            self.result = self.function()
        except BaseException as error:
            self.error = error

    def settle(self) -> None:
        """In the loop's thread; one who was cancelled does not wait any more."""
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


def _tell(ended: list[_Job]) -> None:
    if ended:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            ended[0].done.get_loop().call_soon_threadsafe(_settle, ended)


def _settle(ended: list[_Job]) -> None:
    for job in ended:
        job.settle()
