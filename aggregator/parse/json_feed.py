"""JSON Feed 1.0 and 1.1 -> raw items (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from typing import Any

from aggregator.parse.raw import RawEntry, RawFeed, RawMeta, RawText
from aggregator.text import TextKind

_VERSION = "jsonfeed.org/version/"


def read_json_feed(data: bytes) -> RawFeed | None:
    """The feed in `data` (UTF-8), or None when it is JSON of another kind or none at all."""
    try:
        # strict=False: control characters inside strings occur in real feeds.
        feed = json.loads(data, strict=False)
    except ValueError:
        return None
    if not isinstance(feed, dict) or _VERSION not in _text(feed.get("version")):
        return None
    author = _author(feed)
    entries = [_entry(item, author) for item in _list(feed.get("items")) if isinstance(item, dict)]
    return RawFeed(_meta(feed), entries)


def _meta(feed: dict[str, Any]) -> RawMeta:
    hubs = [_text(hub.get("url")) for hub in _list(feed.get("hubs")) if isinstance(hub, dict)]
    return RawMeta(
        title=RawText(_text(feed.get("title"))),
        home=_text(feed.get("home_page_url")),
        language=_text(feed.get("language")),
        icon=_text(feed.get("icon")) or _text(feed.get("favicon")),
        hub=next(filter(None, hubs), ""),
        self_url=_text(feed.get("feed_url")),
    )


def _entry(item: dict[str, Any], feed_author: str) -> RawEntry:
    return RawEntry(
        guid=_text(item.get("id")),
        links=tuple(filter(None, (_text(item.get("url")), _text(item.get("external_url"))))),
        title=RawText(_text(item.get("title"))),
        summary=_summary(item),
        author=_author(item) or feed_author,
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        image=_text(item.get("image")) or _text(item.get("banner_image")),
        categories=tuple(filter(None, map(_text, _list(item.get("tags"))))),
    )


def _summary(item: dict[str, Any]) -> RawText:
    if text := _text(item.get("summary")) or _text(item.get("content_text")):
        return RawText(text)
    return RawText(_text(item.get("content_html")), TextKind.HTML)


def _author(holder: dict[str, Any]) -> str:
    """The first named author: `authors` of version 1.1, `author` of version 1.0."""
    for author in (*_list(holder.get("authors")), holder.get("author")):
        if isinstance(author, dict) and (name := _text(author.get("name"))):
            return name
    return ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """A string, or a number as text (ids are numbers in real feeds); "" for anything else.

    JSON can write half a surrogate pair (`"\\ud800"`), which no UTF-8 file can hold.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""
