"""What goes, what stays, and that nothing returns."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from store_build import NOW, entry, poll_record, store_document

from aggregator.editors import OverrideKind
from aggregator.intake import merge_stories
from aggregator.model import Entry, FeedMeta
from aggregator.network import Network, Retention
from aggregator.store import overrides, retention, writing
from aggregator.store.retention import Batch, Cursor
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

DAY = timedelta(days=1)
THREE_DAYS = Retention(days=3)


def poll(store: Store, network: Network, at: datetime, *items: Entry, feed: int = 1) -> None:
    """A 200 with a document that was read; an item that is known counts as changed."""
    fresh = [replace(item, fingerprint=hash((item.title, at))) for item in items]
    store_document(store, network, feed, *fresh, now=at)
    with store.transaction() as db:
        writing.record_poll(db, poll_record(feed, at=at, outcome="ok", meta=FeedMeta()))


def answer_304(store: Store, at: datetime, feed: int = 1) -> None:
    """The feed says that nothing changed."""
    with store.transaction() as db:
        writing.record_poll(db, poll_record(feed, at=at))


def remove(
    store: Store,
    now: datetime,
    default: Retention = THREE_DAYS,
    own: dict[str, Retention] | None = None,
) -> list[Batch]:
    """A whole pass."""
    cutoffs = retention.cutoffs(store.db, own or {}, default, now=now)
    cursor: Cursor | None = Cursor()
    batches = []
    while cursor is not None:
        with store.transaction() as db:
            batches.append(retention.remove_batch(db, cutoffs, cursor, now=now))
        cursor = batches[-1].cursor
    assert store.db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    return batches


def titles(store: Store) -> list[str]:
    """Of the entries there are."""
    return [row[0] for row in store.db.conn.execute("SELECT title FROM entries ORDER BY title")]


def count(store: Store, table: str) -> int:
    """Rows of a table."""
    return int(store.db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_without_a_rule_everything_is_kept(store: Store, network: Network) -> None:
    """The default."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))

    remove(store, NOW + 4000 * DAY, Retention())

    assert titles(store) == ["Story 1", "Story 2"]


def test_what_no_rule_keeps_goes_with_all_that_hangs_on_it(store: Store, network: Network) -> None:
    """Entry, story, keys, index; its keys are remembered."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))
    answer_304(store, NOW + 4 * DAY)

    remove(store, NOW + 5 * DAY)

    assert titles(store) == ["Story 2"]
    assert [count(store, table) for table in ("stories", "search", "entry_keys")] == [1, 1, 2]
    assert count(store, "tombstones") == 2


def test_rG19_what_went_does_not_return(store: Store, network: Network) -> None:
    """Listed again by its guid or by its link alone, it is not news; a new item is."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))
    answer_304(store, NOW + 4 * DAY)
    remove(store, NOW + 5 * DAY)

    poll(store, network, NOW + 6 * DAY, entry(1), entry(2), entry(3))
    poll(store, network, NOW + 7 * DAY, entry(1, guid="rebuilt"), entry(3))

    assert titles(store) == ["Story 2", "Story 3"]


def test_rG19_what_is_listed_stays_through_304s(store: Store, network: Network) -> None:
    """Retention of three days, five days of 304s: the last document counts as seen."""
    poll(store, network, NOW, entry(1))
    for day in range(1, 6):
        answer_304(store, NOW + day * DAY)

    remove(store, NOW + 5 * DAY)

    assert titles(store) == ["Story 1"]


def test_a_feed_that_fell_silent_ages_from_its_last_answer(store: Store, network: Network) -> None:
    """Listed at the last 304, which is now too long ago."""
    poll(store, network, NOW, entry(1))
    answer_304(store, NOW + DAY)

    remove(store, NOW + 3.5 * DAY)
    assert titles(store) == ["Story 1"]

    remove(store, NOW + 4.5 * DAY)
    assert titles(store) == []


