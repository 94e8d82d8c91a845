"""Items, their matches and the editor's overrides -> stories, the same for every arrival order.

Items are taken in a fixed order (`matching.order_of`), so what comes out is a matter of what is
there and not of how it came. Articles that share a URL, or that the editor joined, are one unit. A
unit joins the story that it matches best, provided that it matches the first unit of that story or
at least half of its units: no chain of lookalikes grows into one story.

No group reaches beyond a connected component of matches, shared URLs and forced pairs. So when an
entry comes, goes or changes, it is exact to group again only the `neighbourhood` of it and of
whatever it was grouped with before. A change is also an edited title, a `recurring` or
`boilerplate` finding that turns, an override: the matches of the item are found again first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.similar.matching import Item, Match, order_of
from aggregator.similar.rules import Verdict

MEMBER_CAP = 10
"""Units of one story; more are a flood of one template. NewsBlur stops at ten as well."""


class OverrideKind(StrEnum):
    """What an editor says of two entries; it holds over every rule and window."""

    FORCE = "force"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Override:
    """The editor's word on two items, by their keys."""

    a: str
    b: str
    kind: OverrideKind


@dataclass(frozen=True, slots=True)
class SameSlug:
    """Two items, by their keys, whose links end alike on two sites of one family."""

    a: str
    b: str


class Reason(StrEnum):
    """Why two items are in one group."""

    URL = "url"
    SLUG = "slug"
    FORCE = "force"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Join:
    """The evidence that ties `item` to `matched`, which comes before it.

    `verdict` is the rule with its score and features where the reason is similarity, else None.
    """

    item: str
    matched: str
    reason: Reason
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One story: keys of its items in their order, and one join for each but one."""

    members: tuple[str, ...]
    joins: tuple[Join, ...] = ()


@dataclass(slots=True)
class _Unit:
    """Items that stay together whatever they read like."""

    members: list[str]
    joins: list[Join] = field(default_factory=list)


@dataclass(slots=True)
class _Story:
    """A group while it grows."""

    units: list[_Unit]
    joins: list[Join] = field(default_factory=list)


def group(
    items: Iterable[Item],
    matches: Iterable[Match],
    overrides: Iterable[Override] = (),
    slugs: Iterable[SameSlug] = (),
) -> tuple[Group, ...]:
    """Every item in one group; what is said of items not among them is passed over.

    Where the editor's words contradict each other, `never` holds.
    """
    ordered = sorted(items, key=order_of)
    places = {item.key: place for place, item in enumerate(ordered)}
    never, forced = _sort_overrides(overrides, places)
    partners = _partners(matches, places)
    stories: list[_Story] = []
    story_of: dict[str, int] = {}
    alike = sorted(
        (_in_order(pair.a, pair.b, places) for pair in slugs if {pair.a, pair.b} <= places.keys()),
        key=lambda pair: (places[pair[0]], places[pair[1]]),
    )
    for unit in _units(ordered, forced, alike, never):
        chosen = _choose(unit, stories, story_of, partners, never)
        if chosen is None:
            stories.append(_Story([unit]))
        else:
            story, match = chosen
            stories[story].units.append(unit)
            stories[story].joins.append(_similar(match, places))
        place = len(stories) - 1 if chosen is None else chosen[0]
        story_of.update(dict.fromkeys(unit.members, place))
    return tuple(_finished(story, places) for story in stories)


def identities(links: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Item -> its identity, given the links it has or had; nothing for an item without any.

    Items that share a link, directly or by way of others, have one identity: the first of all
    their links in alphabetical order.
    """
    leader: dict[str, str] = {}

    def find(link: str) -> str:
        while leader[link] != link:
            leader[link] = leader[leader[link]]
            link = leader[link]
        return link

    first: dict[str, str] = {}
    for item, found in links.items():
        for link in found:
            leader.setdefault(link, link)
            one, other = find(first.setdefault(item, link)), find(link)
            leader[max(one, other)] = min(one, other)
    return {item: find(link) for item, link in first.items()}


def ties(
    items: Iterable[Item], matches: Iterable[Match], overrides: Iterable[Override] = ()
) -> Iterator[tuple[str, str]]:
    """Every pair of keys that may put two items into one group."""
    first: dict[str, str] = {}
    for item in items:
        if item.identity is not None:
            yield first.setdefault(item.identity, item.key), item.key
    yield from ((match.a, match.b) for match in matches)
    yield from ((word.a, word.b) for word in overrides if word.kind is OverrideKind.FORCE)


