"""Words an operator or editor wrote, and a title -> do they stand in it?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def has_words(title: str, words: Iterable[str]) -> bool:
    """Whether any of `words` stands in `title` as it is: whole words, in any case and width.

    Several words are a phrase. Scripts written without spaces have no word ends to look for.
    """
    wanted = tuple(words)
    return bool(wanted) and _pattern(wanted).search(_folded(title)) is not None


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=1_000)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    phrases = filter(None, map(_folded, words))
    return re.compile("|".join(map(_phrase, phrases)) or r"(?!)")


def _phrase(folded: str) -> str:
    start = r"(?<!\w)" if _has_edge(folded[0]) else ""
    end = r"(?!\w)" if _has_edge(folded[-1]) else ""
    return f"{start}{re.escape(folded)}{end}"


def _has_edge(character: str) -> bool:
    return character.isalnum() and unicodedata.east_asian_width(character) not in "WF"
