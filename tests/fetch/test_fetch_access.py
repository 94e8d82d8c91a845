"""What one feed's own options do to its requests, and to nobody else's (B24, C12, rK6)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fetch_certificates import NAME, authority, server_context
from fetch_servers import AGENT, SETTINGS, Talk, always, answer, by_path, fetcher, redirect, serve

from aggregator.fetch.limits import Phases
from aggregator.fetch.tls import open_context
from aggregator.model import Fetched, FetchFailed, FetchRequest, FetchResult, Outcome
from aggregator.network import Access

FEED = b"<rss/>"
SECRET = "s3cr3t"
KEYED = Access(headers=(("X-Api-Key", SECRET), ("Authorization", f"Basic {SECRET}")))
LOOPBACK = (ip_network("127.0.0.0/8"),)
NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command makes the certificates"
)


def ask(url: str, access: Access) -> FetchRequest:
    """One GET on a feed's own terms."""
    return FetchRequest(url, access=access)


def here(host: str) -> tuple[str, ...]:
    """Every name is this machine."""
    return ("127.0.0.1",)


# -------------------------------------------------------------- headers


async def test_headers_go_to_the_feed_s_own_origin() -> None:
    """At every poll, and to another path there too."""
    answers = {"/feed": redirect("/two"), "/two": answer(FEED)}
    async with serve(by_path(answers)) as server, fetcher() as client:
        result = await client.fetch(ask(server.url(), KEYED))

    assert isinstance(result, Fetched)
    assert [head.count(SECRET.encode()) for head in server.seen] == [2, 2]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost.test"])
async def test_b24_a_redirect_to_another_origin_takes_none_along(host: str) -> None:
    """rK6: neither another port nor another host sees them."""
    async with (
        serve(always(answer(FEED))) as other,
        fetcher(lookup=here) as client,
        serve(always(redirect(other.url("/x", host)))) as server,
    ):
        result = await client.fetch(ask(server.url(), KEYED))

    assert isinstance(result, Fetched)
    assert SECRET.encode() in server.seen[0]
    assert SECRET.encode() not in b"".join(other.seen)


async def test_headers_of_one_feed_are_not_another_s() -> None:
    """Although both use one kept connection."""
    async with serve(always(answer(FEED))) as server, fetcher() as client:
        for access in (KEYED, Access()):
            await client.fetch(ask(server.url(), access))

    assert server.connections == 1
    assert [SECRET.encode() in head for head in server.seen] == [True, False]


async def test_the_user_agent_has_the_feed_s_suffix() -> None:
    """It adds to the honest name, it does not replace it."""
    async with serve(always(answer(FEED))) as server, fetcher() as client:
        await client.fetch(ask(server.url(), Access(user_agent_suffix="(member 17)")))

    assert f"\r\nUser-Agent: {AGENT} (member 17)\r\n".encode() in server.seen[0]


# -------------------------------------------------------- allow_private


async def test_c12_allow_private_is_for_one_feed_only() -> None:
    """Not even a connection that the one has left open serves the other."""
    allowed = Access(allow_private=LOOPBACK)
    async with serve(always(answer(FEED))) as server, fetcher(allow_private=()) as client:
        first = await client.fetch(ask(server.url(), allowed))
        second = await client.fetch(ask(server.url(), Access()))
        third = await client.fetch(ask(server.url(), allowed))

    assert isinstance(first, Fetched)
    assert isinstance(second, FetchFailed)
    assert second.outcome in (Outcome.BLOCKED_ADDRESS, Outcome.BLOCKED_URL)
    assert isinstance(third, Fetched)
    assert (server.connections, len(server.seen)) == (1, 2)


async def test_c12_an_address_beside_the_allowed_ones_is_blocked() -> None:
    """The feed may reach what was named, no more."""
    access = Access(allow_private=(ip_network("127.0.0.1/32"),))
    async with (
        serve(always(redirect("http://127.0.0.2:1/"))) as server,
        fetcher(allow_private=()) as client,
    ):
        result = await client.fetch(ask(server.url(), access))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.BLOCKED_ADDRESS


# -------------------------------------------------------------- ca_file


@NEEDS_OPENSSL
async def test_ca_file_is_trusted_for_its_feed_only() -> None:
    """With it the feed is read, without it the certificate is refused, on new connections."""
    access = Access(ca_file=authority() / "ca.pem")
    async with (
        serve(always(answer(FEED)), server_context("good")) as server,
        fetcher(lookup=here, tls=open_context()) as client,
    ):
        url = f"https://{NAME}:{server.port}/"
        first = await client.fetch(ask(url, access))
        second = await client.fetch(ask(url, Access()))

    assert isinstance(first, Fetched)
    assert isinstance(second, FetchFailed)
    assert second.outcome is Outcome.TLS


