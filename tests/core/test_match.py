"""Which entries a document brings, and which story each belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.identity import Key, KeyKind, identify
from aggregator.match import (
    FeedUpdate,
    Known,
    KnownEntry,
    begun_members,
    plan_update,
    settle_dates,
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
    return KnownEntry(number, feed_id, story or number, guid, f"Story {number}", None)


def known(**changes: Any) -> Known:
    """Nothing stored, ids from 100 and 500, except for `changes`."""
    base = Known(feed_id=FEED, listed={}, keys={}, next_entry_id=100, next_story_id=500)
    return replace(base, **changes)


def plan(brought: Document, stored_before: Known, *, now: datetime) -> FeedUpdate:
    """The update that a document makes."""
    return plan_update(identify(brought), brought.seen, stored_before, now=now)


def guid(value: str) -> Key:
    """A guid's key."""
    return Key(KeyKind.GUID, value)


def url(value: str) -> Key:
    """A URL's key."""
    return Key(KeyKind.URL, value)


def test_every_new_item_begins_a_story() -> None:
    """Items nobody knows become entries and stories, in document order."""
    brought = document(entry(0, guid="a", url="u/a"), entry(1, guid="b", url="u/b"))

    update = plan(brought, known(), now=NOW)

    assert [(new.id, new.story_id) for new in update.new] == [(100, 500), (101, 501)]
    assert update.begun == (500, 501)


def test_a_known_guid_is_an_update_whatever_the_link() -> None:
    """rG7, rG9: the guid stays, title and link change: one row, updated."""
    old = stored(3, guid="a")

    update = plan(
        document(entry(0, guid="a", url="u/new")), known(keys={guid("a"): (old,)}), now=NOW
    )

    assert update.new == ()
    assert [(item.id, item.story_id) for item in update.changed] == [(3, 3)]


def test_rG11_regenerated_guids_are_found_by_url() -> None:
    """All guids differ, the links are the same: nothing is new."""
    old = stored(3, guid="before")

    update = plan(
        document(entry(0, guid="after", url="u/a")), known(keys={url("u/a"): (old,)}), now=NOW
    )

    assert update.new == ()
    assert [item.id for item in update.changed] == [3]


def test_rG2_one_guid_on_all_items_is_no_identity() -> None:
    """miniflux/v2#4197: ten items, one guid, ten links: ten rows."""
    items = [entry(n, guid="x", url=f"u/{n}") for n in range(10)]

    update = plan(document(*items), known(), now=NOW)

    assert len(update.new) == 10
    assert len(update.begun) == 10


def test_rG3_a_repeated_guid_stays_untrusted_in_later_documents() -> None:
    """A guid that several stored entries have finds none of them; the link decides."""
    several = (stored(1, guid="x"), stored(2, guid="x"))

    update = plan(
        document(entry(0, guid="x", url="u/new")), known(keys={guid("x"): several}), now=NOW
    )

    assert len(update.new) == 1


def test_a_guid_listed_twice_names_two_items() -> None:
    """The stored entry with the guid is still listed, so the other item is another entry."""
    old = stored(1, guid="x")
    brought = document(entry(0, guid="x", url="u/new"), seen=(SeenEntry(1, 77),))

    update = plan(brought, known(listed={77: 1}, keys={guid("x"): (old,)}), now=NOW)

    assert update.seen == ((1, 1),)
    assert len(update.new) == 1


def test_rG5_items_without_guid_fall_back_to_their_link() -> None:
    """rG6: no guid, the same link in the next poll: one row."""
    old = stored(4)

    update = plan(document(entry(0, url="u/a")), known(keys={url("u/a"): (old,)}), now=NOW)

    assert [item.id for item in update.changed] == [4]


def test_rG17_a_short_guid_of_another_feed_is_another_entry() -> None:
    """Two feeds, guid 123, different links: two rows."""
    other = stored(4, guid="123", feed_id=8)

    update = plan(
        document(entry(0, guid="123", url="u/mine")), known(keys={guid("123"): (other,)}), now=NOW
    )

    assert len(update.new) == 1
    assert update.begun == (500,)


def test_rG18_the_same_link_in_two_feeds_is_one_story() -> None:
    """The second feed's entry joins the first one's story."""
    other = stored(4, guid="g", feed_id=8, story=40)

    update = plan(
        document(entry(0, guid="mine", url="u/a")), known(keys={url("u/a"): (other,)}), now=NOW
    )

    assert [(new.id, new.story_id) for new in update.new] == [(100, 40)]
    assert update.begun == ()


def test_two_guids_with_one_link_in_a_document_are_one_story() -> None:
    """Nothing is lost: two entries, one story."""
    items = (entry(0, guid="a", url="u/a"), entry(1, guid="b", url="u/a", title="STORY 0"))

    update = plan(document(*items), known(), now=NOW)

    assert [new.story_id for new in update.new] == [500, 500]


def test_the_same_item_twice_in_a_document_is_stored_once() -> None:
    """RFC 4287 section 4.1.2: the same id twice is one entry."""
    items = (entry(0, guid="a", url="u/a"), entry(1, guid="a", url="u/a", title="Story 0"))

    update = plan(document(*items), known(), now=NOW)

    assert len(update.new) == 1
    assert update.duplicates == 1


