"""Undoing content codings within bounds (B01-B06, B21, rA1-rA9)."""

from __future__ import annotations

import gzip
import zlib

import pytest

from aggregator.fetch.faults import Fault
from aggregator.fetch.inflate import Coding, Inflater, read_coding
from aggregator.fetch.limits import MAX_MEMBERS
from aggregator.model import Outcome

FEED = b"<rss>" + bytes(range(256)) * 40 + b"</rss>"
GZIP = gzip.compress(FEED)
ZLIB = zlib.compress(FEED)
RAW = zlib.compress(FEED, wbits=-15)


def inflate(coding: Coding, data: bytes, step: int = 1 << 30, room: int = 1 << 20) -> bytes:
    """The document of `data`, fed `step` bytes at a time."""
    inflater = Inflater(coding, room)
    for begin in range(0, len(data), step):
        inflater.feed(data[begin : begin + step])
    return inflater.finish()


@pytest.mark.parametrize(
    ("values", "coding"),
    [
        pytest.param((), Coding.NONE, id="absent"),
        pytest.param(("",), Coding.NONE, id="empty"),
        pytest.param(("identity",), Coding.NONE, id="identity"),
        pytest.param(("GZip",), Coding.GZIP, id="gzip"),
        pytest.param(("x-gzip",), Coding.GZIP, id="rA5-x-gzip"),
        pytest.param((" deflate ",), Coding.DEFLATE, id="deflate"),
        pytest.param(("gzip, identity",), Coding.GZIP, id="rA6-gzip-identity"),
        pytest.param(("identity", "gzip"), Coding.GZIP, id="two-fields"),
    ],
)
def test_codings_that_are_understood(values: tuple[str, ...], coding: Coding) -> None:
    """One layer of what was offered; identity is no layer."""

    found = read_coding(values)

    assert found is coding


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(("br",), id="B03-br"),
        pytest.param(("zstd",), id="B04-zstd"),
        pytest.param(("gzip, gzip",), id="B05-gzip-twice"),
        pytest.param((", ".join(["gzip"] * 1000),), id="B06-gzip-1000-times"),
        pytest.param(("gzip", "gzip"), id="two-fields"),
        pytest.param(("utf-8",), id="no-coding-at-all"),
    ],
)
def test_codings_that_are_refused(values: tuple[str, ...]) -> None:
    """What was not offered, and every chain, before a byte is decoded."""

    with pytest.raises(Fault) as caught:
        read_coding(values)

    assert caught.value.outcome is Outcome.BAD_ENCODING


@pytest.mark.parametrize("step", [1, 2, 3, 1000, 1 << 30])
@pytest.mark.parametrize(
    ("coding", "data"),
    [
        pytest.param(Coding.NONE, FEED, id="plain"),
        pytest.param(Coding.NONE, b"<", id="one-byte"),
        pytest.param(Coding.GZIP, GZIP, id="gzip"),
        pytest.param(Coding.DEFLATE, ZLIB, id="rA1-deflate-zlib"),
        pytest.param(Coding.DEFLATE, RAW, id="rA1-deflate-raw"),
        pytest.param(Coding.DEFLATE, zlib.compress(FEED, 0, wbits=-15), id="deflate-raw-stored"),
        pytest.param(Coding.GZIP, gzip.compress(FEED[:99]) + gzip.compress(FEED[99:]), id="rA2"),
        pytest.param(Coding.NONE, GZIP, id="rA7-gzip-by-magic"),
        pytest.param(Coding.GZIP, GZIP + b"\0" * 9, id="padding"),
        pytest.param(Coding.GZIP, GZIP + b"\0\0" + gzip.compress(b""), id="padded-member"),
        pytest.param(Coding.GZIP, GZIP + b"garbage" * 9, id="garbage"),
        pytest.param(Coding.GZIP, GZIP + b"\x1fx" + GZIP, id="garbage-like-magic"),
        pytest.param(Coding.DEFLATE, ZLIB + ZLIB, id="deflate-garbage"),
    ],
)
def test_whole_bodies_are_decoded(coding: Coding, data: bytes, step: int) -> None:
    """However the bytes are cut, the document is the same."""
    expected = b"<" if data == b"<" else FEED

    document = inflate(coding, data, step)

    assert document == expected


