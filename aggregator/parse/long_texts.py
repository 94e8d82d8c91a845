"""The long CDATA sections of a document -> out of it, before libxml2 reads them.

libxml2 goes through CDATA one character at a time: a fifth of reading a feed. What stands alone in
an element that holds a summary is taken out, with a mark in its place; the rest of the document is
parsed as ever, and what is no well-formed XML without its long texts was none with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

LongTexts = Mapping[str, str]
"""Mark -> text; an element that holds a mark holds nothing else."""

NONE: LongTexts = {}

_OPEN, _CLOSE = b"<![CDATA[", b"]]>"
_NAMES = frozenset({b"description", b"content:encoded", b"content", b"summary", b"itunes:summary"})
_LONG = 200
_FURTHEST = 400
"""Bytes before a section in which its element must begin."""
# Of the private use area: a document that has it keeps its texts.
_MARK = "\ue000"
_MARK_BYTES = _MARK.encode()
_MARKED = re.compile(f"{_MARK}[0-9]+")
# XML 1.0, 2.2: what makes a document malformed wherever it stands.
_CONTROL = bytes({*range(0x20)} - {*b"\t\n\r"})
_NO_CHARACTERS = ("\ufffe", "\uffff")


def take_out(data: bytes) -> tuple[bytes, LongTexts]:
    """`data` (UTF-8 without DOCTYPE) with marks for its long texts, and what they stand for.

    `data` itself, and nothing, where there are none or a section cannot be told for sure.
    """
    begin = _next_open(data, 0)
    if begin == -1 or (_MARK_BYTES[:1] in data and _MARK_BYTES in data):
        return data, NONE
    texts: dict[str, str] = {}
    kept: list[bytes] = []
    done = 0
    while begin != -1:
        end = _next_close(data, begin)
        if end == -1:
            return data, NONE
        if end - begin > _LONG and _stands_alone(data, begin, end):
            text = _read(data[begin + len(_OPEN) : end])
            if text is None or _is_open(data, done, begin):
                return data, NONE
            mark = f"{_MARK}{len(texts)}"
            texts[mark] = text
            kept += (data[done:begin], mark.encode())
            done = end + len(_CLOSE)
        begin = _next_open(data, end)
    if not texts:
        return data, NONE
    return b"".join((*kept, data[done:])), texts


def _next_open(data: bytes, start: int) -> int:
    """As `data.find(_OPEN, start)`: to look for one byte takes a fifth of looking for several."""
    at = data.find(b"[", start)
    if at == -1 or data[at - 2 : at + 7] == _OPEN:
        return max(at - 2, -1)
    return data.find(_OPEN, start)


def _next_close(data: bytes, start: int) -> int:
    """As `data.find(_CLOSE, start)`."""
    at = data.find(b"]", start)
    if at == -1 or data[at : at + 3] == _CLOSE:
        return at
    return data.find(_CLOSE, at)


def put_back(markup: str, long_texts: LongTexts) -> str:
    """`markup` with the texts in it whose marks were serialised with their elements."""
    if _MARK not in markup or not long_texts:
        return markup
    return _MARKED.sub(lambda match: escape(long_texts[match[0]]), markup)


def _stands_alone(data: bytes, begin: int, end: int) -> bool:
    """Is the section all that an element for summaries holds?"""
    tag = data[data.rfind(b"<", max(0, begin - _FURTHEST), begin) + 1 : begin].rstrip()
    name = tag[:-1].split(None, 1)[0] if tag[-1:] == b">" and len(tag) > 1 else b""
    if name not in _NAMES or tag[-2:] == b"/>":
        return False
    after = end + len(_CLOSE)
    return data[after : after + _FURTHEST].lstrip().startswith(b"</" + name + b">")


def _is_open(data: bytes, begin: int, end: int) -> bool:
    """May a comment or an instruction be open at `end`? In one, nothing is a section."""
    return _is_left_open(data, b"<!--", b"-->", begin, end) or _is_left_open(
        data, b"<?", b"?>", begin, end
    )


def _is_left_open(data: bytes, opening: bytes, closing: bytes, begin: int, end: int) -> bool:
    if data.find(opening[1:2], begin, end) == -1:
        return False
    last = data.rfind(opening, begin, end)
    return last != -1 and data.find(closing, last, end) == -1


def _read(section: bytes) -> str | None:
    """The text of a section, None where XML would not have it."""
    if len(section.translate(None, _CONTROL)) != len(section):
        return None
    try:
        text = section.decode()
    except UnicodeDecodeError:
        return None
    if any(each in text for each in _NO_CHARACTERS):
        return None
    # XML 1.0, 2.11
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