def neighbourhood(keys: Iterable[str], tied: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The keys and all that is tied to them, directly or not: what has to be grouped again."""
    neighbours: defaultdict[str, list[str]] = defaultdict(list)
    for a, b in tied:
        neighbours[a].append(b)
        neighbours[b].append(a)
    reached = set(keys)
    waiting = list(reached)
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return frozenset(reached)


# ----------------------------------------------------------------------- units

_Never = Mapping[str, frozenset[str]]


def _sort_overrides(
    overrides: Iterable[Override], places: Mapping[str, int]
) -> tuple[_Never, list[tuple[str, str]]]:
    """Key -> keys it must not be with, and the forced pairs in the order of the items."""
    never: defaultdict[str, set[str]] = defaultdict(set)
    forced = []
    for word in overrides:
        if word.a not in places or word.b not in places or word.a == word.b:
            continue
        if word.kind is OverrideKind.NEVER:
            never[word.a].add(word.b)
            never[word.b].add(word.a)
        else:
            forced.append(_in_order(word.a, word.b, places))
    forced.sort(key=lambda pair: (places[pair[0]], places[pair[1]]))
    return {key: frozenset(others) for key, others in never.items()}, forced


def _units(
    ordered: list[Item],
    forced: list[tuple[str, str]],
    alike: list[tuple[str, str]],
    never: _Never,
) -> tuple[_Unit, ...]:
    """The units in the order of their first items; editors first, then shared URLs and slugs."""
    units = {item.key: _Unit([item.key]) for item in ordered}
    for a, b in forced:
        _unite(units, Join(b, a, Reason.FORCE), never)
    for before, item in _same_articles(ordered):
        _unite(units, Join(item, before, Reason.URL), never)
    for before, item in alike:
        _unite(units, Join(item, before, Reason.SLUG), never)
    # The items of a unit share the object; a dict keeps the order of its first item.
    return tuple({id(units[item.key]): units[item.key] for item in ordered}.values())


def _same_articles(ordered: list[Item]) -> Iterator[tuple[str, str]]:
    """Each item with the items before it that share its URL: where `never` bars one, the next."""
    known: defaultdict[str, list[str]] = defaultdict(list)
    for item in ordered:
        if item.identity is not None:
            yield from ((before, item.key) for before in known[item.identity])
            known[item.identity].append(item.key)


def _unite(units: dict[str, _Unit], join: Join, never: _Never) -> None:
    one, other = units[join.matched], units[join.item]
    if one is other or _is_barred(one.members, other.members, never):
        return
    one.members.extend(other.members)
    one.joins.extend((*other.joins, join))
    units.update(dict.fromkeys(other.members, one))


def _is_barred(members: Iterable[str], others: Iterable[str], never: _Never) -> bool:
    barred = frozenset[str]().union(*(never.get(key, frozenset()) for key in members))
    return not barred.isdisjoint(others)


# --------------------------------------------------------------------- stories

_Partners = Mapping[str, list[Match]]


def _partners(matches: Iterable[Match], places: Mapping[str, int]) -> _Partners:
    """Key -> its matches."""
    partners: defaultdict[str, list[Match]] = defaultdict(list)
    for match in matches:
        if match.a in places and match.b in places:
            partners[match.a].append(match)
            partners[match.b].append(match)
    return partners


def _choose(
    unit: _Unit,
    stories: list[_Story],
    story_of: Mapping[str, int],
    partners: _Partners,
    never: _Never,
) -> tuple[int, Match] | None:
    """The story the unit joins with the best match that leads there; of equals the earliest."""
    leads: defaultdict[int, list[tuple[str, Match]]] = defaultdict(list)
    for key in unit.members:
        for match in partners.get(key, ()):
            other = match.b if match.a == key else match.a
            if other in story_of:
                leads[story_of[other]].append((other, match))
    open_to = [
        (-max(match.verdict.score for _, match in lead), place)
        for place, lead in leads.items()
        if _may_join(unit, stories[place], {other for other, _ in lead}, never)
    ]
    if not open_to:
        return None
    place = min(open_to)[1]
    return place, min((match for _, match in leads[place]), key=_strongest_first)


def _strongest_first(match: Match) -> tuple[float, str, str, str]:
    return -match.verdict.score, match.verdict.rule, match.a, match.b


def _may_join(unit: _Unit, story: _Story, matched: set[str], never: _Never) -> bool:
    """It matches the first unit or half of them, there is room, and the editor does not mind."""
    hits = [not matched.isdisjoint(other.members) for other in story.units]
    if len(story.units) >= MEMBER_CAP or not (hits[0] or 2 * sum(hits) >= len(hits)):
        return False
    return not any(_is_barred(unit.members, other.members, never) for other in story.units)


def _similar(match: Match, places: Mapping[str, int]) -> Join:
    before, item = _in_order(match.a, match.b, places)
    return Join(item, before, Reason.SIMILAR, match.verdict)


def _finished(story: _Story, places: Mapping[str, int]) -> Group:
    members = sorted((key for unit in story.units for key in unit.members), key=places.__getitem__)
    joins = [join for unit in story.units for join in unit.joins] + story.joins
    joins.sort(key=lambda join: (places[join.item], places[join.matched]))
    return Group(tuple(members), tuple(joins))


def _in_order(a: str, b: str, places: Mapping[str, int]) -> tuple[str, str]:
    return (a, b) if places[a] < places[b] else (b, a)
