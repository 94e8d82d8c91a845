"""Which agency a text credits, who may show it, and why a page does not show a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.absence import CopyState, why_absent
from aggregator.agency import agency_of
from aggregator.events import Neighbour, choose_event
from aggregator.model import Story
from aggregator.network import Block, Licence, Network, Page
from aggregator.rights import licensed, may_show

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BEYOND = "not among the 3 of block b by its order and rules, or not published yet"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("summary", "agency"),
    [
        ("Moscow, Oct 14 (AFP) Russia said on Monday", "AFP"),
        ("Huntsville AL (SPX) Apr 04, 2013 A new engine", "SPX"),
        ("by Staff Writers Washington DC (UPI) Jan 3, 2014 The Pentagon", "UPI"),
        ("WASHINGTON (Reuters) - The Fed held rates", "Reuters"),
        ("PARIS, March 3 (AFP/Reuters) - Talks resumed", "AFP/Reuters"),
        ("London (Reuters and AP) Shares fell", "AP/Reuters"),
        ("Beijing (XNA) Nov 12, 2013 The Long March", "Xinhua"),
        ("(AFP) Talks resumed", "AFP"),
        ("Pasadena CA (JPL) Apr 04, 2013 The rover", None),
        ("The company said its rocket (SPX) flew", None),
        ("Shares of the group rose. " * 8 + "(AFP)", None),
        ("", None),
    ],
)
def test_the_dateline_names_the_agency(summary: str, agency: str | None) -> None:
    """A place, perhaps a date, and a known agency in parentheses."""
    assert agency_of("Title", summary, None) == agency


@pytest.mark.parametrize(
    ("title", "author", "agency"),
    [
        ("T", "AFP", "AFP"),
        ("T", "Staff Writers, Agence France-Presse", "AFP"),
        ("T", "Associated Press and Reuters", "AP/Reuters"),
        ("T", "SNAPAP Press", None),
        ("Volcano erupts (AFP)", None, "AFP"),
        ("Volcano erupts (AFP/Reuters) ", None, "AFP/Reuters"),
        ("Volcano (AFP) erupts", None, None),
    ],
)
def test_the_author_or_the_title_names_it_else(
    title: str, author: str | None, agency: str | None
) -> None:
    """Where there is no dateline."""
    assert agency_of(title, "No dateline here", author) == agency


@pytest.mark.parametrize(
    ("agency", "site", "may"),
    [
        ("AFP", "war", True),
        ("afp", "daily", False),
        ("AFP/Reuters", "war", False),
        ("AFP/UPI", "war", True),
        ("UPI", "daily", True),
        (None, "daily", True),
    ],
)
def test_a_licence_is_the_sites(agency: str | None, site: str, may: bool) -> None:
    """Of a joint credit each agency has to allow it; those not listed allow all."""
    rights = {"AFP": ("war",), "Reuters": ()}

    assert may_show(rights, agency, site) is may


def test_pages_are_handed_what_they_may_show() -> None:
    """The others are left out."""
    story = Story(1, "war", "War", "https://w.example/1", "T", NOW, NOW, 0, agency="AFP")

    found = licensed([story, replace(story, id=2, agency=None)], {"AFP": ("war",)}, "daily")

    assert [kept.id for kept in found] == [2]


PAGE = Page("p", "war", (Block("b", "B", None, ("daily",), limit=3, max_age=24 * HOUR),))
NETWORK = Network(
    "N", None, Path("/d"), Path("/o"), (), (PAGE,), licences=(Licence("AFP", ("daily",)),)
)
COPY = CopyState("daily", True, None, NOW, None)


@pytest.mark.parametrize(
    ("copies", "reason"),
    [
        ([], "no block here shows a site that tells it"),
        ([replace(COPY, site="war")], "no block here shows a site that tells it"),
        ([replace(COPY, is_fit=False)], "daily's copy has no link or no title"),
        ([replace(COPY, agency="AFP")], "war has no licence for AFP"),
        ([replace(COPY, held_until=NOW + HOUR)], "held until 2026-11-25T13:00:00Z"),
        (
            [replace(COPY, shown_at=NOW - 25 * HOUR)],
            "too old for block b: 2026-11-24T11:00:00Z, at most 1d",
        ),
        ([replace(COPY, held_until=NOW)], BEYOND),
        (
            [replace(COPY, agency="AFP"), COPY],
            BEYOND,
        ),
    ],
)
def test_why_a_page_does_not_show_a_story(copies: list[CopyState], reason: str) -> None:
    """The reason of the copy and block that came nearest."""
    assert why_absent(PAGE, copies, NETWORK, now=NOW) == reason


def test_what_is_withdrawn_says_so() -> None:
    """From all pages, or from this one."""
    reasons = [
        why_absent(PAGE, [COPY], NETWORK, now=NOW, withdrawn=withdrawn)
        for withdrawn in ({None}, {PAGE.id}, {"another"})
    ]

    assert [reason.startswith("withdrawn") for reason in reasons] == [True, True, False]


@pytest.mark.parametrize(
    ("near", "leaders", "event"),
    [
        pytest.param([], (), None, id="alone"),
        pytest.param([], (7,), 7, id="leads"),
        pytest.param([(1, None, "a", 0.5), (2, 2, "a", 0.6)], (), 2, id="likest"),
        pytest.param([(1, 9, "a", 0.9)], (), None, id="no-chain"),
        pytest.param([(8, None, "z", 0.9)], (), None, id="later-ones-join-us"),
    ],
)
def test_a_story_joins_the_event_of_the_likest_before_it(
    near: list[tuple[int, int | None, str, float]], leaders: tuple[int, ...], event: int | None
) -> None:
    """Only of one that leads it, or stands alone."""
    assert choose_event(7, "m", [Neighbour(*each) for each in near], leaders) == event
