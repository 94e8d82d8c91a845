"""What one answer of a server becomes (scoreboard B, cases A and B, as far as one fetch goes)."""

from __future__ import annotations

import gzip
import zlib
from datetime import datetime, timedelta

import pytest
from fetch_servers import AGENT, always, answer, by_path, fetcher, once, redirect, serve

from aggregator.fetch import user_agent
from aggregator.model import (
    Fetched,
    FetchFailed,
    FetchRequest,
    FetchResult,
    Hints,
    NotModified,
    Outcome,
    Validators,
)

FEED = b"<rss>" + b"headline " * 500 + b"</rss>"
NONE = Validators()
KNOWN = Validators('W/"a\\b"', "Tue, 24 Nov 2026 01:02:03 +0000")
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"


async def fetch_once(data: bytes, validators: Validators = NONE) -> FetchResult:
    """The result of one fetch from a server that answers `data` and closes."""
    async with serve(once(data)) as server, fetcher() as client:
        return await client.fetch(FetchRequest(server.url(), validators))


async def test_a_200_is_fetched_whole() -> None:
    """Body, type, validators, hints and size come back as they are."""
    data = answer(
        FEED,
        "Content-Type: application/rss+xml; charset=utf-8",
        'ETag: W/"a\\b"',
        "Last-Modified: Tue, 24 Nov 2026 01:02:03 +0000",
        "Cache-Control: max-age=60",
    )

    async with serve(always(data)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert result == Fetched(
        url=server.url(),
        body=FEED,
        content_type="application/rss+xml; charset=utf-8",
        validators=KNOWN,
        hints=Hints(fresh_for=timedelta(seconds=60)),
        wire_bytes=len(FEED),
    )


async def test_the_request_on_the_wire() -> None:
    """P02, P20-P25, rA13, B19: a GET with these fields and no other, the URL as configured."""
    refusal = answer(b"", "Set-Cookie: a=b", status="404 No")

    async with serve(always(refusal)) as server, fetcher() as client:
        for _ in range(2):
            await client.fetch(FetchRequest(server.url("/a/../%7e{x}?B=%2f&#top")))

    head = server.seen[1].decode().split("\r\n")
    assert server.seen[0] == server.seen[1]
    assert head[0] == "GET /a/../%7e{x}?B=%2f& HTTP/1.1"
    assert head[1] == f"Host: 127.0.0.1:{server.port}"
    assert head[2] == f"User-Agent: {AGENT}"
    assert [line.partition(":")[0] for line in head[3:-2]] == ["Accept", "Accept-Encoding"]
    assert head[4] == "Accept-Encoding: gzip, deflate"


async def test_p05_p07_validators_are_echoed_byte_for_byte() -> None:
    """Both are sent back exactly as they came, odd ones too."""
    async with serve(once(NOT_MODIFIED)) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url(), KNOWN))

    head = server.seen[0].decode()
    assert '\r\nIf-None-Match: W/"a\\b"\r\n' in head
    assert "\r\nIf-Modified-Since: Tue, 24 Nov 2026 01:02:03 +0000\r\n" in head


async def test_a_304_keeps_and_updates_validators() -> None:
    """P11: what the 304 brings replaces what was sent."""
    data = b'HTTP/1.1 304 Not Modified\r\nETag: "b"\r\nCache-Control: max-age=9\r\n\r\n'

    result = await fetch_once(data, KNOWN)

    assert isinstance(result, NotModified)
    assert result.validators == Validators('"b"', KNOWN.last_modified)
    assert result.hints == Hints(fresh_for=timedelta(seconds=9))
    assert result.status == 304


async def test_b20_an_unasked_304_is_a_protocol_error() -> None:
    """Without validators there is nothing that could be unmodified."""

    result = await fetch_once(NOT_MODIFIED)

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.status) == (Outcome.PROTOCOL, 304)