def test_keep_holds_the_newest(store: Store, network: Network) -> None:
    """Alone, beside days, and never against what is listed."""
    for day in range(6):
        poll(store, network, NOW + day * DAY, entry(day))

    remove(store, NOW + 20 * DAY, Retention(days=1, keep=4))
    assert titles(store) == ["Story 2", "Story 3", "Story 4", "Story 5"]

    remove(store, NOW + 20 * DAY, Retention(keep=2))
    assert titles(store) == ["Story 4", "Story 5"]

    poll(store, network, NOW + 21 * DAY, entry(7), entry(8), entry(9))
    remove(store, NOW + 400 * DAY, Retention(keep=1))
    assert titles(store) == ["Story 7", "Story 8", "Story 9"]


def test_a_feed_s_own_rule_replaces_the_network_s(store: Store, network: Network) -> None:
    """Also by keeping everything."""
    for feed, site in ((1, "a"), (2, "b")):
        item = entry(feed, url=f"https://{site}.example/x", canonical_url=f"{site}.example/x")
        poll(store, network, NOW, item, feed=feed)
        poll(store, network, NOW + DAY, feed=feed)

    remove(store, NOW + 9 * DAY, THREE_DAYS, {"https://a.example/feed": Retention()})

    assert titles(store) == ["Story 1"]


def test_a_story_goes_whole_or_not_at_all(store: Store, network: Network) -> None:
    """While feed b lists it, a's entry stays too: the story keeps its date and face."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(1, guid="b1"), feed=2)
    poll(store, network, NOW + 2 * DAY, entry(2))
    answer_304(store, NOW + 9 * DAY, feed=2)

    remove(store, NOW + 10 * DAY)
    assert titles(store).count("Story 1") == 2

    poll(store, network, NOW + 10 * DAY, feed=2)
    remove(store, NOW + 20 * DAY)
    assert "Story 1" not in titles(store)
    assert count(store, "merges") == 0


def place(store: Store, *, until: str | None) -> None:
    """Story 1 in a place on a page."""
    store.db.conn.execute(
        "INSERT OR IGNORE INTO generations VALUES (1, '2026-11-25T12:00:00Z', 1, 0)"
    )
    store.db.conn.execute(
        """
        INSERT INTO placements (
            page, block, position, story_id, title, url, site_id, shown_from, shown_until,
            generation
        ) VALUES ('a', 'x', 1, 1, 'Story 1', 'u', 'a', '2026-11-25T12:00:00Z', :until, 1)
        """,
        {"until": until},
    )


def test_what_stands_on_a_page_stays(store: Store, network: Network) -> None:
    """A block never loses a headline to retention."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))
    place(store, until=None)

    remove(store, NOW + 9 * DAY)

    assert "Story 1" in titles(store)


