"""What documents leave in a real database: entries, stories, evidence, history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from store_build import NOW, entry, network_at, store_document, stored

from aggregator.editors import OverrideKind
from aggregator.errors import UsageError
from aggregator.intake import find_story, merge_stories, rematch_batch, unmerge_entry
from aggregator.model import Entry
from aggregator.network import Network
from aggregator.store import explaining, overrides, reading, similarity
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
A, B, C = 1, 2, 3
QUAKE = "Strong quake kills ten villagers near Kermanshah"
WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"
SLUG = "Maven_stays_silent_after_pass_999.html"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Three sites, a feed each."""
    return network_at(tmp_path, sites=("a", "b", "c"))


@pytest.fixture
def store(network: Network) -> Iterator[Store]:
    """An open store that knows the network."""
    with stored(network) as opened:
        yield opened


def item(site: str, number: int, **changes: object) -> Entry:
    """An item of a site's own; nothing alike in two numbers."""
    link = f"{site}.example/{number}"
    words = ("zebra quartz", "walnut ferry", "violin marsh", "umbra tiger")[number % 4]
    fields: dict[str, object] = {
        "guid": f"{site}{number}",
        "url": f"https://{link}",
        "canonical_url": f"https://{link}",
        "title": f"Plain {words} number {number}",
        "fingerprint": hash((site, number, str(changes))),
    }
    return entry(number, **{**fields, **changes})


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    """Every row of a query."""
    return [tuple(row) for row in store.db.conn.execute(query).fetchall()]


def told(store: Store) -> list[list[str]]:
    """The guids of each story's entries."""
    found = rows(
        store,
        """
        SELECT group_concat(guid, ' ') FROM (SELECT guid, story_id FROM entries ORDER BY guid)
        GROUP BY story_id
        """,
    )
    return sorted(str(row[0]).split() for row in found)


def held(store: Store) -> list[tuple[object, ...]]:
    """The evidence that holds: entries by guid, and the rule."""
    return rows(
        store,
        """
        SELECT one.guid, other.guid, rule
        FROM merges
        JOIN entries AS one ON one.id = entry_id
        JOIN entries AS other ON other.id = matched_entry_id
        WHERE undone_at IS NULL
        ORDER BY 1, 2
        """,
    )


# ------------------------------------------------------------------- similarity


def test_a_wire_copy_joins_with_its_evidence(store: Store, network: Network) -> None:
    """Another desk's prefix and credit, the same text: one story, by rule, score and numbers."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    copy = item("b", 2, title=f"UPDATE 2-{QUAKE} (AFP)", summary=f"{WIRE} of Iran")

    store_document(store, network, B, copy, now=NOW + HOUR)

    assert told(store) == [["a1", "b2"]]
    assert held(store) == [("b2", "a1", "A")]
    (score, features, version) = rows(store, "SELECT score, features, version FROM merges")[0]
    assert (score, version) == (1.0, 1001)
    assert set(json.loads(str(features))) >= {"tj", "mass", "td", "sj"}
    assert rows(store, "SELECT id, merged_into FROM stories") == [(1, None)]
    assert rows(store, "SELECT story_id, entries, feeds FROM headlines") == [(1, 2, 2)]


def test_entries_out_of_the_window_stay_apart(store: Store, network: Network) -> None:
    """Seen four days apart, or dated four days apart: two stories."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    late = item("b", 2, title=QUAKE, summary=WIRE)
    old = item("c", 3, title=QUAKE, summary=WIRE, published_at=NOW - 4 * DAY)

    store_document(store, network, B, late, now=NOW + 4 * DAY)
    store_document(store, network, C, old)

    assert told(store) == [["a1"], ["b2"], ["c3"]]


def test_backfill_gets_keys_and_no_search(store: Store, network: Network) -> None:
    """Two entries older than the window when they came: alike, and not compared."""
    old = NOW - 5 * DAY
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE, published_at=old))

    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE, published_at=old))

    assert told(store) == [["a1"], ["b2"]]
    assert rows(store, "SELECT count(*) FROM title_tokens") == [(0,)]
    assert rows(store, "SELECT count(*) FROM entry_keys WHERE kind = 'url'") == [(2,)]


