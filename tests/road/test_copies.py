"""Which copy of a story a page is given, from the stored documents to the filled page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from store_build import NOW, entry, network_at, store_document, stored

from aggregator.editors import OverrideKind
from aggregator.errors import UsageError
from aggregator.network import Block, Licence, Network, Page
from aggregator.publication import pages_to_put_back, select_stored
from aggregator.store import overrides, publications
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store

TITLE = "Strong quake kills ten villagers near Kermanshah"
WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Sites a, b and c; every page shows all of its sister sites in one block."""
    sites = ("a", "b", "c")
    pages = tuple(
        Page(site, site, (Block("all", "All", None, tuple(s for s in sites if s != site)),))
        for site in sites
    )
    return replace(network_at(tmp_path, sites=sites), pages=pages)


@pytest.fixture
def store(network: Network) -> Iterator[Store]:
    """Sites b and c carry one wire text, c an hour later and with the credit."""
    with stored(network) as opened:
        for feed, site, summary in ((2, "b", WIRE), (3, "c", f"Tehran (AFP) {WIRE}")):
            link = f"https://{site}.example/1"
            copy = entry(
                1,
                guid=site,
                url=link,
                canonical_url=link,
                title=TITLE,
                summary=summary,
                published_at=NOW + timedelta(hours=feed),
            )
            store_document(opened, network, feed, copy)
        yield opened


def shown(store: Store, network: Network) -> dict[str, list[str]]:
    """Page -> the links it shows."""
    pages = select_stored(store.db, network, now=NOW)
    return {
        page.page: [headline.url for block in page.blocks for headline in block.headlines]
        for page in pages
    }


def test_a_page_shows_a_sisters_copy_never_its_own(store: Store, network: Network) -> None:
    """Once on each page; of two sisters the first in feeds.yaml."""
    pages = shown(store, network)

    assert pages == {
        "a": ["https://b.example/1"],
        "b": ["https://c.example/1"],
        "c": ["https://b.example/1"],
    }


def test_a_link_that_is_gone_is_not_put_back(store: Store, network: Network) -> None:
    """The generation that showed it stays where it is; one that shows the other copy may return."""
    pages = select_stored(store.db, network, now=NOW)
    with store.transaction() as db:
        publications.record_publication(db, 1, pages, changed_files=1, removed_files=0, now=NOW)
        gone = NewOverride(OverrideKind.WITHDRAW, story_id=1, url="https://b.example/1")
        overrides.add(db, gone, now=NOW)
        overrides.settle(db, now=NOW)
    pages = select_stored(store.db, network, now=NOW)
    with store.transaction() as db:
        publications.record_publication(db, 2, pages, changed_files=1, removed_files=0, now=NOW)

    with pytest.raises(UsageError, match=r"story 1, whose page https://b\.example/1 is gone"):
        pages_to_put_back(store, network, 1, NOW)
    assert pages_to_put_back(store, network, 2, NOW)
    assert shown(store, network) == {
        "a": ["https://c.example/1"],
        "b": ["https://c.example/1"],
        "c": [],
    }


def test_a_page_shows_no_story_without_its_sites_licence(store: Store, network: Network) -> None:
    """Nor a copy that left the credit out: the text is the agency's all the same."""
    licensed = replace(network, licences=(Licence("AFP", ("b",)),))

    assert shown(store, licensed) == {"a": [], "b": ["https://c.example/1"], "c": []}


def test_a_generation_put_back_is_held_to_the_licences_of_today(
    store: Store, network: Network
) -> None:
    """What was shown under other rights is not shown again."""
    pages = select_stored(store.db, network, now=NOW)
    with store.transaction() as db:
        publications.record_publication(db, 1, pages, changed_files=1, removed_files=0, now=NOW)

    assert len(pages_to_put_back(store, network, 1, NOW)) == 3
    licensed = replace(network, licences=(Licence("AFP", ("b",)),))
    with pytest.raises(UsageError, match="for which a has no licence"):
        pages_to_put_back(store, licensed, 1, NOW)


def test_a_block_tells_of_an_event_once(store: Store, network: Network) -> None:
    """While it has other stories; the event is read from the database."""
    link = "https://c.example/2"
    rewritten = entry(
        2,
        guid="rewritten",
        url=link,
        canonical_url=link,
        title="Iran mourns villagers whom the strong Kermanshah quake killed",
        summary="Survivors of the rubble wait for tents while aftershocks shake the province",
        published_at=NOW + timedelta(hours=4),
    )
    link = "https://c.example/3"
    other = entry(3, guid="other", url=link, canonical_url=link, title="Moon lander falls over")
    store_document(store, network, 3, rewritten, other)
    block = Block("all", "All", None, ("b", "c"), limit=2)
    narrow = replace(network, pages=(Page("a", "a", (block,)),))

    assert shown(store, narrow) == {"a": ["https://c.example/2", "https://c.example/3"]}
