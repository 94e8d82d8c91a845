"""Hostile documents through real workers: each costs a value, at most a worker, never the pool.

What matters is that the control document is read by the same pool right afterwards, and that the
memory of this process stays. By default A30 reads 1,000 documents; all of them:
`PARSE_LEAK=10000 pytest tests/workers/test_worker_scoreboard.py -k A30`.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from worker_feeds import REQUEST, request

from aggregator.model import Document, Outcome, ParseFailed
from aggregator.workers.pool import WorkerPool

LEAK = int(os.environ.get("PARSE_LEAK", "1000"))
MEBIBYTE = 1024 * 1024
LINK = "<link>https://a.example/1</link>"


@pytest.fixture(name="pool")
async def open_pool() -> AsyncIterator[WorkerPool]:
    """A pool of one worker with the limits of the product."""
    async with WorkerPool(1) as pool:
        yield pool


def rss(item: str) -> bytes:
    """One item in a channel."""
    return f"<rss version='2.0'><channel><item>{item}</item></channel></rss>".encode()


def broken(item: str) -> bytes:
    """One item in a document only feedparser reads."""
    return rss(f"<b><i></b></i><title>T</title>{LINK}{item}")


def laughs(before: str = '<?xml version="1.0"?>\n', after: str = "") -> str:
    """Billion laughs."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">\n' for n in range(1, 10))
    return (
        f'{before}<!DOCTYPE rss [\n<!ENTITY a0 "lol">\n{entities}]>\n'
        f"<rss><channel><item><title>&a9;{after}</title></item></channel></rss>"
    )


def quadratic() -> bytes:
    """One megabyte, referred to 200,000 times, in a document with an error."""
    head = f'<!DOCTYPE r [\n<!ENTITY a "{"x" * 1_000_000}">\n]>'
    return f"{head}<rss><channel><item><title>{'&a;' * 200_000} < </title></item>".encode()


def entity(declaration: str) -> bytes:
    """A document that declares one entity and uses it."""
    return f"<!DOCTYPE r [{declaration}]>".encode() + rss("<title>[&x;]</title>")


