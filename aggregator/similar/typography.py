"""A title or summary as stored -> the same as a typewriter would have it.

Entities and tags are gone, compatibility forms, curly quotes, dashes and ellipses are plain, white
space is single. `fold` goes on to one case and no accents.
"""

from __future__ import annotations

import re
from html import unescape
from unicodedata import normalize

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SPACED_DASH = re.compile(r"\s*(?:--+|[–—―])\s*(?=\S)|(?<=\S)\s*(?:--+|[–—―])$")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[–—](?=\d)")
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´ʼ′＇", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒−﹣", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u00ad\ufeff\u2060", None),
        "…": "...",
        "‹": "'",
        "›": "'",
    }
)
_ACCENTED = re.compile("[\u00c0-\u024f\u0370-\u03ff\u1e00-\u1fff]+")
_MARKS = re.compile("[\u0300-\u036f]+")
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})


def typewritten(text: str) -> str:
    """One line of text in plain signs; upper case and accents stay."""
    if "&" in text:
        text = unescape(unescape(text))
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
        text = _BETWEEN_DIGITS.sub("-", text)
    if "--" in text or not text.isascii():
        text = _SPACED_DASH.sub(" - ", text)
    return " ".join(text.split())


def fold(text: str) -> str:
    """One case, and no accents on Latin and Greek letters: others are other letters with one."""
    text = text.casefold()
    if text.isascii():
        return text
    text = _ACCENTED.sub(_without_accents, text)
    return text.translate(_LETTERS)


def _without_accents(match: re.Match[str]) -> str:
    return _MARKS.sub("", normalize("NFD", match[0]))
