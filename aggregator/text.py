"""Text as a feed writes it -> plain text: decoded as far as its type says, one line, bounded.

Alone in knowing which characters may stand in a title. What is left may still look like markup
(`Mass < 5 kg`, a literal `<script>`): the output escapes, so safety never rests on this module.
"""

from __future__ import annotations

import re
from enum import StrEnum
from unicodedata import category, is_normalized, normalize

from aggregator.markup import (
    decode_entities,
    strip_html,
    strip_paired,
    strip_xhtml,
    unwrap_cdata,
)

MAX_RAW = 65536
"""More than this is cut before anything looks at it: nh3 takes 2 s for a hostile 0.9 MB."""

_ROUNDS = 3
_FEW = 8
_ELLIPSIS = "…"

# White space is not in here: it becomes a space. The rest: controls, lone surrogates,
# noncharacters, soft hyphen and other zero-width characters, bidi controls (UAX 9), tags.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "\U000e0000-\U000e007f]+"
)
# ZWNJ and ZWJ change the shape of letters from Arabic to Mongolian and glue emoji together;
# anywhere else they only make two equal titles differ.
_JOINING = "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u1b00-\u1bff"
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_JOINER = re.compile("[\u200c\u200d]")
_JOINER_AT_WORK = re.compile(
    f"(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])|(?<=[\ufe0f{_EMOJI}])\u200d(?=[{_EMOJI}])"
)

# UTF-8 read as cp1252 (0x80-0x9F as the characters that code page has there) or as latin-1.
_CP1252 = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_LATER = f"\x80-\xbf{''.join(map(chr, _CP1252))}"  # a continuation byte
_CONTROL = re.compile("[\x80-\x9f]")  # what latin-1 makes of the bytes that cp1252 has letters for
# What no language writes: `Ã±`, `Ã‰`, `â€™`, a C1 control, or the foreign pairs in a row. Not
# `CAFÉ’S` and `MENÜ…`, which would decode as well.
_MISREAD = re.compile(
    f"[\xc2\xc3][\xa0-\xbf]|[\xc2-\xf4][\x80-\x9f]|\xc3[€-™Œ-ž‚ƒ„†‡ˆ‰‹›•˜]|â[€‚„][{_LATER}]"
    f"|(?:[\xc4-\xdf][{_LATER}]){{3}}|(?:[\xe0-\xef][{_LATER}]{{2}}){{2}}|ðŸ[{_LATER}]{{2}}"
)


class TextKind(StrEnum):
    """What a text says it is.

    TEXT is also an RSS title, author or category: the string after XML decoding, once. XHTML is
    the serialised content of the element, tags and entities included.
    """

    TEXT = "text"
    HTML = "html"
    XHTML = "xhtml"


def plain_title(raw: str, kind: TextKind = TextKind.TEXT, *, limit: int = 300) -> str:
    """A title by the rule "Titles" of the design.

    Decoded by its kind first; then, as long as entities, paired inline markup or a CDATA wrapper
    are left, decoded or stripped once more, three rounds at most. Feeds escape titles twice too
    often to take their word for it (miniflux #1020, FreshRSS #8162); an element named in a
    headline (`A guide to <head> elements`) stays.
    """
    if _is_plain(raw, limit):
        return raw
    text = _readable(raw)
    if kind is not TextKind.TEXT:
        text = _by_type(text, kind)
    return clean(_settled(text), limit=limit)


def plain_text(raw: str, kind: TextKind = TextKind.HTML, *, limit: int = 2000) -> str:
    """A summary, author or category on one line; blocks and `<br>` become spaces.

    HTML and XHTML are decoded exactly once (RFC 4287 section 3.1.1: markup by type); TEXT is
    treated as a title is, because feeds that leave the type out often send HTML all the same.
    """
    if _is_plain(raw, limit):
        return raw
    text = _readable(raw)
    text = _settled(text) if kind is TextKind.TEXT else _by_type(text, kind)
    return clean(text, limit=limit)


def clean(raw: str, *, limit: int) -> str:
    """`raw` in NFC on one line, without control or invisible characters. Idempotent.

    Longer than `limit` (at least 1), it is cut between two grapheme clusters and ends in `…`.
    """
    text = raw
    if not raw.isprintable():
        text = " ".join(raw.split())
        if not text.isprintable():
            text = " ".join(_without_invisible(text).split())
    elif "  " in raw or raw[:1] == " " or raw[-1:] == " ":
        text = " ".join(raw.split())
    if not text.isascii() and not is_normalized("NFC", text):
        text = normalize("NFC", text)
    return text if len(text) <= limit else _cut(text, limit)