@pytest.mark.parametrize(
    "junk", [Validators('"\xe9"'), Validators('"a"\r\nX: 1'), Validators(None, "x" * 999)]
)
async def test_unsendable_validators_are_left_out(junk: Validators) -> None:
    """A poisoned row of the database does not break the request, nor ask for a 304."""
    async with serve(once(answer(FEED))) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url(), junk))

    assert isinstance(result, Fetched)
    assert b"If-" not in server.seen[0]
    assert b"X: 1" not in server.seen[0]


async def test_b20_a_304_to_unsendable_validators_was_not_asked_for() -> None:
    """What could not be sent cannot have been matched."""

    result = await fetch_once(NOT_MODIFIED, Validators('"\xe9"'))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.PROTOCOL


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (201, Outcome.HTTP_ERROR),
        (203, Outcome.HTTP_ERROR),
        (206, Outcome.HTTP_ERROR),
        (226, Outcome.HTTP_ERROR),
        (300, Outcome.HTTP_ERROR),
        (305, Outcome.HTTP_ERROR),
        (400, Outcome.HTTP_ERROR),
        (401, Outcome.FORBIDDEN),
        (403, Outcome.FORBIDDEN),
        (404, Outcome.NOT_FOUND),
        (407, Outcome.FORBIDDEN),
        (410, Outcome.GONE),
        (412, Outcome.HTTP_ERROR),
        (418, Outcome.HTTP_ERROR),
        (429, Outcome.RATE_LIMITED),
        (431, Outcome.HTTP_ERROR),
        (451, Outcome.FORBIDDEN),
        (500, Outcome.SERVER_ERROR),
        (502, Outcome.SERVER_ERROR),
        (503, Outcome.UNAVAILABLE),
        (599, Outcome.SERVER_ERROR),
        (600, Outcome.PROTOCOL),
        (999, Outcome.PROTOCOL),
    ],
)
async def test_b20_the_status_decides_first(status: int, outcome: Outcome) -> None:
    """rA14: whatever the body looks like, only a 200 is a document; one request, no retry."""
    data = answer(FEED, "Retry-After: 7", status=f"{status} X")

    async with serve(once(data)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url(), KNOWN))

    assert isinstance(result, FetchFailed)
    assert result.outcome is outcome
    assert result.status == (None if status > 599 else status)
    assert status > 599 or result.detail.startswith(f"HTTP status {status}")
    assert result.hints.retry_after == (None if status > 599 else timedelta(seconds=7))
    assert len(server.seen) == 1


async def test_the_status_of_an_enormous_answer_counts() -> None:
    """The size of an error page is not looked at, its Retry-After is."""
    data = answer(b"x", "Retry-After: 7", status="503 Busy", length=1 << 40)

    result = await fetch_once(data)

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.UNAVAILABLE
    assert result.hints.retry_after == timedelta(seconds=7)