@pytest.mark.parametrize("coding", list(Coding))
def test_no_bytes_are_an_empty_document(coding: Coding) -> None:
    """An empty body with a coding is empty, not damaged."""

    document = inflate(coding, b"")

    assert document == b""


@pytest.mark.parametrize("part", range(1, 51))
def test_b21_truncated_gzip(part: int) -> None:
    """A gzip body cut anywhere is an error, never a shorter document."""
    data = GZIP[: part * (len(GZIP) - 1) // 50]

    with pytest.raises(Fault) as caught:
        inflate(Coding.GZIP, data)

    assert caught.value.outcome is Outcome.BAD_ENCODING


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        pytest.param(Coding.DEFLATE, ZLIB[:-1], id="deflate-cut"),
        pytest.param(Coding.DEFLATE, RAW[:-1], id="raw-cut"),
        pytest.param(Coding.DEFLATE, b"x", id="one-byte"),
        pytest.param(Coding.GZIP, GZIP + gzip.compress(FEED)[:-5], id="second-member-cut"),
        pytest.param(Coding.GZIP, GZIP + b"\x1f", id="second-member-one-byte"),
        pytest.param(Coding.NONE, GZIP[:-1], id="by-magic-cut"),
    ],
)
def test_rA3_cut_bodies_are_refused(coding: Coding, data: bytes) -> None:
    """Each coding's own end must be seen."""

    with pytest.raises(Fault) as caught:
        inflate(coding, data)

    assert caught.value.outcome is Outcome.BAD_ENCODING


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        pytest.param(Coding.GZIP, FEED, id="not-gzip"),
        pytest.param(Coding.GZIP, GZIP[:-8] + b"\0" * 8, id="wrong-checksum"),
        pytest.param(Coding.DEFLATE, b"\xff" * 50, id="not-deflate"),
        pytest.param(Coding.GZIP, GZIP + b"\x1f\x8b" + b"\xff" * 50, id="second-member-broken"),
        pytest.param(Coding.GZIP, gzip.compress(b"") * (MAX_MEMBERS + 1), id="too-many-members"),
    ],
)
def test_damaged_bodies_are_refused(coding: Coding, data: bytes) -> None:
    """What zlib cannot read is an encoding error."""

    with pytest.raises(Fault) as caught:
        inflate(coding, data)

    assert caught.value.outcome is Outcome.BAD_ENCODING


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        pytest.param(Coding.GZIP, gzip.compress(b"\0" * 4_000_000), id="B01-gzip"),
        pytest.param(Coding.DEFLATE, zlib.compress(b"\0" * 4_000_000), id="B02-deflate"),
        pytest.param(Coding.NONE, gzip.compress(b"\0" * 4_000_000), id="by-magic"),
        pytest.param(Coding.NONE, b"\0" * 1_000_001, id="plain"),
        pytest.param(Coding.GZIP, gzip.compress(b"x" * 300_000) * 4, id="rA9-many-members"),
    ],
)
def test_bombs_are_too_large(coding: Coding, data: bytes) -> None:
    """Decoding stops at the bound, whatever the ratio."""
    inflater = Inflater(coding, 1_000_000)

    with pytest.raises(Fault) as caught:
        inflater.feed(data)

    assert caught.value.outcome is Outcome.TOO_LARGE


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 1_000_000])
def test_documents_up_to_the_bound_are_whole(size: int) -> None:
    """Nothing stays inside zlib when a piece ends exactly at the step of the loop."""
    body = b"a" * size

    document = inflate(Coding.GZIP, gzip.compress(body), room=size)

    assert document == body
