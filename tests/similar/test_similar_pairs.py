"""The rules over whole headlines: what must merge, what must be kept apart, labelled pairs."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from more_pairs import MORE_PAIRS
from pitfall_pairs import PITFALL_PAIRS

from aggregator.similar.affixes import suffix_key
from aggregator.similar.comparison import compare
from aggregator.similar.headline import read_headline
from aggregator.similar.rules import same_event, same_story
from aggregator.similar.weights import BACKGROUND

ALL_PAIRS = PITFALL_PAIRS + MORE_PAIRS
TITLES = sorted({title for _, a, b, _ in ALL_PAIRS for title in (a, b)})
UCI = Path(__file__).parents[3] / "shared" / "pairs" / "uci_pairs.tsv"

WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"
OTHER = "Central bankers gathered in Basel to weigh new capital rules for lenders"


def is_merged(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Whether two headlines, title and summary, are one story."""
    found = compare(read_headline(*a), read_headline(*b), BACKGROUND)
    return same_story(found) is not None


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [pytest.param(a, b, want, id=f"{group}-{a[:30]}") for group, a, b, want in ALL_PAIRS],
)
def test_titles_merge_or_stay_apart(a: str, b: str, want: str) -> None:
    """Titles alone: M merges, K stays apart, ? is either; in both directions."""
    merged = is_merged((a, ""), (b, ""))
    backwards = is_merged((b, ""), (a, ""))

    assert merged == backwards
    assert want == "?" or merged == (want == "M")


def test_lists_are_long_enough() -> None:
    """Twenty-one kinds of trouble are worth more than a handful of cases."""
    wants = Counter(want for _, _, _, want in ALL_PAIRS)

    assert len(MORE_PAIRS) >= 60
    assert wants["M"] >= 50
    assert wants["K"] >= 60


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(a, b, id=f"{group}-{a[:30]}")
        for group, a, b, want in ALL_PAIRS
        if want == "K" and group in ("numbers", "direction", "negation")
    ],
)
def test_guards_hold_over_equal_summaries(a: str, b: str) -> None:
    """Another toll, direction or answer is another story even over the same text."""
    merged = is_merged((a, WIRE), (b, WIRE))

    assert not merged


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Dozens saved from ruins after Anatolia quake", "Anatolia quake rescuers race the cold"),
        ("Men's Wearhouse nears deal for Jos. A. Bank", "Men's Wearhouse clinches Bank deal"),
        ("Anatolia quake rescuers race the cold", "Rescuers race the cold in Anatolia"),
    ],
)
def test_wire_copies_merge_under_other_titles(a: str, b: str) -> None:
    """One text under two headlines is one story."""
    merged = is_merged((a, f"ANKARA (AFP) - {WIRE}"), (b, f"{WIRE}."))

    assert merged


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(("Obituary", WIRE), ("Obituary", OTHER), id="generic-title"),
        pytest.param(
            ("Astronomy Picture of the Day", WIRE),
            ("Astronomy Picture of the Day", OTHER),
            id="same-title-other-text",
        ),
        pytest.param(
            ("Gardening 101: Pruning old roses", WIRE),
            ("Gardening 101: Sowing winter leeks", WIRE),
            id="column-with-a-standfirst",
        ),
        pytest.param(
            ("Typhoon Chaba kills four in Japan", WIRE),
            ("Typhoon Meari kills four in Japan", OTHER),
            id="entity",
        ),
        pytest.param(
            ("Zula Europe", "Zula Europe was newly added and is broken"),
            ("Zula Global", "Zula Global was newly added and is broken"),
            id="template",
        ),
        pytest.param(
            ("La Chine lance une sonde lunaire", "La sonde va explorer le pôle sud de la Lune"),
            ("China launches lunar probe", "The probe will explore the south pole of the Moon"),
            id="translation",
        ),
        pytest.param(
            ("Wenger Spares Red-Faced Lehmann", WIRE),
            ("Panathinaikos 2, Arsenal 2", WIRE),
            id="titles-share-nothing",
        ),
    ],
)
def test_text_does_not_merge_other_stories(a: tuple[str, str], b: tuple[str, str]) -> None:
    """A title that fits anything, a standfirst or a template makes no story."""
    merged = is_merged(a, b)

    assert not merged


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Quake kills 10 in southern Iran", "Quake kills 25 in southern Iran"),
        ("Men's Wearhouse nears deal for Jos. A. Bank", "Men's Wearhouse clinches Bank deal"),
        ("Rocket Lab scrubs launch", "Rocket Lab launch moved to Friday"),
    ],
)
def test_stages_of_one_event_are_one_event(a: str, b: str) -> None:
    """Kept apart as stories, they still count as one event for the layout."""
    found = compare(read_headline(a, WIRE), read_headline(b, WIRE), BACKGROUND)

    assert same_event(found)


def test_configured_names_are_no_part_of_a_title() -> None:
    """What neither looks like an outlet nor was repeated is cut when the network names it."""
    suffixes = frozenset(map(suffix_key, ("Space War", "Moon Dust")))

    a = read_headline("China launches new lunar probe - Moon Dust", suffixes=suffixes)
    b = read_headline("China launches new lunar probe - Space War", suffixes=suffixes)

    assert a.key == b.key == "china launches new lunar probe"


@pytest.mark.parametrize("title", TITLES)
def test_key_of_a_key_is_itself(title: str) -> None:
    """What is settled once stays settled."""
    key = read_headline(title).key

    again = read_headline(key).key

    assert again == key


def test_labelled_pairs() -> None:
    """UCI titles: nothing of another story or event merges, and more than a fifth of S does."""
    if not UCI.is_file():
        pytest.skip("no labelled pairs in ../shared/pairs beside this checkout")
    with UCI.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))

    merged = Counter(
        row["label"] for row in rows if is_merged((row["title_a"], ""), (row["title_b"], ""))
    )

    assert len(rows) == 530
    assert merged["N"] == 0
    assert merged["E"] == 0
    assert merged["S"] >= 48
    assert merged["P"] <= 5
