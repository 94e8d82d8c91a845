"""The store behind one thread: callers on the event loop wait, SQLite never blocks the loop."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from aggregator.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")

_TOLD_AT_ONCE = 8
"""Results that travel back together while more is waiting: waking the loop costs as much as a
short transaction."""


class StoreThread:
    """Runs functions on the store one after the other, in the order they were asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store")
        self._thread.start()

    async def run(
        self, function: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's own result or exception.

        A caller that is cancelled meanwhile does not stop the function: a transaction is whole.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(lambda: function(self._store, *args, **kwargs), done))
        return await done

    def close(self) -> None:
        """Waits for what was asked for, then closes the store."""
        self._jobs.put(None)
        self._thread.join()
        self._store.close()

    def _work(self) -> None:
        ended: list[_Job] = []
        while (job := self._jobs.get()) is not None:
            job.run()
            ended.append(job)
            if self._jobs.empty() or len(ended) == _TOLD_AT_ONCE:
                _tell(ended)
                ended = []
        _tell(ended)


@dataclass(slots=True, eq=False)
class _Job:
    """A function and who waits for it; `result` or `error` once it has run."""

    function: Callable[[], Any]
    done: asyncio.Future[Any]
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
