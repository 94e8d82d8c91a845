"""By which rule a page shows a story, and which one keeps it out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.absence import CopyState, Offer, Question, ask, why_absent, why_shown
from aggregator.editors import Override, OverrideKind
from aggregator.model import Story
from aggregator.network import Block, Filter, Licence, Network, Page

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BLOCK = Block("b", "B", None, ("daily", "space", "mars"), limit=3)
NETWORK = Network("N", None, Path("/d"), Path("/o"), (), (), licences=(Licence("AFP", ("daily",)),))
COPY = CopyState("daily", True, False, None, NOW - 2 * HOUR, None)
WITHDRAW, PIN, RETITLE = OverrideKind.WITHDRAW, OverrideKind.PIN, OverrideKind.RETITLE
TOLD = frozenset({1})


def story(id: int, hours: float, site: str = "daily", **more: Any) -> Story:
    """Told so many hours ago."""
    at = NOW - hours * HOUR
    return Story(id, site, site, f"https://{site}.example/{id}", f"Story {id}", at, at, 0, **more)


ASKED = story(1, 2)


def question(*blocks: Block, others: tuple[Story, ...] = (), **offer: Any) -> Question:
    """Story 1 and `others` on the page of `war`."""
    page = Page("p", "war", blocks)
    given = {"stories": (ASKED, *others), **offer}
    return ask(1, page, NETWORK, Offer(**given), now=NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site": "war"}, "no block here shows a site that tells it"),
        ({"is_fit": False}, "block b: daily's copy has no link or no title"),
        ({"is_gone": True}, "block b: the page that daily's copy links to is gone"),
        ({"agency": "AFP"}, "block b: war has no licence for AFP"),
        ({"held_until": NOW + HOUR}, "block b: held until 2026-11-25T13:00:00Z"),
    ],
    ids=["source", "fit", "gone", "licence", "held"],
)
def test_what_no_block_may_show(change: dict[str, Any], reason: str) -> None:
    """It says so of every copy that a block has for a source."""
    assert why_absent(question(BLOCK, stories=()), [replace(COPY, **change)]) == reason


def test_one_copy_that_may_be_shown_is_enough() -> None:
    """What is wrong with another one does not matter."""
    asked = question(replace(BLOCK, max_age=HOUR))
    copies = [replace(COPY, site="space", is_gone=True), replace(COPY, held_until=NOW)]

    assert why_absent(asked, copies).startswith("block b: kept out by max_age")


NEWER = tuple(story(id, 1) for id in (2, 3, 4))


@pytest.mark.parametrize(
    ("rules", "offer", "reason"),
    [
        ({"max_age": HOUR}, {}, "kept out by max_age 1h (it is of 2026-11-25T10:00:00Z)"),
        ({"include": Filter(("moon",))}, {}, "kept out by include"),
        ({"exclude": Filter(("story 1",))}, {}, "kept out by exclude"),
        ({"language": "de"}, {}, "kept out by language de"),
        (
            {"per_site": 1},
            {"others": (story(2, 1), story(3, 3, "space"), story(4, 3, "mars"))},
            "kept out by per_site 1",
        ),
        (
            {},
            {
                "stories": (
                    replace(ASKED, event=2),
                    *(story(id, id - 1, event=id) for id in (2, 3, 4)),
                )
            },
            "kept out by variety: another story tells of its event",
        ),
        ({}, {"others": NEWER}, "place 4 by its order; limit is 3"),
        (
            {"max_age": HOUR, "include": Filter(("moon",))},
            {},
            "kept out by several rules together: max_age 1h (it is of 2026-11-25T10:00:00Z),"
            " include, limit",
        ),
        (
            {"stale_after": HOUR},
            {"fresh_at": {"daily": NOW - 5 * HOUR}},
            "kept out by stale_after 1h",
        ),
        (
            {},
            {
                "overrides": (
                    Override(1, RETITLE, TOLD, value="X"),
                    Override(2, WITHDRAW, words="x"),
                )
            },
            "kept out by what editors withdrew or pinned",
        ),
    ],
)
def test_the_rule_that_keeps_it_out(
    rules: dict[str, Any], offer: dict[str, Any], reason: str
) -> None:
    """The one without which the block would show it."""
    asked = question(replace(BLOCK, **rules), **offer)

    assert why_absent(asked, [COPY]) == f"block b: {reason}"


def test_each_block_has_its_own_reason() -> None:
    """Blocks without a source that tells it are left out."""
    young = replace(BLOCK, max_age=HOUR)
    blocks = (young, replace(young, id="c", sources=("space",)), replace(BLOCK, id="d", limit=1))
    asked = question(*blocks, others=(story(2, 1.5),))

    said = why_absent(asked, [COPY])

    assert said == (
        "block b: kept out by max_age 1h (it is of 2026-11-25T10:00:00Z);"
        " block d: place 2 by its order; limit is 1"
    )


@pytest.mark.parametrize(
    ("word", "is_withdrawn"),
    [
        (Override(1, WITHDRAW, frozenset({1})), True),
        (Override(1, WITHDRAW, frozenset({1}), page="p"), True),
        (Override(1, WITHDRAW, frozenset({1}), page="another"), False),
        (Override(1, WITHDRAW, frozenset({2})), False),
        (Override(1, WITHDRAW, words="story 1"), True),
        (Override(1, WITHDRAW, words="story 1", page="p"), True),
        (Override(1, WITHDRAW, words="story 1", page="another"), False),
        (Override(1, WITHDRAW, words="story 2"), False),
        (Override(1, PIN, words="story 1"), False),
    ],
)
def test_what_is_withdrawn_says_so(word: Override, is_withdrawn: bool) -> None:
    """From all pages, or from this one; itself, or by words in its title."""
    asked = question(replace(BLOCK, max_age=HOUR), overrides=(word,))

    assert why_absent(asked, [COPY]).startswith("withdrawn; ") is is_withdrawn


def test_what_is_chosen_comes_with_the_next_publication() -> None:
    """It is not there yet."""
    assert why_absent(question(BLOCK), [COPY]) == "block b has it from the next publication on"


@pytest.mark.parametrize(
    ("rules", "offer", "reason"),
    [
        ({}, {}, "by its order and rules"),
        ({}, {"overrides": (Override(1, PIN, frozenset({1})),)}, "pinned"),
        ({}, {"overrides": (Override(1, PIN, frozenset({1}), value="b"),)}, "pinned"),
        ({}, {"overrides": (Override(1, PIN, frozenset({2})),)}, "by its order and rules"),
        (
            {"per_site": 1},
            {"others": (story(2, 1),)},
            "by its order, in a block where per_site gave way",
        ),
        (
            {"stale_after": HOUR, "fallback": replace(BLOCK, id="other", sources=("daily",))},
            {"fresh_at": {"daily": NOW - 5 * HOUR}},
            "by the rules of block other, which stands in",
        ),
        ({"max_age": HOUR}, {}, "until the next publication"),
    ],
)
def test_the_rule_that_shows_it(rules: dict[str, Any], offer: dict[str, Any], reason: str) -> None:
    """A pin, what gave way, or none in particular."""
    assert why_shown(question(replace(BLOCK, **rules), **offer), "b") == reason


def test_a_block_that_left_the_page_shows_it_no_longer() -> None:
    """Until the next publication the old one stands."""
    assert why_shown(question(BLOCK), "old") == "until the next publication"
