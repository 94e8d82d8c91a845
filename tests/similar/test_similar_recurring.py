"""Titles that come again and summaries that stand over everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.similar.recurring import (
    SummarySighting,
    TitleSighting,
    is_boilerplate,
    is_recurring,
    summary_key,
)
from aggregator.similar.rules import WINDOW

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COPPER = frozenset({"copper", "chile", "strike", "pric"})
BANK = frozenset({"bank", "basel", "capital", "rul"})

OWN = TitleSighting("feed", "/own", NOON, COPPER)

OTHERS = {
    "none": ((), False),
    "itself": ((OWN,), False),
    "same-link-long-ago": ((TitleSighting("feed", "/own", NOON - 2 * WINDOW, BANK),), False),
    "another-link-long-ago": ((TitleSighting("x", "/b", NOON - WINDOW - HOUR, COPPER),), True),
    "at-the-edge": ((TitleSighting("x", "/b", NOON - WINDOW, COPPER),), False),
    "long-after": ((TitleSighting("x", "/b", NOON + 2 * WINDOW, BANK),), False),
    "same-feed-other-summary": ((TitleSighting("feed", "/b", NOON - HOUR, BANK),), True),
    "same-feed-later": ((TitleSighting("feed", "/b", NOON + HOUR, BANK),), False),
    "same-feed-same-time": ((TitleSighting("feed", "/a", NOON, BANK),), True),
    "same-feed-same-time-after": ((TitleSighting("feed", "/z", NOON, BANK),), False),
    "same-feed-no-summary": ((TitleSighting("feed", "/b", NOON - HOUR),), False),
    "re-sent": ((TitleSighting("feed", "/b", NOON - HOUR, COPPER | {"new"}),), False),
    "other-feed-other-summary": ((TitleSighting("x", "/b", NOON - HOUR, BANK),), False),
    "one-of-many": (
        (
            TitleSighting("x", "/b", NOON - HOUR, BANK),
            TitleSighting("feed", "/c", NOON - HOUR, BANK),
        ),
        True,
    ),
}


@pytest.mark.parametrize(("others", "recurs"), OTHERS.values(), ids=OTHERS)
def test_recurring_title(others: tuple[TitleSighting, ...], recurs: bool) -> None:
    """There before, over something else: long ago, or in the same feed with another summary."""
    found = is_recurring(OWN, others)

    assert found is recurs


def test_title_without_a_summary_recurs_by_time_alone() -> None:
    """No summary is not another summary."""
    own = TitleSighting("feed", "/own", NOON)

    found = is_recurring(own, [TitleSighting("feed", "/b", NOON - HOUR, BANK)])

    assert not found


@pytest.mark.parametrize(
    ("links", "is_standfirst"),
    [
        pytest.param([], False, id="none"),
        pytest.param([("ft", "/1"), ("ft", "/2")], False, id="two"),
        pytest.param([("ft", "/1"), ("ft", "/2"), ("ft", "/2")], False, id="one-twice"),
        pytest.param([("ft", "/1"), ("ft", "/2"), ("ft", "/3")], True, id="three"),
        pytest.param([("a", "/1"), ("b", "/2"), ("c", "/3")], False, id="wire-copies"),
    ],
)
def test_boilerplate(links: list[tuple[str, str]], is_standfirst: bool) -> None:
    """Three links of one site; a wire text on three sites is news."""
    sightings = [SummarySighting(site, link) for site, link in links]

    found = is_boilerplate(sightings)

    assert found is is_standfirst


def test_a_summary_s_key_is_of_its_words() -> None:
    """In any case, on one line; none at all has none."""
    standfirst = summary_key("Our guide to\nthe week in Whitehall ")

    assert standfirst == summary_key("our guide to the week in whitehall")
    assert summary_key(" ") == ""
