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
    group,
    identities,
    indexed_tokens,
    read_headline,
    sought_tokens,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTHING = read_headline("")


def item(key: str) -> Item:
    """An item without words."""
    return Item(key, NOTHING, NOON, NOON)


def test_every_word_is_indexed() -> None:
    """Of title and summary, now and before, each once."""
    now, before = read_headline("Zebra ferry", "Umbra ferry"), read_headline("Walnut ferry")

    assert indexed_tokens([now, before]) == ("ferry", "umbra", "walnut", "zebra")


def test_what_is_sought_holds_one_of_any_shared_title_words() -> None:
    """All title words but the commonest that weigh less than the ticket, then the summary's."""
    headline = read_headline("New zebra ferry", "umbra walnut violin " * 9)

    sought = sought_tokens([headline], BACKGROUND)

    assert set(sought) == {"zebra", "ferry", "umbra", "walnut", "violin"}


def test_long_titles_and_texts_make_bounded_queries() -> None:
    """24 words of a title at most; 12 with those of the summary."""
    long = read_headline(" ".join(f"q{chr(97 + n)}x{chr(97 + n)}z" for n in range(26)))
    text = read_headline("Zebra ferry", " ".join(f"w{chr(97 + n)}yv" for n in range(26)))

    assert len(sought_tokens([long], BACKGROUND)) == 24
    assert len(sought_tokens([text], BACKGROUND)) == 12


@pytest.mark.parametrize("title", ["", "New year"])
def test_a_title_that_no_rule_applies_to_seeks_nothing(title: str) -> None:
    """Common words alone weigh less than the ticket."""
    headline = read_headline(title, "umbra walnut")

    assert len(sought_tokens([headline], BACKGROUND)) <= 12
    assert title or sought_tokens([headline], BACKGROUND) == ()


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
