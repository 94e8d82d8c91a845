"""Storage or parser workers that fail under a daemon -> pauses, each said once, and their ends.

What cannot be stored or read is not downloaded: nothing is fetched before a write went through and
a worker started again.
"""

from __future__ import annotations

import asyncio
import logging

from aggregator.errors import AggregatorError, StorageError
from aggregator.instance import Instance
from aggregator.logs import log_event
from aggregator.notify import Notifier
from aggregator.pauses import Pause
from aggregator.store import place
from aggregator.store.store import Store
from aggregator.vitals import Vitals
from aggregator.workers.process import WorkerStartError

log = logging.getLogger(__name__)

WAL_WARN_BYTES = 64 * 1024 * 1024


class Setbacks:
    """Keeps the pauses of `vitals`; lives in the daemon's event loop."""

    def __init__(self, instance: Instance, vitals: Vitals, notifier: Notifier) -> None:
        self._instance = instance
        self._vitals = vitals
        self._notifier = notifier
        self._wal_is_long = False
        self._proof: asyncio.Task[None] | None = None

    @property
    def stop_writes(self) -> bool:
        """The database cannot be written, or its disk is full."""
        return self._vitals.storage.reason is not None

    @property
    def stop_publication(self) -> bool:
        """There is no sense in publishing now."""
        return self.stop_writes or self._vitals.output.is_on(_now_s())

    def heard(self, failure: AggregatorError) -> None:
        """Of a poll that did not end; raises what is no setback.

        Polls under way when the first of them failed fail one by one: that is one failure.
        """
        if isinstance(failure, StorageError):
            if not self._vitals.storage.is_on(_now_s()):
                self.storage_failed(failure)
        elif isinstance(failure, WorkerStartError):
            if not self._vitals.workers.is_on(_now_s()):
                self.workers_failed(failure)
        else:
            raise failure

    async def may_fetch(self) -> bool:
        """Raises StorageError when the write that is to end a pause fails."""
        return await self._is_storage_well() and self._are_workers_well()

    async def _is_storage_well(self) -> bool:
        network, pause, now = self._instance.network, self._vitals.storage, _now_s()
        free = place.free_bytes(network.database)
        if free < network.min_free:
            detail = f"{free} bytes free, {network.min_free} wanted"
            if pause.reason != "disk_full":
                log_event(log, logging.WARNING, "storage_failed", reason="disk_full", error=detail)
                self._notifier.status(f"paused: disk full: {detail}")
            self._vitals.storage = pause.while_short(detail, now)
            return False
        if pause.is_on(now):
            return False
        if pause.reason is not None:
            await self._instance.tools.store.run(Store.probe)
            self._vitals.storage = self._ended(pause, "storage_recovered")
        return True

    def _are_workers_well(self) -> bool:
        """A start may take long: a tick does not wait for it."""
        pause = self._vitals.workers
        if pause.reason is None:
            return True
        if not pause.is_on(_now_s()) and (self._proof is None or self._proof.done()):
            self._proof = asyncio.create_task(self._prove_workers())
        return False

    async def _prove_workers(self) -> None:
        try:
            await self._instance.tools.workers.prove()
        except WorkerStartError as error:
            self.workers_failed(error)
        else:
            self._vitals.workers = self._ended(self._vitals.workers, "workers_recovered")

    def storage_failed(self, error: StorageError) -> None:
        """The database cannot be written."""
        self._vitals.storage = self._begun(self._vitals.storage, "storage", error)

    def output_failed(self, error: StorageError) -> None:
        """The published files cannot be written."""
        self._vitals.output = self._begun(self._vitals.output, "output", error)

    def output_is_well(self) -> None:
        """A publication went through."""
        self._vitals.output = self._ended(self._vitals.output, "storage_recovered")

    def workers_failed(self, error: WorkerStartError) -> None:
        """Nothing can be parsed."""
        pause = self._vitals.workers
        if pause.reason is None:
            log_event(log, logging.WARNING, "workers_failed", error=error)
            self._notifier.status(f"paused: {error}")
        self._vitals.workers = pause.after_failure("workers", str(error), _now_s())

    def _begun(self, pause: Pause, reason: str, error: StorageError) -> Pause:
        if self._vitals.storage.reason is None and self._vitals.output.reason is None:
            log_event(log, logging.WARNING, "storage_failed", reason=reason, error=error)
            self._notifier.status(f"paused: {error}")
        return pause.after_failure(reason, str(error), _now_s())

    def _ended(self, pause: Pause, event: str) -> Pause:
        if pause.reason is not None:
            log_event(log, logging.INFO, event, reason=pause.reason)
            self._notifier.status("running")
        return Pause()

    def look_at_wal(self) -> None:
        """The store bounds it at each commit, but for readers that never let go."""
        size = place.wal_bytes(self._instance.network.database)
        self._vitals.wal_bytes = size
        if size > WAL_WARN_BYTES and not self._wal_is_long:
            log_event(log, logging.WARNING, "wal_long", bytes=size, cause="a reader stays open")
        self._wal_is_long = size > WAL_WARN_BYTES


def _now_s() -> float:
    return asyncio.get_running_loop().time()