def test_an_item_without_guid_does_not_double_a_listed_entry() -> None:
    """The entry with this link is listed already: the item says it again."""
    old = stored(4)
    again = document(entry(1, url="u/a", title="STORY 4"), seen=(SeenEntry(0, 77),))
    other = document(entry(1, url="u/a", title="Another"), seen=(SeenEntry(0, 77),))
    before = known(listed={77: 4}, keys={url("u/a"): (old,)})

    assert plan(again, before, now=NOW).duplicates == 1
    assert len(plan(other, before, now=NOW).new) == 1


def test_a_fingerprint_that_left_meanwhile_or_comes_twice_is_counted() -> None:
    """A worker may report what another document has replaced; nothing breaks."""
    brought = document(seen=(SeenEntry(0, 77), SeenEntry(1, 77), SeenEntry(2, 78)))

    update = plan(brought, known(listed={77: 4}), now=NOW)

    assert update.seen == ((4, 0),)
    assert update.duplicates == 2


def test_rG13_titles_alone_identify_only_what_has_nothing_else() -> None:
    """Two links with one title are two rows; a title without link or guid is its own key."""
    linked = (
        entry(0, url="u/a", title="Launch delayed"),
        entry(1, url="u/b", title="Launch delayed"),
    )
    bare = entry(2, title="Launch Delayed")

    update = plan(document(*linked, bare), known(), now=NOW)

    assert len(update.new) == 3
    assert identify(document(bare))[0].keys == (Key(KeyKind.TITLE, "launch delayed"),)


def test_a_link_that_every_item_has_is_no_identity() -> None:
    """Arts & Letters Daily, 2013: no guid, every item links to the home page: nothing is lost."""
    items = [entry(n, url="https://h.example/") for n in range(3)]

    update = plan(document(*items), known(), now=NOW)

    assert len(update.new) == 3
    assert len(update.begun) == 3
    assert [new.keys for new in update.new] == [
        (Key(KeyKind.TITLE, f"story {n}"),) for n in range(3)
    ]


def test_the_home_page_is_no_story_s_key() -> None:
    """An item that links there alone keeps its guid, else its title."""
    home = replace(
        document(entry(0, url="https://h.example/"), entry(1, guid="g", url="https://h.example/")),
        meta=FeedMeta(home="http://www.h.example/index.html"),
    )

    keys = [item.keys for item in identify(home)]

    assert keys == [(Key(KeyKind.TITLE, "story 0"),), (guid("g"),)]


def test_rG2_with_one_link_too_the_titles_tell_items_apart() -> None:
    """FreshRSS/FreshRSS#5329: one guid and one link on all items."""
    items = [entry(n, guid="x", url="https://h.example/") for n in range(3)]

    update = plan(document(*items), known(), now=NOW)

    assert len(update.new) == 3


def test_a_bare_title_is_found_again() -> None:
    """The last resort: feed and title."""
    old = stored(9)
    keys = {Key(KeyKind.TITLE, "notice"): (old,)}

    update = plan(document(entry(0, title="Notice")), known(keys=keys), now=NOW)

    assert [item.id for item in update.changed] == [9]


def test_an_entry_written_from_outside_needs_no_story() -> None:
    """A stored entry without a story is updated and its twin elsewhere begins one."""
    outside = replace(stored(4, feed_id=8), story_id=None)
    mine = replace(stored(5), story_id=None)
    keys = {url("u/a"): (outside,), url("u/b"): (mine,)}

    update = plan(document(entry(0, url="u/a"), entry(1, url="u/b")), known(keys=keys), now=NOW)

    assert update.begun == (500,)
    assert [item.id for item in update.changed] == [5]


def test_first_poll_entries_are_back_fill() -> None:
    """What a feed lists at its first poll is marked so."""
    update = plan(document(entry(0, guid="a")), known(first_poll=True), now=NOW)

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


def test_begun_members_come_from_the_update() -> None:
    """A new story's members are the update's own new entries; joined stories are not in it."""
    other = stored(4, feed_id=8, story=40)
    brought = document(
        entry(0, guid="a", url="u/a"),
        entry(1, guid="b", url="u/a", title="Story 0"),
        entry(2, url="u/other"),
    )
    update = plan(brought, known(keys={url("u/other"): (other,)}), now=NOW)

    begun = begun_members(update, feed_id=FEED, feed_site="a", now=NOW)

    assert {story: [m.entry_id for m in found] for story, found in begun.items()} == {
        500: [100, 101]
    }


def test_rG19_a_removed_entry_is_not_new() -> None:
    """By its guid, or by its link under another guid; a guid that several had says nothing."""
    removed = {guid("a"): 1, url("u/b"): 1, guid("many"): 2, guid("live"): 1}
    before = replace(known(keys={guid("live"): (stored(1), stored(2))}), removed=removed)
    items = (
        entry(0, guid="a", url="u/0"),
        entry(1, guid="rebuilt", url="u/b"),
        entry(2, guid="many", url="u/2"),
        entry(3, guid="live", url="u/3"),
        entry(4, guid="new", url="u/4"),
    )

    update = plan(document(*items), before, now=NOW)

    assert [new.entry.position for new in update.new] == [2, 3, 4]
    assert update.duplicates == 0
