"""Scripted servers on loopback, byte for byte, and a fetcher that may reach them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from aggregator.fetch import Fetcher
from aggregator.fetch.limits import Phases
from aggregator.fetch.resolve import Lookup, look_up
from aggregator.network import FetchSettings

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
AGENT = "aggregator/0.1.0 (+https://example.com/bot)"
SETTINGS = FetchSettings(allow_private=(ip_network("127.0.0.0/8"),), timeout=timedelta(seconds=5))

Script = Callable[["Talk"], Awaitable[None]]


@dataclass
class Talk:
    """One connection as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: list[bytes]

    async def request(self) -> bytes:
        """The next request's head, kept in the server's `seen`."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.seen.append(head)
        return head

    async def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class Server:
    """What a scripted server has seen so far."""

    port: int
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    scheme: str = "http"

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        """An address of this server."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serve(
    script: Script, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Runs `script` once per connection; what it does after the client has gone is no error."""
    server = Server(port=0, scheme="http" if tls is None else "https")
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            await script(Talk(reader, writer, server.seen))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, host, 0, ssl=tls)
    async with listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


def always(*answers: bytes) -> Script:
    """Answers each request of a connection in turn, the last one for ever; then keeps it open."""

    async def script(talk: Talk) -> None:
        rest = list(answers)
        while True:
            await talk.request()
            await talk.send(rest.pop(0) if len(rest) > 1 else rest[0])

    return script


def once(answer: bytes) -> Script:
    """Answers one request and closes."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer)
        talk.writer.close()
        await talk.writer.wait_closed()

    return script


def by_path(answers: dict[str, bytes]) -> Script:
    """Answers by the path of the request."""

    async def script(talk: Talk) -> None:
        while True:
            head = await talk.request()
            await talk.send(answers[head.split(b" ")[1].decode()])

    return script


def answer(
    body: bytes = b"<rss/>", *fields: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """A whole response with its Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *fields, "", ""]).encode("latin-1") + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    """A response that sends the client elsewhere; `location` is latin-1."""
    return answer(b"", f"Location: {location}", status=status)


PHASES = Phases()


@asynccontextmanager
async def fetcher(
    settings: FetchSettings = SETTINGS,
    *,
    now: Callable[[], datetime] = lambda: NOW,
    lookup: Lookup = look_up,
    tls: ssl.SSLContext | None = None,
    phases: Phases = PHASES,
    **changes: Any,
) -> AsyncIterator[Fetcher]:
    """A fetcher that is closed again; `changes` go into the settings."""
    made = Fetcher(
        replace(settings, **changes),
        user_agent=AGENT,
        now=now,
        lookup=lookup,
        tls=tls,
        phases=phases,
    )
    try:
        yield made
    finally:
        await made.aclose()
