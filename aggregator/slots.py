"""How many fetches at once, and how many of them by hosts that take their time.

A fetch that takes longer than `SLOW_AFTER_S` counts as slow from then on. While half of the slots
are slow, feeds that are known to be slow wait; the others go on.

The first fetches do not all start in one instant: sister sites tend to share a server, and many
connections at once overflow a short listen queue. What the kernel drops there waits for seconds
(16 of 406 feeds of one small server timed out).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLOW_AFTER_S = 5.0
FIRST = 16
"""So many fetches begin at once; each lets one more join them `JOIN_AFTER_S` later."""

JOIN_AFTER_S = 0.1


class Slots:
    """`total` fetches at once, at most half of them (one at least) for the known slow."""

    def __init__(self, total: int, *, slow_after: float = SLOW_AFTER_S) -> None:
        self.slow_after = slow_after
        self._total = total
        self._all = _Gate(min(total, FIRST))
        self._slow = _Gate(max(1, total // 2))

    def resize(self, total: int) -> None:
        """Fetches under way go on, also where there now are too many."""
        self._total = total
        self._all.set_limit(min(total, max(self._all.limit, FIRST)))
        self._slow.set_limit(max(1, total // 2))

    @asynccontextmanager
    async def take(self, *, is_slow: bool) -> AsyncIterator[Slot]:
        """Waits for a slot; the slot tells at its end whether the fetch was slow."""
        slot = Slot(self._slow)
        try:
            if is_slow:
                await slot.wait_as_slow()
            await self._all.enter()
            loop = asyncio.get_running_loop()
            if self._all.limit < self._total:
                loop.call_later(JOIN_AFTER_S, self._let_one_more)
            timer = loop.call_later(self.slow_after, slot.turn_slow)
            try:
                yield slot
            finally:
                timer.cancel()
                self._all.leave()
        finally:
            slot.release()

    def _let_one_more(self) -> None:
        self._all.set_limit(min(self._total, self._all.limit + 1))


class Slot:
    """One fetch; `was_slow` once it has taken too long."""

    def __init__(self, slow: _Gate) -> None:
        self._slow = slow
        self._is_counted = False
        self.was_slow = False

    async def wait_as_slow(self) -> None:
        """Before the start of a feed that was slow the last time."""
        await self._slow.enter()
        self._is_counted = True

    def turn_slow(self) -> None:
        """Nobody knew before; those who are known wait for this one too."""
        self.was_slow = True
        if not self._is_counted:
            self._slow.count += 1
            self._is_counted = True

    def release(self) -> None:
        """The end of it."""
        if self._is_counted:
            self._slow.leave()
            self._is_counted = False


class _Gate:
    """Lets `limit` in. `count` may pass it: who turns slow under way goes on."""

    def __init__(self, limit: int) -> None:
        self.count = 0
        self.limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """First come, first served."""
        if self.count < self.limit and not self._waiting:
            self.count += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """One less; the next who waits comes in if there is room."""
        self.count -= 1
        self._let_in()

    def set_limit(self, limit: int) -> None:
        """More come in at once, fewer as others leave."""
        self.limit = limit
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self.count < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.count += 1
                turn.set_result(None)
