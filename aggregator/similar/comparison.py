"""Two headlines -> a `Comparison`: how much they share, and what speaks against one story.

It judges nothing: which features decide, and over which guards, is for `rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from math import sqrt

from aggregator.similar.headline import HeadlineTokens
from aggregator.similar.stem import stem
from aggregator.similar.tokens import is_unspaced
from aggregator.similar.weights import Weights

TITLE_TOKENS = 3
"""By judgement: fewer make the name of a topic (`Fannie Mae`, `Bond default`), no headline."""
CUT_TOKENS = 5
"""By judgement: a title cut short must go at least this far to stand for the whole."""
CUT_SHARE = 0.5
"""By judgement: and hold at least this share of its tokens."""
SERIES_SHARE = 0.5
"""By judgement: of the words after the colon the titles must share more."""


class Guard(StrEnum):
    """What keeps two headlines apart however alike they are.

    The first five stop B and C. NUMBERS costs next to nothing: 1 conflict in 309 pairs of one
    story, 330 in 1,600 others (STS). SERIES is one column over two subjects (`Typepad 101: Adding
    items` / `Typepad 101: Add a background`, the same standfirst). The rest stop C alone, where
    titles decide without a text: each side has a word the other has not (`nears` / `clinches`,
    `Chaba` / `Meari`), the order says who did it (`army kills militant`), or one side only plans,
    doubts, asks, calls off, rises or falls.
    """

    NUMBERS = "numbers"
    DIRECTION = "direction"
    CALENDAR = "calendar"
    NEGATION = "negation"
    SERIES = "series"
    SUBSTITUTION = "substitution"
    ORDER = "order"
    QUALIFIED = "qualified"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two headlines side by side; the same whichever is first.

    `tj`: idf-weighted Jaccard of the titles. `mass`: summed idf of the `shared` title tokens.
    `td`: TF-IDF cosine of title and summary. `sj`: idf-weighted Jaccard of the summaries; 0 where
    one is empty. `have_summaries`: both. `added`: tokens that the summaries have beyond their own
    titles, the lesser number of the two. `extends`: one title is the other, cut short.
    `has_short_title`: the shorter has fewer tokens than `TITLE_TOKENS`.
    """

    same_key: bool
    extends: bool
    has_short_title: bool
    shared: int
    tj: float
    mass: float
    td: float
    sj: float
    have_summaries: bool
    added: int
    guards: frozenset[Guard]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A headline with its weights worked out, for many comparisons."""

    tokens: HeadlineTokens
    title: dict[str, float]
    summary: dict[str, float]
    vector: dict[str, float]
    norm: float


@lru_cache(maxsize=4096)
def weigh(tokens: HeadlineTokens, weights: Weights) -> Weighed:
    """Works out once what every comparison of this headline needs."""
    title = {token: weights.idf(token) for token in tokens.title}
    summary = {token: title.get(token) or weights.idf(token) for token in set(tokens.summary)}
    counts = Counter(tokens.title)
    counts.update(tokens.summary)
    # In one order always: sums of floats must not depend on how sets happen to be laid out.
    vector = {
        token: counts[token] * (title.get(token) or summary[token]) for token in sorted(counts)
    }
    return Weighed(tokens, title, summary, vector, sqrt(sum(x * x for x in vector.values())))


def compare(a: HeadlineTokens, b: HeadlineTokens, weights: Weights) -> Comparison:
    """How alike two headlines are."""
    return compare_weighed(weigh(a, weights), weigh(b, weights))


def compare_weighed(a: Weighed, b: Weighed) -> Comparison:
    """`compare` for headlines weighed before, with the same weights."""
    shared = a.title.keys() & b.title.keys()
    only_a, only_b = _unmatched(a.tokens, b.tokens, shared)
    return Comparison(
        same_key=bool(a.tokens.key) and a.tokens.key == b.tokens.key,
        extends=_extends(a.tokens, b.tokens) or _extends(b.tokens, a.tokens),
        has_short_title=min(len(a.title), len(b.title)) < TITLE_TOKENS,
        shared=len(shared),
        tj=_title_jaccard(a, b, only_a, only_b),
        mass=_sum(a.title[token] for token in shared),
        td=_cosine(a, b),
        sj=_jaccard(a.summary, b.summary),
        have_summaries=bool(a.summary) and bool(b.summary),
        added=min(len(a.summary.keys() - a.title), len(b.summary.keys() - b.title)),
        guards=frozenset(_guards(a.tokens, b.tokens, only_a, only_b)),
    )


# -------------------------------------------------------------------- features


def _sum(values: Iterable[float]) -> float:
    """Sorted first: a sum of floats depends on the order, and sets have none."""
    return sum(sorted(values))


def _cosine(a: Weighed, b: Weighed) -> float:
    if not a.norm or not b.norm:
        return 0.0
    dot = _sum(a.vector[token] * b.vector[token] for token in a.vector.keys() & b.vector)
    return min(1.0, dot / (a.norm * b.norm))


def _jaccard(a: dict[str, float], b: dict[str, float]) -> float:
    if not a or not b:
        return 0.0
    shared = _sum(a[token] for token in a.keys() & b)
    return shared / (_sum(a.values()) + _sum(b.values()) - shared)


def _title_jaccard(a: Weighed, b: Weighed, only_a: set[str], only_b: set[str]) -> float:
    """Over all tokens but those that are the same word written apart and together."""
    total_a, total_b = _sum(a.title.values()), _sum(b.title.values())
    apart = _sum(a.title[token] for token in only_a) + _sum(b.title[token] for token in only_b)
    union = (total_a + total_b + apart) / 2
    return max(0.0, 1.0 - apart / union) if union else 0.0


def _unmatched(a: HeadlineTokens, b: HeadlineTokens, shared: set[str]) -> tuple[set[str], set[str]]:
    """What each title has alone; `cease fire` and `ceasefire` are the same."""
    only_a = set(a.title) - shared
    only_b = set(b.title) - shared
    if only_a and only_b:
        _drop_written_together(a.title, only_a, only_b)
        _drop_written_together(b.title, only_b, only_a)
    return only_a, only_b


def _drop_written_together(title: tuple[str, ...], apart: set[str], together: set[str]) -> None:
    for first, second in pairwise(title):
        # A stem may have lost its e: `ceas` `fir`, `ceasefir`.
        found = {first + second, f"{first}e{second}"} & together
        if found and first in apart and second in apart:
            apart -= {first, second}
            together -= found


def _extends(a: HeadlineTokens, b: HeadlineTokens) -> bool:
    """`a` is `b` up to an ellipsis, and far enough to tell."""
    return (
        a.cut_short
        and len(a.title) >= max(CUT_TOKENS, CUT_SHARE * len(b.title))
        and b.key.startswith(a.key)
    )


# ---------------------------------------------------------------------- guards


def _guards(
    a: HeadlineTokens, b: HeadlineTokens, only_a: set[str], only_b: set[str]
) -> Iterable[Guard]:
    if _conflict(a.numbers, b.numbers):
        yield Guard.NUMBERS
    if a.direction and b.direction and a.direction is not b.direction:
        yield Guard.DIRECTION
    if _conflict(a.weekdays, b.weekdays) or _conflict(a.months, b.months):
        yield Guard.CALENDAR
    if bool(a.negations) != bool(b.negations):
        yield Guard.NEGATION
    if _is_series(a, b):
        yield Guard.SERIES
    if _is_substitution(only_a, only_b):
        yield Guard.SUBSTITUTION
    if _is_other_order(a, b):
        yield Guard.ORDER
    if a.qualifiers != b.qualifiers or a.direction is not b.direction:
        yield Guard.QUALIFIED


def _conflict(a: frozenset[str], b: frozenset[str]) -> bool:
    """Both say something, and neither says all that the other says."""
    return bool(a) and bool(b) and not a <= b and not b <= a


def _is_series(a: HeadlineTokens, b: HeadlineTokens) -> bool:
    """The same words before the colon, and after it no more than half in common."""
    if not a.rubric or a.rubric != b.rubric:
        return False
    rest_a, rest_b = set(a.title[len(a.rubric) :]), set(b.title[len(b.rubric) :])
    shorter = min(len(rest_a), len(rest_b))
    return shorter > 0 and len(rest_a & rest_b) <= SERIES_SHARE * shorter


def _is_substitution(only_a: set[str], only_b: set[str]) -> bool:
    """Each title has a word of its own; in scripts without spaces, a character of its own."""
    if not only_a or not only_b:
        return False
    if all(map(is_unspaced, only_a | only_b)):
        characters_a, characters_b = set("".join(only_a)), set("".join(only_b))
        return bool(characters_a - characters_b) and bool(characters_b - characters_a)
    return True


def _is_other_order(a: HeadlineTokens, b: HeadlineTokens) -> bool:
    """The shared tokens in another order than an exchange of two neighbouring parts makes.

    `Poland: gas threatens Europe` and `gas threatens Europe: Poland` are such an exchange, `files
    in US` and `US files` too; `army kills militant` and `militant kills army` are not. Within a
    title the words must stay as they are: `rebels shoot plane` is no `shoots rebel plane`.
    """
    shared = set(a.title) & set(b.title)
    joined = a.joined | b.joined
    whole_a = _settled_order(a.title, shared, joined)
    whole_b = _settled_order(b.title, shared, joined)
    part_a, part_b = _between(whole_a, whole_b)
    if not part_a:
        return False
    if not _is_exchange(part_a, part_b):
        return True
    return part_a != whole_a and not _inflected(a, b).isdisjoint(part_a)


def _is_exchange(a: list[str], b: list[str]) -> bool:
    start = b.index(a[0])
    return b[start:] + b[:start] == a


def _inflected(a: HeadlineTokens, b: HeadlineTokens) -> frozenset[str]:
    """Stems of the words that only one of the titles has in that form."""
    return frozenset(map(stem, set(a.key.split()) ^ set(b.key.split())))


def _between(a: list[str], b: list[str]) -> tuple[list[str], list[str]]:
    """Two orders of the same tokens without what they have in common at both ends."""
    start, end = 0, len(a)
    while start < end and a[start] == b[start]:
        start += 1
    while start < end and a[end - 1] == b[end - 1]:
        end -= 1
    return a[start:end], b[start:end]


def _settled_order(
    title: tuple[str, ...], shared: set[str], joined: frozenset[tuple[str, str]]
) -> list[str]:
    order = [token for token in title if token in shared]
    for place in range(len(order) - 1):
        first, second = order[place : place + 2]
        if (second, first) in joined:  # pairs are kept in alphabetical order
            order[place : place + 2] = second, first
    return order
