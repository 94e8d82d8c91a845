"""Connections between two requests: few, and not for long."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta

from aggregator.fetch.connection import Connection
from aggregator.fetch.limits import IDLE_TTL, MAX_IDLE

Origin = tuple[str, str, int]


class IdlePool:
    """At most one connection per origin (a host has one request in flight), the oldest leave
    first. A dict, because scanning a list of idle connections is what makes httpcore slow."""

    def __init__(self, ttl: timedelta = IDLE_TTL) -> None:
        self._ttl_s = ttl.total_seconds()
        self._idle: OrderedDict[Origin, tuple[Connection, asyncio.TimerHandle]] = OrderedDict()

    def take(self, origin: Origin) -> Connection | None:
        """A connection that looks alive, no longer in the pool."""
        found = self._idle.pop(origin, None)
        if found is None:
            return None
        connection, timer = found
        timer.cancel()
        return connection if connection.is_usable else None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep it for the time to live, or until `MAX_IDLE` others came."""
        self._drop(origin)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._ttl_s, self._drop, origin)
        self._idle[origin] = (connection, timer)
        if len(self._idle) > MAX_IDLE:
            self._drop(next(iter(self._idle)))

    def clear(self) -> None:
        """Close them all."""
        for origin in list(self._idle):
            self._drop(origin)

    def _drop(self, origin: Origin) -> None:
        found = self._idle.pop(origin, None)
        if found is not None:
            connection, timer = found
            timer.cancel()
            connection.abort()