async def test_b20_a_204_is_no_document() -> None:
    """A success without a body is an HTTP error to us."""

    result = await fetch_once(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.status) == (Outcome.HTTP_ERROR, 204)


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        pytest.param(b"<html>hello</html>", Outcome.PROTOCOL, id="B20-http-0.9"),
        pytest.param(b"", Outcome.PROTOCOL, id="B20-no-answer"),
        pytest.param(answer(FEED, length=9999), Outcome.PROTOCOL, id="B20-early-close"),
        pytest.param(answer(FEED, "Transfer-Encoding: chunked"), Outcome.PROTOCOL, id="B20-CL+TE"),
        pytest.param(answer(FEED, *["X: y"] * 9000), Outcome.PROTOCOL, id="B12-9000-fields"),
        pytest.param(answer(FEED, "X: " + "y" * 70_000), Outcome.PROTOCOL, id="B11-long-field"),
    ],
)
async def test_b20_broken_answers(data: bytes, outcome: Outcome) -> None:
    """No exception and no half document, whatever comes."""

    result = await fetch_once(data)

    assert isinstance(result, FetchFailed)
    assert result.outcome is outcome


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(gzip.compress(FEED), ("Content-Encoding: gzip",), id="P25-gzip"),
        pytest.param(gzip.compress(FEED), ("Content-Encoding: x-gzip",), id="rA5"),
        pytest.param(gzip.compress(FEED), ("Content-Encoding: gzip, identity",), id="rA6"),
        pytest.param(gzip.compress(FEED), ("Content-Type: application/x-gzip",), id="rA7"),
        pytest.param(zlib.compress(FEED), ("Content-Encoding: deflate",), id="rA1-zlib"),
        pytest.param(zlib.compress(FEED, wbits=-15), ("Content-Encoding: deflate",), id="rA1-raw"),
        pytest.param(
            gzip.compress(FEED[:999]) + gzip.compress(FEED[999:]),
            ("Content-Encoding: gzip",),
            id="rA2-members",
        ),
    ],
)
async def test_codings_are_undone(body: bytes, fields: tuple[str, ...]) -> None:
    """The document is the same; `wire_bytes` is what came."""

    result = await fetch_once(answer(body, *fields))

    assert isinstance(result, Fetched)
    assert result.body == FEED
    assert result.wire_bytes == len(body)


@pytest.mark.parametrize(
    ("body", "fields", "outcome"),
    [
        pytest.param(b"\0" * 9, "br", Outcome.BAD_ENCODING, id="B03-br"),
        pytest.param(b"\0" * 9, "zstd", Outcome.BAD_ENCODING, id="B04-zstd"),
        pytest.param(
            gzip.compress(gzip.compress(FEED)), "gzip, gzip", Outcome.BAD_ENCODING, id="B05"
        ),
        pytest.param(
            gzip.compress(FEED), ", ".join(["gzip"] * 1000), Outcome.BAD_ENCODING, id="B06"
        ),
        pytest.param(gzip.compress(FEED)[:-20], "gzip", Outcome.BAD_ENCODING, id="rA3-B21"),
        pytest.param(FEED, "gzip", Outcome.BAD_ENCODING, id="not-gzip-at-all"),
        pytest.param(gzip.compress(b"\0" * 50_000_000), "gzip", Outcome.TOO_LARGE, id="B01"),
        pytest.param(zlib.compress(b"\0" * 50_000_000), "deflate", Outcome.TOO_LARGE, id="B02"),
    ],
)
async def test_b01_b06_bad_codings_and_bombs(body: bytes, fields: str, outcome: Outcome) -> None:
    """Refused or limited, with the status and the bytes that came."""

    result = await fetch_once(answer(body, f"Content-Encoding: {fields}"))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.status) == (outcome, 200)


async def test_an_empty_body_is_a_body() -> None:
    """What an empty document means is for the parser to say."""

    result = await fetch_once(answer(b"", "Content-Encoding: gzip"))

    assert isinstance(result, Fetched)
    assert result.body == b""


@pytest.mark.parametrize(
    "field",
    [
        pytest.param('ETag: "\xe9"', id="B17-latin-1"),
        pytest.param('ETag: "' + "x" * 60_000 + '"', id="B17-60KB"),
        pytest.param("Last-Modified: \xff", id="B17-junk"),
    ],
)
async def test_b17_poisoned_validators_do_not_break_later_polls(field: str) -> None:
    """The next polls are made with what was kept, and work."""
    async with serve(always(answer(FEED, field))) as server, fetcher() as client:
        kept, results = NONE, []
        for _ in range(3):
            result = await client.fetch(FetchRequest(server.url(), kept))
            assert isinstance(result, Fetched)
            kept = result.validators
            results.append(result)

    assert [result.body for result in results] == [FEED] * 3
    assert all(b"If-" not in head for head in server.seen)


