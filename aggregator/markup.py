"""Markup -> the text in it: all of it for HTML, only what is surely markup for plain text.

Alone in knowing element names and entities. Every scan is linear in the length of the text.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

import nh3

_WITH_CONTENT_NAMES = "script style template noscript noembed noframes iframe object svg"
_BLOCK_NAMES = """
address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset
figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section
summary table tbody td tfoot th thead tr ul
"""
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp small span
strike strong sub sup time tt u var
"""
# Blocks that feeds wrap whole titles and summaries in; `<table>` in a headline is a word.
_WRAPPER_NAMES = "blockquote center div h1 h2 h3 h4 h5 h6 li ol p pre ul"
_EMBEDDED_NAMES = "audio embed hr iframe img input link object source svg video"

_BLOCKS = frozenset(_BLOCK_NAMES.split())
_PAIRED = frozenset(_INLINE_NAMES.split()) | frozenset(_WRAPPER_NAMES.split())
_ALONE = frozenset({"br", "wbr"})
_RAW_TEXT = frozenset({"script", "style"})
# Markup for sure once they carry an attribute, paired or not.
_WITH_ATTRIBUTES = _PAIRED | _ALONE | _RAW_TEXT | frozenset(_EMBEDDED_NAMES.split())

_CLEANER = nh3.Cleaner(tags=set(), clean_content_tags=set(_WITH_CONTENT_NAMES.split()))
_TAG_NAME = re.compile(r"</?(?:[a-zA-Z]{1,9}:)?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])")
# The tags of most summaries, written as the HTML standard wants them. None of them moves or hides
# a text, as tables and scripts do, so taking them out leaves what a parser of HTML would. An iframe
# or script with nothing in it hides nothing.
_ATTRIBUTES = r"""(?:\s++[A-Za-z][\w:.-]*+(?:="[^"<\0]*+"|='[^'<\0]*+')?+)*+\s*+/?+>"""
_SIMPLE_BLOCK = re.compile(
    r"</?(?:p|br|div|li|[uo]l|h[1-6r]|blockquote|fig(?:ure|caption)|pre|article|aside|section|header)"
    + _ATTRIBUTES
)
_SIMPLE_INLINE = re.compile(
    r"<(?:/?(?:a|img|strong|em|span|[biqsu]|font|code|cite|small|su[bp]|time|abbr|tt|big)"
    rf"{_ATTRIBUTES}|(iframe|script){_ATTRIBUTES}(?=</\1>)|/(?:iframe|script)>"
    r"|!--[^<>-]*+(?:-[^<>-]++)*+-->)"
)
# Of numeric references `unescape` and the standard understand the same, these apart.
_ODD_REFERENCE = re.compile(
    r"&#(?!0{0,4}(?:3[2-9]|[4-9]\d|[1-9]\d{2,4}|1\d{5});|[xX](?:[2-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{1,3})"
    r"[0-9a-fA-F];)"
)
_EMPTY_RAW_TEXT = re.compile(r"<(?:script|style|title|textarea|iframe)(?:\s[^<>]*)?/>", re.I)
# `<` never stands inside: each scan ends at the next one, so all of them together are linear.
_TAG = re.compile(
    r"""<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})"""
    r"""(?P<rest>\s(?:[^<>"']|"[^<"]*"|'[^<']*')*|[\s/][^<>]*)?>"""
)
_COMMENT_OPEN, _COMMENT_CLOSE = "<!--", "-->"
_CDATA_OPEN, _CDATA_CLOSE = "<![CDATA[", "]]>"

_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}(?:;|(?![0-9]))|#[xX][0-9a-fA-F]{1,6}(?:;|(?![0-9a-fA-F]))|[A-Za-z][A-Za-z0-9]{1,31};)"
)


def strip_html(text: str) -> str:
    """The text of an HTML fragment, decoded once; blocks and `<br>` leave a space.

    `text` is bounded by the caller and holds no lone surrogate: nh3 cannot take those.
    """
    if "<" not in text:
        return decode_entities(text)
    simple = _strip_simple(text)
    if simple is not None:
        return unescape(simple)
    return unescape(_CLEANER.clean(_TAG_NAME.sub(_spaced, text)))


