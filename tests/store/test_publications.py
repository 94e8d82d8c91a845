"""What stood where, and when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from store_build import NOW, entry, network_at, store_document, stored

from aggregator.model import BlockContent, Headline, PageContent
from aggregator.store import publications

HOUR = timedelta(hours=1)


def page(*stories: int) -> PageContent:
    """Page a with one block of these stories."""
    shown = tuple(
        Headline(number, f"Story {number}", f"https://a.example/{number}", "a", "A", NOW, None)
        for number in stories
    )
    return PageContent("a", "a", (BlockContent("x", "X", None, shown),))


def test_a_page_is_told_as_it_stood(tmp_path: Path) -> None:
    """Before, between and after two publications; a change counts from its own second on."""
    network = network_at(tmp_path)
    with stored(network) as store:
        store_document(store, network, 1, entry(1), entry(2))
        for generation, shown in ((1, page(1)), (2, page(2, 1))):
            with store.transaction() as db:
                publications.record_publication(
                    db,
                    generation,
                    (shown,),
                    changed_files=1,
                    removed_files=0,
                    now=NOW + generation * HOUR,
                )

        stood = [
            [
                headline.story_id
                for headline in publications.shown_headlines(
                    store.db, "a", {}, at=NOW + hours * HOUR
                ).get("x", ())
            ]
            for hours in (0.5, 1, 1.5, 2, 9)
        ]

        assert stood == [[], [1], [1], [2, 1], [2, 1]]
        assert publications.last_generation(store.db, at=NOW) is None
        assert publications.last_generation(store.db, at=NOW + 1.5 * HOUR) == 1
