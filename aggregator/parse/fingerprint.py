"""A raw item -> a signed 64-bit hash: equal means that normalising it again changes nothing.

It covers what the document says and nothing of where it was found: not the position, not the
feed's URL. The same in every process and version with the same `FINGERPRINT_VERSION`.
"""

from __future__ import annotations

from hashlib import blake2b

from aggregator.parse.raw import MAX_RAW_SUMMARY, MAX_RAW_TITLE, RawEntry

FINGERPRINT_VERSION = b"entry-1"
"""Raise it when normalising changes: every entry is then read again, once."""

# Copied for each item: a tenth less than to set one up each time.
_EMPTY = blake2b(digest_size=8, person=FINGERPRINT_VERSION)


def fingerprint(raw: RawEntry) -> int:
    """The hash of every field of `raw`; parts are separated by characters XML cannot hold."""
    guid, links, title, summary, author, published, updated, image, categories, base = raw
    parts = (
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
    hasher = _EMPTY.copy()
    hasher.update("\x1f".join(parts).encode("utf-8", "surrogatepass"))
    return int.from_bytes(hasher.digest(), "big", signed=True)
