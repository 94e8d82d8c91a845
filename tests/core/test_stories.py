"""How a story is told by its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories import Member, tell_story

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FUTURE = NOW + timedelta(days=1)


def member(number: int, **changes: object) -> Member:
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
    return replace(base, **changes)  # type: ignore[arg-type] # each call names real fields


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
