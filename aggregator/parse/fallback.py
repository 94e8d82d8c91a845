"""Anything feedparser finds a feed in -> raw items: the last and slowest of the readers.

feedparser gets UTF-8 of our own decoding and no address: no file name, no charset to guess, and
ids that do not depend on where the document came from.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import feedparser

from aggregator.parse.raw import RawEntry, RawFeed, RawMeta, RawText
from aggregator.text import TextKind

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_KINDS = {"text/html": TextKind.HTML, "application/xhtml+xml": TextKind.XHTML}


def read_with_feedparser(data: bytes) -> RawFeed | None:
    """The feed in `data` (UTF-8, no entity declarations), or None when feedparser finds none."""
    try:
        # Always a BytesIO: bytes would be tried as a file name, a str as a URL.
        parsed = feedparser.parse(
            io.BytesIO(data),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # OverflowError, KeyError, UnicodeError and more: see docs/parsing.md
        return None
    # `bozo` is no verdict: it is unset for an HTML page and set for a feed with one stray "&".
    if not parsed.get("version"):
        return None
    version = parsed["version"]
    entry_of = _atom_entry if version.startswith("atom") else _rss_entry
    return RawFeed(_meta(parsed["feed"], version), [entry_of(each) for each in parsed["entries"]])


def _meta(feed: Any, version: str) -> RawMeta:
    return RawMeta(
        title=_construct(feed, "title"),
        home=_text(feed, "link"),
        language=_text(feed, "language"),
        icon=_text(feed, "icon"),
        ttl=_text(feed, "ttl"),
        hub=_rel(feed, "hub"),
        self_url=_rel(feed, "self"),
        base=_text(feed, "link") if version.startswith("rss") else "",
    )


def _rss_entry(entry: Any) -> RawEntry:
    """Texts by the rule of the format: feedparser types an RSS title by guessing."""
    return _common(entry)._replace(
        title=RawText(_text(entry, "title")),
        summary=RawText(_summary(entry).value, TextKind.HTML),
        # Not `author_detail`: its pattern for addresses ends a domain after four letters.
        author=_text(entry, "author"),
    )


def _atom_entry(entry: Any) -> RawEntry:
    return _common(entry)._replace(
        title=_construct(entry, "title"),
        summary=_summary(entry),
        author=_text(entry.get("author_detail") or {}, "name") or _text(entry, "author"),
    )


def _common(entry: Any) -> RawEntry:
    tags = (_text(tag, "label") or _text(tag, "term") for tag in _dicts(entry, "tags"))
    return RawEntry(
        guid=_text(entry, "id"),
        links=tuple(filter(None, (_text(entry, "feedburner_origlink"), _text(entry, "link")))),
        published=_text(entry, "published") or _text(entry, "created"),
        # `in`: entry.get("updated") falls back to `published` with a DeprecationWarning.
        updated=_text(entry, "updated") if "updated" in entry else "",
        image=_image(entry),
        categories=tuple(filter(None, tags)),
    )


def _construct(holder: Any, name: str) -> RawText:
    detail = holder.get(f"{name}_detail")
    return _detail(detail) if detail else RawText(_text(holder, name))


def _summary(entry: Any) -> RawText:
    """Where the entry has content only, `summary` is a copy of it that lost its type."""
    if not entry.get("summary_detail") and entry.get("content"):
        return _detail(entry["content"][0])
    return _construct(entry, "summary")


def _detail(detail: Any) -> RawText:
    return RawText(_text(detail, "value"), _KINDS.get(detail.get("type"), TextKind.TEXT))


def _rel(feed: Any, rel: str) -> str:
    return next((_text(ln, "href") for ln in _dicts(feed, "links") if ln.get("rel") == rel), "")


def _image(entry: Any) -> str:
    for holder in _dicts(entry, "media_thumbnail"):
        return _text(holder, "url")
    for holder in _dicts(entry, "media_content"):
        if holder.get("medium") == "image" or _text(holder, "type").startswith("image/"):
            return _text(holder, "url")
    for holder in _dicts(entry, "enclosures"):
        if _text(holder, "type").startswith("image/"):
            return _text(holder, "href")
    return ""


def _dicts(holder: Any, name: str) -> Iterable[Any]:
    return holder.get(name) or ()


def _text(holder: Any, name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""