ENTITIES = {
    "A01 laughs-textbook": laughs().encode(),
    "A02 laughs-same-line": laughs('<?xml version="1.0"?>').encode(),
    "A03 laughs-comment-hid": laughs("<!-- <x -->").encode(),
    "A04 quadratic-loose": quadratic(),
    "A05 laughs-utf16": laughs("").encode("utf-16"),
    "A06 xxe-file": entity('<!ENTITY x SYSTEM "file:///etc/hostname">'),
    "A06 xxe-http": entity('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">'),
    "A06 xxe-param": entity('<!ENTITY % y SYSTEM "http://127.0.0.1:9/y"> %y;'),
}
STRUCTURES = {
    "A10 depth-1e5": b"<rss>" + b"<a>" * 100_000,
    "A11 attrs-1e5": rss("<x " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"),
    "A12 xmlbase-5000": b"<rss>" + b'<a xml:base="x/">' * 5_000,
    "A14 items-7e5-empty": b"<rss><channel>" + b"<item/>" * 714_000 + b"</channel></rss>",
    "A19 attrs-broken": broken("<x " + " ".join(f'a{n}="1' for n in range(100_000)) + ">"),
}
WORK = {
    "A15 newline-head-200k": b"\n" * 200_000 + broken(""),
    "A15 newline-in-prolog": b"<!-- -->" + b"\n" * 200_000 + broken(""),
    "A16 author-dots": broken(f"<author>{'a.' * 80_000}</author>"),
    "A17 style-url": broken(f"<description>&lt;a style='{'url(' * 20_000}'></description>"),
    "A18 comment-open": broken(f"<description>{'&lt;!--' * 80_000}</description>"),
    "A13 items-1e5": b"<rss><channel>" + b"<item>x</item>" * 100_000 + b"</channel></rss>",
}
CRASHES = {
    "far reference": broken("<title>a &#99999999999999; b</title>"),
    "beyond Unicode": broken("<title>a &#x110000; b</title>"),
    "surrogate": broken("<title>a &#xD800; b</title>"),
    "5,000 digits": broken(f"<title>a &#{'9' * 5_000}; b</title>"),
    "encoding ff": b'<?xml version="1.0" encoding="\xff"?>' + broken(""),
    "encoding NUL": b'<?xml version="1.0" encoding="a\0b"?>' + broken(""),
    "punycode": b'<?xml version="1.0" encoding="punycode"?>' + broken(""),
    "undefined": b'<?xml version="1.0" encoding="undefined"?>' + broken(""),
    "unicode_escape": b'<?xml version="1.0" encoding="unicode_escape"?>' + broken(r"\ud800"),
    "raw_unicode_escape": b'<?xml version="1.0" encoding="raw_unicode_escape"?>' + broken(r"\ud8"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>' + broken("+2AA-"),
    "end without beginning": rss("</media:player>"),
    "NUL": broken("\0"),
}


async def read(pool: WorkerPool, body: bytes) -> tuple[Document | ParseFailed, float]:
    """The result and how long it took; the control document is read afterwards."""
    begin = time.monotonic()
    result = await pool.read(request(body))
    seconds = time.monotonic() - begin
    control = await pool.read(REQUEST)
    assert isinstance(control, Document), "the pool lives"
    return result, seconds


def resident() -> int:
    """The memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("name", ENTITIES)
async def test_entities_are_refused(pool: WorkerPool, name: str) -> None:
    """A01-A06: before anything is expanded, opened or connected to."""
    await pool.read(REQUEST)
    before = resident()

    result, seconds = await read(pool, ENTITIES[name])

    assert isinstance(result, ParseFailed)
    assert result.outcome is Outcome.XML_ENTITIES
    assert seconds < 0.5
    assert resident() - before < 30 * MEBIBYTE


@pytest.mark.parametrize("codec", ["utf-7", "cp037"])
async def test_A05_laughs_in_codecs_of_nobody(pool: WorkerPool, codec: str) -> None:
    """Garbage is an error, not an expansion."""
    text = laughs(f'<?xml version="1.0" encoding="{codec}"?>')

    result, _ = await read(pool, text.encode(codec))

    assert isinstance(result, ParseFailed)
    assert result.outcome in (Outcome.NOT_A_FEED, Outcome.MALFORMED, Outcome.XML_ENTITIES)


@pytest.mark.parametrize("body", [b"/etc/passwd", b"file:///etc/passwd", b"http://127.0.0.1:9/"])
async def test_A07_a_body_that_is_a_path(pool: WorkerPool, body: bytes) -> None:
    """An error, nothing of the file."""
    result, _ = await read(pool, body)

    assert isinstance(result, ParseFailed)
    assert result.outcome is Outcome.NOT_A_FEED
    assert "root" not in result.detail


async def test_A08_a_title_of_50_mb(pool: WorkerPool) -> None:
    """Refused by its size before anything looks at it."""
    result, _ = await read(pool, rss(f"<title>{'x' * 50_000_000}</title>"))

    assert isinstance(result, ParseFailed)
    assert result.outcome is Outcome.TOO_LARGE


async def test_A09_a_title_of_4_mb(pool: WorkerPool) -> None:
    """Three hundred characters come back."""
    result, _ = await read(pool, rss(f"<title>{'x' * 4_000_000}</title>{LINK}"))

    assert isinstance(result, Document)
    assert len(result.entries[0].title) == 300


@pytest.mark.parametrize("name", STRUCTURES)
async def test_structures_are_refused(pool: WorkerPool, name: str) -> None:
    """A10, A11, A12, A14, A19: counted, not built."""
    await pool.read(REQUEST)

    result, seconds = await read(pool, STRUCTURES[name])

    assert isinstance(result, ParseFailed)
    assert result.outcome is Outcome.TOO_COMPLEX
    assert seconds < 5


@pytest.mark.parametrize("name", WORK)
async def test_work_ends(pool: WorkerPool, name: str) -> None:
    """A13, A15-A18: read, refused or killed within the deadline."""
    result, seconds = await read(pool, WORK[name])

    assert seconds < 5.5
    if isinstance(result, ParseFailed):
        assert result.outcome in (Outcome.PARSER_KILLED, Outcome.TOO_COMPLEX)
    else:
        assert len(result.entries) <= 500


@pytest.mark.parametrize("name", CRASHES)
async def test_A20_what_crashes_feedparser(pool: WorkerPool, name: str) -> None:
    """A value with readable words, and the same worker goes on."""
    result, _ = await read(pool, CRASHES[name])

    if isinstance(result, ParseFailed):
        assert result.outcome is Outcome.MALFORMED
        assert result.detail.isprintable()
    else:
        assert [entry.url for entry in result.entries] == ["https://a.example/1"]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<!DOCTYPE html><html><head><title>x</title></head></html>", Outcome.NOT_A_FEED),
        (b'{"error": "not found"}', Outcome.NOT_A_FEED),
        (base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"), Outcome.NOT_A_FEED),
        (b"", Outcome.EMPTY_BODY),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Outcome.NOT_A_FEED),
    ],
    ids=["page", "JSON", "PNG", "empty", "gzip"],
)
async def test_A24_error_classes(pool: WorkerPool, body: bytes, outcome: Outcome) -> None:
    """What a server sends instead of a feed has a name."""
    result, _ = await read(pool, body)

    assert isinstance(result, ParseFailed)
    assert result.outcome is outcome


@pytest.mark.timeout(600)
async def test_A30_reading_does_not_grow_the_parent(pool: WorkerPool) -> None:
    """Workers are recycled; the memory of the daemon stays where it was."""
    for _ in range(50):
        await pool.read(REQUEST)
    before = resident()

    for _ in range(LEAK):
        await pool.read(REQUEST)

    assert abs(resident() - before) < 20 * MEBIBYTE
