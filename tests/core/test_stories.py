"""How a story is told by its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories import Member, assign_stories, tell_copies, tell_story

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FUTURE = NOW + timedelta(days=1)


def member(number: int, **changes: Any) -> Member:
    """A member of a story, from feed `number`."""
    base = Member(
        entry_id=number,
        feed_id=number,
        feed_site="a",
        url="https://b.example/1",
        title=f"Title {number}",
        image_url=None,
        published_at=NOW - timedelta(hours=number),
        first_seen_at=NOW + timedelta(hours=number),
        held_until=None,
    )
    return replace(base, **changes)


OWNERS = {"b.example": "b"}


def test_the_owner_is_the_site_whose_hosts_hold_the_link() -> None:
    """rG23: site a's feed links to site b's story: it is b's."""
    face = tell_story(1, [member(1)], owners=OWNERS)

    assert face.site_id == "b"


def test_a_link_to_no_site_belongs_to_the_feed() -> None:
    """Also an entry without any link."""
    foreign = tell_story(1, [member(1, url="https://elsewhere.example/1")], owners=OWNERS)
    linkless = tell_story(1, [member(1, url=None)], owners=OWNERS)

    assert (foreign.site_id, linkless.site_id) == ("a", "a")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(member(2), member(1, title=""), id="has-a-title"),
        pytest.param(member(1), member(2, url=None), id="has-a-link"),
        pytest.param(member(1), member(2, is_gone=True), id="whose-page-is-there"),
        pytest.param(member(1, is_gone=True), member(2, url=None), id="a-link-nevertheless"),
        pytest.param(member(1, feed_site="b"), member(2), id="the-owner's-own-feed"),
        pytest.param(member(1), member(2, published_at=None), id="dated"),
        pytest.param(member(2), member(1), id="the-earlier"),
        pytest.param(member(1, published_at=NOW), member(2, published_at=NOW), id="the-first-feed"),
    ],
)
def test_the_leading_member(better: Member, worse: Member) -> None:
    """What decides who tells the story, the strongest reason first."""
    face = tell_story(1, [worse, better], owners=OWNERS)

    assert face.entry_id == better.entry_id


@given(st.permutations([member(n) for n in range(1, 6)]))
def test_the_story_does_not_depend_on_the_order(members: list[Member]) -> None:
    """rG18: the same winner in every order of polls."""
    face = tell_story(1, members, owners=OWNERS)

    assert face == tell_story(1, sorted(members, key=lambda m: m.entry_id), owners=OWNERS)


def test_a_story_is_as_old_as_its_oldest_member() -> None:
    """A later copy does not make it rise; any image will do."""
    face = tell_story(1, [member(1), member(5, image_url="https://b.example/i.png")], owners={})

    assert face.published_at == NOW - timedelta(hours=5)
    assert face.first_seen_at == NOW + timedelta(hours=1)
    assert face.image_url == "https://b.example/i.png"


def test_a_story_without_dates() -> None:
    """It has none, rather than a made-up one."""
    face = tell_story(1, [member(1, published_at=None)], owners={})

    assert face.published_at is None


def test_a_story_is_held_while_all_its_members_are() -> None:
    """The earliest of them ends it."""
    held = [member(1, held_until=FUTURE), member(2, held_until=FUTURE + timedelta(days=1))]

    assert tell_story(1, held, owners={}).held_until == FUTURE
    assert tell_story(1, [*held, member(3)], owners={}).held_until is None


def test_each_owner_has_its_copy() -> None:
    """By its best entry there, at the story's own time, with the credit of whoever has one."""
    members = [
        member(1, url="https://b.example/1", image_url="i", agency="AFP"),
        member(2, url="https://elsewhere.example/2", held_until=FUTURE),
        member(3, url="https://elsewhere.example/3", held_until=FUTURE, published_at=None),
    ]

    copies = tell_copies(tell_story(9, members, owners=OWNERS), members, owners=OWNERS)

    assert [(copy.site_id, copy.entry_id, copy.image_url) for copy in copies] == [
        ("a", 2, None),
        ("b", 1, "i"),
    ]
    assert {copy.shown_at for copy in copies} == {NOW - timedelta(hours=2)}
    assert [copy.held_until for copy in copies] == [FUTURE, None]
    assert {copy.agency for copy in copies} == {"AFP"}


def test_a_site_tells_it_by_an_entry_whose_page_is_there() -> None:
    """While it has one; the copy of a site that has none left is still the best of them."""
    members = [
        member(1, url="https://b.example/1", is_gone=True, agency="AFP"),
        member(2, url="https://elsewhere.example/2", is_gone=True),
        member(3, url="https://b.example/3"),
    ]

    copies = tell_copies(tell_story(9, members, owners=OWNERS), members, owners=OWNERS)

    assert [(copy.site_id, copy.entry_id) for copy in copies] == [("a", 2), ("b", 3)]
    assert {copy.agency for copy in copies} == {"AFP"}


@pytest.mark.parametrize(
    ("groups", "told", "retired", "ids"),
    [
        pytest.param([[1, 2]], {1: 5, 2: 3}, {}, (3,), id="the-smallest"),
        pytest.param([[1], [2]], {1: 5, 2: 5}, {}, (5, 100), id="the-first-of-equals"),
        pytest.param([[1], [2, 3]], {1: 5, 2: 5, 3: 5}, {}, (100, 5), id="most-entries"),
        pytest.param([[1], [2]], {1: 5, 2: None}, {}, (5, 100), id="told-nothing"),
        pytest.param([[1], [2]], {1: 5, 2: 5}, {1: 8}, (8, 5), id="takes-its-own-up-again"),
        pytest.param([[1, 2], [3]], {1: 5, 2: 4, 3: 5}, {}, (4, 100), id="contested"),
    ],
)
def test_stories_keep_their_numbers(
    groups: list[list[int]], told: dict[int, int | None], retired: dict[int, int], ids: object
) -> None:
    """Where they can."""
    assert assign_stories(groups, told, retired, next_id=100) == ids
