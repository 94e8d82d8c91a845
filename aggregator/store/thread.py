"""The store behind one thread: callers on the event loop wait, SQLite never blocks the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from aggregator.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """Runs functions on the store one after the other, in the order they were asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def run(
        self, function: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's own result or exception.

        A caller that is cancelled meanwhile does not stop the function: a transaction is whole.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._executor, lambda: function(self._store, *args, **kwargs))
        return await asyncio.shield(work)

    def close(self) -> None:
        """Waits for what was asked for, then closes the store."""
        self._executor.shutdown(wait=True)
        self._store.close()
