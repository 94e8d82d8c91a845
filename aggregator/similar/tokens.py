"""Plain text -> tokens: words folded and stemmed, numbers in one spelling, CJK as bigrams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from aggregator.similar.numbers import is_number, mark_millions, write_numbers
from aggregator.similar.stem import stem
from aggregator.similar.typography import fold
from aggregator.similar.words import (
    AMBIGUOUS_MONTHS,
    BEFORE_MONTH,
    CALENDAR_MONTHS,
    CJK_PARTICLES,
    ENGLISH_STOP_WORDS,
    FOREIGN_STOP_WORDS,
    PHRASES,
    SERIES_NOUNS,
    SPELLINGS,
    STOP_WORDS_BY_LANGUAGE,
)

# Scripts written without spaces between words: Thai to Lao, Khmer, kana, CJK ideographs.
_UNSPACED = (
    "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
# `\w` lacks the vowel signs of Indic scripts and the points of Arabic: they would split words.
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0f00-\u109f])"
_TOKEN = re.compile(rf"\d+(?:[.-]\d+)*{_LETTER}*|[{_UNSPACED}]+|{_LETTER}+|[,&]")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")

_CONTRACTED = {"ca": "can", "wo": "will", "sha": "shall"}
_NEGATED = re.compile(r"\b(?:(ca|wo|sha)n't|([a-z]{2,8})n't)\b")
_POSSESSIVE = re.compile(r"'s\b|(?<=s)'(?=\s|$)|'(?:ll|re|ve|d|m)\b")
_ELISION = re.compile(r"\b(?:[ldjcmts]|qu)'(?=[a-z]{2})")
_ACRONYM = re.compile(r"\b[a-z](?:\.[a-z])+\b\.?")
_SINGLE_LETTER = re.compile(r"\b([a-z])-(?=[a-z]{2})")  # e-mail, t-mobile

JOINTS = frozenset({",", "&", "and"})
"""What stands between names that may change places: `Chiquita, Fyffes` = `Fyffes & Chiquita`."""

WORD_LIMIT = 40
"""Longer words are cut: a hostile title may be one word."""


def read_words(text: str) -> list[str]:
    """Every word and joint of a typewritten text: folded, unstemmed, numbers in one spelling."""
    text = write_numbers(_settle_apostrophes(fold(mark_millions(text))))
    words = [_settled(word[:WORD_LIMIT]) for word in _TOKEN.findall(text)]
    return list(_join_phrases(words)) if len(words) > 1 else words


def read_tokens(words: Iterable[str], language: str | None) -> list[str]:
    """What the words of one text count as, in their order; stop words are left out.

    Stemming is for English and for texts in a language unknown; anything else keeps its words.
    """
    is_english, stopped = _reading(language)
    tokens: list[str] = []
    for word in words:
        if is_unspaced(word):
            tokens.extend(_bigrams(word))
        elif word not in stopped:
            tokens.append(stem(word) if is_english else word)
    return tokens


@lru_cache(maxsize=100)
def _reading(language: str | None) -> tuple[bool, frozenset[str]]:
    """Whether words are stemmed, and what is left out."""
    code = (language or "").split("-")[0].split("_")[0].lower()
    stopped = JOINTS | FOREIGN_STOP_WORDS | STOP_WORDS_BY_LANGUAGE.get(code, frozenset())
    is_english = code in ("", "en")
    return is_english, stopped | ENGLISH_STOP_WORDS if is_english else stopped


def is_unspaced(word: str) -> bool:
    """Of a script that puts no spaces between its words."""
    return not word.isascii() and _IS_UNSPACED.match(word) is not None


def months_of(words: list[str]) -> Iterator[str]:
    """The months named; `may` and `march` only beside a number or after `in`, `since`, `last`."""
    for place, word in enumerate(words):
        if word in CALENDAR_MONTHS and word not in AMBIGUOUS_MONTHS:
            yield word
        elif word in AMBIGUOUS_MONTHS and _is_dated(words, place):
            yield AMBIGUOUS_MONTHS[word]


def _is_dated(words: list[str], place: int) -> bool:
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    return before in BEFORE_MONTH or after.isdigit() or before.isdigit()


def _settle_apostrophes(text: str) -> str:
    """`won't` = `will not`, `Nasa's` = `Nasa`, `U.S.` = `US`, `l'ONU` = `ONU`."""
    if "'" in text:
        text = _NEGATED.sub(_negated, text)
        text = _ELISION.sub("", _POSSESSIVE.sub("", text)).replace("'", "")
    if "." in text:
        text = _ACRONYM.sub(lambda match: f" {match[0].replace('.', '')} ", text)
    return _SINGLE_LETTER.sub(r"\1", text) if "-" in text else text


def _negated(match: re.Match[str]) -> str:
    return f"{_CONTRACTED[match[1]] if match[1] else match[2]} not"


def _settled(word: str) -> str:
    if word == "cannot":
        return "not"
    if word in SPELLINGS:
        return SPELLINGS[word]
    return word.lstrip("0") or "0" if word.isdigit() else word


def _join_phrases(words: list[str]) -> Iterator[str]:
    """`united states` = `us`; `3 march` = `march 3`; the letter of `group a` becomes a number."""
    skip = False
    for word, after in pairwise([*words, ""]):
        if skip:
            skip = False
        elif (word, after) in PHRASES:
            yield from PHRASES[word, after]
            skip = True
        elif word.isdigit() and (after in CALENDAR_MONTHS or after in AMBIGUOUS_MONTHS):
            yield from (after, word)
            skip = True
        elif word in SERIES_NOUNS and len(after) == 1 and after.isalpha():
            yield from (word, f"{after}0")
            skip = True
        else:
            yield word


def _bigrams(run: str) -> Iterator[str]:
    kept = "".join(char for char in run if char not in CJK_PARTICLES) or run
    if len(kept) == 1:
        yield kept
    for first, second in pairwise(kept):
        yield first + second


def numbers_of(tokens: Iterable[str]) -> frozenset[str]:
    """The tokens that count, date or number something."""
    return frozenset(token for token in tokens if is_number(token))
