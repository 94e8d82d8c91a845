"""RSS 0.90, 0.91, 0.92, 1.0 and 2.0 as a tree -> raw items.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec and the modules
that occur: Dublin Core, content, Media RSS, iTunes, Atom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from lxml import etree

from aggregator.parse.images import image_of
from aggregator.parse.long_texts import LongTexts
from aggregator.parse.names import RDF_ABOUT, RSS_NAMES, XML_BASE, XML_LANG
from aggregator.parse.raw import MAX_ENTRIES, LazyEntries, RawEntry, RawFeed, RawMeta, RawText
from aggregator.parse.tree import (
    Fields,
    Texts,
    fields_of,
    first_text,
    inner_markup,
    join_base,
    join_link,
    own_base,
    text_of,
    texts_and_fields,
)
from aggregator.text import TextKind

_SUMMARIES = (
    *("description", "content:encoded", "body", "div", "fullitem"),
    *("dc:description", "atom:summary", "atom:content", "itunes:summary"),
)
_NOTHING = RawText()
# Of these an item has one and nothing but its text is asked for.
_PLAIN = frozenset(
    {"title", "media:title", "pubDate", "dc:date", "dcterms:issued", "dcterms:created"}
    | {"dcterms:modified", "atom:id", "atom:published", "atom:updated"}
)
_AUTHORS = ("dc:creator", "author", "dc:author", "atom:author", "itunes:author")


def read_rss(root: etree._Element, long_texts: LongTexts) -> RawFeed:
    """Everything in an <rss> or <rdf:RDF> element."""
    top = fields_of(root, RSS_NAMES)
    channels = top.get("channel", [])
    channel = fields_of(channels[0], RSS_NAMES) if channels else {}
    # RSS 1.0 and 0.90 have their items beside the channel, the others in it.
    nested = (fields_of(each, RSS_NAMES).get("item", ()) for each in channels[1:])
    items = list(chain(channel.get("item", ()), *nested, top.get("item", ())))
    base = join_base("", root)
    if channels:
        base = join_base(base, channels[0])
    return RawFeed(_meta(root, channel, base), _entries(items, base, long_texts))


def _meta(root: etree._Element, channel: Fields, base: str) -> RawMeta:
    home = first_text(channel, "link")
    links = {link.get("rel"): link.get("href", "") for link in channel.get("atom:link", ())}
    absolute_home = home if home.lower().startswith(("http://", "https://")) else ""
    return RawMeta(
        title=RawText(first_text(channel, "title")),
        home=home or links.get("alternate", ""),
        language=first_text(channel, "language", "dc:language") or root.get(XML_LANG, ""),
        icon=next(iter(_nested_texts(channel, "image", "url")), ""),
        ttl=first_text(channel, "ttl"),
        skip_hours=_nested_texts(channel, "skipHours", "hour"),
        skip_days=_nested_texts(channel, "skipDays", "day"),
        hub=links.get("hub", ""),
        self_url=links.get("self", ""),
        base=base or absolute_home,
    )


def _nested_texts(channel: Fields, outer: str, inner: str) -> tuple[str, ...]:
    parents = channel.get(outer, ())
    return tuple(
        text_of(child)
        for parent in parents
        for child in fields_of(parent, RSS_NAMES).get(inner, ())
    )


def _entries(
    items: Sequence[etree._Element], base: str, long_texts: LongTexts
) -> Sequence[RawEntry]:
    if len(items) <= MAX_ENTRIES:
        return list(_all_entries(items, base, long_texts))
    flat = list(_flat(items))

    def read(place: int) -> RawEntry:
        texts, fields = texts_and_fields(flat[place], RSS_NAMES, _PLAIN)
        return _entry(flat[place], texts, fields, base, long_texts)

    return LazyEntries(len(flat), read)


def _all_entries(
    items: Iterable[etree._Element], base: str, long_texts: LongTexts
) -> Iterator[RawEntry]:
    """An item inside an item (PCMag's feed) is one of its own, after the outer one."""
    for item in items:
        texts, fields = texts_and_fields(item, RSS_NAMES, _PLAIN)
        yield _entry(item, texts, fields, base, long_texts)
        if "item" in fields:
            yield from _all_entries(fields["item"], base, long_texts)


def _flat(items: Iterable[etree._Element]) -> Iterator[etree._Element]:
    """The items in the order of `_all_entries`, none of them read."""
    for item in items:
        yield item
        inner = item.iterchildren("{*}item")
        yield from _flat(each for each in inner if RSS_NAMES.get(each.tag) == "item")


def _entry(
    item: etree._Element, texts: Texts, fields: Fields, outer_base: str, long_texts: LongTexts
) -> RawEntry:
    guid, permalink = _guid(fields)
    get = texts.get
    published = get("pubDate", "")
    # dc:date is the publication where it stands alone, a change beside pubDate (HubSpot, Guardian).
    dc_date = get("dc:date") or get("dcterms:issued") or get("dcterms:created", "")
    changed = get("atom:updated") or get("dcterms:modified")
    return RawEntry(
        guid or item.get(RDF_ABOUT, "").strip() or get("atom:id", ""),
        _links(fields, guid if permalink else ""),
        RawText(get("title") or get("media:title", "")),
        _summary(fields, long_texts),
        _author(fields),
        published or dc_date or get("atom:published", ""),
        changed or (dc_date if published else ""),
        image_of(fields, RSS_NAMES),
        _categories(fields),
        own_base(item, outer_base),
    )


def _guid(fields: Fields) -> tuple[str, bool]:
    """The first guid, and whether it is also a link.

    RSS 2.0: a guid is a permalink unless it says otherwise. Never resolved: "abc-123" is no link.
    """
    if "guid" in fields:
        for guid in fields["guid"]:
            if text := text_of(guid) if len(guid) else (guid.text or "").strip():
                return text, text[:4].lower() == "http" and _is_permalink(guid, text)
    return "", False


def _is_permalink(guid: etree._Element, text: str) -> bool:
    if not text.lower().startswith(("http://", "https://")):
        return False
    return not guid.keys() or guid.get("isPermaLink", "true").strip().lower() != "false"


def _links(fields: Fields, permalink: str) -> tuple[str, ...]:
    """Feed proxies' own word for the original first, then <link>, then a guid that is one."""
    links = [_link(link) for link in fields["origLink"]] if "origLink" in fields else []
    if "link" in fields:
        links += [_link(link) for link in fields["link"]]
    if "atom:link" in fields:
        links += [
            link.get("href", "").strip()
            for link in fields["atom:link"]
            if link.get("rel", "alternate") == "alternate"
        ]
    links.append(permalink)
    return tuple(filter(None, links))


def _link(link: etree._Element) -> str:
    text = text_of(link) if len(link) else (link.text or "").strip()
    base = link.get(XML_BASE) if link.keys() else None
    return join_link(base.strip(), text) if base else text


def _categories(fields: Fields) -> tuple[str, ...]:
    if "category" not in fields and "dc:subject" not in fields:
        return ()
    elements = chain(fields.get("category", ()), fields.get("dc:subject", ()))
    return tuple(filter(None, map(text_of, elements)))


def _summary(fields: Fields, long_texts: LongTexts) -> RawText:
    """The description, else content in any of the ways an item can carry it."""
    for name in _SUMMARIES:
        if name in fields:
            for element in fields[name]:
                if len(element):
                    return inner_markup(element, long_texts)
                if text := (element.text or "").strip():
                    return RawText(long_texts.get(text, text).strip(), TextKind.HTML)
    return _NOTHING


def _author(fields: Fields) -> str:
    for name in _AUTHORS:
        if name in fields:
            for element in fields[name]:
                if text := _person(element) if len(element) else (element.text or "").strip():
                    return text
    return ""


def _person(element: etree._Element) -> str:
    """A person construct, in Atom or out of place: the name comes first."""
    return next(filter(None, map(text_of, element)), "")
