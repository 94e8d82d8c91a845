"""Documents -> results, through a few worker processes that are replaced when they misbehave."""

from __future__ import annotations

import asyncio
from types import TracebackType

from aggregator.model import Document, DocumentRequest, Outcome, ParseFailed
from aggregator.workers.limits import WorkerLimits
from aggregator.workers.process import Worker, WorkerStartError
from aggregator.workers.wire import BadAnswerError

# Waits between attempts to start a worker: a machine short of memory for a moment recovers, a
# broken installation does not and must not be tried in a busy loop.
_START_WAITS = (0.0, 0.25, 1.0)
_USUAL = WorkerLimits()
_CLOSE_ROUND = 0.05


class WorkerPool:
    """Reads documents in `size` processes at most, first come, first served.

    Processes are started when first needed. Use it in the event loop it was made in; `close` (or
    `async with`) leaves no process behind.
    """

    def __init__(self, size: int = 2, *, limits: WorkerLimits = _USUAL) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._starting: set[asyncio.Task[Worker]] = set()
        self._closed = False

    async def __aenter__(self) -> WorkerPool:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def running(self) -> int:
        """How many processes there are."""
        return len(self._all)

    async def read(self, request: DocumentRequest) -> Document | ParseFailed:
        """What the document holds. A worker that is killed, dies or answers nonsense is a
        `ParseFailed` of PARSER_KILLED; raises `WorkerStartError` when none can be started.
        """
        async with self._slots:
            worker = await self._take()
            try:
                return await self._ask(worker, request)
            finally:
                await self._give_back(worker)

    async def prove(self) -> None:
        """Raises `WorkerStartError` when no process can be started and none is idle."""
        async with self._slots:
            await self._give_back(await self._take())

    async def close(self) -> None:
        """Ends every process; documents being read come back as PARSER_KILLED."""
        self._closed = True
        self._idle.clear()
        while self._all or self._starting:
            await asyncio.gather(*(self._drop(worker) for worker in tuple(self._all)))
            if self._starting:
                # One that is just being made shows up in `_all` and ends in the next round.
                await asyncio.wait(self._starting, timeout=_CLOSE_ROUND)

    async def _take(self) -> Worker:
        for wait in _START_WAITS:
            await asyncio.sleep(wait)
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._idle:
                return self._idle.pop()
            try:
                return await self._start()
            except WorkerStartError as error:
                problem = error
        raise problem

    async def _start(self) -> Worker:
        """A worker that is ready; whoever stops waiting for it leaves it to the next one."""
        starting = asyncio.create_task(self._make())
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._adopt)
            raise

    async def _make(self) -> Worker:
        worker = await Worker.spawn(self._limits)
        self._all.add(worker)
        try:
            async with asyncio.timeout(self._limits.start_seconds):
                await worker.wait_ready()
        except (EOFError, OSError, BadAnswerError) as error:
            await self._drop(worker)
            raise WorkerStartError(f"a parser worker does not start: {worker.ending()}") from error
        return worker

    def _adopt(self, task: asyncio.Task[Worker]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._idle.append(task.result())

    async def _ask(self, worker: Worker, request: DocumentRequest) -> Document | ParseFailed:
        seconds = self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                return await worker.read(request)
        except TimeoutError:
            return ParseFailed(Outcome.PARSER_KILLED, f"took longer than {seconds:g} s")
        except BadAnswerError as error:
            return ParseFailed(Outcome.PARSER_KILLED, f"the parser answered nonsense: {error}")
        except (EOFError, OSError):
            await worker.kill()
            return ParseFailed(Outcome.PARSER_KILLED, f"the parser died: {worker.ending()}")

    async def _give_back(self, worker: Worker) -> None:
        if worker.usable and not self._closed:
            self._idle.append(worker)
        else:
            await self._drop(worker)

    async def _drop(self, worker: Worker) -> None:
        self._all.discard(worker)
        await worker.kill()