async def test_b17_last_modified_junk_in_ascii_is_echoed() -> None:
    """It is the server's own word, printable, and so sent back as it is."""
    feed = answer(FEED, "Last-Modified: whenever")
    async with serve(always(feed)) as server, fetcher() as client:
        first = await client.fetch(FetchRequest(server.url()))
        assert isinstance(first, Fetched)

        await client.fetch(FetchRequest(server.url(), first.validators))

    assert b"If-Modified-Since: whenever\r\n" in server.seen[1]


async def test_rb1_a_new_etag_with_the_old_date_is_taken() -> None:
    """P08: the pair is taken as a whole, from the newest 200."""
    old, new = (answer(FEED, f'ETag: "{tag}"', "Last-Modified: t") for tag in "ab")
    async with serve(always(old, new)) as server, fetcher() as client:
        first = await client.fetch(FetchRequest(server.url()))
        assert isinstance(first, Fetched)

        second = await client.fetch(FetchRequest(server.url(), first.validators))

    assert isinstance(second, Fetched)
    assert second.validators == Validators('"b"', "t")


async def test_p10_a_200_without_etag_has_none() -> None:
    """The old one is not carried over."""

    result = await fetch_once(answer(FEED, "Last-Modified: u"), KNOWN)

    assert isinstance(result, Fetched)
    assert result.validators == Validators(None, "u")


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy", "301 Moved", "200 OK"])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("9e99", None),
        ("-1", None),
        ("junk", None),
        ("999999999", timedelta(days=7)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=7)),
        ("120", timedelta(seconds=120)),
    ],
)
async def test_b18_retry_after_on_any_status(
    status: str, value: str, wait: timedelta | None
) -> None:
    """Clamped or ignored, on a redirect that leads nowhere too."""

    result = await fetch_once(answer(b"", f"Retry-After: {value}", status=status))

    assert not isinstance(result, NotModified)
    assert result.hints.retry_after == wait


async def test_b19_cookies_are_never_sent() -> None:
    """P22: neither to the next hop nor at the next poll."""
    answers = {
        "/feed": redirect("/two\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d; Domain=127.0.0.1"),
        "/two": answer(FEED, *[f"Set-Cookie: x{number}=y" for number in range(100)]),
    }
    async with serve(by_path(answers)) as server, fetcher() as client:
        for _ in range(2):
            result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert len(server.seen) == 4
    assert all(b"ookie" not in head for head in server.seen)


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        (None, "aggregator/0.1.0"),
        ("https://example.com/bot?x=1", "aggregator/0.1.0 (+https://example.com/bot?x=1)"),
        ("https://example.com/\xe9)\r\nX: 1", "aggregator/0.1.0 (+https://example.com/%C3%A9%29"),
    ],
)
def test_p24_the_user_agent(contact: str | None, name: str) -> None:
    """Product, version and contact; no contact can break out of the field."""

    made = user_agent("0.1.0", contact)

    assert made.startswith(name)
    assert made.isascii()
    assert made.isprintable()


async def test_a_bug_of_ours_is_a_value_too(caplog: pytest.LogCaptureFixture) -> None:
    """What breaks its promise fails one fetch, and no log line names the URL."""

    def broken_clock() -> datetime:
        raise RuntimeError("http://127.0.0.1/?token=secret")

    async with serve(once(answer(FEED))) as server, fetcher(now=broken_clock) as client:
        result = await client.fetch(FetchRequest(server.url("/?token=secret")))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.INTERNAL_ERROR
    assert "secret" not in result.detail + caplog.text
    assert "fetch_bug" in caplog.text


async def test_b25_secrets_of_a_url_stay_out_of_logs_and_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Query and credentials appear nowhere but on the wire."""
    caplog.set_level("DEBUG")
    async with serve(always(answer(b"", status="500 Oops"))) as server, fetcher() as client:
        urls = [server.url("/?token=secret"), "http://me:secret@127.0.0.1/", "http://x/?secret\0"]
        results = [await client.fetch(FetchRequest(url)) for url in urls]

    assert b"secret" in server.seen[0]
    assert len(server.seen) == 1
    assert "secret" not in repr(results) + caplog.text