def _is_plain(raw: str, limit: int) -> bool:
    """Most titles, authors and categories: nothing below would change them."""
    return (
        len(raw) <= limit
        and raw.isascii()
        and raw.isprintable()
        and "<" not in raw
        and "&" not in raw
        and "  " not in raw
        and raw[:1] != " "
        and raw[-1:] != " "
    )


def _by_type(text: str, kind: TextKind) -> str:
    if "<" not in text and "&" not in text:
        return text
    text = unwrap_cdata(text)
    return strip_html(text) if kind is TextKind.HTML else strip_xhtml(text)


def _settled(text: str) -> str:
    for _ in range(_ROUNDS):
        before = text
        if "<" in text:
            text = strip_paired(unwrap_cdata(text))
        if text == before and "&" in text:
            text = _readable(decode_entities(text))
        if text == before:
            break
    return text


def _readable(raw: str) -> str:
    """`raw` bounded, with its encoding repaired and nothing in it that nh3 could not take."""
    # What most texts hold that is not printable. Splitting at all white space takes 6 us instead
    # of 0.3, and a second look for misread text.
    text = raw[:MAX_RAW].replace("\n", " ").replace("\r", " ").replace("\t", " ")
    if text.isprintable() and not _begins_misread(text):
        return text
    before = ""
    while text != before:  # a character that goes may have stood in the way of a repair
        before, text = text, _visible(_repaired(text))
    return text


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    text = " ".join(text.split())
    return text if text.isprintable() else _without_dropped(text)


def _repaired(text: str) -> str:
    """`niÃ±os` -> `niños`: UTF-8 decoded as if it were latin-1 or cp1252, once or twice.

    22 real feeds captured in 2016 and 2017 have it. Only when every character takes part: one
    real non-Latin character, or a lone accented letter, and the text stays as it is.
    """
    while (decoded := _misread(text)) is not None and _MISREAD.search(text):
        text = decoded
    return text


def _misread(text: str) -> str | None:
    """`text` as UTF-8, if its characters are bytes that make some; None for nearly every text.

    The codecs look at a text a hundred times as fast as an expression does, and of most texts the
    first character that is not ASCII tells enough.
    """
    if not _begins_misread(text):
        return None
    try:
        data = text.encode("cp1252")
    except UnicodeEncodeError:
        if not _CONTROL.search(text):
            return None
        try:
            data = text.translate(_CP1252).encode("latin-1")
        except UnicodeEncodeError:
            return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _begins_misread(text: str) -> bool:
    """Are the first two characters that are not ASCII a first byte of UTF-8 and a later one?"""
    if text.isascii():
        return False
    # Where they begin, nothing tells faster than the exception.
    try:
        text.encode("ascii")
    except UnicodeEncodeError as error:
        at = error.start
    return "\xc2" <= text[at] <= "\xf4" and not text[at + 1 : at + 2].isascii()


def _without_dropped(text: str) -> str:
    """Nearly always one or two kinds: to replace them takes a quarter of the time."""
    found = [each for each in set(text) if not each.isprintable() and _DROPPED.match(each)]
    if len(found) > _FEW:
        return _DROPPED.sub("", text)
    for each in found:
        text = text.replace(each, "")
    return text


def _without_invisible(text: str) -> str:
    text = _without_dropped(text)
    if "\u200c" in text or "\u200d" in text:
        text = normalize("NFC", text)  # before: it may change what stands beside a joiner
        text = _JOINER.sub(_joiner_at_work, text)
    return text


def _joiner_at_work(match: re.Match[str]) -> str:
    return match[0] if _JOINER_AT_WORK.match(match.string, match.start()) else ""


# -------------------------------------------------------------------- cutting


def _cut(text: str, limit: int) -> str:
    end = limit - 1
    while end > 0 and not _is_boundary(text, end):
        end -= 1
    kept = text[: end or limit - 1]  # one cluster longer than the limit is cut anywhere
    return kept.rstrip(" \u200c\u200d") + _ELLIPSIS


def _is_boundary(text: str, at: int) -> bool:
    """UAX 29, extended grapheme clusters, as far as NFC text needs it."""
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return True
    if category(after) in ("Mn", "Me", "Mc") or after in "\u200c\u200d":  # GB9, GB9a
        return False
    if before == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":  # GB11, GB9: skin tones
        return False
    if _is_regional(before) and _is_regional(after):  # GB12, GB13: flags are pairs
        return _regionals_before(text, at) % 2 == 0
    return not (_is_jamo(before) and _is_jamo(after))  # GB6-GB8, roughly


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regionals_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return at - start


def _is_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff"
