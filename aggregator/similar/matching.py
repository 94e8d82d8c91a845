"""Items -> which pairs of them tell one story, each with its evidence.

A match is a matter of its two items alone, whatever else is there and in whatever order it came;
what follows from the matches together is `grouping`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from aggregator.similar.candidates import HAIR
from aggregator.similar.comparison import Comparison, Weighed, compare_weighed, weigh
from aggregator.similar.headline import HeadlineTokens, without_summary
from aggregator.similar.rules import (
    EVENT_TD,
    MASS_TICKET,
    MASS_TITLE,
    WINDOW,
    Verdict,
    diverged,
    same_story,
)
from aggregator.similar.weights import Weights


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as matching sees it.

    `key` is unique and does not depend on when the entry was stored: its feed's URL with its guid
    or link, never a row's id. Items with the same `identity` (the canonical URL) are one article.
    `earlier` are the headlines it had before, the latest last. `recurring` and `boilerplate` are
    the findings of `recurring`.
    """

    key: str
    tokens: HeadlineTokens
    first_seen_at: datetime
    published_at: datetime | None = None
    identity: str | None = None
    earlier: tuple[HeadlineTokens, ...] = ()
    recurring: bool = False
    boilerplate: bool = False

    @property
    def shown_at(self) -> datetime:
        """When it counts from."""
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, slots=True)
class Match:
    """Two items, by their keys in alphabetical order, that tell one story."""

    a: str
    b: str
    verdict: Verdict


def order_of(item: Item) -> tuple[bool, float, str]:
    """The order in which items are taken: by date, the undated last, then by key.

    First-seen times are left out: they tell how the feeds were polled.
    """
    published = item.published_at
    return published is None, published.timestamp() if published else 0.0, item.key


def in_window(a: Item, b: Item) -> bool:
    """Both first seen and shown within 72 h of each other.

    Both, because a first poll brings weeks of entries with one first-seen time, and a feed may
    date an old entry anew.
    """
    is_seen = abs(a.first_seen_at - b.first_seen_at) <= WINDOW
    return is_seen and abs(a.shown_at - b.shown_at) <= WINDOW


def matches_of(item: Item, others: Iterable[Item], weights: Weights) -> tuple[Match, ...]:
    """The matches of one item among the candidates, in the order of their keys."""
    candidates = list(others)
    compared = compare_items(
        weigh_item(item, weights), [weigh_item(other, weights) for other in candidates]
    )
    found = [
        Match(min(item.key, other.key), max(item.key, other.key), verdict)
        for other, (verdict, _) in zip(candidates, compared, strict=True)
        if verdict is not None
    ]
    return tuple(sorted(found, key=lambda match: (match.a, match.b)))


@dataclass(frozen=True, slots=True)
class WeighedItem:
    """An item with its headlines weighed, the latest first: for many comparisons."""

    item: Item
    versions: tuple[Weighed, ...]


def weigh_item(item: Item, weights: Weights) -> WeighedItem:
    """Works out once what every comparison of this item needs."""
    return WeighedItem(item, _weigh(item, weights))


def compare_items(
    own: WeighedItem, others: Iterable[WeighedItem]
) -> Iterator[tuple[Verdict | None, Comparison | None]]:
    """For each of the others: the verdict, and how the two compare as they are.

    Neither where nothing can follow: one article, or out of the window, or a recurring title, or
    too little in common for any rule.
    """
    for other in others:
        if _is_barred(own.item, other.item) or _is_hopeless(own.versions, other.versions):
            yield None, None
        else:
            current = compare_weighed(own.versions[0], other.versions[0])
            yield _verdict(current, own.versions, other.versions), current


def _is_hopeless(ours: Sequence[Weighed], theirs: Sequence[Weighed]) -> bool:
    """Neither a rule nor that of events can apply: most candidates, at a fraction of a comparison.

    Titles that share so little decide nothing alone, and the texts have too little in common.
    """
    if len(ours) > 1 or len(theirs) > 1:
        return False
    a, b = ours[0], theirs[0]
    if sum(weight for token, weight in a.title.items() if token in b.title) > MASS_TITLE - HAIR:
        return False
    other = b.vector
    dot = sum(weight * other[token] for token, weight in a.vector.items() if token in other)
    return dot < (EVENT_TD - HAIR) * a.norm * b.norm


def find_matches(items: Iterable[Item], weights: Weights) -> tuple[Match, ...]:
    """Every match among the items, in the order of their keys.

    Exact: no rule applies to titles that share less than the entry ticket, so only pairs that
    share as much are compared.
    """
    all_items = sorted(items, key=lambda item: item.key)
    versions = [_weigh(item, weights) for item in all_items]
    found = []
    for first, second in _candidates(versions):
        match = _match(all_items[first], versions[first], all_items[second], versions[second])
        if match is not None:
            found.append(match)
    return tuple(sorted(found, key=lambda match: (match.a, match.b)))


def _weigh(item: Item, weights: Weights) -> tuple[Weighed, ...]:
    """The headline as it is, then those it had."""
    texts = (item.tokens, *item.earlier)
    if item.boilerplate:
        texts = tuple(without_summary(text) for text in texts)
    return tuple(weigh(text, weights) for text in texts)


def _is_barred(a: Item, b: Item) -> bool:
    if a.recurring or b.recurring or a.key == b.key:
        return True
    return (a.identity is not None and a.identity == b.identity) or not in_window(a, b)


def _match(
    a: Item, versions_a: Sequence[Weighed], b: Item, versions_b: Sequence[Weighed]
) -> Match | None:
    if _is_barred(a, b):
        return None
    verdict = _verdict(compare_weighed(versions_a[0], versions_b[0]), versions_a, versions_b)
    return None if verdict is None else Match(min(a.key, b.key), max(a.key, b.key), verdict)


def _verdict(
    current: Comparison, versions_a: Sequence[Weighed], versions_b: Sequence[Weighed]
) -> Verdict | None:
    """Of the headlines as they are; else of any that they had, unless they have diverged since.

    An edit does not undo a match (`kills nine`, then `kills 12`), and which of the versions were
    there when the two met is a matter of the polls' order: so all of them count.
    """
    verdict = same_story(current)
    if verdict is not None or (len(versions_a) == len(versions_b) == 1) or diverged(current):
        return verdict
    compared = (compare_weighed(a, b) for a, b in product(versions_a, versions_b))
    verdicts = [verdict for verdict in map(same_story, compared) if verdict is not None]
    return max(verdicts, key=_strength, default=None)


def _strength(verdict: Verdict) -> tuple[float, float, float, float]:
    found = verdict.comparison
    return verdict.score, found.td, found.tj, found.mass


def _candidates(versions: Sequence[Sequence[Weighed]]) -> Iterator[tuple[int, int]]:
    """Places of pairs whose titles share the entry ticket; each pair once."""
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, texts in enumerate(versions):
        title: dict[str, float] = {}
        for text in texts:
            title |= text.title
        mass: defaultdict[int, float] = defaultdict(float)
        for token, weight in title.items():
            for other in holders[token]:
                mass[other] += weight
            holders[token].append(place)
        yield from ((other, place) for other, sum_ in mass.items() if sum_ > MASS_TICKET - HAIR)
