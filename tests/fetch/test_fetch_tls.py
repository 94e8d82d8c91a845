"""TLS is verified, never downgraded, and resumed (B23)."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import warnings
from contextlib import suppress
from datetime import timedelta

import pytest
from fetch_certificates import NAME, client_context, server_context
from fetch_servers import Talk, always, answer, fetcher, serve

from aggregator.fetch.connection import describe_tls
from aggregator.fetch.limits import Phases
from aggregator.fetch.tls import open_context
from aggregator.model import Fetched, FetchFailed, FetchRequest, FetchResult, Outcome

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command makes the certificates"
)

FEED = answer(b"<rss/>")


def look_up(host: str) -> tuple[str, ...]:
    """Every name is this machine."""
    return ("127.0.0.1",)


async def fetch_from(tls: ssl.SSLContext | None, host: str = NAME) -> FetchResult:
    """The result of one https fetch from a server with this context; None is plain HTTP."""
    client_tls = client_context()
    async with (
        serve(always(FEED), tls) as server,
        fetcher(lookup=look_up, tls=client_tls) as client,
    ):
        return await client.fetch(FetchRequest(f"https://{host}:{server.port}/"))


@pytest.mark.parametrize("host", [NAME, NAME + "."])
async def test_a_verified_server_is_read(host: str) -> None:
    """The name in the URL is the one in the certificate, a trailing dot apart."""

    result = await fetch_from(server_context("good"), host)

    assert isinstance(result, Fetched)
    assert result.body == b"<rss/>"


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        pytest.param("expired", "expired", id="B23-expired"),
        pytest.param("stranger", "not valid for 'feed.test'", id="B23-wrong-name"),
    ],
)
async def test_b23_bad_certificates(certificate: str, words: str) -> None:
    """Refused, and the operator is told why."""

    result = await fetch_from(server_context(certificate))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS
    assert words in result.detail


async def test_b23_an_unknown_authority() -> None:
    """A self-signed chain is not trusted by the system's certificates."""
    async with (
        serve(always(FEED), server_context("good")) as server,
        fetcher(lookup=look_up, tls=open_context()) as client,
    ):
        result = await client.fetch(FetchRequest(f"https://{NAME}:{server.port}/"))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS


async def test_b23_plain_http_on_the_tls_port() -> None:
    """Not TLS at all: refused, and no plain request is made."""
    seen: list[bytes] = []

    async def script(talk: Talk) -> None:
        seen.append(await talk.reader.read(3))
        await talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with (
        serve(script) as server,
        fetcher(lookup=look_up, tls=client_context()) as client,
    ):
        result = await client.fetch(FetchRequest(f"https://{NAME}:{server.port}/"))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS
    assert seen == [b"\x16\x03\x01"]


async def test_b23_tls_1_0_is_too_old() -> None:
    """A server that speaks nothing newer is refused."""
    tls = server_context("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1

    result = await fetch_from(tls)

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS


async def test_a_server_that_wants_a_certificate_of_ours() -> None:
    """TLS 1.3 says so after the handshake; still a TLS fault. The server is a blocking one, since
    asyncio's closes without the alert, and reads to the end, since a reset would overtake it."""
    tls = server_context("good")
    tls.verify_mode = ssl.CERT_REQUIRED

    def refuse_one(listener: socket.socket) -> None:
        raw, _ = listener.accept()
        with raw.dup() as rest:
            with raw, suppress(ssl.SSLError), tls.wrap_socket(raw, server_side=True):
                pass
            while rest.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusal = asyncio.get_running_loop().run_in_executor(None, refuse_one, listener)
        async with fetcher(lookup=look_up, tls=client_context()) as client:
            url = f"https://{NAME}:{listener.getsockname()[1]}/"
            result = await client.fetch(FetchRequest(url))
        await refusal

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TLS


async def test_a_handshake_that_does_not_end() -> None:
    """The connection's limit covers it."""

    async def script(talk: Talk) -> None:
        await talk.reader.read()

    async with (
        serve(script) as server,
        fetcher(
            lookup=look_up,
            tls=client_context(),
            phases=Phases(connect=timedelta(seconds=0.1)),
        ) as client,
    ):
        result = await client.fetch(FetchRequest(f"https://{NAME}:{server.port}/"))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.TIMEOUT


async def test_sessions_are_resumed() -> None:
    """A second connection to the same host is cheaper; another host has no part in it."""
    resumed: list[bool] = []

    async def script(talk: Talk) -> None:
        await talk.request()
        resumed.append(talk.writer.get_extra_info("ssl_object").session_reused)
        await talk.send(answer(b"<rss/>", "Connection: close"))

    async with (
        serve(script, server_context("good")) as server,
        fetcher(lookup=look_up, tls=client_context()) as client,
    ):
        for _ in range(2):
            result = await client.fetch(FetchRequest(f"https://{NAME}:{server.port}/"))

    assert isinstance(result, Fetched)
    assert resumed == [False, True]


def test_the_default_context_verifies() -> None:
    """Names and chains, TLS 1.2 at least."""

    context = open_context()

    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_errors_without_a_reason_have_words() -> None:
    """OpenSSL does not always say what is wrong."""

    words = describe_tls(ssl.SSLError(1, "x"))

    assert words == "the TLS handshake failed: unknown"
