"""Health, metrics and the trigger, over loopback."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import StorageError
from aggregator.freshness import BlockAge, block_ages
from aggregator.network import Block, Page
from aggregator.serve import listener
from aggregator.serve.app import Started, build_app
from aggregator.serve.listener import Listener
from aggregator.serve.metrics import Snapshot
from aggregator.vitals import Vitals

TOKEN = "s3cret"
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Port:
    """A daemon that says what it is told to say."""

    def __init__(self) -> None:
        self.why: str | None = None
        self.polled: list[int] = []
        self.vitals = Vitals(started_s=0.0)

    def complaint(self) -> str | None:
        """As set."""
        return self.why

    async def snapshot(self) -> Snapshot:
        """A small one."""
        self.vitals.polls["a", "ok"] += 1
        self.vitals.note_lateness(3.0)
        self.vitals.note_lateness(9999.0)
        ages = (BlockAge("p", "b", 2 * HOUR, HOUR), BlockAge("p", "c", None, None))
        return Snapshot(self.vitals, self.why, ages, {"ok": 1}, 7, 2, 0)

    async def poll(self, feed_id: int) -> Started:
        """Feed 1 is polled, feed 2 rests, others do not exist."""
        self.polled.append(feed_id)
        return {1: Started.STARTED, 2: Started.TOO_SOON}.get(feed_id, Started.UNKNOWN)


class FailingPort(Port):
    """One whose database cannot be read."""

    async def snapshot(self) -> Snapshot:
        """As the store says it."""
        raise StorageError("aggregator.db: disk I/O error")

    async def poll(self, feed_id: int) -> Started:
        """The same."""
        raise StorageError("aggregator.db: disk I/O error")


@asynccontextmanager
async def served(port: Port, token: str | None = TOKEN) -> AsyncIterator[int]:
    """The TCP port that answers."""
    app = build_app(port, hosts=frozenset({"127.0.0.1", "::1", "ops.example"}), token=token)
    listening = Listener(app, "127.0.0.1", 0)
    number = await listening.start()
    try:
        yield number
    finally:
        await listening.close()


async def ask(port: int, line: str, *headers: str, host: str = "127.0.0.1") -> tuple[int, str]:
    """Status and body of one request."""
    head, body = await talk(port, line, *headers, host=host)
    return int(head.split(" ")[1]), body


async def talk(port: int, line: str, *headers: str, host: str = "127.0.0.1") -> tuple[str, str]:
    """Head and body of the answer to one request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{line} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return head, body


async def test_health_is_200_or_503_with_the_reason() -> None:
    """For load balancers and people."""
    port = Port()
    async with served(port) as number:
        well = await ask(number, "GET /healthz")
        port.why = "disk_full: 5 bytes free"
        ill = await ask(number, "GET /healthz")

    assert well == (200, "ok\n")
    assert ill == (503, "disk_full: 5 bytes free\n")


async def test_metrics_are_prometheus_text() -> None:
    """Counters, gauges, blocks and a histogram; ids as labels, no URL."""
    async with served(Port()) as number:
        status, body = await ask(number, "GET /metrics")

    assert status == 200
    for line in (
        'aggregator_polls_total{outcome="ok",site="a"} 1.0',
        "aggregator_up 1.0",
        "aggregator_config_ok 1.0",
        "aggregator_stories 7.0",
        'aggregator_feeds{state="ok"} 1.0',
        'aggregator_block_age_seconds{block="b",page="p"} 7200.0',
        'aggregator_block_fresh{block="b",page="p"} 0.0',
        'aggregator_poll_lateness_seconds_bucket{le="5.0"} 1.0',
        'aggregator_poll_lateness_seconds_bucket{le="+Inf"} 2.0',
    ):
        assert line in body.splitlines()
    assert "http" not in body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9180", 200),
        ("[::1]:9180", 200),
        ("OPS.example", 200),
        ("evil.test", 421),
        ("evil.test:127.0.0.1", 421),
        ("", 421),
    ],
)
async def test_C14_only_hosts_of_ours_are_answered(host: str, status: int) -> None:
    """A browser that was rebound to loopback asks under another name."""
    async with served(Port()) as number:
        found, _ = await ask(number, "GET /metrics", host=host)

    assert found == status


