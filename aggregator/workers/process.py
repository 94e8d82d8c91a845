"""One worker process and the talk with it over two pipes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import aggregator
from aggregator.errors import AggregatorError
from aggregator.model import Document, DocumentRequest, Entry, ParseFailed
from aggregator.workers.limits import EXIT_MEMORY, WorkerLimits
from aggregator.workers.wire import (
    LENGTH,
    MAX_ANSWER_FRAME,
    MAX_ANSWER_FRAMES,
    READY,
    BadAnswerError,
    document_of,
    encode_request,
    entries_of,
    failed_of,
    parse_frame,
    retires,
)

# A large document goes out in pieces, so that the loop is never busy with one write.
_PIECE = 256 * 1024
_FAREWELL = 0.5


class WorkerStartError(AggregatorError):
    """Worker processes do not start; the text says how they ended."""


class Worker:
    """A process that reads documents, one at a time; `usable` until it retires or fails."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        try:
            self._descriptor: int | None = os.pidfd_open(process.pid)
        except ProcessLookupError:  # it has ended and been waited for already
            self._descriptor = None
        self._retired = False
        self.usable = True

    @classmethod
    async def spawn(cls, limits: WorkerLimits) -> Worker:
        """A process with pipes only and an environment of our own; not yet known to work."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "aggregator.workers.main", limits.to_argument()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
                # Ctrl-C is for the daemon, which then closes its workers.
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerStartError(f"a parser worker does not start: {error}") from error
        return cls(process)

    async def wait_ready(self) -> None:
        """Returns when the process has loaded everything it needs."""
        if await self._frame() != READY:
            raise BadAnswerError("not a worker")

    async def read(self, request: DocumentRequest) -> Document | ParseFailed:
        """One document; raises EOFError or OSError when the process dies, `BadAnswerError`.

        Left in the middle (by cancellation or a deadline) the worker is not `usable` any more.
        """
        self.usable = False
        await self._send(encode_request(request))
        kind, rest = parse_frame(await self._frame())
        entries: list[Entry] = []
        for _ in range(MAX_ANSWER_FRAMES):
            next_kind, next_rest = parse_frame(await self._frame())
            if next_kind == "end":
                self._retired = retires(next_rest)
                self.usable = not self._retired
                return _result(kind, rest, entries)
            entries += entries_of(next_rest)
            await asyncio.sleep(0)
        raise BadAnswerError("an answer without end")

    async def kill(self) -> None:
        """Ends the process now; returns when it is gone."""
        self.usable = False
        stdin, stdout = self._pipes()
        stdin.close()
        if self._retired or stdout.at_eof():
            # It is ending by itself: let it, for the sake of its exit status.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._process.wait()
        if self._process.returncode is None:
            self._signal()
        await self._process.wait()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _signal(self) -> None:
        """By its descriptor, which names no other process however late this is.

        Not by `Process.kill`: that looks first whether the process has ended, and so takes its
        status away from asyncio, which then waits in vain and reports 255.
        """
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def ending(self) -> str:
        """How the process ended, in words; only after `kill`."""
        status = self._process.returncode
        if status == EXIT_MEMORY:
            return "out of memory"
        if status is not None and status < 0:
            return f"signal {-status}"
        return f"exit status {status}"

    async def _send(self, data: bytes) -> None:
        stdin, _ = self._pipes()
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            stdin.write(view[start : start + _PIECE])
            await stdin.drain()

    async def _frame(self) -> bytes:
        _, stdout = self._pipes()
        (size,) = LENGTH.unpack(await stdout.readexactly(LENGTH.size))
        if size > MAX_ANSWER_FRAME:
            raise BadAnswerError("an answer that is too long")
        return await stdout.readexactly(size)

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # `spawn` asked for both
        assert stdout is not None
        return stdin, stdout


def _result(kind: str, rest: list[object], entries: list[Entry]) -> Document | ParseFailed:
    match kind:
        case "failed":
            return failed_of(rest)
        case "document":
            return document_of(rest, tuple(entries))
        case _:
            raise BadAnswerError("neither a document nor a failure")


def _environment() -> dict[str, str]:
    """Where this package is, and nothing else of ours: no proxies, no secrets, no settings."""
    root = Path(aggregator.__file__).resolve().parent.parent
    return {"PYTHONPATH": str(root), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