def test_a_recurring_title_is_left_alone(store: Store, network: Network) -> None:
    """`What to know about the report`, over another text in the same feed: a column."""
    title = "What to know about the government shutdown report"
    first = item("a", 1, title=title, summary="Hiring went on in October, the department said")
    second = item(
        "a",
        2,
        title=title,
        summary="Prices rose slowly last month, well under forecasts",
        published_at=NOW + HOUR,
    )
    store_document(store, network, A, first)
    store_document(store, network, A, first, second, now=NOW + HOUR)

    store_document(
        store, network, B, item("b", 3, title=title, published_at=NOW + HOUR), now=NOW + HOUR
    )

    assert ["a2"] in told(store)
    assert rows(store, "SELECT link FROM sightings WHERE recurring") == [("https://a.example/2",)]


def test_a_standfirst_counts_for_nothing(store: Store, network: Network) -> None:
    """One summary under three links of a site: its matches by text end."""
    boiler = "Follow the latest updates on the conflict in the region from our correspondents there"
    one = item("a", 1, title="Hormuz conflict Tehran refinery", summary=boiler)
    two = item("a", 2, title="Hormuz conflict Tehran envoys", summary=boiler)
    store_document(store, network, A, one, two)
    assert told(store) == [["a1", "a2"]]

    three = item("a", 3, title="Gulf shipping insurers raise premiums again", summary=boiler)
    store_document(store, network, A, three)

    assert told(store) == [["a1"], ["a2"], ["a3"]]
    assert rows(store, "SELECT count(*) FROM sightings WHERE boilerplate") == [(3,)]
    assert rows(store, "SELECT count(*) FROM merges WHERE undone_at IS NULL") == [(0,)]


def test_an_edit_that_diverges_dissolves_the_merge(store: Store, network: Network) -> None:
    """The card tells something else now; the evidence stays, with its end."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))
    assert told(store) == [["a1", "b2"]]

    other = item("b", 2, title="Neutron rocket scrubbed at Wallops", summary="Weather, they said")
    store_document(store, network, B, other, now=NOW + HOUR)

    assert told(store) == [["a1"], ["b2"]]
    assert rows(store, "SELECT undone_at FROM merges") == [("2026-11-25T13:00:00Z",)]


def test_an_edit_that_does_not_diverge_keeps_it(store: Store, network: Network) -> None:
    """`kills ten`, then `kills 25`: the number guard does not undo what was one story."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))

    toll = item("b", 2, title=QUAKE.replace("ten", "25"), summary=WIRE)
    store_document(store, network, B, toll, now=NOW + HOUR)

    assert told(store) == [["a1", "b2"]]


def test_no_chain_of_lookalikes(store: Store, network: Network) -> None:
    """Ten copies in one story at most."""
    for number in range(12):
        copy = item("a", number, title=QUAKE, summary=f"{WIRE} v{number}")
        store_document(store, network, A, copy)

    assert max(map(len, told(store))) <= 10


def test_what_titles_of_a_feed_end_with_is_learnt(store: Store, network: Network) -> None:
    """After five titles the ending is known, and earlier headlines are read again without it."""
    ending = " - desk of zonk"
    store_document(store, network, B, item("b", 9, title="Umbra glider lands near Wuzhen village"))
    first = item("a", 1, title="Umbra glider lands near Wuzhen village" + ending)
    store_document(store, network, A, first)
    assert told(store) == [["a1"], ["b9"]]

    store_document(
        store,
        network,
        A,
        *(
            item("a", n, title=f"Plain words {n} of nothing much {n * 7}{ending}")
            for n in range(2, 8)
        ),
    )

    assert ["a1", "b9"] in told(store)
    assert rows(store, "SELECT suffixes FROM feeds WHERE id = 1") == [('["deskofzonk"]',)]


