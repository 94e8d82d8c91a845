"""Which agency a text credits, and who may show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.agency import agency_of
from aggregator.events import Neighbour, choose_event
from aggregator.model import Story
from aggregator.rights import licensed, may_show

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
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
