"""Nothing lasts longer than it may (B07-B11, P54, security 0.8)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from fetch_servers import Script, Talk, answer, fetcher, once, serve

from aggregator.fetch.limits import Phases
from aggregator.model import FetchFailed, FetchRequest, Outcome

SHORT = timedelta(seconds=0.3)


def drip(head: bytes, drop: bytes, pause: float = 0.02) -> Script:
    """Sends `head`, then a `drop` now and then, for ever."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(head)
        while True:
            await talk.send(drop)
            await asyncio.sleep(pause)

    return script


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x", id="B07-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", id="B08-header"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x", id="chunk-extension"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"y", id="B08-one-field"),
    ],
)
async def test_b07_b08_slow_answers(head: bytes, drop: bytes) -> None:
    """The total is a total, however small the steps."""
    started = asyncio.get_running_loop().time()

    async with serve(drip(head, drop)) as server, fetcher(timeout=SHORT) as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TIMEOUT
    assert asyncio.get_running_loop().time() - started < 2


async def test_b09_interim_responses_one_by_one() -> None:
    """They count as bytes, not as an answer."""
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"

    async with serve(drip(interim, interim, 0.05)) as server, fetcher(timeout=SHORT) as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TIMEOUT


async def test_b10_an_endless_body_is_cut_at_the_limit() -> None:
    """At `max_bytes`, long before any time is over, and the count is told."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"

    async with serve(drip(head, b"x" * 65_536, 0)) as server, fetcher(max_bytes=999_999) as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TOO_LARGE
    assert result.wire_bytes <= 999_999


async def test_b11_endless_headers_are_cut_at_the_limit() -> None:
    """64 KiB of head are enough."""
    head = b"HTTP/1.1 200 OK\r\nX: "

    async with serve(drip(head, b"x" * 65_536, 0)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.PROTOCOL


async def test_a_large_body_within_the_limits_arrives_whole() -> None:
    """The sender is slowed down while the body is read, not cut off."""
    body = bytes(range(256)) * 16_000
    async with serve(once(answer(body))) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert not isinstance(result, FetchFailed)
    assert getattr(result, "body", None) == body


async def test_silence_after_the_request() -> None:
    """The first byte has its own limit inside the total."""
    phases = Phases(first_byte=timedelta(seconds=0.1))

    async def script(talk: Talk) -> None:
        await talk.request()
        await asyncio.sleep(60)

    async with serve(script) as server, fetcher(phases=phases) as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.detail) == (
        Outcome.TIMEOUT,
        "no first byte of an answer in time",
    )


async def test_a_slow_fetch_leaves_nothing_behind() -> None:
    """B07: the connection of a fetch that timed out is closed at once."""
    gone = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.reader.read()
        gone.set()

    async with serve(script) as server, fetcher(timeout=SHORT) as client:
        await client.fetch(FetchRequest(server.url()))
        await asyncio.wait_for(gone.wait(), 2)

    assert gone.is_set()


async def test_cancellation_passes() -> None:
    """A stopping daemon is not told that a fetch has failed; the connection is closed."""
    asked = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        asked.set()
        await talk.reader.read()

    async with serve(script) as server, fetcher() as client:
        task = asyncio.ensure_future(client.fetch(FetchRequest(server.url())))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert task.cancelled()
