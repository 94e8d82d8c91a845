"""The stories are a matter of what the feeds said, not of which feed was polled first."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_build import NOW, entry, network_at, store_document, stored

from aggregator.intake import rematch_batch
from aggregator.model import Entry
from aggregator.store.store import Store

SITES = ("a", "b", "c")
WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"
TEXTS = (
    ("Strong quake kills ten villagers near Kermanshah", WIRE),
    ("UPDATE 2-Strong quake kills ten villagers near Kermanshah (AFP)", WIRE + "."),
    ("Strong quake kills 25 villagers near Kermanshah", WIRE),
    ("Kermanshah: ten villagers dead after strong quake", WIRE + " of western Iran"),
    ("Rocket Lab scrubs Neutron maiden launch from Wallops", ""),
    ("Rocket Lab scrubs Neutron maiden launch from Wallops | A", "Weather, said the company"),
    ("What to know about the report", "Hiring continued in October, the department said today"),
    ("What to know about the report", "Prices rose more slowly last month than foreseen by all"),
    ("Obituary", ""),
)
LINKS = (
    "Strong_quake_kills_villagers_999.html",
    "Rocket_Lab_scrubs_Neutron_launch_999.html",
    "short.html",
    "other.html",
)


@dataclass(frozen=True)
class Item:
    """What a feed lists: which guid, saying what, linking where, dated when."""

    guid: int
    text: int
    site: str
    link: str
    hours: int


ITEMS = st.builds(
    Item,
    st.integers(0, 3),
    st.integers(0, len(TEXTS) - 1),
    st.sampled_from(SITES),
    st.sampled_from(LINKS),
    st.integers(-90, 0),
)
DOCUMENTS = st.lists(ITEMS, max_size=3, unique_by=lambda item: item.guid)
ROUNDS = st.lists(
    st.tuples(st.permutations(SITES), st.fixed_dictionaries(dict.fromkeys(SITES, DOCUMENTS))),
    min_size=1,
    max_size=4,
)


def entry_of(item: Item, position: int) -> Entry:
    """The item as a worker hands it over."""
    title, summary = TEXTS[item.text]
    key = f"{item.site}.example/{item.link}"
    return entry(
        position,
        fingerprint=hash(item),
        guid=f"g{item.guid}",
        url=f"https://{key}",
        canonical_url=f"https://{key}",
        title=title,
        summary=summary,
        published_at=NOW + timedelta(hours=item.hours),
    )


def replay(
    rounds: list[tuple[list[str], dict[str, list[Item]]]], *, ordered: bool, again: bool = False
) -> object:
    """The stories that follow, ids apart; `ordered`: the feeds as in the file, round by round.

    `again`: settled once more at the end, as if every entry had changed.
    """
    with tempfile.TemporaryDirectory() as directory:
        network = network_at(Path(directory), sites=SITES)
        with stored(network) as store:
            for number, (order, documents) in enumerate(rounds):
                now = NOW + timedelta(hours=30 * number)
                for site in SITES if ordered else order:
                    entries = [entry_of(item, n) for n, item in enumerate(documents[site])]
                    store_document(store, network, 1 + SITES.index(site), *entries, now=now)
            if again:
                with store.transaction() as db:
                    rematch_batch(db, network, after=0, since=None, now=NOW)
            return stories_of(store)


def stories_of(store: Store) -> object:
    """Each story by its entries, with its face, its copies and the evidence."""
    query = store.db.conn.execute
    names = {row[0]: tuple(row) for row in query("SELECT id, feed_id, guid, url FROM entries")}
    # Within a feed ids ascend alike whatever the order of the feeds.
    ranks = {
        row[0]: tuple(row[1:])
        for row in query(
            "SELECT id, feed_id, rank() OVER (PARTITION BY feed_id ORDER BY id) FROM entries"
        )
    }
    assert names.keys() == ranks.keys()
    stories = {}
    for row in query("SELECT * FROM stories WHERE merged_into IS NULL").fetchall():
        members = query("SELECT id FROM entries WHERE story_id = ?", [row["id"]]).fetchall()
        copies = query(
            "SELECT site_id, url, title, shown_at FROM story_copies WHERE story_id = ?",
            [row["id"]],
        )
        evidence = query(
            """
            SELECT entry_id, matched_entry_id, rule, score FROM merges
            WHERE story_id = ? AND undone_at IS NULL
            """,
            [row["id"]],
        )
        stories[frozenset(ranks[member[0]] for member in members)] = (
            (row["site_id"], row["url"], row["title"], row["shown_at"], ranks[row["entry_id"]]),
            frozenset(map(tuple, copies)),
            frozenset((ranks[e[0]], ranks[e[1]], e[2], e[3]) for e in evidence),
        )
    return stories


@pytest.mark.timeout(400)  # three replays an example; coverage takes four times as long
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROUNDS)
def test_the_order_of_the_polls_does_not_matter(
    rounds: list[tuple[list[str], dict[str, list[Item]]]],
) -> None:
    """Any sequence of documents in two orders: the same stories, faces, copies and evidence.

    Settled once more, from what is stored, they are the same again.
    """
    in_order = replay(rounds, ordered=True)
    shuffled = replay(rounds, ordered=False)
    again = replay(rounds, ordered=True, again=True)

    assert shuffled == in_order
    assert again == in_order
