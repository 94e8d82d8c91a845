"""How much structure a document may have, counted before the slow reader builds anything.

Entity declarations are refused outright: no feed of the captures has one, and they are what
"billion laughs" and local file disclosure are made of. lxml is bounded by libxml2 itself (linear
time, depth 256, texts of 10 MB), so for it depth and attributes are counted on the finished tree,
in one XPath (3 % of the reading); feedparser is quadratic in both, so it gets nothing that
`measure` has not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from aggregator.model import Outcome, ParseFailed

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_ATTRIBUTES = 64
MAX_ELEMENTS = 200_000

# XML 1.0, 2.8: nothing but comments, instructions and white space stands before a DOCTYPE.
_MISC = re.compile(rb"(?>\s++|<!--(?>.*?-->)|<\?(?>.*?\?>))*+", re.DOTALL)
_DOCTYPE = b"<!DOCTYPE"
_EXCEEDS = etree.XPath(
    f"boolean(/descendant::*/@*[{MAX_ATTRIBUTES + 1}] or {'/*' * (MAX_DEPTH + 1)})"
)
_TOKEN = re.compile(rb"<(?:(!\[CDATA\[|!--)|(/?)([A-Za-z_:\x80-\xff][^\s/<>=\"']*+))")
_CLOSING = {b"![CDATA[": b"]]>", b"!--": b"-->"}
_REST = re.compile(rb"(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+(?=>)")
_QUOTED = re.compile(rb"\"[^\"]*+\"|'[^']*+'")
# HTML elements that descriptions of malformed feeds leave open without nesting anything.
_LEFT_OPEN = frozenset(b"br p img hr li td tr th dd dt input option embed meta wbr".split())
ENTITIES = ParseFailed(Outcome.XML_ENTITIES, "the document declares entities")
_TOO_MANY = ParseFailed(Outcome.TOO_COMPLEX, f"more than {MAX_ELEMENTS:,} elements")
_TOO_DEEP = ParseFailed(
    Outcome.TOO_COMPLEX,
    f"nested deeper than {MAX_DEPTH} or more than {MAX_ATTRIBUTES} attributes on one element",
)


def doctype_start(data: bytes) -> int | None:
    """Where the document's DOCTYPE begins, None when it has none."""
    match = _MISC.match(data)
    start = match.end() if match else 0
    return start if data.startswith(_DOCTYPE, start) else None


def declares_entities(data: bytes) -> bool:
    """Only inside a DOCTYPE is `<!ENTITY` a declaration; in an article about XML it is text."""
    return doctype_start(data) is not None and b"<!ENTITY" in data


def check_size(data: bytes) -> ParseFailed | None:
    """What can be told from the bytes alone, at the cost of counting one of them."""
    # No element is shorter than "<a/>".
    if len(data) < 4 * MAX_ELEMENTS or data.count(b"<") <= MAX_ELEMENTS:
        return None
    return _TOO_MANY if _count_elements(data) > MAX_ELEMENTS else None


def check_tree(root: etree._Element) -> ParseFailed | None:
    """Depth and attributes of a tree."""
    return _TOO_DEEP if _EXCEEDS(root) else None


def measure(data: bytes) -> ParseFailed | None:
    """Depth, attributes and entities of a document that may be malformed in any way."""
    if b"<!ENTITY" in data:
        return ENTITIES
    open_names: list[bytes] = []
    for tag in _tags(data):
        if tag.ends:
            _close(open_names, tag.name)
            continue
        if tag.rest.count(b"=") > MAX_ATTRIBUTES and _attributes(tag.rest) > MAX_ATTRIBUTES:
            return _TOO_DEEP
        if not tag.rest.endswith(b"/") and tag.name.lower() not in _LEFT_OPEN:
            open_names.append(tag.name)
            if len(open_names) > MAX_DEPTH:
                return _TOO_DEEP
    return None


class _Tag(NamedTuple):
    """A tag; `rest` is what stands between its name and its end (or the next tag)."""

    name: bytes
    ends: bool
    rest: bytes


def _tags(data: bytes) -> Iterator[_Tag]:
    """Every tag outside CDATA and comments, in time linear in `data`."""
    place = 0
    endless: set[bytes] = set()
    while token := _TOKEN.search(data, place):
        place = token.end()
        if token[1] is None:
            rest = _REST.match(data, place)
            yield _Tag(token[3], bool(token[2]), rest[0] if rest else _until_tag(data, place))
        elif token[1] not in endless:
            end = data.find(_CLOSING[token[1]], place)
            if end == -1:
                endless.add(token[1])
            else:
                place = end


def _until_tag(data: bytes, place: int) -> bytes:
    end = data.find(b"<", place)
    return data[place:end] if end != -1 else data[place:]


def _close(open_names: list[bytes], name: bytes) -> None:
    """Takes off everything opened since the last `name`; an end without beginning is nothing."""
    if name in open_names:
        while open_names.pop() != name:
            pass


def _attributes(rest: bytes) -> int:
    return _QUOTED.sub(b"", rest).count(b"=")


def _count_elements(data: bytes) -> int:
    return sum(not tag.ends for tag in _tags(data))
