"""A body -> `Document` or `ParseFailed`: decoding, limits, then one reader after the other.

Strict lxml reads nearly everything; what it refuses is repaired and tried again; what is left is
feedparser's. One steps down when the document is not well-formed, has an unknown root, or seems to
have items of which none was found.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from aggregator.model import Document, DocumentRequest, Outcome, ParseFailed, Tier
from aggregator.parse.atom import read_atom
from aggregator.parse.decode import decode_document, plain_utf8
from aggregator.parse.fallback import read_with_feedparser
from aggregator.parse.json_feed import read_json_feed
from aggregator.parse.limits import (
    ENTITIES,
    MAX_BYTES,
    check_size,
    check_tree,
    declares_entities,
    doctype_start,
    measure,
)
from aggregator.parse.long_texts import LongTexts, take_out
from aggregator.parse.names import ATOM, RSS_NAMES
from aggregator.parse.normalize import build_document
from aggregator.parse.raw import RawFeed
from aggregator.parse.repair import drop_doctype, repair_xml
from aggregator.parse.rss import read_rss
from aggregator.parse.tree import parse_xml

_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_HTML = re.compile(rb"(?:<!doctype\s+html|<html)\b", re.IGNORECASE)
_FEED = re.compile(rb"<(?:rss|feed|(?:\w+:)?RDF)\b", re.IGNORECASE)

_CUT_SHORT = ParseFailed(Outcome.MALFORMED, "cut short before the end of its first item")
_Read = RawFeed | ParseFailed | None


class _Strict(NamedTuple):
    """What the strict reader has said of these bytes, so that it need not be asked again."""

    data: bytes
    read: _Read


def read_document(request: DocumentRequest) -> Document | ParseFailed:
    """What the body holds; raises nothing a document could provoke but lack of memory."""
    if len(request.body) > MAX_BYTES:
        return ParseFailed(Outcome.TOO_LARGE, "more than 10 MiB")
    data = plain_utf8(request.body, request.content_type)
    if data is None or doctype_start(data) is not None:
        return _read_any(request, None)
    if failed := check_size(data):
        return failed
    strict = _Strict(data, _read_tree(data))
    if isinstance(strict.read, ParseFailed):
        return strict.read
    if strict.read and strict.read.entries:
        return build_document(strict.read, Tier.STRICT, request)
    return _read_any(request, strict)


def _read_any(request: DocumentRequest, strict: _Strict | None) -> Document | ParseFailed:
    """What is not the usual: UTF-8, well-formed, no DOCTYPE, with entries."""
    data = decode_document(request.body, request.content_type)
    if not data:
        return ParseFailed(Outcome.EMPTY_BODY, "nothing but white space")
    if data.startswith((b"{", b"[")):
        return _read_json(data, request)
    if declares_entities(data):
        return ENTITIES
    return check_size(data) or _read_xml(data, request, strict)


def _read_json(data: bytes, request: DocumentRequest) -> Document | ParseFailed:
    try:
        feed = read_json_feed(data)
    except RecursionError:
        return ParseFailed(Outcome.TOO_COMPLEX, "nested too deeply")
    if feed is None:
        return ParseFailed(Outcome.NOT_A_FEED, "JSON, but not a JSON Feed")
    return build_document(feed, Tier.JSON, request)


def _read_xml(
    data: bytes, request: DocumentRequest, strict: _Strict | None
) -> Document | ParseFailed:
    start = doctype_start(data)
    plain = data if start is None else drop_doctype(data, start)
    read = strict.read if strict and strict.data == plain else _read_tree(plain)
    tier = Tier.STRICT
    if read is None and _FEED.search(plain):
        repaired = repair_xml(plain)
        if repaired is None:
            return measure(plain) or _CUT_SHORT
        data = repaired
        read = _read_tree(data)
        tier = Tier.REPAIRED
    if isinstance(read, ParseFailed):
        return read
    if read is None or (not read.entries and _ITEM.search(data)):
        found = _read_last(data)
        if read is None and isinstance(found, ParseFailed):
            return found
        if isinstance(found, RawFeed) and (read is None or found.entries):
            read, tier = found, Tier.FEEDPARSER
    assert read is not None  # or the last reader would have said why
    return build_document(read, tier, request)


def _read_tree(data: bytes) -> _Read:
    """None: not well-formed or not a format we read."""
    rest, long_texts = take_out(data)
    root = parse_xml(rest)
    if root is None:
        return None
    if failed := check_tree(root):
        return failed
    return _read_root(root, long_texts)


def _read_root(root: etree._Element, long_texts: LongTexts) -> RawFeed | None:
    if root.tag == f"{ATOM}feed":
        return read_atom(root, long_texts)
    if RSS_NAMES.get(root.tag) in ("rss", "rdf"):
        return read_rss(root, long_texts)
    return None


def _read_last(data: bytes) -> RawFeed | ParseFailed:
    """feedparser, and when it finds nothing either, what kind of document this seems to be."""
    is_feed = _FEED.search(data)
    if not is_feed and (_HTML.search(data[:2000]) or not data.startswith(b"<")):
        return ParseFailed(Outcome.NOT_A_FEED, "an HTML page" if data.startswith(b"<") else "text")
    if failed := measure(data):
        return failed
    feed = read_with_feedparser(data)
    if feed is not None:
        return feed
    if is_feed:
        return ParseFailed(Outcome.MALFORMED, "XML with errors in which no feed was found")
    return ParseFailed(Outcome.NOT_A_FEED, "XML, but no feed")
