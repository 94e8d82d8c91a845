"""Whatever comes in, the pure parts answer or raise `Fault`, and cutting bytes changes nothing."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.faults import Fault
from aggregator.fetch.headers import index_fields, read_hints, read_validators
from aggregator.fetch.httpx_api import build_get
from aggregator.fetch.inflate import Coding, Inflater
from aggregator.fetch.reader import ResponseReader
from aggregator.fetch.redirects import resolve_location
from aggregator.fetch.targets import parse_target

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOSTS = st.text(alphabet="019afx.-_:[]%@\\/?#é。ßA \t", max_size=20)
PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 103 x\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"X: y\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"abc",
        b"\n",
        b"\0",
    ]
)


@given(HOSTS | st.text(max_size=40))
def test_any_url_is_a_target_or_a_fault(text: str) -> None:
    """And every target can be put on the wire and through httpx."""
    with suppress(Fault):
        target = parse_target(f"http://{text}")

        build_get(target.origin_url, [], {})

        assert target.path.isascii()
        assert target.path.isprintable()
        assert " " not in target.path
        assert parse_target(target.url) == target


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_any_location_is_a_target_or_a_fault(location: str) -> None:
    """Bytes as a server may send them."""
    base = parse_target("https://example.com/a/b?c")

    with suppress(Fault):
        target = resolve_location(base, location)

        assert target.scheme == "https"
        assert target.path.isascii()


@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(1, 9))
def test_cutting_a_response_changes_nothing(data: bytes, step: int) -> None:
    """Whole or in pieces: the same head, body and faults."""

    whole, pieces = read(data, len(data) + 1), read(data, step)

    assert whole == pieces


def read(data: bytes, step: int) -> tuple[object, ...]:
    """What a reader makes of `data`; of a refused response only that it was."""
    reader = ResponseReader(100)
    try:
        for begin in range(0, len(data), step):
            reader.feed(data[begin : begin + step])
        reader.end()
    except Fault as fault:
        return (fault.outcome,)
    return reader.status, tuple(reader.headers), reader.take()


@given(st.binary(max_size=300), st.sampled_from(Coding), st.integers(1, 50))
def test_any_body_is_a_document_or_a_fault(data: bytes, coding: Coding, step: int) -> None:
    """Random bytes, in any coding."""
    inflater = Inflater(coding, 1000)

    with suppress(Fault):
        for begin in range(0, len(data), step):
            inflater.feed(data[begin : begin + step])
        document = inflater.finish()

        assert len(document) <= 1000


@given(st.binary(max_size=2000), st.integers(1, 3), st.integers(1, 99))
def test_compressed_bodies_come_back(body: bytes, members: int, step: int) -> None:
    """In every coding and cut."""
    packed = {
        Coding.GZIP: gzip.compress(body) * members,
        Coding.DEFLATE: zlib.compress(body, wbits=-15 if members == 1 else 15),
    }

    for coding, data in packed.items():
        inflater = Inflater(coding, 10_000)
        for begin in range(0, len(data), step):
            inflater.feed(data[begin : begin + step])

        assert inflater.finish() == body * (members if coding is Coding.GZIP else 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"Retry-After", b"Cache-Control", b"Expires", b"Age", b"Date"]),
            st.binary(max_size=40) | st.sampled_from([b"max-age=9", b"1", b"9" * 30]),
        )
    )
)
def test_any_fields_give_bounded_hints(raw: list[tuple[bytes, bytes]]) -> None:
    """Junk is nothing, and nothing is negative or beyond its bound."""

    hints = read_hints(index_fields(raw), NOW)

    assert hints.retry_after is None or timedelta() <= hints.retry_after <= timedelta(days=7)
    assert hints.fresh_for is None or timedelta() <= hints.fresh_for <= timedelta(hours=24)


@given(st.binary(max_size=600))
def test_any_etag_is_sendable_or_dropped(value: bytes) -> None:
    """What is kept can always be sent."""

    etag = read_validators(index_fields([(b"ETag", value)])).etag

    assert etag is None or (etag.encode("ascii") == value and b"\n" not in value)
