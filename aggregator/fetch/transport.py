"""httpx.Request -> httpx.Response over our own connections, every one of them guarded.

A request says where it goes in its extensions: `target` (a `Target`), `route` (a `Route`) and
`max_wire`; the `body` of a POST is there too. Without a route nothing is dialled. A response
carries in its extensions its `fields`, which httpx would act on, and its `body`, an async iterator
of bytes, because httpx's iterators are generators that outlive an early end; `aclose()` closes it.
`Fault` passes httpx untouched.
"""

from __future__ import annotations

import asyncio

from aggregator.fetch.connection import Connection, dial
from aggregator.fetch.faults import Fault, StaleConnection
from aggregator.fetch.guard import (
    check_target,
    check_unresolved,
    choose_addresses,
    choose_proxy,
)
from aggregator.fetch.httpx_api import AsyncBaseTransport, AsyncByteStream, Request, Response
from aggregator.fetch.idle import IdlePool, Key
from aggregator.fetch.limits import Phases
from aggregator.fetch.reader import ResponseReader
from aggregator.fetch.resolve import Resolver
from aggregator.fetch.routes import Route
from aggregator.fetch.targets import Target
from aggregator.fetch.tls import ResumingContext
from aggregator.fetch.tunnel import open_tunnel
from aggregator.model import Outcome


class GuardedTransport(AsyncBaseTransport):
    """HTTP/1.1 on asyncio: resolve once, check every answer, dial the checked address."""

    def __init__(self, resolver: Resolver, phases: Phases) -> None:
        self._resolver = resolver
        self._connect_s = phases.connect.total_seconds()
        self._first_byte_s = phases.first_byte.total_seconds()
        self._idle = IdlePool()
        self._open: set[Connection] = set()

    async def handle_async_request(self, request: Request) -> Response:
        """Raises Fault, besides being what httpx calls."""
        target = request.extensions.get("target")
        route = request.extensions.get("route")
        if not isinstance(target, Target) or not isinstance(route, Route):
            raise Fault(Outcome.INTERNAL_ERROR, "a request without a guard's policy")
        check_target(target, route.policy)
        if route.proxy is not None:
            check_unresolved(target, route.policy)
        head, key = _write(request, target, route), (target.origin, route)
        kept = self._idle.take(key)
        if kept is not None:
            try:
                return await self._exchange(kept, key, head, request)
            except StaleConnection:
                pass  # closed between two polls; nothing was answered, so once more is harmless
        connection = await self._connect(target, route)
        return await self._exchange(connection, key, head, request)

    async def aclose(self) -> None:
        """Close every connection and wait until the event loop has let go of them."""
        self._idle.clear()
        for connection in self._open:
            connection.abort()
        if self._open:
            await asyncio.wait([connection.closed for connection in self._open])
        self._resolver.close()

    def release(self, key: Key, connection: Connection) -> None:
        """The end of an exchange: keep the connection if it can serve another."""
        tls = connection.ssl_object()
        if tls is not None and isinstance(tls.context, ResumingContext):
            tls.context.remember(tls)
        if connection.detach():
            self._idle.put(key, connection)

    async def _connect(self, target: Target, route: Route) -> Connection:
        first = route.proxy or target
        tls = route.trust.context() if target.scheme == "https" else None
        answers = await self._resolver.resolve(first.host)
        if route.proxy is None:
            addresses = choose_addresses(target, answers, route.policy)
            connection = await dial(target, addresses, tls, self._connect_s)
        else:
            addresses = choose_proxy(answers, route.policy)
            connection = await dial(route.proxy, addresses, None, self._connect_s)
        self._open.add(connection)
        connection.closed.add_done_callback(lambda _: self._open.discard(connection))
        if route.proxy is not None and tls is not None:
            await open_tunnel(connection, target, tls, self._connect_s)
        return connection

    async def _exchange(
        self, connection: Connection, key: Key, head: bytes, request: Request
    ) -> Response:
        reader = ResponseReader(request.extensions["max_wire"])
        try:
            connection.send(head, reader, self._first_byte_s)
            await connection.wait_head()
        except BaseException:
            connection.detach()
            raise
        body = _Body(self, key, connection)
        extensions = {"fields": reader.headers, "body": body}
        return Response(reader.status, stream=body, extensions=extensions)


class _Body(AsyncByteStream):
    """The raw bytes of a body; an iterator of its own, so that nothing waits for a generator."""

    def __init__(self, transport: GuardedTransport, key: Key, connection: Connection) -> None:
        self._transport = transport
        self._key = key
        self._connection: Connection | None = connection

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        data = await self._connection.read() if self._connection is not None else b""
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Called by httpx at the end of the body and by us before it; the first call counts."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport.release(self._key, connection)


def _write(request: Request, target: Target, route: Route) -> bytes:
    """A proxy is told the whole URL (RFC 9112 section 3.2.2), a server the path. A body is short
    and goes with the head."""
    through_proxy = route.proxy is not None and target.scheme == "http"
    where = target.url if through_proxy else target.path
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), where.encode("ascii"))]
    lines += [b"%b: %b" % field for field in request.headers.raw]
    return b"\r\n".join((*lines, b"", request.extensions.get("body", b"")))