@NEEDS_OPENSSL
async def test_ca_file_counts_at_the_feed_s_own_origin_only() -> None:
    """A redirect to another server of that authority is refused."""
    access = Access(ca_file=authority() / "ca.pem")
    async with serve(always(answer(FEED)), server_context("good")) as other:
        away = always(redirect(f"https://{NAME}:{other.port}/"))
        async with (
            serve(away, server_context("good")) as server,
            fetcher(lookup=here, tls=open_context()) as client,
        ):
            result = await client.fetch(ask(f"https://{NAME}:{server.port}/", access))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS
    assert other.seen == []


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_an_unusable_ca_file_fails_its_feed(tmp_path: Path, content: str | None) -> None:
    """In words, and no other feed."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    async with serve(always(answer(FEED))) as server, fetcher() as client:
        result = await client.fetch(ask("https://127.0.0.1:1/", Access(ca_file=path)))
        other = await client.fetch(ask(server.url(), Access()))

    assert result == FetchFailed(Outcome.TLS, "the feed's ca_file cannot be read")
    assert isinstance(other, Fetched)


# ---------------------------------------------------------------- proxy


@dataclass
class Proxy:
    """What a proxy was asked for; `refusal` is its answer to CONNECT instead of a tunnel."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    refusal: bytes | None = None
    behind: int = 0

    @property
    def url(self) -> str:
        """As in feeds.yaml."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def proxy_to(
    port: int, *, refusal: bytes | None = None, plain: bytes = b""
) -> AsyncIterator[Proxy]:
    """A proxy that takes every name for this machine; answers `plain` to plain requests."""
    proxy = Proxy(refusal=refusal, behind=port)

    async def script(talk: Talk) -> None:
        while True:
            head = await talk.request()
            if not head.startswith(b"CONNECT"):
                await talk.send(plain)
            elif refusal is not None:
                await talk.send(refusal)
            else:
                await talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _splice(talk, port)
                return

    async with serve(script) as server:
        proxy.port, proxy.asked = server.port, server.seen
        yield proxy


async def _splice(talk: Talk, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pump(talk.reader, writer), _pump(reader, talk.writer))
    finally:
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def through(proxy: Proxy, url: str, **access: Any) -> FetchResult:
    """One fetch by way of `proxy`; the names in URLs have no address here."""

    def nowhere(host: str) -> tuple[str, ...]:
        raise OSError("no such name")

    terms = Access(proxy=proxy.url, **access)
    async with fetcher(lookup=nowhere, allow_ports=frozenset({proxy.behind})) as client:
        return await client.fetch(ask(url, terms))


async def test_plain_http_through_a_proxy() -> None:
    """The whole URL is asked for; the proxy resolves the name."""
    async with proxy_to(0, plain=answer(FEED)) as proxy:
        result = await through(proxy, "http://far.example/feed?x=1")

    assert isinstance(result, Fetched)
    assert proxy.asked[0].startswith(
        b"GET http://far.example/feed?x=1 HTTP/1.1\r\nHost: far.example\r\n"
    )


@NEEDS_OPENSSL
async def test_https_goes_through_a_tunnel() -> None:
    """TLS ends at the server, verified by its name; the proxy sees neither path nor headers."""
    async with (
        serve(always(answer(FEED)), server_context("good")) as server,
        proxy_to(server.port) as proxy,
    ):
        url = f"https://{NAME}:{server.port}/secret-path"
        result = await through(proxy, url, ca_file=authority() / "ca.pem", headers=KEYED.headers)

    assert isinstance(result, Fetched)
    assert proxy.asked == [
        f"CONNECT {NAME}:{server.port} HTTP/1.1\r\nHost: {NAME}:{server.port}\r\n\r\n".encode()
    ]
    assert SECRET.encode() in server.seen[0]


@NEEDS_OPENSSL
async def test_a_proxy_cannot_stand_in_for_the_server() -> None:
    """A certificate of another name behind the tunnel is refused."""
    async with (
        serve(always(answer(FEED)), server_context("stranger")) as server,
        proxy_to(server.port) as proxy,
    ):
        url = f"https://{NAME}:{server.port}/"
        result = await through(proxy, url, ca_file=authority() / "ca.pem")

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Outcome.CONNECT),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Outcome.CONNECT),
        (b"HTTP/1.1 200 OK\r\n\r\nsurprise", Outcome.PROTOCOL),
        (b"SSH-2.0-x\r\n", Outcome.PROTOCOL),
    ],
)
async def test_a_proxy_that_refuses(refusal: bytes, outcome: Outcome) -> None:
    """A failure of this feed, told as what it is."""
    async with proxy_to(443, refusal=refusal) as proxy:
        result = await through(proxy, "https://far.example/")

    assert isinstance(result, FetchFailed)
    assert result.outcome is outcome


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "[::1]", "127.1", "0x7f000001", "2130706433", "169.254.169.254"]
)
async def test_addresses_in_a_url_are_judged_although_a_proxy_dials(host: str) -> None:
    """What can be seen of the target is checked; a name is the proxy's to resolve."""
    async with proxy_to(0, plain=answer(FEED)) as proxy:
        result = await through(proxy, f"http://{host}/")

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.BLOCKED_ADDRESS
    assert proxy.asked == []


async def test_the_proxy_s_own_address_is_guarded() -> None:
    """A private one must be allowed, for all feeds or for this one."""
    async with proxy_to(0, plain=answer(FEED)) as proxy, fetcher(allow_private=()) as client:
        access = Access(proxy=proxy.url)
        blocked = await client.fetch(ask("http://far.example/", access))
        access = Access(proxy=proxy.url, allow_private=LOOPBACK)
        allowed = await client.fetch(ask("http://far.example/", access))

    assert isinstance(blocked, FetchFailed)
    assert blocked.outcome is Outcome.BLOCKED_ADDRESS
    assert isinstance(allowed, Fetched)
    assert len(proxy.asked) == 1


async def test_ports_behind_a_proxy_are_those_that_are_allowed() -> None:
    """C08: no port scan by way of the proxy."""
    async with proxy_to(0, plain=answer(FEED)) as proxy:
        result = await through(proxy, "http://far.example:22/")

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.BLOCKED_URL
    assert proxy.asked == []


async def test_a_silent_proxy_is_a_timeout() -> None:
    """Within the time of a connection."""

    async def silent(talk: Talk) -> None:
        await talk.request()
        await asyncio.sleep(30)

    phases = Phases(connect=timedelta(seconds=0.1))
    async with serve(silent) as server, fetcher(SETTINGS, phases=phases) as client:
        access = Access(proxy=server.url("").rstrip("/"))
        result = await client.fetch(ask("https://far.example/", access))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TIMEOUT
