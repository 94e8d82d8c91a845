"""A connection to a proxy -> a TLS connection to the server behind it (RFC 9110 section 9.3.6)."""

from __future__ import annotations

import asyncio
import ssl

from aggregator.fetch.connection import Connection, describe_tls
from aggregator.fetch.faults import Fault, StaleConnection
from aggregator.fetch.limits import MAX_HEAD_BYTES
from aggregator.fetch.reader import ResponseReader
from aggregator.fetch.targets import Target
from aggregator.model import Outcome


async def open_tunnel(
    connection: Connection, target: Target, tls: ssl.SSLContext, timeout: float
) -> None:
    """Afterwards `connection` speaks with `target`, verified by its name. Raises Fault."""
    try:
        async with asyncio.timeout(timeout):
            await _ask_proxy(connection, target, timeout)
            await connection.start_tls(tls, target.host.rstrip("."))
    except ssl.SSLError as error:
        raise Fault(Outcome.TLS, describe_tls(error)) from None
    except TimeoutError:
        connection.abort()
        raise Fault(Outcome.TIMEOUT, "the proxy made no connection in time") from None
    except (ConnectionError, StaleConnection):
        raise Fault(Outcome.TLS, "the TLS handshake through the proxy was broken off") from None
    except BaseException:
        connection.abort()
        raise


async def _ask_proxy(connection: Connection, target: Target, timeout: float) -> None:
    host = f"[{target.host}]" if ":" in target.host else target.host
    where = f"{host}:{target.port}"
    reader = ResponseReader(MAX_HEAD_BYTES)
    head = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n"
    connection.send(head.encode("ascii"), reader, timeout)
    await connection.wait_head()
    if not 200 <= reader.status < 300:
        connection.abort()
        raise Fault(Outcome.CONNECT, f"the proxy answered with status {reader.status}")
    if reader.buffered:
        connection.abort()
        raise Fault(Outcome.PROTOCOL, "the proxy sent more than its answer")