async def test_C14_forwarded_addresses_mean_nothing() -> None:
    """They open no door."""
    async with served(Port()) as number:
        status, _ = await ask(number, "POST /poll/1", "X-Forwarded-For: 127.0.0.1")
        other, _ = await ask(number, "GET /healthz", "X-Forwarded-Host: x", host="evil.test")

    assert (status, other) == (401, 421)


@pytest.mark.parametrize(
    ("feed", "header", "status"),
    [
        ("1", f"Authorization: Bearer {TOKEN}", 202),
        ("2", f"Authorization: Bearer {TOKEN}", 429),
        ("3", f"Authorization: Bearer {TOKEN}", 404),
        ("x", f"Authorization: Bearer {TOKEN}", 404),
        ("9" * 5000, f"Authorization: Bearer {TOKEN}", 404),
        ("9" * 5000, "X-Nothing: here", 401),
        ("1", "Authorization: Bearer wrong", 401),
        ("1", f"Authorization: {TOKEN}", 401),
        ("1", "X-Nothing: here", 401),
    ],
)
async def test_a_poll_wants_the_token(feed: str, header: str, status: int) -> None:
    """And a feed that has rested."""
    port = Port()
    async with served(port) as number:
        found, _ = await ask(number, f"POST /poll/{feed}", header)

    assert found == status
    assert (port.polled != []) is (status in {202, 429} or feed == "3")


@pytest.mark.parametrize("line", ["GET /metrics", "POST /poll/1"])
async def test_storage_that_fails_is_a_503(line: str, caplog: pytest.LogCaptureFixture) -> None:
    """The daemon says so itself, once: a scrape leaves no traceback in its log."""
    port = FailingPort()
    async with served(port) as number:
        answer = await ask(number, line, f"Authorization: Bearer {TOKEN}")

    assert answer == (503, "not now\n")
    assert caplog.records == []


async def test_without_a_token_nobody_polls() -> None:
    """An empty one is none, and nobody is asked for one."""
    async with served(Port(), token=None) as number:
        answer = await ask(number, "POST /poll/1", "Authorization: Bearer ")

    assert answer == (403, "nobody may: serve has no token_env\n")


async def test_who_has_no_token_is_told_what_is_wanted() -> None:
    """RFC 9110, section 15.5.2: a 401 comes with a challenge."""
    async with served(Port()) as number:
        head, _ = await talk(number, "POST /poll/1")

    assert head.startswith("HTTP/1.1 401 ")
    assert "\r\nwww-authenticate: bearer" in head.lower()


@pytest.mark.parametrize(
    ("line", "status"), [("GET /", 404), ("POST /metrics", 405), ("GET /poll/1", 405)]
)
async def test_there_is_nothing_else(line: str, status: int) -> None:
    """Three addresses, one method each."""
    async with served(Port()) as number:
        found, _ = await ask(number, line)

    assert found == status


async def test_C14_a_megabyte_of_header_is_refused() -> None:
    """Before it is read to its end."""
    async with served(Port()) as number:
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        try:
            answer = await reader.read(12)
        except ConnectionError:
            answer = b""
        writer.transport.abort()

    assert answer in {b"", b"HTTP/1.1 400"}


async def test_C14_connections_are_bounded() -> None:
    """Those over the limit are dropped; the rest are served, and nothing is left afterwards."""
    async with served(Port()) as number:
        held = [
            await asyncio.open_connection("127.0.0.1", number)
            for _ in range(listener.CONNECTIONS + 20)
        ]
        dropped = 0
        for reader, _ in held[listener.CONNECTIONS :]:
            try:
                dropped += await asyncio.wait_for(reader.read(1), 5) == b""
            except ConnectionError:
                dropped += 1
        for _, writer in held:
            writer.transport.abort()
        await asyncio.sleep(0.1)
        status, _ = await ask(number, "GET /healthz")

    assert dropped == 20
    assert status == 200


async def test_signals_stay_the_daemon_s() -> None:
    """uvicorn takes none."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with served(Port()) as number:
        await ask(number, "GET /healthz")
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    assert during == before


def test_a_block_without_headlines_meets_no_objective() -> None:
    """One without an objective is always fresh."""
    blocks = (
        Block("b", "B", None, ("a",), fresh=HOUR),
        Block("c", "C", None, ("a",)),
    )

    wanted, free = block_ages([Page("p", "a", blocks)], {}, now=NOW)

    assert (wanted.age, wanted.ok, free.ok) == (None, False, True)
