"""Publications -> the operator's program, told of each; alone in starting it.

The program is never waited for: while it runs, what happens meanwhile is put together for one more
run. What it does wrong is a warning.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aggregator.logs import log_event
from aggregator.publish import Publication

log = logging.getLogger(__name__)

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class _News:
    """What the next run is told."""

    generation: int
    changed: frozenset[str]
    removed: frozenset[str]

    def then(self, later: _News) -> _News:
        """Both, as if they had been one publication."""
        return _News(
            later.generation,
            (self.changed - later.removed) | later.changed,
            (self.removed - later.changed) | later.removed,
        )


class AfterPublish:
    """Runs `argv` after publications into `output`, one run at a time; without argv, nothing."""

    def __init__(
        self, argv: tuple[str, ...], output: Path, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._argv = argv
        self._output = output
        self._timeout_s = timeout_s
        self._news: _News | None = None
        self._running: asyncio.Task[None] | None = None

    def tell(self, publication: Publication) -> None:
        """Starts a run, or adds to what the next one is told; returns at once."""
        if not self._argv:
            return
        news = _News(
            publication.generation,
            frozenset(publication.changed),
            frozenset(publication.removed),
        )
        self._news = news if self._news is None else self._news.then(news)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run_all())

    async def close(self, grace_s: float | None = None) -> None:
        """Waits for what was told, `grace_s` seconds at most; then the program is killed."""
        if self._running is None or self._running.done():
            return
        await asyncio.wait([self._running], timeout=grace_s)
        if not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run_all(self) -> None:
        while (news := self._news) is not None:
            self._news = None
            fault = await self._run(news)
            if fault is not None:
                log_event(
                    log,
                    logging.WARNING,
                    "after_publish_failed",
                    program=self._argv[0],
                    generation=news.generation,
                    error=fault,
                )

    async def _run(self, news: _News) -> str | None:
        """Why it failed, None when it did not."""
        try:
            # A group of its own, so that what it starts can be ended with it. No shell.
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=PIPE, stdout=DEVNULL, start_new_session=True
            )
        except (OSError, ValueError) as error:
            return f"cannot be started: {error}"
        try:
            async with asyncio.timeout(self._timeout_s):
                await process.communicate(self._message(news))
        except TimeoutError:
            return f"ran longer than {self._timeout_s:g} seconds and was killed"
        finally:
            await _end(process)
        return None if process.returncode == 0 else f"ended with status {process.returncode}"

    def _message(self, news: _News) -> bytes:
        told = {
            "generation": news.generation,
            "output": str(self._output),
            "changed": sorted(news.changed),
            "removed": sorted(news.removed),
        }
        return json.dumps(told).encode() + b"\n"


async def _end(process: Process) -> None:
    """Nothing that it started goes on, if it has not left the group."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
