"""Which connections are made, kept and tried again (B22, C05, P27, P45)."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest
from fetch_servers import Talk, always, answer, fetcher, once, serve

from aggregator.fetch.connection import dial
from aggregator.fetch.faults import Fault
from aggregator.fetch.idle import IdlePool
from aggregator.fetch.limits import MAX_IDLE, Phases
from aggregator.fetch.reader import ResponseReader
from aggregator.fetch.targets import parse_target
from aggregator.fetch.tls import open_context
from aggregator.model import Fetched, FetchFailed, FetchRequest, Outcome

FEED = answer(b"<rss/>")


async def test_a_connection_serves_the_next_poll() -> None:
    """Two polls of one host share a connection."""
    async with serve(always(FEED)) as server, fetcher() as client:
        for _ in range(2):
            result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (server.connections, len(server.seen)) == (1, 2)


async def test_another_port_is_another_origin() -> None:
    """Kept connections are not mixed up."""
    async with serve(always(FEED)) as one, serve(always(FEED)) as two, fetcher() as client:
        for server in (one, two, one):
            await client.fetch(FetchRequest(server.url()))

    assert (one.connections, two.connections) == (1, 1)


async def test_b22_closed_between_polls() -> None:
    """The server's close is noticed before the next request; no error is shown."""
    async with serve(once(FEED)) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url()))
        await asyncio.sleep(0.05)

        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (server.connections, len(server.seen)) == (2, 2)


async def test_b22_closed_under_the_second_request() -> None:
    """A kept connection that dies before a byte of the answer is replaced once, silently."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(FEED)
        await talk.request()

    async with serve(script) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url()))

        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (server.connections, len(server.seen)) == (2, 3)


async def test_p45_a_fresh_connection_is_not_retried() -> None:
    """The server was asked and did not answer: that is a failure, and one request."""
    async with serve(once(b"")) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.PROTOCOL
    assert (server.connections, len(server.seen)) == (1, 1)


async def test_p45_only_one_retry() -> None:
    """After the kept connection also the fresh one dies: a failure, three requests in all."""

    async def script(talk: Talk) -> None:
        await talk.request()
        if len(talk.seen) == 1:
            await talk.send(FEED)
            await talk.request()

    async with serve(script) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url()))

        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert len(server.seen) == 3


async def test_no_retry_once_an_answer_has_begun() -> None:
    """A kept connection that dies within the answer is a failure."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(FEED)
        await talk.request()
        await talk.send(b"HTTP/1.1 2")

    async with serve(script) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url()))

        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, len(server.seen)) == (Outcome.PROTOCOL, 2)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(answer(b"<rss/>", "Connection: close"), id="close"),
        pytest.param(FEED + b"HTTP/1.1 408 Timeout\r\n\r\n", id="unasked-answer"),
        pytest.param(answer(b"x" * 300_000, status="404 No"), id="unread-body"),
    ],
)
async def test_connections_that_are_not_kept(first: bytes) -> None:
    """One that was promised away, holds bytes nobody asked for, or was left in the middle."""
    async with serve(always(first)) as server, fetcher() as client:
        for _ in range(2):
            await client.fetch(FetchRequest(server.url()))

    assert server.connections == 2


async def test_an_idle_connection_that_speaks_is_closed() -> None:
    """A late 408 must not be taken for the answer to the next request."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(FEED)
        await asyncio.sleep(0.02)
        await talk.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await talk.reader.read()

    async with serve(script) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url()))
        await asyncio.sleep(0.1)

        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert server.connections == 2


async def test_few_idle_connections_are_kept() -> None:
    """The one used longest ago leaves first."""
    count = MAX_IDLE + 1
    hosts = [f"h{number}.test" for number in range(count)]

    async with (
        serve(always(FEED)) as server,
        fetcher(lookup=lambda host: ("127.0.0.1",)) as client,
    ):
        for host in (*hosts, hosts[-1], hosts[0]):
            await client.fetch(FetchRequest(server.url(host=host)))

    assert server.connections == count + 1


async def test_addresses_are_tried_in_turn() -> None:
    """P27: a dead address costs no second request, and the next one is dialled."""
    answers = ("127.0.0.2", "127.0.0.3", "127.0.0.1")

    async with serve(always(FEED)) as server, fetcher(lookup=lambda host: answers) as client:
        result = await client.fetch(FetchRequest(server.url(host="feed.test")))

    assert isinstance(result, Fetched)
    assert (server.connections, len(server.seen)) == (1, 1)


async def test_at_most_four_addresses_are_tried() -> None:
    """A name with a hundred dead addresses is one failure, not a hundred."""
    answers = (*(f"127.0.0.{number}" for number in range(2, 6)), "127.0.0.1")

    async with serve(always(FEED)) as server, fetcher(lookup=lambda host: answers) as client:
        result = await client.fetch(FetchRequest(server.url(host="feed.test")))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.detail) == (Outcome.CONNECT, "the connection was refused")
    assert server.connections == 0


async def test_a_host_that_does_not_answer_a_connection() -> None:
    """The connection has its own limit inside the total."""
    phases = Phases(connect=timedelta(seconds=0.1))
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (one, two):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        async with fetcher(phases=phases) as client:
            result = await client.fetch(FetchRequest(f"http://127.0.0.1:{full.getsockname()[1]}/"))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.detail) == (
        Outcome.TIMEOUT,
        "the connection was not made in time",
    )


async def test_c10_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target is reached directly, the proxy not at all."""
    async with serve(always(FEED)) as proxy, serve(always(FEED)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        async with fetcher() as client:
            result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (proxy.connections, server.connections) == (0, 1)


async def test_closing_ends_fetches_under_way() -> None:
    """They come back as failures, and no connection is left."""
    asked = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        asked.set()
        await talk.reader.read()

    async with serve(script) as server, fetcher() as client:
        task = asyncio.ensure_future(client.fetch(FetchRequest(server.url())))
        await asked.wait()
        await client.aclose()
        result = await task

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.PROTOCOL


async def test_idle_connections_have_an_end() -> None:
    """Whoever is not needed in time is closed."""
    target = parse_target("http://feed.test/")
    async with serve(always(FEED)) as server:
        reachable = parse_target(server.url())
        connection = await dial(reachable, ["127.0.0.1"], open_context(), 5)
        pool = IdlePool(timedelta(seconds=0.01))

        pool.put(target.origin, connection)
        await asyncio.wait_for(connection.closed, 2)

    assert pool.take(target.origin) is None


async def test_a_second_idle_connection_replaces_the_first() -> None:
    """One per origin is enough: a host has one request in flight."""
    async with serve(always(FEED)) as server:
        target = parse_target(server.url())
        first, second = [await dial(target, ["127.0.0.1"], open_context(), 5) for _ in range(2)]
        pool = IdlePool()

        pool.put(target.origin, first)
        pool.put(target.origin, second)
        await asyncio.wait_for(first.closed, 2)
        kept = pool.take(target.origin)
        second.abort()
        await second.closed

    assert kept is second


async def test_a_connection_that_is_gone_before_the_request() -> None:
    """A fresh one is a failure, no retry."""
    async with serve(always(FEED)) as server:
        target = parse_target(server.url())
        connection = await dial(target, ["127.0.0.1"], open_context(), 5)
        connection.abort()
        await connection.closed

        with pytest.raises(Fault) as caught:
            connection.send(b"GET / HTTP/1.1\r\n\r\n", ResponseReader(100), 5)

    assert caught.value.outcome is Outcome.PROTOCOL
