"""Atom 1.0 (RFC 4287) as a tree -> raw items."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from aggregator.parse.images import image_of, linked_image
from aggregator.parse.long_texts import LongTexts
from aggregator.parse.names import ATOM_NAMES, XML_BASE, XML_LANG
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

_HTML = frozenset({"html", "text/html"})
_XHTML = frozenset({"xhtml", "application/xhtml+xml", "text/xhtml"})
# Of these an entry has one and nothing but its text is asked for.
_PLAIN = frozenset(
    {"id", "published", "updated", "dcterms:issued", "dcterms:created", "dcterms:modified"}
    | {"dc:date", "name", "email"}
)
_PAGES = frozenset({"", "text/html", "application/xhtml+xml", "text/xhtml", "html"})


def read_atom(root: etree._Element, long_texts: LongTexts) -> RawFeed:
    """Everything in a <feed> element."""
    fields = fields_of(root, ATOM_NAMES)
    base = join_base("", root)
    author = _author(fields)
    items = fields.get("entry", [])
    entries: Sequence[RawEntry] = (
        [_entry(item, author, base, long_texts) for item in items]
        if len(items) <= MAX_ENTRIES
        else LazyEntries(len(items), lambda place: _entry(items[place], author, base, long_texts))
    )
    return RawFeed(_meta(root, fields, base, long_texts), entries)


def _meta(root: etree._Element, fields: Fields, base: str, long_texts: LongTexts) -> RawMeta:
    links = {link.get("rel"): link.get("href", "").strip() for link in fields.get("link", ())}
    return RawMeta(
        title=_construct(fields, "title", long_texts),
        home=next(iter(_alternates(fields)), ""),
        language=root.get(XML_LANG, ""),
        icon=first_text(fields, "icon", "logo"),
        hub=links.get("hub", ""),
        self_url=links.get("self", ""),
        base=base,
    )


def _entry(
    entry: etree._Element, feed_author: str, outer_base: str, long_texts: LongTexts
) -> RawEntry:
    texts, fields = texts_and_fields(entry, ATOM_NAMES, _PLAIN)
    guid = texts.get("id", "")
    summary = _construct(fields, "summary", long_texts)
    return RawEntry(
        guid=guid,
        links=_links(fields, guid),
        title=_construct(fields, "title", long_texts),
        summary=summary if summary.value else _construct(fields, "content", long_texts),
        author=_author(fields) or _source_author(fields) or feed_author,
        published=_published(texts),
        updated=texts.get("updated") or texts.get("dcterms:modified", ""),
        image=image_of(fields, ATOM_NAMES) or linked_image(fields.get("link", ())),
        categories=_categories(fields),
        base=own_base(entry, outer_base),
    )


def _published(texts: Texts) -> str:
    for name in ("published", "dcterms:issued", "dcterms:created", "dc:date"):
        if name in texts:
            return texts[name]
    return ""


def _links(fields: Fields, guid: str) -> tuple[str, ...]:
    """Feed proxies' own word for the original, alternates, content elsewhere, an id that is one."""
    links = _alternates(fields)
    if "origLink" in fields:
        links[:0] = map(text_of, fields["origLink"])
    if "content" in fields:
        links += (content.get("src", "").strip() for content in fields["content"])
    if guid.lower().startswith(("http://", "https://")):
        links.append(guid)
    return tuple(filter(None, links))


def _alternates(fields: Fields) -> list[str]:
    """Pages before documents of other types (a PDF); RFC 4287, 4.2.7.2: no rel is alternate."""
    pages: list[str] = []
    others: list[str] = []
    for link in fields.get("link", ()):
        href = link.get("href", "").strip() or text_of(link)
        if href and link.get("rel", "alternate") == "alternate":
            kind = pages if link.get("type", "") in _PAGES else others
            base = link.get(XML_BASE)
            kind.append(join_link(base.strip(), href) if base else href)
    return pages + others


def _construct(fields: Fields, name: str, long_texts: LongTexts) -> RawText:
    """A text construct (RFC 4287, 3.1) or content that is text (4.1.3)."""
    for element in fields.get(name, ()):
        kind = element.get("type", "").strip().lower()
        if kind in _XHTML or len(element):
            return _xhtml(element, long_texts)
        text = (element.text or "").strip()
        text = long_texts.get(text, text).strip()
        if kind in _HTML:
            return RawText(text, TextKind.HTML)
        if kind in ("", "text") or kind.startswith("text/"):
            return RawText(text)
    return RawText()


def _xhtml(element: etree._Element, long_texts: LongTexts) -> RawText:
    """RFC 4287, 3.1.1.3: the div is not part of the text."""
    if len(element) == 1 and element[0].tag.endswith("}div"):
        return inner_markup(element[0], long_texts)
    return inner_markup(element, long_texts)


def _author(fields: Fields) -> str:
    for author in fields.get("author", ()):
        texts, _ = texts_and_fields(author, ATOM_NAMES, _PLAIN)
        if name := texts.get("name") or texts.get("email"):
            return name
    return first_text(fields, "dc:creator", "itunes:author")


def _source_author(fields: Fields) -> str:
    """RFC 4287, 4.1.2: an entry copied from elsewhere has the author of that feed."""
    for source in fields.get("source", ()):
        return _author(fields_of(source, ATOM_NAMES))
    return ""


def _categories(fields: Fields) -> tuple[str, ...]:
    if "category" not in fields and "dc:subject" not in fields:
        return ()
    labels = (
        each.get("label", "").strip() or each.get("term", "").strip()
        for each in fields.get("category", ())
    )
    subjects = map(text_of, fields.get("dc:subject", ()))
    return tuple(filter(None, (*labels, *subjects)))
