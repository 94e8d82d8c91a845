"""Which entries a document brings, and which story each belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match import (
    Key,
    KeyKind,
    Known,
    KnownEntry,
    Member,
    Rule,
    begun_members,
    keys_of,
    plan_update,
    settle_dates,
    tell_story,
)
from aggregator.model import Document, Entry, FeedMeta, SeenEntry, Tier

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEED = 7


def entry(
    number: int, *, guid: str | None = None, url: str | None = None, title: str | None = None
) -> Entry:
    """An item as a worker hands it over; `url` is used as its own canonical form."""
    return Entry(
        position=number,
        fingerprint=1000 + number,
        guid=guid,
        url=url,
        canonical_url=url,
        title=f"Story {number}" if title is None else title,
    )


def document(*entries: Entry, seen: tuple[SeenEntry, ...] = ()) -> Document:
    """A document that brings `entries`."""
    return Document(meta=FeedMeta(), tier=Tier.STRICT, entries=entries, seen=seen)


def stored(
    number: int, *, guid: str | None = None, feed_id: int = FEED, story: int | None = None
) -> KnownEntry:
    """A stored entry; its story has its number unless told otherwise."""
    return KnownEntry(number, feed_id, story or number, guid, None, None)


def known(**changes: object) -> Known:
    """Nothing stored, ids from 100 and 500, except for `changes`."""
    base = Known(feed_id=FEED, listed={}, keys={}, next_entry_id=100, next_story_id=500)
    return replace(base, **changes)  # type: ignore[arg-type] # each call names real fields


def guid(value: str) -> Key:
    """A guid's key."""
    return Key(KeyKind.GUID, value)


def url(value: str) -> Key:
    """A URL's key."""
    return Key(KeyKind.URL, value)


def test_every_new_item_begins_a_story() -> None:
    """Items nobody knows become entries and stories, in document order."""
    brought = document(entry(0, guid="a", url="u/a"), entry(1, guid="b", url="u/b"))

    update = plan_update(brought, known(), now=NOW)

    assert [(new.id, new.story_id) for new in update.new] == [(100, 500), (101, 501)]
    assert update.begun == (500, 501)
    assert update.merges == ()


def test_a_known_guid_is_an_update_whatever_the_link() -> None:
    """rG7, rG9: the guid stays, title and link change: one row, updated."""
    old = stored(3, guid="a")

    update = plan_update(
        document(entry(0, guid="a", url="u/new")), known(keys={guid("a"): (old,)}), now=NOW
    )

    assert update.new == ()
    assert [(item.id, item.story_id) for item in update.changed] == [(3, 3)]
    assert update.touched == (3,)


def test_rG11_regenerated_guids_are_found_by_url() -> None:
    """All guids differ, the links are the same: nothing is new."""
    old = stored(3, guid="before")

    update = plan_update(
        document(entry(0, guid="after", url="u/a")), known(keys={url("u/a"): (old,)}), now=NOW
    )

    assert update.new == ()
    assert [item.id for item in update.changed] == [3]


def test_rG2_one_guid_on_all_items_is_no_identity() -> None:
    """miniflux/v2#4197: ten items, one guid, ten links: ten rows."""
    items = [entry(n, guid="x", url=f"u/{n}") for n in range(10)]

    update = plan_update(document(*items), known(), now=NOW)

    assert len(update.new) == 10
    assert len(update.begun) == 10


def test_rG3_a_repeated_guid_stays_untrusted_in_later_documents() -> None:
    """A guid that several stored entries have finds none of them; the link decides."""
    several = (stored(1, guid="x"), stored(2, guid="x"))

    update = plan_update(
        document(entry(0, guid="x", url="u/new")), known(keys={guid("x"): several}), now=NOW
    )

    assert len(update.new) == 1


def test_a_guid_listed_twice_names_two_items() -> None:
    """The stored entry with the guid is still listed, so the other item is another entry."""
    old = stored(1, guid="x")
    brought = document(entry(0, guid="x", url="u/new"), seen=(SeenEntry(1, 77),))

    update = plan_update(brought, known(listed={77: 1}, keys={guid("x"): (old,)}), now=NOW)

    assert update.seen == ((1, 1),)
    assert len(update.new) == 1


def test_rG5_items_without_guid_fall_back_to_their_link() -> None:
    """rG6: no guid, the same link in the next poll: one row."""
    old = stored(4)

    update = plan_update(document(entry(0, url="u/a")), known(keys={url("u/a"): (old,)}), now=NOW)

    assert [item.id for item in update.changed] == [4]


def test_rG17_a_short_guid_of_another_feed_is_another_entry() -> None:
    """Two feeds, guid 123, different links: two rows."""
    other = stored(4, guid="123", feed_id=8)

    update = plan_update(
        document(entry(0, guid="123", url="u/mine")), known(keys={guid("123"): (other,)}), now=NOW
    )

    assert len(update.new) == 1
    assert update.begun == (500,)


