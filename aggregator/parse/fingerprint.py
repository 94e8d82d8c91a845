"""A raw item -> a signed 64-bit hash: equal means that normalising it again changes nothing.

It covers what the document says and nothing of where it was found: not the position, not the
feed's URL. The same in every process and version with the same `FINGERPRINT_VERSION`.
"""

from __future__ import annotations

from hashlib import sha256

from aggregator.parse.raw import MAX_RAW_SUMMARY, MAX_RAW_TITLE, RawEntry

FINGERPRINT_VERSION = "entry-1"
"""Raise it when normalising changes: every entry is then read again, once."""


def fingerprint(raw: RawEntry) -> int:
    """The hash of every field of `raw`; parts are separated by characters XML cannot hold."""
    guid, links, title, summary, author, published, updated, image, categories, base = raw
    parts = (
        FINGERPRINT_VERSION,
        guid,
        "\x1e".join(links),
        title.value[:MAX_RAW_TITLE],
        title.kind,
        summary.value[:MAX_RAW_SUMMARY],
        summary.kind,
        author,
        published,
        updated,
        image,
        "\x1e".join(categories),
        base,
    )
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    # A processor of today has instructions for it: twice as fast as BLAKE2.
    return int.from_bytes(sha256(text, usedforsecurity=False).digest()[:8], "big", signed=True)