def test_one_event_told_by_two_hands(store: Store, network: Network) -> None:
    """Not one story; one event, which both stories name."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    toll = item(
        "b",
        2,
        title="Iran: Kermanshah quake leaves villagers dead, 25 killed",
        summary="Aftershocks shook the province as rescuers pulled survivors from rubble",
        published_at=NOW + HOUR,
    )

    store_document(store, network, B, toll, now=NOW + HOUR)

    assert told(store) == [["a1"], ["b2"]]
    assert rows(store, "SELECT id, event_id FROM stories ORDER BY id") == [(1, 1), (2, 1)]
    assert rows(store, "SELECT rule FROM matches") == [("event",)]


# --------------------------------------------------------------------- identity


def test_sister_sites_share_an_article_by_its_slug(store: Store, network: Network) -> None:
    """The same long last segment on two hosts of the network: one story, whatever the title."""
    own = item(
        "a", 1, url=f"https://a.example/r/{SLUG}", canonical_url=f"https://a.example/r/{SLUG}"
    )
    sister = item(
        "b", 2, url=f"https://b.example/r/{SLUG}", canonical_url=f"https://b.example/r/{SLUG}"
    )
    store_document(store, network, A, own)

    store_document(store, network, B, sister)

    assert told(store) == [["a1", "b2"]]
    assert held(store) == [("b2", "a1", "slug")]


@pytest.mark.parametrize(
    ("link", "published"),
    [
        pytest.param(f"elsewhere.example/{SLUG}", NOW, id="host-of-no-site"),
        pytest.param(f"b.example/{SLUG}", NOW - 31 * DAY, id="a-month-apart"),
        pytest.param(f"a.example/moon/{SLUG}", NOW, id="same-host"),
        pytest.param("b.example/20261125123456789012345678.html", NOW, id="a-number"),
    ],
)
def test_a_slug_ties_nothing_else(
    store: Store, network: Network, link: str, published: object
) -> None:
    """Only articles, only on hosts of the network, only within thirty days."""
    mine = f"https://a.example/r/{SLUG if 'html' in link else link.rpartition('/')[2]}"
    store_document(store, network, A, item("a", 1, url=mine, canonical_url=mine))

    theirs = f"https://{link}"
    other = item("b", 2, url=theirs, canonical_url=theirs, published_at=published)
    store_document(store, network, B, other)

    assert told(store) == [["a1"], ["b2"]]


def test_rG1_rG9_a_site_that_moves_brings_nothing_new(store: Store, network: Network) -> None:
    """Guids that are links lose scheme and host; link and guid change, the path stays."""
    before = [
        item("a", n, guid=f"http://a.example/story/{n}", canonical_url=f"https://a.example/old/{n}")
        for n in range(8)
    ]
    after = [
        item("a", n, guid=f"https://www.new.example/story/{n}", canonical_url=f"https://new/{n}")
        for n in range(8)
    ]
    store_document(store, network, A, *before)

    store_document(store, network, A, *after, now=NOW + HOUR)

    assert rows(store, "SELECT count(*) FROM entries") == [(8,)]


@pytest.mark.parametrize("polls", [2, 5])
def test_rG6_rG11_unstable_guids_double_nothing(store: Store, network: Network, polls: int) -> None:
    """Other guids at every poll, the same links: one row each."""
    for poll in range(polls):
        items = [item("a", n, guid=f"{poll}-{n}") for n in range(5)]
        store_document(store, network, A, *items, now=NOW + poll * HOUR)

    assert rows(store, "SELECT count(*) FROM entries") == [(5,)]


def test_rG3_one_link_and_guid_for_all_is_stable(store: Store, network: Network) -> None:
    """Told apart by title; shuffled, without dates: nothing is new after the first poll."""
    items = [
        item("a", n, guid="same", canonical_url="https://a.example/", published_at=None)
        for n in range(5)
    ]
    store_document(store, network, A, *items)

    for poll, shuffled in enumerate((items[::-1], items[2:] + items[:2]), start=1):
        store_document(store, network, A, *shuffled, now=NOW + poll * HOUR)

    assert rows(store, "SELECT count(*) FROM entries") == [(5,)]
    assert rows(store, "SELECT id_policy FROM feeds WHERE id = 1") == [("url",)]


def test_rG2_rG5_a_feed_whose_guids_are_no_identity_says_so(store: Store, network: Network) -> None:
    """Ten items, one guid: ten rows, and the feed is known by its links for good."""
    items = [item("a", n, guid="x") for n in range(10)]
    store_document(store, network, A, *items)

    store_document(store, network, A, *(item("a", n, guid=f"y{n}") for n in range(10)))

    assert rows(store, "SELECT count(*) FROM entries") == [(10,)]
    assert rows(store, "SELECT id_policy FROM feeds ORDER BY id") == [
        ("url",),
        ("guid",),
        ("guid",),
    ]
    statuses = {status.feed_id: status.id_policy for status in reading.feed_statuses(store.db)}
    assert statuses == {1: "url", 2: "guid", 3: "guid"}


def test_rG13_a_title_again_is_another_entry(store: Store, network: Network) -> None:
    """`Launch delayed` on Monday and on Friday, two links."""
    store_document(store, network, A, item("a", 1, title="Launch delayed"))

    friday = NOW + 4 * DAY
    again = item("a", 2, title="Launch delayed", published_at=friday)
    store_document(store, network, A, again, now=friday)

    assert told(store) == [["a1"], ["a2"]]


def test_rG14_rG15_titleless_items_are_kept(store: Store, network: Network) -> None:
    """Three items, no titles, distinct guids: three rows, three stories, stable."""
    items = [item("a", n, title="", url=None, canonical_url=None) for n in range(3)]
    store_document(store, network, A, *items)

    store_document(store, network, A, *items, now=NOW + HOUR)

    assert told(store) == [["a0"], ["a1"], ["a2"]]


def test_rG17_a_guid_holds_within_its_feed(store: Store, network: Network) -> None:
    """Two feeds, guid 123: two rows."""
    store_document(store, network, A, item("a", 1, guid="123"))

    store_document(store, network, B, item("b", 2, guid="123"))

    assert rows(store, "SELECT feed_id, guid FROM entries") == [(1, "123"), (2, "123")]


@pytest.mark.parametrize("order", [(A, B), (B, A)])
def test_rG18_rG23_one_link_in_two_feeds(
    store: Store, network: Network, order: tuple[int, int]
) -> None:
    """One headline, the same whichever feed came first; the link's own site owns it."""
    shared = {A: item("b", 1, guid="in-a"), B: item("b", 1, guid="in-b")}

    for feed in order:
        store_document(store, network, feed, shared[feed])

    assert told(store) == [["in-a", "in-b"]]
    assert rows(store, "SELECT site_id, url, title FROM headlines") == [
        ("b", "https://b.example/1", "Plain walnut ferry number 1")
    ]
    assert rows(store, "SELECT site_id FROM story_copies") == [("b",)]


