"""Which pairs match, and which stories follow: the same ones in whatever order the items came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfall_pairs import PITFALL_PAIRS

from aggregator.similar.comparison import compare
from aggregator.similar.grouping import (
    MEMBER_CAP,
    Group,
    Override,
    OverrideKind,
    Reason,
    group,
    neighbourhood,
    ties,
)
from aggregator.similar.headline import read_headline
from aggregator.similar.matching import (
    Item,
    Match,
    compare_items,
    find_matches,
    in_window,
    matches_of,
    order_of,
    weigh_item,
)
from aggregator.similar.rules import WINDOW, Rule, Verdict, same_event, same_story
from aggregator.similar.weights import BACKGROUND

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING = read_headline("")
SOME = compare(NOTHING, NOTHING, BACKGROUND)
WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"

TITLES = sorted({title for _, a, b, _ in PITFALL_PAIRS for title in (a, b)})


def item(
    key: str,
    title: str = "",
    summary: str = "",
    *,
    published: datetime | None = NOON,
    seen: datetime = NOON,
) -> Item:
    """An item published at noon."""
    return Item(key, read_headline(title, summary), seen, published)


def items(keys: str) -> tuple[Item, ...]:
    """One item a letter, in the order of the alphabet."""
    return tuple(item(key, published=NOON + place * HOUR) for place, key in enumerate(sorted(keys)))


def match(pair: str, score: float = 0.9) -> Match:
    """A match of two letters."""
    a, b = sorted(pair)
    return Match(a, b, Verdict(Rule.C, score, SOME))


def matches(pairs: str) -> list[Match]:
    """`ab bc`: matches of the pairs."""
    return [match(pair) for pair in pairs.split()]


def never(pair: str) -> Override:
    """The editor keeps two apart."""
    return Override(pair[0], pair[1], OverrideKind.NEVER)


def force(pair: str) -> Override:
    """The editor joins two."""
    return Override(pair[0], pair[1], OverrideKind.FORCE)


def members(groups: Iterable[Group]) -> list[str]:
    """`["ab", "c"]`."""
    return ["".join(found.members) for found in groups]


# -------------------------------------------------------------------- matching


def test_match_carries_its_evidence() -> None:
    """Keys in alphabetical order, the rule, the score and the features."""
    a = item("feed-b guid", "UPDATE 2-Libyan PM sacked after rebels export oil")
    b = item("feed-a guid", "Libyan PM sacked after rebels export oil")

    (found,) = find_matches([a, b], BACKGROUND)

    assert (found.a, found.b) == ("feed-a guid", "feed-b guid")
    assert found.verdict.rule is Rule.A
    assert found.verdict.comparison == compare(a.tokens, b.tokens, BACKGROUND)


@pytest.mark.parametrize(
    ("published", "seen", "is_in"),
    [
        pytest.param(NOON + WINDOW, NOON, True, id="edge-published"),
        pytest.param(NOON + WINDOW + HOUR, NOON, False, id="published"),
        pytest.param(NOON, NOON + WINDOW, True, id="edge-seen"),
        pytest.param(NOON, NOON + WINDOW + HOUR, False, id="seen"),
        pytest.param(None, NOON + WINDOW, True, id="undated-edge"),
        pytest.param(None, NOON + WINDOW + HOUR, False, id="undated"),
    ],
)
def test_window(published: datetime | None, seen: datetime, is_in: bool) -> None:
    """72 hours in both times, whichever comes first."""
    a = item("a", "Libyan PM sacked after rebels export oil")
    b = item("b", "Libyan PM sacked after rebels export oil", published=published, seen=seen)

    found = find_matches([a, b], BACKGROUND)

    assert in_window(a, b) is in_window(b, a) is is_in
    assert bool(found) is is_in


def test_items_that_say_nothing_do_not_match() -> None:
    """A recurring title matches nothing; one URL needs no match; nothing matches itself."""
    a = item("a", "Libyan PM sacked after rebels export oil")
    b = replace(a, key="b")

    recurring = find_matches([a, replace(b, recurring=True)], BACKGROUND)
    one_article = find_matches([replace(a, identity="u"), replace(b, identity="u")], BACKGROUND)
    itself = matches_of(a, [a], BACKGROUND)

    assert recurring == one_article == itself == ()
    assert find_matches([replace(a, identity="u"), replace(b, identity="v")], BACKGROUND)


def test_boilerplate_counts_as_no_summary() -> None:
    """Two titles over one standfirst do not match by it."""
    a = item("a", "Anatolia quake rescuers race the cold", WIRE)
    b = item("b", "Rescuers race the cold in Anatolia", WIRE)

    with_summary = find_matches([a, b], BACKGROUND)
    without = find_matches([a, replace(b, boilerplate=True)], BACKGROUND)

    assert [found.verdict.rule for found in with_summary] == [Rule.B]
    assert without == ()


@pytest.mark.parametrize(
    ("title", "earlier", "is_match"),
    [
        pytest.param(
            "Bus crash in Peru kills 12", ("Bus crash in Peru kills nine",), True, id="toll"
        ),
        pytest.param("Local vote results", ("Bus crash in Peru kills nine",), False, id="diverged"),
        pytest.param("Bus crash in Peru kills 12", (), False, id="never-was"),
        pytest.param(
            "Bus crash in Peru kills 12", ("Bus crash in Peru kills 11",), False, id="never-met"
        ),
    ],
)
def test_edited_title_keeps_its_match(title: str, earlier: tuple[str, ...], is_match: bool) -> None:
    """Once the same and not diverged since is the same, whichever version met the other."""
    copy = item("a", "Bus crash in Peru kills nine")
    edited = replace(item("b", title), earlier=tuple(map(read_headline, earlier)))

    found = find_matches([copy, edited], BACKGROUND)

    assert bool(found) is is_match


def test_search_finds_what_comparing_all_pairs_finds() -> None:
    """No pair is lost by looking only at those that share the entry ticket."""
    titles = [title for _, a, b, _ in PITFALL_PAIRS for title in (a, b)]
    everything = [
        item(f"{place:03}", title, WIRE if place % 3 else "") for place, title in enumerate(titles)
    ]

    found = find_matches(everything, BACKGROUND)

    one_by_one = [
        matches_of(one, everything[:place], BACKGROUND) for place, one in enumerate(everything)
    ]
    assert len(found) > 15
    assert set(found) == {match for some in one_by_one for match in some}
    assert list(found) == sorted(found, key=lambda match: (match.a, match.b))


# -------------------------------------------------------------------- grouping


def test_order_leaves_first_seen_out() -> None:
    """By date, the undated last, then by key: how feeds were polled does not count."""
    late = item("a", published=NOON + HOUR)
    undated = item("b", published=None, seen=NOON - HOUR)
    early = item("c", seen=NOON + HOUR)
    same = item("d", seen=NOON - HOUR)

    ordered = sorted([undated, late, same, early], key=order_of)

    assert [found.key for found in ordered] == ["c", "d", "a", "b"]


GROUPS = {
    "nothing": ("", "", (), []),
    "single": ("ab", "", (), ["a", "b"]),
    "pair": ("ab", "ab", (), ["ab"]),
    "other-items": ("ab", "ax xy", (never("ax"), force("bx"), force("aa")), ["a", "b"]),
    "all-match": ("abc", "ab ac bc", (), ["abc"]),
    # c matches b, not a: one of two members is half of them.
    "half": ("abc", "ab bc", (), ["abc"]),
    # d matches only c: one of three, and not the first.
    "no-chain": ("abcd", "ab bc cd", (), ["abc", "d"]),
    "by-the-first": ("abcd", "ab ac ad", (), ["abcd"]),
    "half-of-four": ("abcde", "ab ac ad ce de", (), ["abcde"]),
    "two-stories": ("abcd", "ab cd", (), ["ab", "cd"]),
    "never": ("ab", "ab", (never("ab"),), ["a", "b"]),
    "never-with-any": ("abc", "ab ac bc", (never("bc"),), ["ab", "c"]),
    "force": ("ab", "", (force("ab"),), ["ab"]),
    "force-backwards": ("ab", "", (force("ba"),), ["ab"]),
    "force-twice": ("ab", "", (force("ab"), force("ba")), ["ab"]),
    "force-chain": ("abc", "", (force("ab"), force("bc")), ["abc"]),
    "never-over-force": ("abc", "", (force("ab"), force("bc"), never("ac")), ["ab", "c"]),
    "never-and-force": ("ab", "ab", (force("ab"), never("ab")), ["a", "b"]),
    # The forced pair is one unit: d comes along with the match of b.
    "force-with-match": ("abd", "ab", (force("bd"),), ["abd"]),
    # What is to come counts: b may not join a when the editor puts c with a and never with b.
    "never-with-what-comes": ("abc", "ab", (force("ac"), never("bc")), ["ac", "b"]),
}


@pytest.mark.parametrize(("keys", "pairs", "overrides", "want"), GROUPS.values(), ids=GROUPS)
def test_groups(keys: str, pairs: str, overrides: tuple[Override, ...], want: list[str]) -> None:
    """The stories of a few items, for every order in which they and their matches come."""
    found = {
        tuple(members(group(order, reversed(matches(pairs)), overrides)))
        for order in permutations(items(keys))
    }

    assert found == {tuple(want)}


def test_best_match_wins() -> None:
    """Of two stories the one that it matches better; of equals the earlier."""
    three = items("abc")

    better = group(three, [match("ac", 0.85), match("bc", 0.95)])
    equal = group(three, [match("ac", 0.9), match("bc", 0.9)])

    assert members(better) == ["a", "bc"]
    assert members(equal) == ["ac", "b"]


def test_story_has_a_cap() -> None:
    """The eleventh of one template begins a story of its own, and the twelfth joins that."""
    twelve = items("abcdefghijkl")
    everything = [match(f"{a.key}{b.key}") for a, b in combinations(twelve, 2)]

    found = group(twelve, everything)

    assert members(found) == ["abcdefghij", "kl"]
    assert len(found[0].members) == MEMBER_CAP


def test_editor_and_url_go_over_the_cap() -> None:
    """What is one article, or was joined by hand, counts once."""
    twelve = [replace(one, identity="u") for one in items("abcdefghijkl")]

    by_url = group([*twelve, item("m", published=NOON + 20 * HOUR)], [match("am")])

    assert members(by_url) == ["abcdefghijklm"]


@pytest.mark.parametrize(
    ("overrides", "want"),
    [
        ((), ["abc", "d"]),
        ((never("ab"),), ["ac", "b", "d"]),
        ((never("ab"), never("ac")), ["a", "bc", "d"]),
        ((never("ac"), force("bd")), ["abd", "c"]),
    ],
)
def test_one_url_is_one_article(overrides: tuple[Override, ...], want: list[str]) -> None:
    """Items that share a URL stay together unless the editor says otherwise."""
    a, b, c, d = items("abcd")
    shared = [replace(one, identity="u") for one in (a, b, c)] + [d]

    found = {tuple(members(group(order, [], overrides))) for order in permutations(shared)}

    assert found == {tuple(want)}


def test_joins_are_the_evidence() -> None:
    """One join for each member but one: why it is there, and what it was found like."""
    a, b, c, d = items("abcd")
    shared = [replace(a, identity="u"), replace(b, identity="u"), c, d]

    (found,) = group(shared, [match("bc", 0.9), match("ac", 0.95)], [force("dc")])

    assert [(j.item, j.matched, j.reason) for j in found.joins] == [
        ("b", "a", Reason.URL),
        ("c", "a", Reason.SIMILAR),
        ("d", "c", Reason.FORCE),
    ]
    assert found.joins[0].verdict is None
    assert found.joins[1].verdict == match("ac", 0.95).verdict


def test_neighbourhood_follows_every_tie() -> None:
    """Matches, shared URLs and forced pairs reach on; `never` does not."""
    a, b, c, d, e = items("abcde")
    shared = [replace(a, identity="u"), replace(b, identity="u"), c, d, e]
    tied = list(ties(shared, [match("bc")], [force("cd"), never("de")]))

    reached = neighbourhood(["a"], tied)

    assert reached == set("abcd")
    assert neighbourhood(["e", "x"], tied) == {"e", "x"}


# ---------------------------------------------------- independence of the order


def arrive(
    order: Sequence[Item], found: Sequence[Match], overrides: Sequence[Override]
) -> set[tuple[str, ...]]:
    """Groups as a store keeps them that groups again only around each newcomer."""
    stored: dict[str, Item] = {}
    groups: set[tuple[str, ...]] = set()
    for newcomer in order:
        stored[newcomer.key] = newcomer
        there = [one for one in found if one.a in stored and one.b in stored]
        near = neighbourhood([newcomer.key], ties(stored.values(), there, overrides))
        again = group([stored[key] for key in near if key in stored], there, overrides)
        groups = {kept for kept in groups if near.isdisjoint(kept)} | {g.members for g in again}
    return groups


KEYS = "abcdef"
PAIRS = ["".join(pair) for pair in combinations(KEYS, 2)]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_order_of_arrival_gives_the_same_stories(data: st.DataObject) -> None:
    """Grouping the neighbourhood of each newcomer ends where grouping everything at once does."""
    some = data.draw(st.lists(st.sampled_from(items(KEYS)), unique_by=lambda one: one.key))
    urls = data.draw(
        st.lists(st.sampled_from((None, None, None, "u", "v")), min_size=6, max_size=6)
    )
    scores = st.dictionaries(st.sampled_from(PAIRS), st.sampled_from((0.86, 0.9, 1.0)))
    words = st.builds(
        Override, st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from(OverrideKind)
    )
    here = [replace(one, identity=url) for one, url in zip(some, urls, strict=False)]
    found = [match(pair, score) for pair, score in data.draw(scores).items()]
    overrides = data.draw(st.lists(words, max_size=4))
    order = data.draw(st.permutations(here))

    at_once = group(here, found, overrides)

    assert arrive(order, found, overrides) == {g.members for g in at_once}
    assert group(order, found[::-1], overrides[::-1]) == at_once
    assert sorted(key for g in at_once for key in g.members) == sorted(one.key for one in here)
    assert all(len(g.joins) == len(g.members) - 1 for g in at_once)


HEADLINES = (
    "Libyan PM sacked after rebels export oil",
    "UPDATE 2-Libyan PM sacked after rebels export oil",
    "Libyan PM Zeidan sacked after rebels export oil",
    "Libyan PM sacked after Tobruk rebels export oil",
    "Libyan PM Ali Zeidan sacked after rebels export oil",
    "Libyan PM not sacked after rebels export oil",
)


def test_headlines_in_every_order() -> None:
    """All 720 orders of six lookalikes, matched one by one as they arrive."""
    six = [item(f"{place}", title) for place, title in enumerate(HEADLINES)]
    at_once = group(six, find_matches(six, BACKGROUND))

    ends = set()
    for order in permutations(six):
        found = [
            one
            for place, newcomer in enumerate(order)
            for one in matches_of(newcomer, order[:place], BACKGROUND)
        ]
        ends.add(frozenset(arrive(order, found, ())))

    assert ends == {frozenset(g.members for g in at_once)}
    assert 1 < len(at_once) < 6


@given(
    texts=st.lists(
        st.tuples(st.sampled_from(TITLES), st.sampled_from(["", WIRE, *TITLES[:9]])),
        min_size=2,
        max_size=4,
    )
)
def test_what_is_passed_over_could_not_have_matched(texts: list[tuple[str, str]]) -> None:
    """Pairs that share too little are not compared; their verdict would have been none."""
    read = [read_headline(*text) for text in texts]
    own = Item("a", read[0], NOON, NOON)
    other = Item("b", read[1], NOON, NOON, earlier=tuple(read[2:]))

    ((verdict, current),) = compare_items(
        weigh_item(own, BACKGROUND), [weigh_item(other, BACKGROUND)]
    )

    found = compare(read[0], read[1], BACKGROUND)
    assert current in (None, found)
    assert current is not None or not same_event(found)
    assert current is not None or (verdict, same_story(found)) == (None, None)