def test_rG18_the_same_link_in_two_feeds_is_one_story() -> None:
    """The second feed's entry joins the first one's story, with evidence."""
    other = stored(4, guid="g", feed_id=8, story=40)

    update = plan_update(
        document(entry(0, guid="mine", url="u/a")), known(keys={url("u/a"): (other,)}), now=NOW
    )

    (merge,) = update.merges
    assert (merge.story_id, merge.entry_id, merge.matched_entry_id) == (40, 100, 4)
    assert merge.rule is Rule.URL
    assert update.touched == (40,)
    assert update.begun == ()


def test_two_guids_with_one_link_in_a_document_are_one_story() -> None:
    """Nothing is lost: two entries, one story."""
    items = (entry(0, guid="a", url="u/a"), entry(1, guid="b", url="u/a"))

    update = plan_update(document(*items), known(), now=NOW)

    assert [new.story_id for new in update.new] == [500, 500]
    assert [merge.matched_entry_id for merge in update.merges] == [100]


def test_the_same_item_twice_in_a_document_is_stored_once() -> None:
    """RFC 4287 section 4.1.2: the same id twice is one entry."""
    items = (entry(0, guid="a", url="u/a"), entry(1, guid="a", url="u/a", title="Again"))

    update = plan_update(document(*items), known(), now=NOW)

    assert len(update.new) == 1
    assert update.duplicates == 1


def test_an_item_without_guid_does_not_double_a_listed_entry() -> None:
    """The entry with this link is listed already: the item says it again."""
    old = stored(4)
    brought = document(entry(1, url="u/a"), seen=(SeenEntry(0, 77),))

    update = plan_update(brought, known(listed={77: 4}, keys={url("u/a"): (old,)}), now=NOW)

    assert update.new == ()
    assert update.duplicates == 1


def test_a_fingerprint_that_left_meanwhile_or_comes_twice_is_counted() -> None:
    """A worker may report what another document has replaced; nothing breaks."""
    brought = document(seen=(SeenEntry(0, 77), SeenEntry(1, 77), SeenEntry(2, 78)))

    update = plan_update(brought, known(listed={77: 4}), now=NOW)

    assert update.seen == ((4, 0),)
    assert update.duplicates == 2


def test_rG13_titles_alone_identify_only_what_has_nothing_else() -> None:
    """Two links with one title are two rows; a title without link or guid is its own key."""
    linked = (
        entry(0, url="u/a", title="Launch delayed"),
        entry(1, url="u/b", title="Launch delayed"),
    )
    bare = entry(2, title="Launch Delayed")

    update = plan_update(document(*linked, bare), known(), now=NOW)

    assert len(update.new) == 3
    assert keys_of(bare) == (Key(KeyKind.TITLE, "launch delayed"),)


def test_a_bare_title_is_found_again() -> None:
    """The last resort: feed and title."""
    old = stored(9)
    keys = {Key(KeyKind.TITLE, "notice"): (old,)}

    update = plan_update(document(entry(0, title="Notice")), known(keys=keys), now=NOW)

    assert [item.id for item in update.changed] == [9]


def test_an_entry_written_from_outside_needs_no_story() -> None:
    """A stored entry without a story is updated and its twin elsewhere begins one."""
    outside = replace(stored(4, feed_id=8), story_id=None)
    mine = replace(stored(5), story_id=None)
    keys = {url("u/a"): (outside,), url("u/b"): (mine,)}

    update = plan_update(
        document(entry(0, url="u/a"), entry(1, url="u/b")), known(keys=keys), now=NOW
    )

    assert update.begun == (500,)
    assert update.touched == ()
    assert [item.id for item in update.changed] == [5]


def test_first_poll_entries_are_back_fill() -> None:
    """What a feed lists at its first poll is marked so."""
    update = plan_update(document(entry(0, guid="a")), known(first_poll=True), now=NOW)

    assert [new.backfill for new in update.new] == [True]


PAST, LATER, FUTURE = NOW - timedelta(days=2), NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "brought", "kept"),
    [
        pytest.param(None, PAST, PAST, id="a-first-date-is-taken"),
        pytest.param(PAST, LATER, PAST, id="rG21-never-rises"),
        pytest.param(LATER, PAST, PAST, id="may-be-corrected-to-earlier"),
        pytest.param(PAST, None, PAST, id="is-not-lost"),
        pytest.param(FUTURE, FUTURE + timedelta(days=1), FUTURE + timedelta(days=1), id="put-off"),
        pytest.param(FUTURE, PAST, PAST, id="brought-forward"),
    ],
)
def test_published_dates(
    before: datetime | None, brought: datetime | None, kept: datetime | None
) -> None:
    """A date once past never moves later; an entry still to come follows its feed."""
    old = replace(stored(1), published_at=before)

    settled = settle_dates(old, replace(entry(0), published_at=brought), now=NOW)

    assert settled.published_at == kept


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


def test_begun_members_come_from_the_update() -> None:
    """A new story's members are the update's own new entries; joined stories are not in it."""
    other = stored(4, feed_id=8, story=40)
    brought = document(
        entry(0, guid="a", url="u/a"), entry(1, guid="b", url="u/a"), entry(2, url="u/other")
    )
    update = plan_update(brought, known(keys={url("u/other"): (other,)}), now=NOW)

    begun = begun_members(update, feed_id=FEED, feed_site="a", now=NOW)

    assert {story: [m.entry_id for m in found] for story, found in begun.items()} == {
        500: [100, 101]
    }
