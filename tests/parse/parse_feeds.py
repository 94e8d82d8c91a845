"""Small documents and the shortest way to read them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.model import Document, DocumentRequest, Entry, ParseFailed
from aggregator.network import FuturePolicy
from aggregator.parse import read_document

URL = "https://feeds.example/dir/feed.xml"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no captures in ../shared/corpus beside this checkout"
)
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
    'xmlns:pheedo="http://www.pheedo.com/namespace/pheedo"'
)


def rss(*items: str, channel: str = "", head: str = "") -> bytes:
    """An RSS 2.0 document; each of `items` is the content of one item."""
    wrapped = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'{head}<rss version="2.0" {NAMESPACES}><channel>{channel}{wrapped}</channel></rss>'
    ).encode()


def atom(*entries: str, feed: str = "", attributes: str = "") -> bytes:
    """An Atom 1.0 document; each of `entries` is the content of one entry."""
    wrapped = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:media="http://search.yahoo.com/mrss/" '
        f'xmlns:dcterms="http://purl.org/dc/terms/" {attributes}>{feed}{wrapped}</feed>'
    ).encode()


def request(
    body: bytes,
    content_type: str | None = None,
    *,
    url: str = URL,
    timezone: str | None = None,
    future: FuturePolicy = FuturePolicy.HOLD,
    known: frozenset[int] = frozenset(),
) -> DocumentRequest:
    return DocumentRequest(body, content_type, url, NOW, timezone, future, known)


def read(body: bytes, content_type: str | None = None, *, url: str = URL) -> Document:
    """The document, which there must be."""
    result = read_document(request(body, content_type, url=url))
    assert isinstance(result, Document), result
    return result


def fail(body: bytes, content_type: str | None = None) -> ParseFailed:
    """The failure, which there must be."""
    result = read_document(request(body, content_type))
    assert isinstance(result, ParseFailed), result
    return result


def only(body: bytes, content_type: str | None = None, *, url: str = URL) -> Entry:
    """The one entry of the document."""
    (entry,) = read(body, content_type, url=url).entries
    return entry
