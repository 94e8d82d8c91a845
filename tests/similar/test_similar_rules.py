"""Features, thresholds at their edges, guards, and what the rules say of them."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitfall_pairs import PITFALL_PAIRS

from aggregator.similar.background import FREQUENCIES, PER_HEADLINES
from aggregator.similar.comparison import Comparison, Guard, compare
from aggregator.similar.headline import read_headline
from aggregator.similar.rules import (
    Rule,
    diverged,
    same_event,
    same_story,
    why_apart,
)
from aggregator.similar.stem import stem
from aggregator.similar.weights import BACKGROUND, MIN_TOTAL, Weights, rarest

FLAT = Weights(5000, {})
"""Every word as rare as the next."""

APART = Comparison(
    same_key=False,
    extends=False,
    has_short_title=False,
    shared=0,
    tj=0.0,
    mass=0.0,
    td=0.0,
    sj=0.0,
    have_summaries=False,
    added=0,
    guards=frozenset(),
)
A = replace(APART, same_key=True, mass=16.0, tj=1.0, td=1.0)
A_WITH_TEXT = replace(A, have_summaries=True, added=5, td=0.20, sj=0.03)
B = replace(APART, have_summaries=True, added=5, td=0.75, mass=8.0, sj=0.5)
C = replace(APART, tj=0.85, mass=16.0)
C_CUT = replace(APART, extends=True, tj=0.5, mass=16.0)

RULES = {
    "a": (A, Rule.A),
    "a-mass": (replace(A, mass=15.99, guards=frozenset({Guard.ORDER})), None),
    "a-short": (replace(A, has_short_title=True), None),
    "a-over-guards": (replace(A, guards=frozenset({Guard.QUALIFIED})), Rule.A),
    "a-text": (A_WITH_TEXT, Rule.A),
    "a-text-td": (replace(A_WITH_TEXT, td=0.19), None),
    "a-text-sj": (replace(A_WITH_TEXT, sj=0.029), None),
    "a-little-text": (replace(A_WITH_TEXT, sj=0.0, added=4), Rule.A),
    "b": (B, Rule.B),
    "b-td": (replace(B, td=0.749), None),
    "b-mass": (replace(B, mass=7.99), None),
    "b-added": (replace(B, added=4), None),
    "b-hard-guard": (replace(B, guards=frozenset({Guard.NUMBERS})), None),
    "b-soft-guard": (replace(B, guards=frozenset({Guard.SUBSTITUTION})), Rule.B),
    "c": (C, Rule.C),
    "c-tj": (replace(C, tj=0.849), None),
    "c-mass": (replace(C, mass=15.99), None),
    "c-short": (replace(C, has_short_title=True), None),
    "c-hard-guard": (replace(C, guards=frozenset({Guard.NEGATION})), None),
    "c-soft-guard": (replace(C, guards=frozenset({Guard.ORDER})), None),
    "c-text-td": (replace(C, have_summaries=True, td=0.19), None),
    "c-cut": (C_CUT, Rule.C),
    "c-cut-soft-guard": (replace(C_CUT, guards=frozenset({Guard.QUALIFIED})), Rule.C),
    "c-cut-hard-guard": (replace(C_CUT, guards=frozenset({Guard.CALENDAR})), None),
    "c-cut-mass": (replace(C_CUT, mass=15.99), None),
    "nothing": (APART, None),
}


@pytest.mark.parametrize(("found", "rule"), RULES.values(), ids=RULES)
def test_rules_at_their_edges(found: Comparison, rule: Rule | None) -> None:
    """Each threshold holds at its value and not below; reasons are given when none applies."""
    verdict = same_story(found)

    assert (verdict and verdict.rule) == rule
    assert bool(why_apart(found)) == (rule is None)


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        (APART, ("titles share 0.0 of 8",)),
        (
            replace(A, mass=9.0),
            (
                "A: titles share 9.0 of 16",
                "B: summaries that say too little",
                "C: titles share 9.0 of 16",
            ),
        ),
        (
            replace(A, has_short_title=True),
            (
                "A: a title of fewer than 3 words",
                "B: summaries that say too little",
                "C: a title of fewer than 3 words",
            ),
        ),
        (
            replace(A_WITH_TEXT, td=0.1),
            (
                "A: other texts: 0.10 of 0.20, 0.03 of 0.03",
                "B: text 0.10 of 0.75",
                "C: other texts: 0.10 of 0.20, 0.03 of 0.03",
            ),
        ),
        (
            replace(B, guards=frozenset({Guard.NUMBERS, Guard.DIRECTION})),
            ("B: direction, numbers", "C: titles 0.00 of 0.85"),
        ),
        (
            replace(C, guards=frozenset({Guard.ORDER})),
            ("B: summaries that say too little", "C: order"),
        ),
        (
            replace(C_CUT, mass=9.0, guards=frozenset({Guard.QUALIFIED})),
            ("B: summaries that say too little", "C: titles share 9.0 of 16"),
        ),
        (
            replace(C_CUT, guards=frozenset({Guard.QUALIFIED, Guard.SERIES})),
            ("B: summaries that say too little", "C: series"),
        ),
    ],
)
def test_reasons_name_rule_and_number(found: Comparison, reasons: tuple[str, ...]) -> None:
    """What people read when they ask why two headlines are two stories."""
    given_reasons = why_apart(found)

    assert given_reasons == reasons


@pytest.mark.parametrize(
    ("td", "mass", "is_event"), [(0.40, 4.0, True), (0.39, 4.0, False), (0.40, 3.9, False)]
)
def test_event_at_its_edges(td: float, mass: float, is_event: bool) -> None:
    """Half alike in text, with a word of the title in common."""
    found = replace(APART, td=td, mass=mass)

    assert same_event(found) is is_event


@pytest.mark.parametrize(
    ("td", "tj", "has_diverged"), [(0.19, 0.39, True), (0.20, 0.39, False), (0.19, 0.40, False)]
)
def test_divergence_at_its_edges(td: float, tj: float, has_diverged: bool) -> None:
    """An edit dissolves a match only when text and title both say so."""
    found = replace(APART, td=td, tj=tj)

    assert diverged(found) is has_diverged


def test_features() -> None:
    """Jaccard, mass and cosine over weights that are all the same."""
    weight = FLAT.idf("whatever")
    a = read_headline("Comet grazes Venus", "Comet dust glows over Venus")
    b = read_headline("Comet grazes Saturn", "Comet dust glows over Saturn")

    found = compare(a, b, FLAT)

    assert found.shared == 2
    assert found.mass == pytest.approx(2 * weight)
    assert found.tj == pytest.approx(2 / 4)
    assert found.sj == pytest.approx(3 / 5)
    # comet and the planet count twice, graze, dust and glow once.
    assert found.td == pytest.approx(7 / 11)
    assert found.added == 2
    assert found.have_summaries
    assert found.guards == {Guard.SUBSTITUTION}


def test_empty_headlines_share_nothing() -> None:
    """Two items without a title or summary are not the same item."""
    empty = read_headline("")

    found = compare(empty, empty, BACKGROUND)

    assert (found.tj, found.td, found.sj, found.same_key) == (0.0, 0.0, 0.0, False)


GUARDS = {
    "numbers": ("Quake kills 10", "Quake kills 25", Guard.NUMBERS, True),
    "numbers-contained": ("Quake kills 10", "Magnitude 6 quake kills 10", Guard.NUMBERS, False),
    "numbers-of-one": ("Quake kills 10", "Quake kills many", Guard.NUMBERS, False),
    "direction": ("Oil jumps", "Oil slips", Guard.DIRECTION, True),
    "direction-of-one": ("Oil jumps", "Oil steady", Guard.DIRECTION, False),
    "weekday": ("Monday forecast", "Tuesday forecast", Guard.CALENDAR, True),
    "weekday-of-one": ("Monday forecast", "The forecast", Guard.CALENDAR, False),
    "month": ("Forecast for June", "Forecast for July", Guard.CALENDAR, True),
    "day-and-month": ("Forecast for June", "Forecast for Monday", Guard.CALENDAR, False),
    "negation": ("Iran attends", "Iran won't attend", Guard.NEGATION, True),
    "negation-of-both": ("Iran rejects talks", "Iran refuses talks", Guard.NEGATION, False),
    "series": ("Space 101: Orbit", "Space 101: Thrust", Guard.SERIES, True),
    "series-half": ("Space: Orbit law", "Space: Orbit map", Guard.SERIES, True),
    "series-alike": ("Space: Orbit law made", "Space: Orbit law", Guard.SERIES, False),
    "other-rubric": ("Space: Orbit", "Earth: Orbit", Guard.SERIES, False),
    "rubric-alone": ("Space: The", "Space: The", Guard.SERIES, False),
    "substitution": ("Typhoon Chaba hits", "Typhoon Meari hits", Guard.SUBSTITUTION, True),
    "one-sided": ("Typhoon Chaba hits", "Typhoon hits", Guard.SUBSTITUTION, False),
    "apart-and-together": ("A cease fire holds", "Ceasefire holds", Guard.SUBSTITUTION, False),
    "together-and-apart": (
        "Firestorm near Perth",
        "Fire storm near Perth",
        Guard.SUBSTITUTION,
        False,
    ),
    "not-together": ("Fire in Perth storm", "Firewall in Perth", Guard.SUBSTITUTION, True),
    "cjk-insertion": ("探测新月", "探测大新月", Guard.SUBSTITUTION, False),
    "cjk-substitution": ("神舟十七号", "神舟十八号", Guard.SUBSTITUTION, True),
    "cjk-and-latin": ("神舟 Nasa", "月球 Esa", Guard.SUBSTITUTION, True),
    "order": ("Arsenal thrash Chelsea", "Chelsea thrash Arsenal", Guard.ORDER, True),
    "order-parts": ("Poland: gas threatens", "Gas threatens: Poland", Guard.ORDER, False),
    "order-of-names": ("Ann, Bob and Cy sing", "Cy, Bob and Ann sing", Guard.ORDER, False),
    "order-of-two": ("Bob and Ann sing duet", "Ann and Bob sing duet", Guard.ORDER, False),
    "order-moved": ("Gox files for case in Texas", "Gox files Texas case", Guard.ORDER, False),
    "order-across-a-verb": ("Kyiv rebels down jet", "Kyiv downs rebel jet", Guard.ORDER, True),
    "qualified": ("Launch of Vega", "Launch of Vega delayed", Guard.QUALIFIED, True),
    "risen-or-not": ("Oil traders meet", "Oil traders meet, up", Guard.QUALIFIED, True),
    "qualified-both": ("Vega delays launch", "Launch of Vega delayed", Guard.QUALIFIED, False),
}


@pytest.mark.parametrize(("a", "b", "guard", "stops"), GUARDS.values(), ids=GUARDS)
def test_guards(a: str, b: str, guard: Guard, stops: bool) -> None:
    """What each guard sees, and what it lets pass."""
    found = compare(read_headline(a), read_headline(b), BACKGROUND)

    assert (guard in found.guards) is stops


STARS = "Rogue planet drifts alone between dim stars"


@pytest.mark.parametrize(
    ("cut", "whole", "extends"),
    [
        (f"{STARS} ...", f"{STARS} forever", True),
        ("Rogue planet drifts alone between dim s...", STARS, True),
        (STARS, f"{STARS} forever", False),
        ("Rogue planet drifts ...", "Rogue planet drifts alone", False),
        ("Rogue planet drifts alone between ...", f"{STARS}, old red slow far thin suns", False),
        ("Rogue planet drifts away from dim stars ...", STARS, False),
    ],
)
def test_cut_title_stands_for_the_whole(cut: str, whole: str, extends: bool) -> None:
    """As far as it goes it is the other, it goes five words far and half of the way."""
    one, other = read_headline(cut), read_headline(whole)

    found = compare(one, other, BACKGROUND)

    assert found.extends is extends
    assert found == compare(other, one, BACKGROUND)


WORDS = st.sampled_from(
    (
        *("fed", "raises", "cuts", "rates", "quake", "kills", "10", "25", "monday", "tuesday"),
        *("not", "launch", "delayed", "by", "and", ",", "chiquita", "fyffes", ":", "poland", "up"),
        *("down", "cease", "fire", "ceasefire", "...", "探测器", "第三", "?", "third", "3"),
    )
)
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_compare_is_symmetric(title_a: str, summary_a: str, title_b: str, summary_b: str) -> None:
    """To the last bit, and the same each time."""
    a, b = read_headline(title_a, summary_a), read_headline(title_b, summary_b)

    found = compare(a, b, BACKGROUND)

    assert found == compare(b, a, BACKGROUND)
    assert found == compare(a, b, BACKGROUND)
    assert 0.0 <= found.tj <= 1.0
    assert 0.0 <= found.td <= 1.0


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_headline_is_itself(title: str, summary: str) -> None:
    """No guard keeps a headline from its own copy."""
    tokens = read_headline(title, summary)

    found = compare(tokens, tokens, BACKGROUND)

    assert not found.guards
    assert found.tj == pytest.approx(1.0 if tokens.title else 0.0)


def test_idf_falls_with_frequency() -> None:
    """ln((N + 1) / (df + 1)) + 1, over at least 5,000 headlines."""
    weights = Weights(10, {"common": 9, "all": 9999})

    idf = [weights.idf(token) for token in ("unknown", "common", "all")]

    assert idf == [
        log((MIN_TOTAL + 1) / 2) + 1,
        log((MIN_TOTAL + 1) / 10) + 1,
        1.0,
    ]


def test_background_has_five_classes_of_stems() -> None:
    """Common words weigh less than rare ones, and every word is found by its stem."""
    classes = {FREQUENCIES[stem(word)] for word in ("new", "police", "economy", "zoo")}

    assert classes == {250, 100, 33, 10}
    assert set(FREQUENCIES.values()) == classes
    assert all(0 < count < PER_HEADLINES for count in FREQUENCIES.values())
    assert "xylophon" not in FREQUENCIES


def test_background_outlasts_what_is_polled() -> None:
    """The same two headlines compare the same whatever else has been read."""
    pairs = [(read_headline(a), read_headline(b)) for _, a, b, _ in PITFALL_PAIRS]

    first = [compare(a, b, BACKGROUND) for a, b in pairs]
    last = [compare(a, b, BACKGROUND) for a, b in reversed(pairs)]

    assert first == last[::-1]


@pytest.mark.parametrize(
    ("n", "tokens"),
    [(2, ("aardvark", "zebra")), (12, ("aardvark", "zebra", "zoo", "new")), (0, ())],
)
def test_rarest_tokens_lead(n: int, tokens: tuple[str, ...]) -> None:
    """Rarest first, each once, equal ones by the alphabet."""
    found = rarest(("new", "zoo", "zebra", "new", "aardvark"), BACKGROUND, n)

    assert found == tokens