def test_a_guid_used_again_is_another_entry(store: Store, network: Network) -> None:
    """Another link, another title, two days later: the old entry stays as it was."""
    store_document(store, network, A, item("a", 1, guid="top"))

    later = item("a", 2, guid="top", published_at=NOW + 2 * DAY)
    store_document(store, network, A, later, now=NOW + 2 * DAY)

    assert rows(store, "SELECT title FROM entries ORDER BY id") == [
        ("Plain walnut ferry number 1",),
        ("Plain violin marsh number 2",),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"published_at": NOW + HOUR}, id="within-a-day"),
        pytest.param({"title": "Plain walnut ferry number one"}, id="title-alike"),
        pytest.param({"canonical_url": "https://a.example/1"}, id="same-link"),
        pytest.param({"published_at": None}, id="undated"),
        pytest.param({"title": ""}, id="untitled"),
    ],
)
def test_a_guid_with_news_of_the_same_article_is_an_update(
    store: Store, network: Network, changes: dict[str, object]
) -> None:
    """rG7: one row, and what it said before is in `revisions`."""
    store_document(store, network, A, item("a", 1, guid="top"))

    later = item("a", 2, **{"guid": "top", "published_at": NOW + 2 * DAY, **changes})
    store_document(store, network, A, later, now=NOW + 2 * DAY)

    assert rows(store, "SELECT count(*) FROM entries") == [(1,)]
    assert rows(store, "SELECT entry_id, seen_at, title FROM revisions") == [
        (1, "2026-11-27T12:00:00Z", "Plain walnut ferry number 1")
    ]


