"""The elements of an item -> the address of its picture (https://www.rssboard.org/media-rss)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from aggregator.parse.tree import Fields, fields_of


def image_of(fields: Fields, names: dict[str, str]) -> str:
    """The first of: thumbnail, media content that is a picture, enclosure that is one; or ""."""
    media = "media:thumbnail" in fields or "media:content" in fields or "media:group" in fields
    if media and (url := _media(fields, names)):
        return url
    if "enclosure" in fields:
        for enclosure in fields["enclosure"]:
            if enclosure.get("type", "").startswith("image/") and (url := _url(enclosure, "url")):
                return url
    return ""


def linked_image(links: Iterable[etree._Element]) -> str:
    """The first of Atom's enclosures that is a picture (RFC 4287, 4.2.7.2)."""
    for link in links:
        if link.get("rel") == "enclosure" and link.get("type", "").startswith("image/"):
            return _url(link, "href")
    return ""


def _media(fields: Fields, names: dict[str, str]) -> str:
    """The first address in the item itself, then in its media:group and media:content elements."""
    for thumbnail in fields.get("media:thumbnail", ()):
        if url := _url(thumbnail, "url"):
            return url
    for content in fields.get("media:content", ()):
        if _is_picture(content) and (url := _url(content, "url")):
            return url
    for holder in (*fields.get("media:group", ()), *fields.get("media:content", ())):
        if len(holder) and (url := _media(fields_of(holder, names), names)):
            return url
    return ""


def _is_picture(content: etree._Element) -> bool:
    return content.get("medium") == "image" or content.get("type", "").startswith("image/")


def _url(element: etree._Element, name: str) -> str:
    return element.get(name, "").strip()
