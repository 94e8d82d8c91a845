"""A checked address -> a connection that carries one request at a time."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Iterable
from typing import cast

from aggregator.fetch.faults import Fault, StaleConnection
from aggregator.fetch.reader import ResponseReader
from aggregator.fetch.targets import Target
from aggregator.model import Outcome

_HIGH_WATER = 256 * 1024
_REASONS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "there is no route to the host",
    errno.EHOSTUNREACH: "there is no route to the host",
}


class Connection(asyncio.Protocol):
    """One TCP or TLS connection: `send`, then `wait_head`, then `read` till it gives b""."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._error: Fault | StaleConnection | None = None
        self._is_reused = False
        self._is_paused = False
        self.closed = self._loop.create_future()

    @property
    def is_usable(self) -> bool:
        """False once either side has begun to close it."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, head: bytes, reader: ResponseReader, first_byte: float) -> None:
        """Write the request; its answer goes to `reader` and must begin within `first_byte` s."""
        if self._transport is None:
            raise StaleConnection if self._is_reused else _unanswered()
        self._reader = reader
        self._silence = self._loop.call_later(first_byte, self._give_up)
        self._transport.write(head)

    async def wait_head(self) -> None:
        """Until the reader has the head; raises Fault or StaleConnection."""
        reader = self._reader
        while reader is not None and not reader.has_head:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def read(self) -> bytes:
        """More of the body, b"" at its end; raises Fault."""
        reader = self._reader
        while reader is not None:
            if self._error is not None:
                raise self._error
            if reader.buffered:
                return self._take(reader)
            if reader.is_done:
                break
            await self._wait()
        return b""

    def detach(self) -> bool:
        """End the exchange; True if another can follow, otherwise the connection is closed."""
        reader, self._reader = self._reader, None
        self._end_silence()
        if reader is not None and reader.is_done and reader.is_reusable and self.is_usable:
            self._is_reused = True
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """Close now; nothing of ours is left to be sent."""
        self._end_silence()
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """The peer becomes the server `name` that a proxy has connected us with; raises
        ssl.SSLError, ConnectionError."""
        self._reader = None
        self._end_silence()
        if self._transport is None:
            raise ConnectionResetError
        transport = await self._loop.start_tls(self._transport, self, context, server_hostname=name)
        self._transport = cast(asyncio.Transport, transport)

    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS side of it, None for plain TCP."""
        found = self._transport.get_extra_info("ssl_object") if self._transport else None
        return found if isinstance(found, ssl.SSLObject) else None

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own are no subclass

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        self._end_silence()
        if reader is None:  # an idle connection has nothing to say: it is going to close
            self.abort()
            return
        try:
            reader.feed(data)
        except Fault as fault:
            self._fail(fault)
            return
        if reader.buffered > _HIGH_WATER and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._end_silence()
        if self._reader is not None and self._error is None and not self._reader.is_done:
            self._error = self._explain(self._reader, error)
        self._wake()
        self.closed.set_result(None)

    def _explain(
        self, reader: ResponseReader, error: Exception | None
    ) -> Fault | StaleConnection | None:
        if self._is_reused and reader.is_untouched:
            return StaleConnection()
        if isinstance(error, ssl.SSLError):
            return Fault(Outcome.TLS, describe_tls(error))
        if error is not None:
            return Fault(Outcome.PROTOCOL, "the connection broke")
        try:
            reader.end()
        except Fault as fault:
            return fault
        return None

    def _give_up(self) -> None:
        self._fail(Fault(Outcome.TIMEOUT, "no first byte of an answer in time"))

    def _fail(self, fault: Fault) -> None:
        if self._error is None:
            self._error = fault
        self.abort()
        self._wake()

    def _take(self, reader: ResponseReader) -> bytes:
        if self._is_paused:
            self._is_paused = False
            if self._transport is not None:
                self._transport.resume_reading()
        return reader.take()

    def _end_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


def _unanswered() -> Fault:
    return Fault(Outcome.PROTOCOL, "the connection was closed without an answer")


async def dial(
    target: Target, addresses: Iterable[str], tls: ssl.SSLContext | None, timeout: float
) -> Connection:
    """Connect to the first of `addresses` that answers, one after the other (never two at once:
    one poll is one connection); https wants `tls`. An address may take an equal share of the
    time that is left.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    fault = Fault(Outcome.CONNECT, "the connection failed")
    waiting = list(addresses)
    while waiting:
        share = (deadline - loop.time()) / len(waiting)
        try:
            async with asyncio.timeout(share):
                return await _connect(target, waiting.pop(0), tls)
        except ssl.SSLError as error:
            raise Fault(Outcome.TLS, describe_tls(error)) from None
        except TimeoutError:
            fault = Fault(Outcome.TIMEOUT, "the connection was not made in time")
        except (ConnectionResetError, ConnectionAbortedError):  # a TCP handshake ends otherwise
            fault = Fault(Outcome.TLS, "the server broke off the TLS handshake")
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, "the connection failed")
            fault = Fault(Outcome.CONNECT, reason)
    raise fault


def describe_tls(error: ssl.SSLError) -> str:
    """OpenSSL's own words: they name the certificate's fault, never the request."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was refused: {error.verify_message}"[:200]
    reason = (getattr(error, "reason", None) or "unknown").replace("_", " ").lower()
    return f"the TLS handshake failed: {reason}"[:200]


async def _connect(target: Target, address: str, tls: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    if target.scheme == "http":
        _, connection = await loop.create_connection(Connection, address, target.port)
    elif tls is None:
        raise Fault(Outcome.INTERNAL_ERROR, "https without certificates to verify with")
    else:
        # RFC 6066 section 3: the name in SNI has no trailing dot.
        name = target.host.rstrip(".")
        _, connection = await loop.create_connection(
            Connection, address, target.port, ssl=tls, server_hostname=name
        )
    return connection
