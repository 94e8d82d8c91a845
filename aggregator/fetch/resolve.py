"""Host name -> address literals, in bounded time; alone in calling the system's resolver."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import re
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_LOOKUPS, NEGATIVE_TTL
from aggregator.model import Outcome

Lookup = Callable[[str], tuple[str, ...]]
"""Blocks; answers in the order to be tried, raises OSError when the name has none."""

_DOTTED_QUAD = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_MAX_DEAD = 1024
_Answer = tuple[str, ...] | None


def look_up(host: str) -> tuple[str, ...]:
    """The system's answer (nsswitch, /etc/hosts and all), RFC 6724 order, duplicates removed.

    The name goes in as bytes: for text, Python would apply its own idea of IDNA and raise.
    """
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Resolver:
    """Looks names up in its own few threads; one lookup per name at a time.

    A name that failed is not asked for again for a while, so that dead names cannot hold every
    thread. Answers are not kept: how long they are good for is the system resolver's matter.
    """

    def __init__(self, lookup: Lookup, timeout: float) -> None:
        self._lookup = lookup
        self._timeout = timeout
        self._pool = _Pool(MAX_LOOKUPS)
        self._running: dict[str, asyncio.Future[_Answer]] = {}
        self._dead: OrderedDict[str, tuple[float, Outcome]] = OrderedDict()

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Raises Fault: DNS when the name has no address, TIMEOUT when nobody says so in time."""
        if _is_address(host):
            return (host,)
        loop = asyncio.get_running_loop()
        self._check_dead(host, loop.time())
        running = self._running.get(host) or self._start(host)
        # asyncio.wait leaves the lookup alone when one of those who wait for it is cancelled.
        await asyncio.wait({running}, timeout=self._timeout)
        if not running.done():
            running.cancel()
        if running.cancelled():
            raise self._bury(host, Outcome.TIMEOUT, loop.time())
        answer = running.result()
        if answer is None:
            raise self._bury(host, Outcome.DNS, loop.time())
        return answer

    def close(self) -> None:
        """Ends the threads as soon as the system lets go of them; never waits for that."""
        self._pool.close()

    def _start(self, host: str) -> asyncio.Future[_Answer]:
        running = self._running[host] = self._pool.submit(self._lookup, host)
        # Also when nobody waits any more: an old answer must never be found here.
        running.add_done_callback(lambda _: self._running.pop(host))
        return running

    def _check_dead(self, host: str, now: float) -> None:
        until, outcome = self._dead.get(host, (0.0, Outcome.DNS))
        if now < until:
            raise _dns_fault(outcome)
        self._dead.pop(host, None)

    def _bury(self, host: str, outcome: Outcome, now: float) -> Fault:
        self._dead[host] = (now + NEGATIVE_TTL.total_seconds(), outcome)
        if len(self._dead) > _MAX_DEAD:
            self._dead.popitem(last=False)
        return _dns_fault(outcome)


def _is_address(host: str) -> bool:
    """The spellings that mean the same to everybody; others are the system's to read."""
    return ":" in host or _DOTTED_QUAD.fullmatch(host) is not None


def _dns_fault(outcome: Outcome) -> Fault:
    if outcome is Outcome.TIMEOUT:
        return Fault(outcome, "the name was not resolved in time")
    return Fault(outcome, "the name does not resolve")


class _Pool:
    """A few daemon threads, started when needed.

    Not `concurrent.futures`: its threads are joined when the interpreter ends, and a name server
    that does not answer would hold up the daemon's stop for half a minute.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def submit(self, lookup: Lookup, host: str) -> asyncio.Future[_Answer]:
        """A future of the answer, None when there is none; cancelled in time, it never starts."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name="dns", daemon=True).start()
        self._jobs.put(lambda: _run(lookup, host, future))
        return future

    def close(self) -> None:
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                self._idle += 1


def _run(lookup: Lookup, host: str, future: asyncio.Future[_Answer]) -> None:
    if future.cancelled():
        return
    answer: _Answer = None
    with contextlib.suppress(OSError, UnicodeError):
        answer = lookup(host)
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        future.get_loop().call_soon_threadsafe(_deliver, future, answer)


def _deliver(future: asyncio.Future[_Answer], answer: _Answer) -> None:
    if not future.done():
        future.set_result(answer)