# -------------------------------------------------------------- copies, history


def test_each_site_has_its_own_copy(store: Store, network: Network) -> None:
    """Both count from the story's own time; a page of a is offered b's link and headline."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    copy = item("b", 2, title=f"{QUAKE} (AFP)", summary=WIRE, published_at=NOW + HOUR)
    store_document(store, network, B, copy, now=NOW + HOUR)

    stories = reading.newest_stories(store.db, {"a": 3, "b": 3}, {"a": "A", "b": "B"}, now=NOW)

    assert [(story.id, story.site, story.url, story.title) for story in stories] == [
        (1, "a", "https://a.example/1", QUAKE),
        (1, "b", "https://b.example/2", f"{QUAKE} (AFP)"),
    ]
    assert [story.shown_at for story in stories] == [NOW, NOW]
    assert [story.agency for story in stories] == ["AFP", "AFP"]


def test_every_wording_is_kept(store: Store, network: Network) -> None:
    """Title, summary and link before each change; a change of the image alone is none."""
    store_document(store, network, A, item("a", 1, title="One", summary="S"))
    store_document(store, network, A, item("a", 1, title="Two", summary="S"), now=NOW + HOUR)
    image = item("a", 1, title="Two", summary="S", image_url="https://a.example/i.png")
    store_document(store, network, A, image, now=NOW + 2 * HOUR)

    store_document(store, network, A, item("a", 1, title="Two", summary="T"), now=NOW + 3 * HOUR)

    assert rows(store, "SELECT seen_at, title, summary, url FROM revisions ORDER BY id") == [
        ("2026-11-25T13:00:00Z", "One", "S", "https://a.example/1"),
        ("2026-11-25T15:00:00Z", "Two", "S", "https://a.example/1"),
    ]


# ---------------------------------------------------------------- editors' words


def faces(store: Store) -> list[tuple[object, ...]]:
    """Every story as it is told, by number."""
    return rows(store, "SELECT id, url, title, published_at, merged_into FROM stories ORDER BY id")


def test_unmerge_leaves_things_as_they_were(store: Store, network: Network) -> None:
    """Merged by hand and taken apart again: the same stories under the same numbers."""
    store_document(store, network, A, item("a", 1))
    store_document(store, network, B, item("b", 2, published_at=NOW - HOUR))
    before = faces(store)

    with store.transaction() as db:
        merged = merge_stories(db, "1", "https://b.example/2", network, note="same", now=NOW)
    assert told(store) == [["a1", "b2"]]
    assert merged.stories == (1, 1)
    assert rows(store, "SELECT rule, features FROM merges") == [("force", '{"note": "same"}')]
    with store.transaction() as db:
        parted = unmerge_entry(db, 2, network, note=None, now=NOW)

    assert faces(store) == before
    assert parted.stories == (2, 1)
    assert rows(store, "SELECT kind, ended_at FROM story_overrides ORDER BY id") == [
        ("force", "2026-11-25T12:00:00Z"),
        ("never", None),
    ]


def test_words_of_editors_hold_over_everything(store: Store, network: Network) -> None:
    """Neither an edit nor `rematch` brings together what was taken apart; `merge` does."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))
    with store.transaction() as db:
        unmerge_entry(db, 2, network, note=None, now=NOW)

    store_document(store, network, B, item("b", 2, title=QUAKE, summary=f"{WIRE} now"))
    with store.transaction() as db:
        rematch_batch(db, network, after=0, since=None, now=NOW)
    assert told(store) == [["a1"], ["b2"]]

    with store.transaction() as db:
        merge_stories(db, "https://a.example/1", "https://b.example/2", network, note=None, now=NOW)
    assert told(store) == [["a1", "b2"]]


