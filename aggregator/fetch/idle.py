"""Connections between two requests: few, and not for long."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta

from aggregator.fetch.connection import Connection
from aggregator.fetch.limits import IDLE_TTL, MAX_IDLE

Key = tuple[object, ...]
"""An origin and the route to it."""


class IdlePool:
    """At most one connection per origin and route (a host has one request in flight); the oldest
    leave first. A dict, because scanning a list of idle connections is what makes httpcore slow."""

    def __init__(self, ttl: timedelta = IDLE_TTL) -> None:
        self._ttl_s = ttl.total_seconds()
        self._idle: OrderedDict[Key, tuple[Connection, asyncio.TimerHandle]] = OrderedDict()

    def take(self, key: Key) -> Connection | None:
        """A connection that looks alive, no longer in the pool."""
        found = self._idle.pop(key, None)
        if found is None:
            return None
        connection, timer = found
        timer.cancel()
        return connection if connection.is_usable else None

    def put(self, key: Key, connection: Connection) -> None:
        """Keep it for the time to live, or until `MAX_IDLE` others came."""
        self._drop(key)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._ttl_s, self._drop, key)
        self._idle[key] = (connection, timer)
        if len(self._idle) > MAX_IDLE:
            self._drop(next(iter(self._idle)))

    def clear(self) -> None:
        """Close them all."""
        for key in list(self._idle):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        found = self._idle.pop(key, None)
        if found is not None:
            connection, timer = found
            timer.cancel()
            connection.abort()
