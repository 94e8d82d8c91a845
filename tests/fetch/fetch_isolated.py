"""Hostile targets against a fetcher in a network namespace of its own; prints what came of it.

Run by test_fetch_isolated.py under `unshare -n`, so that nothing here can leave the machine. The
namespace has one address of the public internet on its loopback device, where a server listens;
canaries listen on every other address.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any

from fetch_targets_zoo import SPECIAL_ADDRESSES, SPELLINGS

from aggregator.fetch import Fetcher
from aggregator.fetch.resolve import Lookup, look_up
from aggregator.model import FetchFailed, FetchRequest, FetchResult
from aggregator.network import FetchSettings

PUBLIC = "8.8.8.8"
PORT = 8080
_SET_FLAGS, _SET_ADDRESS, _UP = 0x8914, 0x8916, 0x1 | 0x40  # linux/sockios.h, linux/if.h

Row = dict[str, object]


class Site:
    """What the public server and the canaries have seen; `location` is where it sends us."""

    def __init__(self) -> None:
        self.location = ""
        self.hits = 0
        self.requests = 0

    def answer(self) -> bytes:
        """A feed, or a redirect while there is a location."""
        if not self.location:
            return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n<rss/>"
        head = f"HTTP/1.1 302 Found\r\nLocation: {self.location}\r\n"
        return head.encode("utf-8") + b"Connection: close\r\nContent-Length: 0\r\n\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The public server."""
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.write(self.answer())
        await writer.drain()
        writer.close()

    def count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A canary: nobody should ever come here."""
        self.hits += 1
        writer.close()


class Names:
    """A resolver that gives scripted answers in turn, the last one for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.rest = list(answers)
        self.calls = 0

    def __call__(self, host: str) -> tuple[str, ...]:
        self.calls += 1
        return self.rest.pop(0) if len(self.rest) > 1 else self.rest[0]


def prepare_device() -> None:
    """Loopback up, with one public address beside its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(PUBLIC))
        fcntl.ioctl(control, _SET_ADDRESS, struct.pack("16s16s", b"lo:1", address))


@asynccontextmanager
async def fetcher(lookup: Lookup = look_up, **settings: Any) -> AsyncIterator[Fetcher]:
    """A fetcher that allows nothing but the server's port, unless `settings` say so."""
    values: dict[str, Any] = {"allow_ports": frozenset({PORT}), **settings}
    client = Fetcher(
        FetchSettings(**values),
        user_agent="aggregator/test",
        lookup=lookup,
    )
    try:
        yield client
    finally:
        await client.aclose()


def row(case: str, result: FetchResult, **more: object) -> Row:
    """One line of the report."""
    if isinstance(result, FetchFailed):
        return {"case": case, "outcome": result.outcome, "detail": result.detail, **more}
    return {"case": case, "outcome": "ok", "detail": "", **more}


async def direct() -> list[Row]:
    """C01: odd spellings of this machine, asked for directly."""
    async with fetcher() as client:
        return [
            row(host, await client.fetch(FetchRequest(f"http://{host}/"))) for host in SPELLINGS
        ]


async def redirected(site: Site) -> list[Row]:
    """C02: the same, as the target of a redirect from a public server."""
    rows = []
    async with fetcher() as client:
        for host in SPELLINGS:
            site.location = f"http://{host}/"
            rows.append(row(host, await client.fetch(FetchRequest(f"http://{PUBLIC}:{PORT}/"))))
    site.location = ""
    return rows


async def resolved() -> list[Row]:
    """C03, C04: special addresses as the answer to a name."""
    rows = []
    for address in SPECIAL_ADDRESSES:
        names = Names((address,))
        async with fetcher(names) as client:
            result = await client.fetch(FetchRequest("http://feed.test/"))
        rows.append(row(address, result, lookups=names.calls))
    return rows


async def mixed() -> list[Row]:
    """C06: a public and a private answer together, in both orders."""
    rows = []
    for answer in ((PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), (PUBLIC, "::1")):
        async with fetcher(Names(answer)) as client:
            result = await client.fetch(FetchRequest(f"http://feed.test:{PORT}/"))
        rows.append(row(" ".join(answer), result))
    return rows


async def flipped(site: Site) -> list[Row]:
    """C05: public at first, then this machine; between two polls and between two hops."""
    rows = []
    for location, count in (("", 2), (f"http://feed.test:{PORT}/next", 1)):
        site.location = location
        names = Names((PUBLIC,), ("127.0.0.1",))
        async with fetcher(names) as client:
            for number in range(count):
                result = await client.fetch(FetchRequest(f"http://feed.test:{PORT}/"))
                rows.append(row(f"{location}#{number}", result, lookups=names.calls))
    site.location = ""
    return rows


async def raced(site: Site) -> list[Row]:
    """C07: an answer that changes at every lookup, a thousand times."""
    before, flips = site.requests, [(PUBLIC,), ("127.0.0.1",)] * 500
    names = Names(*flips)
    async with fetcher(names) as client:
        results = [
            await client.fetch(FetchRequest(f"http://feed.test:{PORT}/")) for _ in range(1000)
        ]
    blocked = sum(isinstance(result, FetchFailed) for result in results)
    counts = {"lookups": names.calls, "requests": site.requests - before, "blocked": blocked}
    return [row("race", results[-1], **counts)]


async def ported() -> list[Row]:
    """C08: ports that are not for feeds, on a public address."""
    rows = []
    for port in (0, 22, 25, 6379, 8081, 65536, 99999):
        names = Names((PUBLIC,))
        async with fetcher(names) as client:
            result = await client.fetch(FetchRequest(f"http://feed.test:{port}/"))
        rows.append(row(str(port), result, lookups=names.calls))
    return rows


async def allowed() -> list[Row]:
    """C12: one private network is allowed, its neighbour is not, and the open port is not its."""
    urls = ("http://127.0.0.1:6380/", "http://127.0.0.2/", f"http://{PUBLIC}:6380/")
    async with fetcher(allow_private=(ip_network("127.0.0.1/32"),)) as client:
        return [row(url, await client.fetch(FetchRequest(url))) for url in urls]


async def main() -> None:
    """Runs every group and prints the rows with the canaries' count after each."""
    prepare_device()
    site = Site()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(await asyncio.start_server(site.serve, PUBLIC, PORT))
        await stack.enter_async_context(await asyncio.start_server(site.serve, "127.0.0.1", 6380))
        for port in (80, 443, 6379):
            canary = await asyncio.start_server(site.count, ["0.0.0.0", *v6()], port)
            await stack.enter_async_context(canary)
        for address in ("127.0.0.1", *v6()):
            canary = await asyncio.start_server(site.count, address, PORT)
            await stack.enter_async_context(canary)
        report: dict[str, list[Row]] = {}
        report["direct"] = await direct()
        report["redirected"] = await redirected(site)
        report["resolved"] = await resolved()
        report["mixed"] = await mixed()
        report["flipped"] = await flipped(site)
        report["raced"] = await raced(site)
        report["ported"] = await ported()
        report["allowed"] = await allowed()
        report["canaries"] = [{"hits": site.hits}]
    json.dump(report, sys.stdout)


def v6() -> list[str]:
    """The unspecified IPv6 address, where the kernel has IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return []
    return ["::"]


if __name__ == "__main__":
    asyncio.run(main())