def test_an_entry_taken_out_takes_along_what_has_its_link(store: Store, network: Network) -> None:
    """A merge by hand is undone from either side; each story has its number again."""
    store_document(store, network, A, item("a", 1), item("a", 3))
    store_document(store, network, B, item("b", 2))
    store_document(store, network, C, item("b", 2, guid="c2"))
    with store.transaction() as db:
        merge_stories(db, "https://a.example/1", "https://b.example/2", network, note=None, now=NOW)
    assert told(store) == [["a1", "b2", "c2"], ["a3"]]

    with store.transaction() as db:
        (entry_id,) = db.conn.execute("SELECT id FROM entries WHERE guid = 'b2'").fetchone()
        merged = unmerge_entry(db, entry_id, network, note=None, now=NOW)

    assert told(store) == [["a1"], ["a3"], ["b2", "c2"]]
    assert merged.stories == (3, 1)


def test_a_story_that_became_a_part_of_another_is_not_counted(
    store: Store, network: Network
) -> None:
    """Its row stays, so that its number leads to the other."""
    store_document(store, network, A, item("a", 1))
    store_document(store, network, B, item("b", 2))
    before = reading.count_stories(store.db)

    with store.transaction() as db:
        merge_stories(db, "1", "2", network, note=None, now=NOW)

    assert (before, reading.count_stories(store.db)) == (2, 1)
    assert len(faces(store)) == 2


def test_an_override_follows_the_entries_of_its_story(store: Store, network: Network) -> None:
    """Withdrawn by number, merged, taken apart again: it is always that article."""
    store_document(store, network, A, item("a", 1))
    store_document(store, network, B, item("b", 2))
    with store.transaction() as db:
        override = NewOverride(OverrideKind.WITHDRAW, story_id=2)
        override_id = overrides.add(db, override, now=NOW)
        merge_stories(db, "1", "2", network, note=None, now=NOW)
        overrides.settle(db, now=NOW)
    assert overrides.in_force(store.db, now=NOW)[0].story_ids == {1}
    assert rows(store, "SELECT id FROM stories WHERE withdrawn_at IS NOT NULL") == [(1,)]

    with store.transaction() as db:
        unmerge_entry(db, 2, network, note=None, now=NOW)
        overrides.settle(db, now=NOW)
    assert overrides.in_force(store.db, now=NOW)[0].story_ids == {2}
    assert rows(store, "SELECT id FROM stories WHERE withdrawn_at IS NOT NULL") == [(2,)]

    with store.transaction() as db:
        overrides.end(db, override_id, now=NOW)
    assert rows(store, "SELECT id FROM stories WHERE withdrawn_at IS NOT NULL") == []


def test_rG22_an_item_has_no_id_but_its_own(store: Store, network: Network) -> None:
    """An item with an image, listed again, is one entry; nothing derived from it gets an id."""
    for summary in ("First", "Second"):
        picture = "https://a.example/1.jpg"
        store_document(store, network, A, item("a", 1, image_url=picture, summary=summary))

    assert rows(store, "SELECT guid, image_url FROM entries") == [("a1", "https://a.example/1.jpg")]


