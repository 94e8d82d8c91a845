"""What the store needs of similarity: tokens to look by, identities, pairs by slug."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.similar import (
    BACKGROUND,
    Item,
    Override,
    OverrideKind,
    Reason,
    SameSlug,
    candidates,
    group,
    identities,
    read_headline,
    sought_tokens,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTHING = read_headline("")


def item(key: str) -> Item:
    """An item without words."""
    return Item(key, NOTHING, NOON, NOON)


def test_the_words_of_titles_are_sought() -> None:
    """Of those it has and had, each once, the rarest first; the summary's are not."""
    now, before = read_headline("Zebra ferry umbra", "walnut violin"), read_headline("Umbra space")

    sought = sought_tokens([now, before], BACKGROUND)

    assert list(sought) == ["ferry", "umbra", "zebra", "spac"]
    assert sought["umbra"] == BACKGROUND.idf("umbra") > sought["spac"]


def test_long_titles_make_bounded_searches() -> None:
    """Forty words of a title at most."""
    long = read_headline(" ".join(f"{a}{b}z" for a in "bcdfgh" for b in "aeiouy" for _ in "12"))
    longer = read_headline(" ".join(f"{a}{b}z" for a in "bcdfghjklm" for b in "aeiouy"))

    assert len(sought_tokens([long], BACKGROUND)) == 36
    assert len(sought_tokens([longer], BACKGROUND)) == 40


@pytest.mark.parametrize("title", ["", "New"])
def test_a_title_that_no_rule_applies_to_seeks_nothing(title: str) -> None:
    """One common word weighs less than the ticket."""
    assert sought_tokens([read_headline(title, "umbra walnut")], BACKGROUND) == {}


def test_candidates_share_the_entry_ticket() -> None:
    """Those that share most first; no more than asked for."""
    tokens = {"zebra": 9.0, "ferry": 5.0, "space": 4.0}
    holders = [("zebra", 1), ("ferry", 2), ("space", 2), ("ferry", 3), ("zebra", 4), ("space", 4)]

    assert sorted(candidates(tokens, holders, limit=9)) == [1, 2, 4]
    assert candidates(tokens, holders, limit=2) == [4, 1]


def test_items_that_share_a_link_have_one_identity() -> None:
    """Also by way of others; an item without links has none."""
    found = identities({"a": ["x", "y"], "b": ["y", "z"], "c": ["z"], "d": ["q"], "e": []})

    assert found == {"a": "x", "b": "x", "c": "x", "d": "q"}


def test_links_that_end_alike_make_one_story() -> None:
    """With evidence; not over an editor's never; those of others are passed over."""
    pairs = [SameSlug("b", "a"), SameSlug("c", "b"), SameSlug("c", "gone")]

    found = group([item("a"), item("b"), item("c")], (), slugs=pairs)
    apart = group(
        [item("a"), item("b")], (), [Override("a", "b", OverrideKind.NEVER)], [SameSlug("a", "b")]
    )

    assert [one.members for one in found] == [("a", "b", "c")]
    assert [(join.item, join.matched, join.reason) for join in found[0].joins] == [
        ("b", "a", Reason.SLUG),
        ("c", "b", Reason.SLUG),
    ]
    assert [one.members for one in apart] == [("a",), ("b",)]
