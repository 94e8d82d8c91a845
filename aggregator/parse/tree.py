"""UTF-8 bytes -> an lxml tree within limits, and what the readers ask of its elements.

lxml runs strict: libxml2's `recover` drops "&" and entities from the text after the first error
and says nothing. It ends by itself at a depth of 256 and at texts of 10 MB; our own limits are
counted on the finished tree, which costs a tenth of what a scan of the bytes would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from lxml import etree

from aggregator.parse.long_texts import LongTexts, put_back
from aggregator.parse.names import XML_BASE
from aggregator.parse.raw import MAX_RAW_SUMMARY, RawText
from aggregator.text import TextKind

# Serialising repeats every namespace in scope on every child: most of the text, and no markup.
# lxml writes a blank before each; an expression that begins with `\s` takes nearly twice as long.
_NAMESPACES = re.compile(r' xmlns(?::[\w.-]+)?="[^"]*"')

Fields = dict[str, list[etree._Element]]
Texts = dict[str, str]

_PARSER = etree.XMLParser(
    recover=False,
    resolve_entities=False,
    no_network=True,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    encoding="utf-8",
)


def parse_xml(data: bytes) -> etree._Element | None:
    """The root element, None when `data` is not well-formed (namespaces included)."""
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError:
        return None


def fields_of(element: etree._Element, names: dict[str, str]) -> Fields:
    """The direct children by short name, each in document order; others are left out.

    Direct only: a related article or an author inside an item has links and titles too.
    """
    fields: Fields = {}
    for child in element:
        name = names.get(child.tag)
        if name is None:
            continue
        if name in fields:
            fields[name].append(child)
        else:
            fields[name] = [child]
    return fields


def texts_and_fields(
    element: etree._Element, names: dict[str, str], plain: frozenset[str]
) -> tuple[Texts, Fields]:
    """As `fields_of`, but of the names in `plain` the first text that is not empty.

    Read on the way: a fifth less than to sort the children into lists and to ask for each name.
    """
    texts: Texts = {}
    fields: Fields = {}
    for child in element:
        name = names.get(child.tag)
        if name is None:
            continue
        if name in plain:
            if name not in texts:
                text = text_of(child) if len(child) else (child.text or "").strip()
                if text:
                    texts[name] = text
        elif name in fields:
            fields[name].append(child)
        else:
            fields[name] = [child]
    return texts, fields


def text_of(element: etree._Element) -> str:
    """All text in it, descendants included."""
    if len(element):
        return "".join(cast("Iterator[str]", element.itertext())).strip()
    return (element.text or "").strip()


def first_text(fields: Fields, *names: str) -> str:
    """The first text that is not empty, by name, then by place."""
    for name in names:
        if name in fields:
            for element in fields[name]:
                # As `text_of`, whose call alone would cost a tenth of reading an item.
                text = text_of(element) if len(element) else (element.text or "").strip()
                if text:
                    return text
    return ""


def inner_markup(element: etree._Element, long_texts: LongTexts) -> RawText:
    """Element content as markup, tags and all, as far as anybody looks at it."""
    text = element.text or ""
    parts = [escape(long_texts.get(text.strip(), text))]
    size = len(parts[0])
    for child in element:
        if size > MAX_RAW_SUMMARY:
            break
        parts.append(_NAMESPACES.sub("", etree.tostring(child, encoding="unicode")))
        size += len(parts[-1])
    return RawText(put_back("".join(parts), long_texts).strip(), TextKind.XHTML)


def join_base(outer: str, element: etree._Element) -> str:
    """The xml:base in force inside `element` (XML Base, 3): its own against the outer one."""
    own = element.get(XML_BASE)
    return join_link(outer, own.strip()) if own else outer


def own_base(element: etree._Element, outer: str) -> str:
    """The xml:base inside `element` where it is another than the outer one, else ""."""
    # To ask for no attributes takes a fifth of asking for one by its name.
    if not element.keys():
        return ""
    base = join_base(outer, element)
    return "" if base == outer else base


def join_link(base: str, link: str) -> str:
    try:
        return urljoin(base, link) if base else link
    except ValueError:
        return link