def test_the_history_of_a_page_stays_whole(store: Store, network: Network) -> None:
    """The story keeps its row, without entries; it is a candidate of no block."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))
    place(store, until="2026-11-26T12:00:00Z")

    remove(store, NOW + 9 * DAY)

    assert titles(store) == []
    stories = store.db.conn.execute("SELECT id, entry_id, title FROM stories").fetchall()
    assert [tuple(row) for row in stories] == [(1, None, "Story 1")]


def test_what_an_editor_spoke_of_stays(store: Store, network: Network) -> None:
    """Any other table that refers to the story holds all of it."""
    poll(store, network, NOW, entry(1))
    poll(store, network, NOW + DAY, entry(2))
    store.db.conn.execute("CREATE TABLE notes (story INTEGER REFERENCES stories(id))")
    store.db.conn.execute("INSERT INTO notes VALUES (1)")

    remove(store, NOW + 9 * DAY)

    assert titles(store) == ["Story 1"]


def test_what_an_override_names_stays(store: Store, network: Network) -> None:
    """By number or by link, and followed to the story that has its entries now, until it ends."""
    poll(store, network, NOW, *[entry(n) for n in range(1, 5)])
    poll(store, network, NOW + 9 * DAY, entry(9))
    with store.transaction() as db:
        merge_stories(db, "1", "2", network, note=None, now=NOW)
        by_number = overrides.NewOverride(OverrideKind.RETITLE, story_id=2, value="Other")
        overrides.add(db, by_number, now=NOW)
        url = entry(3).canonical_url
        by_link = overrides.NewOverride(OverrideKind.PIN, url=url, canonical_url=url)
        link_id = overrides.add(db, by_link, now=NOW)

    remove(store, NOW + 9 * DAY)
    assert titles(store) == ["Story 1", "Story 2", "Story 3", "Story 9"]

    with store.transaction() as db:
        overrides.end(db, link_id, now=NOW)
    remove(store, NOW + 9 * DAY)
    assert titles(store) == ["Story 1", "Story 2", "Story 9"]


def test_a_dissolved_story_goes_with_the_one_that_has_its_entries(
    store: Store, network: Network
) -> None:
    """What both leave behind for likeness goes too; what pages showed of them stays."""
    poll(store, network, NOW, entry(1), entry(2), entry(3))
    poll(store, network, NOW + 9 * DAY, entry(9))
    with store.transaction() as db:
        merge_stories(db, "1", "2", network, note=None, now=NOW)

    remove(store, NOW + 9 * DAY)

    assert titles(store) == ["Story 9"]
    (left,) = store.db.conn.execute("SELECT count(*) FROM stories").fetchone()
    assert left == 1
    for table in ("story_copies", "title_tokens", "story_overrides", "merges"):
        (count,) = store.db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert count == (1 if table == "story_copies" else 0)


def test_ids_are_for_life(store: Store, network: Network) -> None:
    """The number of a removed entry or story is never given again."""
    poll(store, network, NOW, entry(1), entry(2))
    poll(store, network, NOW + DAY)

    remove(store, NOW + 9 * DAY)
    poll(store, network, NOW + 9 * DAY, entry(3))

    assert [tuple(r) for r in store.db.conn.execute("SELECT id, story_id FROM entries")] == [(3, 3)]


def test_batches_are_small(store: Store, network: Network) -> None:
    """At most a thousand rows a transaction; a pass ends, whatever it may not remove."""
    many = [entry(n, guid=f"m{n}", canonical_url=f"a.example/m{n}") for n in range(2500)]
    poll(store, network, NOW, *many)
    poll(store, network, NOW + DAY)

    batches = remove(store, NOW + 9 * DAY)

    assert max(batch.entries for batch in batches) <= retention.BATCH
    assert sum(batch.entries for batch in batches) == 2500
    assert titles(store) == []


def test_entries_from_outside_may_go_too(store: Store, network: Network) -> None:
    """They have no story."""
    poll(store, network, NOW + DAY, entry(1))
    store.db.conn.execute(
        """
        INSERT INTO entries (feed_id, title, first_seen_at, last_seen_at)
        VALUES (1, 'By hand', '2026-11-20T00:00:00Z', '2026-11-20T00:00:00Z')
        """
    )

    remove(store, NOW + 2 * DAY)

    assert titles(store) == ["Story 1"]


def test_a_removed_guid_that_many_items_shared_says_nothing(store: Store, network: Network) -> None:
    """Ten items under one guid went; the feed is known by links since; an eleventh is new."""
    shared = [entry(n, guid="x") for n in range(10)]
    poll(store, network, NOW, *shared)
    poll(store, network, NOW + DAY)
    remove(store, NOW + 9 * DAY)

    poll(store, network, NOW + 9 * DAY, entry(11, guid="x"))

    assert titles(store) == ["Story 11"]
    kinds = {row[0] for row in store.db.conn.execute("SELECT DISTINCT kind FROM tombstones")}
    assert json.dumps(sorted(kinds)) == '["url"]'
