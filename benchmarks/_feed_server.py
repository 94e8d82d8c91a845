"""A fast server for made-up feeds, driven over its standard input.

    python benchmarks/_feed_server.py COUNT [CERTIFICATES]

Prints its ports (plain, then TLS with a directory of certificates), then obeys lines: `version N`
gives every twentieth feed N new entries; `bare` and `validators` switch ETag off and on; each is
answered with a line that counts the answers given since the last one.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import resource
import ssl
import sys
from pathlib import Path

import uvloop
from _feeds import feed_document

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Encoding: gzip\r\n"
_PATH = re.compile(rb"GET (?:http://[^/]*)?/feed/([0-9]+)")
_ETAG = re.compile(rb"\r\nif-none-match: ([^\r]*)", re.IGNORECASE)
GROUP = 50
"""Feeds whose addresses stand in one certificate."""


def address(number: int) -> str:
    """Of its own for every feed."""
    return f"127.1.{number // 250}.{1 + number % 250}"


class Feeds:
    """What is served now."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.validators = True
        self.answers = [0, 0]
        self.full: list[tuple[bytes, bytes, bytes]] = [(b"", b"", b"")] * count
        for number in range(count):
            self._make(number, 0)

    def set_version(self, version: int) -> None:
        for number in range(0, self.count, 20):
            self._make(number, version)

    def _make(self, number: int, version: int) -> None:
        body = gzip.compress(feed_document(number, version), 6, mtime=0)
        etag = b'"' + hashlib.md5(body, usedforsecurity=False).hexdigest().encode() + b'"'
        self.full[number] = (
            f"{HEAD}Content-Length: {len(body)}\r\n".encode(),
            etag,
            b"\r\n" + body,
        )

    def answer(self, head: bytes) -> bytes:
        match = _PATH.match(head)
        if match is None or int(match[1]) >= self.count:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        first, etag, rest = self.full[int(match[1])]
        if not self.validators:
            self.answers[0] += 1
            return first + rest
        asked = _ETAG.search(head)
        if asked is not None and asked[1] == etag:
            self.answers[1] += 1
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        self.answers[0] += 1
        return first + b"ETag: " + etag + b"\r\n" + rest

    def tell(self) -> str:
        full, short = self.answers
        self.answers = [0, 0]
        return f"200 {full} 304 {short}"


class Talk(asyncio.Protocol):
    """One connection; a request is complete with its empty line."""

    def __init__(self, feeds: Feeds) -> None:
        self.feeds = feeds
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.transport.write(self.feeds.answer(head))  # type: ignore[attr-defined] # of uvloop


async def serve(count: int, certificates: Path | None) -> None:
    feeds, loop = Feeds(count), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(feeds), "0.0.0.0", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print(port, await serve_tls(feeds, certificates) if certificates else 0, flush=True)
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        match line.split():
            case ["version", number]:
                feeds.set_version(int(number))
            case ["bare"]:
                feeds.validators = False
            case ["validators"]:
                feeds.validators = True
        print(feeds.tell(), flush=True)


async def serve_tls(feeds: Feeds, certificates: Path) -> int:
    """A listener for each address, with the certificate of its group."""
    loop, port = asyncio.get_running_loop(), 0
    for number in range(feeds.count):
        if number % GROUP == 0:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            name = str(number // GROUP)
            context.load_cert_chain(certificates / f"{name}.pem", certificates / "leaf.key")
        server = await loop.create_server(
            lambda: Talk(feeds), address(number), port, ssl=context, backlog=64
        )
        port = port or server.sockets[0].getsockname()[1]
    return port


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), place))
