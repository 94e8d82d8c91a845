"""Reading one response off the wire within bounds (B08-B12, B20)."""

from __future__ import annotations

import pytest

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_HEAD_BYTES, MAX_HEADERS, MAX_INFORMATIONAL
from aggregator.fetch.reader import ResponseReader
from aggregator.model import Outcome

MAX_WIRE = 10_000
OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, step: int = 1 << 30) -> ResponseReader:
    """A reader fed with `data`, `step` bytes at a time."""
    reader = ResponseReader(MAX_WIRE)
    for begin in range(0, len(data), step):
        reader.feed(data[begin : begin + step])
    return reader


@pytest.mark.parametrize("step", [1, 7, 1 << 30])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        pytest.param(OK + b"Content-Length: 5\r\n\r\nhello", b"hello", id="length"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n",
            b"hello",
            id="chunked",
        ),
        pytest.param(OK + b"Content-Length: 0\r\n\r\n", b"", id="empty"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", id="304"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="204"),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * MAX_INFORMATIONAL
            + OK
            + b"Content-Length: 5\r\n\r\nhello",
            b"hello",
            id="interim",
        ),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", b"hello", id="bare-lf"),
    ],
)
def test_whole_responses(data: bytes, body: bytes, step: int) -> None:
    """However the bytes are cut, the response is the same, and the connection can serve again."""

    reader = read(data, step)

    assert reader.is_done
    assert reader.is_reusable
    assert reader.take() == body


def test_the_head() -> None:
    """Status and fields in order, names in lower case, neither interim fields nor trailers."""
    data = (
        b"HTTP/1.1 103 Early Hints\r\nEarly: x\r\n\r\nHTTP/1.1 404 Not Found\r\nETag: \xe9\r\n"
        b"X: 1\r\nx: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nLate: x\r\n\r\n"
    )

    reader = read(data)

    assert reader.status == 404
    assert reader.headers[:3] == [(b"etag", b"\xe9"), (b"x", b"1"), (b"x", b"2")]
    assert len(reader.headers) == 4


def test_a_body_without_length_lasts_until_the_close() -> None:
    """RFC 9112 section 6.3: the old way to end a body."""
    reader = read(OK + b"\r\nhello")

    before = reader.is_done
    reader.end()

    assert not before
    assert reader.is_done
    assert not reader.is_reusable
    assert reader.take() == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200", id="half-a-head"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="only-interim"),
        pytest.param(OK + b"Content-Length: 5\r\n\r\nhell", id="B20-wrong-length"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", id="no-last-chunk"),
    ],
)
def test_b20_an_early_close(data: bytes) -> None:
    """A response that is not over when the connection ends is an error."""
    reader = read(data)

    with pytest.raises(Fault) as caught:
        reader.end()

    assert caught.value.outcome is Outcome.PROTOCOL


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<html>hello</html>", id="B20-http-0.9"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="other-protocol"),
        pytest.param(OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", id="CL+TE"),
        pytest.param(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", id="two-lengths"),
        pytest.param(OK + b"Content-Length: -5\r\n\r\n", id="negative-length"),
        pytest.param(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", id="overflowing-length"),
        pytest.param(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", id="transfer-gzip"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", id="no-chunk-size"),
        pytest.param(OK + b"X: a\rb\r\n\r\n", id="bare-cr"),
        pytest.param(OK + b"X: a\0b\r\n\r\n", id="nul"),
        pytest.param(OK + b"X : a\r\n\r\n", id="space-before-colon"),
        pytest.param(b"HTTP/1.1 999 Huh\r\n\r\n", id="B20-999"),
        pytest.param(b"HTTP/1.1 600 Huh\r\n\r\n", id="B20-600"),
        pytest.param(b"HTTP/1.1 099 Huh\r\n\r\n", id="B20-099"),
        pytest.param(b"HTTP/1.1 000 Huh\r\n\r\n", id="B20-000"),
        pytest.param(b"HTTP/1.1 1200 Huh\r\n\r\n", id="four-digits"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", id="101"),
        pytest.param(b"HTTP/1.1 103 Hi\r\n\r\n" * (MAX_INFORMATIONAL + 1), id="B09-interim-flood"),
        pytest.param(OK + b"X: y\r\n" * (MAX_HEADERS + 1) + b"\r\n", id="B12-many-fields"),
        pytest.param(OK + b"X: y\r\n" * 9000 + b"\r\n", id="B12-9000-fields"),
        pytest.param(OK + b"X: " + b"y" * MAX_HEAD_BYTES, id="B11-endless-field"),
        pytest.param(OK + b"X" * MAX_HEAD_BYTES, id="B11-endless-name"),
        pytest.param(b"HTTP/1.1 200 " + b"y" * MAX_HEAD_BYTES, id="endless-reason"),
        pytest.param(b"\r\n" * MAX_HEAD_BYTES, id="endless-blank-lines"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: x\r\n" * 300 + b"\r\n",
            id="trailer-flood",
        ),
    ],
)
@pytest.mark.parametrize("step", [1000, 1 << 30])
def test_b20_invalid_responses(data: bytes, step: int) -> None:
    """What is no HTTP, contradicts itself or does not end is refused as such."""

    with pytest.raises(Fault) as caught:
        read(data, step)

    assert caught.value.outcome is Outcome.PROTOCOL


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(OK + b"Content-Length: 10001\r\n\r\n", id="announced"),
        pytest.param(OK + b"\r\n" + b"x" * 10_001, id="B10-endless-body"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n2711\r\n" + b"x" * 10_001, id="chunked"
        ),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * (MAX_WIRE + 2 * MAX_HEAD_BYTES),
            id="endless-chunk-extension",
        ),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;xxxxxxxxxxxxx\r\nx\r\n" * 9000,
            id="more-framing-than-body",
        ),
    ],
)
@pytest.mark.parametrize("step", [1000, 1 << 30])
def test_b10_too_large_on_the_wire(data: bytes, step: int) -> None:
    """Stopped at the bound, framing counted, before the end."""

    with pytest.raises(Fault) as caught:
        read(data, step)

    assert caught.value.outcome is Outcome.TOO_LARGE


def test_a_304_may_announce_the_length_of_a_200() -> None:
    """RFC 9110 section 8.6: that Content-Length is no body of ours."""

    reader = read(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99999\r\n\r\n")

    assert reader.is_done


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx", id="close"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", id="http-1.0"),
        pytest.param(OK + b"Content-Length: 1\r\n\r\nxy", id="garbage-after"),
        pytest.param((OK + b"Content-Length: 1\r\n\r\nx") * 2, id="another-response"),
        pytest.param(OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nxjunk", id="after-close"),
    ],
)
@pytest.mark.parametrize("step", [1, 1 << 30])
def test_what_ends_a_connection(data: bytes, step: int) -> None:
    """The response counts, but nothing else is asked on that connection."""

    reader = read(data, step)

    assert reader.is_done
    assert not reader.is_reusable
    assert reader.status == 200
    assert reader.take() == b"x"
