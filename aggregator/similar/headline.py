"""Title and summary as stored -> everything the rules compare: the one versioned normaliser.

Whatever two desks do differently to one headline is undone here and in the modules it uses; what
changes its meaning is kept. Every step is linear in the length of the text: feeds are hostile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from aggregator.similar.affixes import strip_affixes
from aggregator.similar.tokens import (
    JOINTS,
    is_unspaced,
    months_of,
    numbers_of,
    read_tokens,
    read_words,
)
from aggregator.similar.typography import typewritten
from aggregator.similar.words import (
    CJK_NEGATIONS,
    DOWN,
    NEGATIONS,
    QUALIFIERS,
    TELLING_STOP_WORDS,
    UP,
    WEEKDAYS,
)

NORMALISER_VERSION = 1
"""Raised with every change of what `read_headline` gives; stored with every match it led to."""

TITLE_LIMIT = 300
SUMMARY_LIMIT = 220
"""Characters of the summary that count, after the dateline; the thresholds of `rules` were
measured with them."""

_MAX_RAW_SUMMARY = 1000
_MAX_DATELINE = 90
_ENDS_CUT = re.compile(r"\.\.\.[])\"']{0,3}$")

_AGENCY = r"(?:\((?:[A-Z][A-Za-z.]{1,11})(?:[ /][A-Z][A-Za-z]{1,11}){0,2}\))"
# `WASHINGTON (AFP) - `, `PARIS, March 3 (Reuters) - `, `Moffett Field CA (SPX) Jan 12, 2014 `.
_DATELINE = re.compile(
    rf"[A-Z][\w.,'/ -]{{1,50}}{_AGENCY}(?: [A-Z][a-z]{{2,8}}\.? \d{{1,2}}, \d{{4}})?(?: ?[-:]+)? ?"
    rf"|[A-Z][A-Z.,' ]{{2,30}}(?:, [A-Z][a-z]{{2,8}}\.? \d{{1,2}})? ?(?:-+|:) "
    rf"|{_AGENCY} ?[-:]* ?"
)


class Direction(StrEnum):
    """Where a title says that something goes; a title that says both says neither."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class HeadlineTokens:
    """A headline as the rules see it.

    `key` is the whole title, folded; equal keys are the same title. `title` holds each content
    token once, in order, `joined` the pairs of them that a comma or `and` joins and that may change
    places. `summary` holds the content tokens of what counts of the summary, repeats included.
    `rubric` is the leading part of `title` that stands before a colon. `cut_short` says that the
    title ends in an ellipsis. `qualifiers` are the words that say whether it happened.
    """

    key: str
    title: tuple[str, ...]
    summary: tuple[str, ...] = ()
    rubric: tuple[str, ...] = ()
    joined: frozenset[tuple[str, str]] = frozenset()
    numbers: frozenset[str] = frozenset()
    weekdays: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    direction: Direction | None = None
    negations: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    cut_short: bool = False


def read_headline(
    title: str,
    summary: str = "",
    *,
    suffixes: frozenset[str] = frozenset(),
    language: str | None = None,
) -> HeadlineTokens:
    """Reads one entry. `suffixes` are the site's names as `suffix_key` folds them.

    `language` is the feed's, as an RFC 5646 tag; None is read as English.
    """
    text = strip_affixes(typewritten(title[:TITLE_LIMIT]), suffixes)
    items = read_words(text)
    words = [word for word in items if word not in JOINTS]
    tokens = tuple(dict.fromkeys(read_tokens(words, language)))
    is_question = text.endswith("?")
    return HeadlineTokens(
        key=" ".join(words) + ("?" if is_question and words else ""),
        title=tokens,
        summary=_read_summary(summary, language) if summary else (),
        rubric=_rubric(text, language),
        joined=_joined_pairs(items, language),
        numbers=numbers_of(tokens),
        weekdays=frozenset(WEEKDAYS[word] for word in words if word in WEEKDAYS),
        months=frozenset(months_of(words)),
        direction=_direction(tokens),
        negations=_negations(words, tokens),
        qualifiers=_qualifiers(words, tokens, is_question=is_question),
        cut_short=_ENDS_CUT.search(text) is not None,
    )


def with_summary(tokens: HeadlineTokens, summary: str, language: str | None) -> HeadlineTokens:
    """A headline read without its summary -> the same as read with it."""
    return replace(tokens, summary=_read_summary(summary, language)) if summary else tokens


def without_summary(tokens: HeadlineTokens) -> HeadlineTokens:
    """The headline alone, for a summary that is boilerplate."""
    return replace(tokens, summary=())


def _read_summary(summary: str, language: str | None) -> tuple[str, ...]:
    text = _without_dateline(typewritten(summary[:_MAX_RAW_SUMMARY]))
    if len(text) > SUMMARY_LIMIT:
        # A word cut in two would be a rare word of its own.
        text = text[: SUMMARY_LIMIT + 1].rpartition(" ")[0] or text[:SUMMARY_LIMIT]
    return tuple(read_tokens(read_words(text), language))


def _without_dateline(text: str) -> str:
    found = _DATELINE.match(text, 0, _MAX_DATELINE)
    return text[found.end() :] if found else text


def _rubric(text: str, language: str | None) -> tuple[str, ...]:
    head, colon, _ = text.partition(": ")
    return tuple(dict.fromkeys(read_tokens(read_words(head), language))) if colon else ()


def _joined_pairs(items: list[str], language: str | None) -> frozenset[tuple[str, str]]:
    pairs = set()
    for place, item in enumerate(items[1:-1], start=1):
        if item in JOINTS:
            around = read_tokens((items[place - 1], items[place + 1]), language)
            if len(around) == 2:
                pairs.add((min(around), max(around)))
    return frozenset(pairs)


def _direction(tokens: tuple[str, ...]) -> Direction | None:
    is_up, is_down = not UP.isdisjoint(tokens), not DOWN.isdisjoint(tokens)
    if is_up == is_down:
        return None
    return Direction.UP if is_up else Direction.DOWN


def _negations(words: list[str], tokens: tuple[str, ...]) -> frozenset[str]:
    found = NEGATIONS.intersection(tokens) | NEGATIONS.intersection(words)
    unspaced = "".join(word for word in words if is_unspaced(word))
    return found | CJK_NEGATIONS.intersection(unspaced)


def _qualifiers(words: list[str], tokens: tuple[str, ...], *, is_question: bool) -> frozenset[str]:
    found = QUALIFIERS.intersection(tokens) | TELLING_STOP_WORDS.intersection(words)
    if "may" in words and "may" in set(months_of(words)):
        found -= {"may"}
    return found | {"?"} if is_question else found
