"""Proves at the start that connections pass the guard, without leaving this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aggregator.errors import GuardError
from aggregator.fetch.faults import Fault
from aggregator.fetch.guard import Policy
from aggregator.fetch.targets import Target, parse_target
from aggregator.model import Outcome

Probe = Callable[[Target, Policy], Awaitable[object]]
"""Makes a GET on the very way that every fetch takes."""

_HOSTS = ("127.0.0.1", "127.1")
"""An address as such, and a spelling of it that only the resolver understands."""


async def prove_guard(probe: Probe) -> None:
    """Tries to reach a listener of our own on loopback, which must not work.

    Raises GuardError when a connection arrives, when the refusal is not the guard's, or when the
    test itself cannot be made: what is not proven counts as broken.
    """
    arrived: list[str] = []

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append("connection")
        writer.transport.abort()

    try:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
    except OSError as error:
        raise GuardError("the guard cannot be tested: no listener on loopback") from error
    async with server:
        port = server.sockets[0].getsockname()[1]
        for host in _HOSTS:
            refused = await _is_refused(probe, f"http://{host}:{port}/", port)
            if not refused or arrived:
                raise GuardError("a connection to loopback passed the network guard")


async def _is_refused(probe: Probe, url: str, port: int) -> bool:
    """True if the guard, and nothing else, said no. Only the address is bad, not the port."""
    try:
        async with asyncio.timeout(5):
            await probe(parse_target(url), Policy(allow_ports=frozenset({port})))
    except Fault as fault:
        return fault.outcome is Outcome.BLOCKED_ADDRESS
    except Exception as error:
        raise GuardError("the network guard failed in its test") from error
    return False