def _strip_simple(text: str) -> str | None:
    """`text` without its tags, in two fifths of the time; None for any but the usual ones.

    Every `<` has to begin one of the tags. The mark of a block cannot stand inside another tag, so
    none is pieced together from what two of them leave.
    """
    if "\0" in text or ("&#" in text and _ODD_REFERENCE.search(text)):
        return None
    marked, blocks = _SIMPLE_BLOCK.subn("\0", text)
    plain, inlines = _SIMPLE_INLINE.subn("", marked)
    return plain.replace("\0", " ") if blocks + inlines == text.count("<") else None


def _spaced(match: re.Match[str]) -> str:
    return " " + match[0] if match[1].lower() in _BLOCKS else match[0]


def strip_xhtml(text: str) -> str:
    """As `strip_html`; in XML `<script/>` is a whole element, in HTML it would swallow the rest."""
    return strip_html(_EMPTY_RAW_TEXT.sub("", text))


def unwrap_cdata(text: str) -> str:
    """Without the `<![CDATA[...]]>` that stands around it when a feed escaped it as text."""
    inner = text.strip()
    if inner.startswith(_CDATA_OPEN) and inner.endswith(_CDATA_CLOSE):
        return inner[len(_CDATA_OPEN) : -len(_CDATA_CLOSE)]
    return text


def decode_entities(text: str) -> str:
    """Character references decoded, once.

    Named ones only with their semicolon: HTML reads `Tips&notes` as `Tips¬es`, a headline must not.
    """
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    name = match[0][1:]
    return unescape(match[0]) if name[0] == "#" else html5.get(name, match[0])


# ------------------------------------------------------------ markup in titles


def strip_paired(text: str) -> str:
    """Without what is surely markup; every other `<` stays as it is.

    Surely: known inline elements (and the blocks that wrap titles) with both their tags, known
    elements with attributes, `<br>`, script and style with their content, whole comments.
    """
    text = _without_comments(text)
    tags = list(_TAG.finditer(text))
    scripts, others = _split_raw_text(tags)
    return _without(text, sorted({*scripts, *_tag_cuts(others)}))


_Cut = tuple[int, int, str]  # from, to, what stands there instead


def _without(text: str, cuts: list[_Cut]) -> str:
    kept, at = [], 0
    for start, end, instead in cuts:
        kept += [text[at:start], instead]
        at = end
    return "".join(kept) + text[at:]


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find(_COMMENT_OPEN, at)) >= 0:
        end = text.find(_COMMENT_CLOSE, start + len(_COMMENT_OPEN))
        if end < 0:
            break
        kept.append(text[at:start])
        at = end + len(_COMMENT_CLOSE)
    return "".join(kept) + text[at:]


def _split_raw_text(tags: list[re.Match[str]]) -> tuple[list[_Cut], list[re.Match[str]]]:
    """The cuts from `<script>` to its `</script>` (`<style>` alike), and the tags outside them."""
    last_close = {tag["name"].lower(): tag.start() for tag in tags if tag["close"]}
    cuts: list[_Cut] = []
    outside: list[re.Match[str]] = []
    opening: re.Match[str] | None = None
    for tag in tags:
        name = tag["name"].lower()
        if opening is not None:
            if tag["close"] and name == opening["name"].lower():
                cuts.append((opening.start(), tag.end(), ""))
                opening = None
        elif name in _RAW_TEXT and not tag["close"] and last_close.get(name, 0) > tag.start():
            opening = tag  # its end is known to come
        else:
            outside.append(tag)
    return cuts, outside


def _tag_cuts(tags: list[re.Match[str]]) -> list[_Cut]:
    cuts: list[_Cut] = []
    opened: dict[str, list[re.Match[str]]] = {}
    for tag in tags:
        name = tag["name"].lower()
        if name in _PAIRED and not tag["close"]:
            opened.setdefault(name, []).append(tag)
        if name in _ALONE or (name in _WITH_ATTRIBUTES and "=" in (tag["rest"] or "")):
            cuts.append(_cut_of(tag, name))
        elif tag["close"] and opened.get(name):
            cuts += [_cut_of(opened[name].pop(), name), _cut_of(tag, name)]
    return cuts


def _cut_of(tag: re.Match[str], name: str) -> _Cut:
    return tag.start(), tag.end(), " " if name in _BLOCKS else ""