def test_rematch_is_deterministic(store: Store, network: Network) -> None:
    """What is stored already is what comes out; lost matches and stories come back."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE), item("a", 2))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))
    everything = "SELECT * FROM merges", "SELECT * FROM stories", "SELECT * FROM matches"
    before = [rows(store, query) for query in everything]

    with store.transaction() as db:
        first = rematch_batch(db, network, after=0, since=None, now=NOW + DAY)
        assert first is not None
        last = rematch_batch(db, network, after=first.last, since=None, now=NOW + DAY)
        recent = rematch_batch(db, network, after=0, since=NOW + DAY, now=NOW + DAY)
    assert (first.entries, first.moved, last, recent) == (3, 0, None, None)
    assert [rows(store, query) for query in everything] == before

    store.db.conn.execute("DELETE FROM matches")
    with store.transaction() as db:
        rematch_batch(db, network, after=0, since=None, now=NOW)

    assert [rows(store, query) for query in everything] == before


@pytest.mark.parametrize("name", ["99", "9" * 30, "https://a.example/none", "no link"])
def test_a_story_that_does_not_exist(store: Store, name: str) -> None:
    """Says so."""
    with pytest.raises(UsageError, match=r"no such story|no entry has this link"):
        find_story(store.db, name)


def test_words_that_say_nothing_are_refused(store: Store, network: Network) -> None:
    """A story with itself, a lone entry, an entry that is not there, a story without entries."""
    store_document(store, network, A, item("a", 1), item("a", 2))

    with pytest.raises(UsageError, match="one story already"), store.transaction() as db:
        merge_stories(db, "1", "1", network, note=None, now=NOW)
    for number, what in ((1, "alone"), (77, "no such entry")):
        with pytest.raises(UsageError, match=what), store.transaction() as db:
            unmerge_entry(db, number, network, note=None, now=NOW)
    with store.transaction() as db:
        merge_stories(db, "1", "2", network, note=None, now=NOW)
    with pytest.raises(UsageError, match="no entries"), store.transaction() as db:
        merge_stories(db, "1", "2", network, note=None, now=NOW)


def test_the_account_of_a_merged_story(store: Store, network: Network) -> None:
    """Each member, the rule, the numbers, the other title, what it was called before."""
    store_document(store, network, A, item("a", 1, title="Working title", summary=WIRE))
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE), now=NOW + HOUR)
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE), now=NOW + HOUR)

    account = explaining.account_of(store.db, 1)

    assert account is not None
    assert [(teller.entry, teller.earlier) for teller in account.tellers] == [
        (1, ("Working title",)),
        (2, ()),
    ]
    (tie,) = account.tellers[1].ties
    assert (tie.rule, tie.matched_entry, tie.matched_title) == ("A", 1, QUAKE)
    assert [copy.site for copy in account.copies] == ["a", "b"]
    assert (account.places, account.lookalikes, account.by_hand) == ((), (), ())
    assert explaining.account_of(store.db, 99) is None


def test_an_account_names_another_story_once(store: Store, network: Network) -> None:
    """By its entry that is most alike, though both entries of this story are like it."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))
    other = "Kermanshah villagers flee another strong quake"
    text = "Tents and blankets reached survivors while aftershocks shook the province for days"
    store_document(store, network, C, item("c", 3, title=other, summary=text))

    account = explaining.account_of(store.db, 1)

    assert account is not None
    assert [teller.entry for teller in account.tellers] == [1, 2]
    assert [(found.entry, found.rule) for found in account.lookalikes] == [(3, "event")]


def test_an_entry_that_is_deleted_leaves_its_sighting_alone(store: Store, network: Network) -> None:
    """Words, matches and evidence go with it; that its title was there is remembered."""
    store_document(store, network, A, item("a", 1, title=QUAKE, summary=WIRE))
    store_document(store, network, B, item("b", 2, title=QUAKE, summary=WIRE))

    with store.transaction() as db:
        similarity.forget(db, [2])
        db.conn.execute("DELETE FROM entries WHERE id = 2")

    words = rows(store, "SELECT count(DISTINCT entry_id), max(entry_id) FROM title_tokens")
    assert words == [(1, 1)]
    for table, left in (("matches", 0), ("merges", 0), ("sightings", 2)):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(left,)]
