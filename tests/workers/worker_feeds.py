"""Requests for the pool, and a pool that is closed again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from aggregator.model import DocumentRequest

GOOD = (
    b'<rss version="2.0"><channel><title>News</title><item><title>T</title>'
    b"<link>https://a.example/1</link><guid>tag:1</guid><category>Mars</category>"
    b"<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"
)
REQUEST = DocumentRequest(
    GOOD, None, "https://feeds.example/feed.xml", datetime(2026, 11, 25, 12, tzinfo=UTC)
)


def request(body: bytes) -> DocumentRequest:
    """The usual request with another body."""
    return replace(REQUEST, body=body)
