"""Pages of stories that are shown: asked for politely, and what becomes of those that are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fetch_servers import redirect
from polite_world import World, full, network_with, status, world

from aggregator.fetch import Fetcher
from aggregator.intake import retell
from aggregator.model import FetchFailed
from aggregator.network import Block, Network, Page, Site
from aggregator.publication import begin, select_stored
from aggregator.store import checks, overrides, publications
from aggregator.store.searching import Search, find_stories
from aggregator.times import format_time
from aggregator.visiting import AT_A_TIME, Visit, check_stories

HOUR = timedelta(hours=1)
EVERY = 6 * HOUR
CONFIRM = timedelta(minutes=16)
NOT_FOUND, GONE = status("404 Not Found"), status("410 Gone")
# Page a shows its own site first and b else, page c shows b alone.
PAGES = (
    Page("a", "c", (Block("x", "X", None, ("a", "b"), limit=100),)),
    Page("c", "c", (Block("x", "X", None, ("b",), limit=100),)),
)
B = Site("b", "B", "https://b.example/", ("b.example", "copies.test"), ())
COPY = "copies.test/1"
THERE = full(b"<!doctype html><title>A story</title>" + b" " * 100_000)


def feed_of(found: World, count: int) -> bytes:
    """Stories 1 to `count`, each at a.test or, every second one, at b.test."""
    items = "".join(
        f"<item><title>Story {n}</title><guid>{n}</guid>"
        f"<link>{found.url(place_of(n))}</link></item>"
        for n in range(1, count + 1)
    )
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def place_of(number: int) -> str:
    """Where the page of a story is."""
    return f"{'b' if number % 2 == 0 else 'a'}.test/{number}"


Look = Callable[[str], Awaitable[int | FetchFailed]]


@dataclass
class Shown:
    """A world whose stories stand on a page."""

    world: World
    fetcher: Fetcher
    network: Network

    async def visit(self, later: timedelta = timedelta(), look: Look | None = None) -> Visit:
        """As the daemon does once a minute, and publishes then; `look` in the fetcher's place."""
        self.world.now += later
        visit = await check_stories(self.world.poller, look or self.fetcher.look)
        self.publish()
        return visit

    def publish(self) -> None:
        """What is selected for the pages stands there."""
        store, now = self.world.store, self.world.now
        number = begin(store, now) + 1
        with store.transaction() as db:
            pages = select_stored(db, self.network, now=now)
            publications.record_publication(
                db, number, pages, changed_files=1, removed_files=0, now=now
            )

    def stories(self) -> list[int]:
        """Those that stand on the pages."""
        found = self.world.rows("SELECT DISTINCT story_id FROM page_headlines ORDER BY story_id")
        return [row[0] for row in found]

    def links(self) -> dict[str, list[str]]:
        """Page -> where its headlines link to, in order."""
        found: dict[str, list[str]] = {page.id: [] for page in self.network.pages}
        for page, url in self.world.rows(
            "SELECT page, url FROM page_headlines ORDER BY page, position"
        ):
            found[page].append(url)
        return found

    def copy(self, story: int, place: str = COPY) -> None:
        """The story is told once more, under another link; at copies.test it is site b's."""
        self.world.store.db.conn.execute(
            """
            INSERT INTO entries (feed_id, url, title, first_seen_at, last_seen_at, story_id)
            SELECT feed_id, :url, :place, first_seen_at, last_seen_at, story_id FROM entries
            WHERE story_id = :story
            LIMIT 1
            """,
            {"story": story, "place": place, "url": self.world.url(place)},
        )
        with self.world.store.transaction() as db:
            retell(db, [story], self.network.owners())

    def asked(self) -> list[str]:
        """Every page that was asked for, in order."""
        return [one.host + one.target for one in self.world.seen if one.target != "/feed"]


@asynccontextmanager
async def shown(
    directory: Path, count: int = 1, *, every: timedelta | None = EVERY, **fetch: Any
) -> AsyncIterator[Shown]:
    """`count` stories on a page, every page of theirs there."""
    feeds = {"a.test/feed": {}, "fetch": fetch}
    async with world(directory, feeds) as found:
        network = replace(network_with(found, directory, feeds), pages=PAGES, check_stories=every)
        network = replace(network, sites=(*network.sites, B))
        fetcher = Fetcher(
            network.fetch,
            user_agent="aggregator/0.1.0 (+https://example.com/bot)",
            now=lambda: found.now,
            lookup=lambda host: ("127.0.0.1",),
        )
        found.adopt(network, fetcher)
        found.serve("a.test/feed", full(feed_of(found, count)))
        for number in range(1, count + 1):
            found.serve(place_of(number), THERE)
        await found.poll()
        made = Shown(found, fetcher, network)
        made.publish()
        try:
            yield made
        finally:
            await fetcher.aclose()


async def test_by_default_no_page_is_asked_for(tmp_path: Path) -> None:
    """One request more a story is the operator's to allow."""
    async with shown(tmp_path, every=None) as pages:
        assert await pages.visit(30 * EVERY) == Visit()
        assert pages.asked() == []


async def test_each_page_that_is_shown_is_asked_for_once_in_a_while(tmp_path: Path) -> None:
    """Not before it has been shown for as long, and not what no page shows."""
    async with shown(tmp_path, 4) as pages:
        assert (await pages.visit(EVERY - HOUR)).asked == 0
        pages.world.store.db.conn.execute(
            "UPDATE placements SET shown_until = shown_from WHERE story_id = 4"
        )
        await pages.visit(HOUR)
        first = pages.asked()
        await pages.visit(EVERY)

        assert sorted(first) == ["a.test/1", "a.test/3", "b.test/2"]
        assert len(pages.asked()) >= 6
        assert pages.stories() == [1, 2, 3, 4]


async def test_410_takes_a_story_off_every_page_with_the_next_publication(tmp_path: Path) -> None:
    """With a row that says why; the others stay."""
    async with shown(tmp_path, 3) as pages:
        pages.world.serve(place_of(2), GONE)

        visit = await pages.visit(EVERY)

        assert visit == Visit(asked=3, gone=1)
        assert pages.stories() == [1, 3]
        assert pages.world.rows("SELECT kind, story_id, note FROM overrides") == [
            ("withdraw", 2, "its page is gone (HTTP status 410); ends when it is back")
        ]


async def test_what_moves_on_its_page_is_asked_for_all_the_same(tmp_path: Path) -> None:
    """Another place begins anew in `placements`; the link was shown before."""
    async with shown(tmp_path, 2) as pages:
        for _ in range(6):
            await pages.visit(HOUR)
            pages.world.store.db.conn.execute(
                "UPDATE story_copies SET shown_at = :at WHERE story_id = 1 + :turn",
                {"at": format_time(pages.world.now), "turn": pages.world.now.hour % 2},
            )
            pages.publish()

        assert sorted(pages.asked()) == ["a.test/1", "b.test/2"]


async def test_a_dead_link_takes_one_copy_off_the_pages(tmp_path: Path) -> None:
    """What a page shows is asked for; another site's copy stands in, and is asked for in turn."""
    async with shown(tmp_path, 2) as pages:
        pages.copy(1)
        pages.publish()
        pages.world.serve(place_of(1), GONE)
        pages.world.serve(COPY, THERE)
        first, second, copy = map(pages.world.url, (place_of(1), place_of(2), COPY))
        assert pages.links() == {"a": [first, second], "c": [copy]}

        await pages.visit(EVERY)

        assert sorted(pages.asked()) == ["a.test/1", "b.test/2", COPY]
        assert pages.links() == {"a": [copy, second], "c": [copy]}
        assert pages.world.rows("SELECT kind, story_id, url, note FROM overrides") == [
            ("withdraw", 1, first, "its page is gone (HTTP status 410); ends when it is back")
        ]
        assert pages.world.row("SELECT withdrawn_at FROM stories WHERE id = 1") == (None,)

        pages.world.serve(place_of(1), THERE)
        await pages.visit(EVERY)

        assert pages.links() == {"a": [first, second], "c": [copy]}


async def test_neither_search_nor_view_shows_a_link_that_pages_would_not(tmp_path: Path) -> None:
    """They show a copy whose page is there, in its site's name, and nothing once none is left."""

    def found(pages: Shown) -> list[tuple[str, str | None]]:
        rows = pages.world.rows("SELECT site_id, url FROM headlines")
        hits = find_stories(pages.world.store.db, Search("story"))
        assert rows == [(hit.site, hit.url) for hit in hits]
        return [(hit.site, hit.url) for hit in hits]

    async with shown(tmp_path, 1) as pages:
        pages.copy(1)
        pages.publish()
        pages.world.serve(COPY, THERE)
        first, copy = map(pages.world.url, (place_of(1), COPY))
        assert found(pages) == [("a", first)]

        pages.world.serve(place_of(1), GONE)
        await pages.visit(EVERY)
        assert found(pages) == [("b", copy)]

        pages.world.serve(COPY, GONE)
        await pages.visit(EVERY)
        assert found(pages) == []

        pages.world.serve(place_of(1), THERE)
        await pages.visit(EVERY)
        assert found(pages) == [("a", first)]


async def test_a_dead_copy_of_a_sister_leaves_the_main_link(tmp_path: Path) -> None:
    """On the page that has no other source nothing stands in."""
    async with shown(tmp_path, 1) as pages:
        pages.copy(1)
        pages.publish()
        pages.world.serve(COPY, GONE)

        visit = await pages.visit(EVERY)

        assert (visit.asked, visit.gone) == (2, 1)
        assert pages.links() == {"a": [pages.world.url(place_of(1))], "c": []}


async def test_a_story_without_a_living_copy_is_withdrawn(tmp_path: Path) -> None:
    """Until one of its pages is back, or a copy comes that has another link."""
    async with shown(tmp_path, 1) as pages:
        pages.copy(1)
        pages.publish()
        pages.world.serve(place_of(1), GONE)
        pages.world.serve(COPY, GONE)
        await pages.visit(EVERY)
        assert pages.stories() == []
        assert pages.world.row("SELECT withdrawn_at IS NOT NULL FROM stories") == (1,)

        pages.world.serve(COPY, THERE)
        await pages.visit(EVERY)
        copy = pages.world.url(COPY)
        assert pages.links() == {"a": [copy], "c": [copy]}

        pages.world.serve(COPY, GONE)
        await pages.visit(EVERY)
        assert pages.stories() == []
        pages.world.store.db.conn.execute(
            "UPDATE story_copies SET url = url || '-moved' WHERE site_id = 'b'"
        )
        pages.publish()

        assert pages.links() == {"a": [f"{copy}-moved"], "c": [f"{copy}-moved"]}
        assert pages.world.row("SELECT withdrawn_at FROM stories") == (None,)


async def test_a_sites_next_article_stands_in_for_one_whose_page_is_gone(tmp_path: Path) -> None:
    """Only when none of them is there is the story withdrawn; what is back first tells it first."""
    async with shown(tmp_path, 1) as pages:
        pages.copy(1, "a.test/again")
        pages.publish()
        first, again = map(pages.world.url, (place_of(1), "a.test/again"))
        pages.world.serve("a.test/again", THERE)
        assert pages.links()["a"] == [first]

        pages.world.serve(place_of(1), GONE)
        visit = await pages.visit(EVERY)
        assert (visit.asked, visit.gone) == (1, 1)
        assert pages.links()["a"] == [again]
        assert pages.world.row("SELECT url, title FROM headlines") == (again, "a.test/again")

        pages.world.serve("a.test/again", GONE)
        await pages.visit(EVERY)
        assert pages.links()["a"] == []
        assert pages.world.rows("SELECT story_id FROM headlines") == []

        pages.world.serve("a.test/again", THERE)
        await pages.visit(EVERY)
        assert pages.links()["a"] == [again]

        pages.world.serve(place_of(1), THERE)
        await pages.visit(EVERY)
        assert pages.links()["a"] == [first]
        assert pages.world.row("SELECT url FROM headlines") == (first,)


async def test_404_counts_the_second_time(tmp_path: Path) -> None:
    """A quarter of an hour later; an answer in between ends it."""
    async with shown(tmp_path, 3) as pages:
        pages.world.serve(place_of(1), NOT_FOUND, THERE, NOT_FOUND)

        await pages.visit(EVERY)
        await pages.visit(CONFIRM)
        assert pages.stories() == [1, 2, 3]
        await pages.visit(EVERY)
        assert pages.stories() == [1, 2, 3]
        visit = await pages.visit(CONFIRM)

        assert visit.gone == 1
        assert pages.stories() == [2, 3]


async def test_a_page_that_is_back_brings_its_story_back(tmp_path: Path) -> None:
    """The withdrawal ends; nothing else does."""
    async with shown(tmp_path, 2) as pages:
        pages.world.serve(place_of(1), GONE, GONE, THERE)
        await pages.visit(EVERY)
        await pages.visit(EVERY)
        assert pages.stories() == [2]

        visit = await pages.visit(EVERY)

        assert visit.back == 1
        assert pages.stories() == [1, 2]
        (ended,) = pages.world.row("SELECT ended_at FROM overrides")
        assert ended is not None
        assert pages.world.row("SELECT override_id FROM story_checks WHERE story_id = 1") == (None,)


async def test_after_seven_days_nobody_asks_any_more(tmp_path: Path) -> None:
    """The story stays withdrawn, until an editor wants it back: then it is not taken again."""
    async with shown(tmp_path, 2) as pages:
        pages.world.serve(place_of(1), GONE)
        for _ in range(40):
            await pages.visit(EVERY)

        asked = pages.asked().count("a.test/1")
        assert 26 <= asked <= 29
        assert pages.stories() == [2]

        with pages.world.store.transaction() as db:
            overrides.end(db, 1, now=pages.world.now)
        pages.publish()
        for _ in range(3):
            await pages.visit(EVERY)

        assert pages.stories() == [1, 2]


async def test_an_editor_has_the_last_word(tmp_path: Path) -> None:
    """Who undoes the withdrawal keeps the story, though its page stays gone."""
    async with shown(tmp_path, 2) as pages:
        pages.world.serve(place_of(1), GONE)
        await pages.visit(EVERY)
        with pages.world.store.transaction() as db:
            overrides.end(db, 1, now=pages.world.now)
        pages.publish()

        await pages.visit(EVERY)
        await pages.visit(EVERY)

        assert pages.stories() == [1, 2]
        assert pages.world.rows("SELECT count(*) FROM overrides") == [(1,)]


async def test_that_word_outlives_an_absence_from_the_pages(tmp_path: Path) -> None:
    """Meanwhile the link is not asked for."""
    async with shown(tmp_path, 2) as pages:
        pages.world.serve(place_of(1), GONE)
        await pages.visit(EVERY)
        with pages.world.store.transaction() as db:
            overrides.end(db, 1, now=pages.world.now)
        hold = "UPDATE story_copies SET held_until = ? WHERE story_id = 1"
        pages.world.store.db.conn.execute(hold, ("2027-01-01T00:00:00Z",))
        pages.publish()
        await pages.visit(10 * EVERY)
        assert pages.asked().count("a.test/1") == 1
        pages.world.store.db.conn.execute(hold, (None,))
        pages.publish()

        await pages.visit(EVERY)
        await pages.visit(EVERY)

        assert pages.asked().count("a.test/1") == 3
        assert pages.stories() == [1, 2]


async def test_a_site_in_trouble_loses_nothing(tmp_path: Path) -> None:
    """All of a.test answers 404; b.test is well. The story that alone is missing later goes."""
    async with shown(tmp_path, 8) as pages:
        for number in (1, 3, 5, 7):
            pages.world.serve(place_of(number), NOT_FOUND)
        for _ in range(4):
            await pages.visit(EVERY)
        assert pages.stories() == [1, 2, 3, 4, 5, 6, 7, 8]

        for number in (1, 3, 5):
            pages.world.serve(place_of(number), THERE)
        await pages.visit(EVERY)
        await pages.visit(EVERY)

        assert pages.stories() == [1, 2, 3, 4, 5, 6, 8]


async def test_stories_that_went_for_good_do_not_protect_the_others(tmp_path: Path) -> None:
    """Two of the three pages of a.test are gone; the third may go too."""
    async with shown(tmp_path, 6) as pages:
        for number in (1, 3):
            pages.world.serve(place_of(number), GONE)
        await pages.visit(EVERY)
        pages.world.serve(place_of(5), NOT_FOUND)
        await pages.visit(EVERY)
        await pages.visit(CONFIRM)

        assert pages.stories() == [2, 4, 6]


async def test_a_server_that_wants_less_is_left_alone(tmp_path: Path) -> None:
    """A 429 ends it for the host, here and in later visits; so does one that a feed was told."""
    async with shown(tmp_path, 6) as pages:
        for number in (1, 3, 5):
            pages.world.serve(place_of(number), status("429 Slow", "Retry-After: 90000"))
        await pages.visit(EVERY)
        await pages.visit(HOUR)
        asked = [place for place in pages.asked() if place.startswith("a.test")]
        assert len(asked) == 1

        pages.world.store.db.conn.execute("UPDATE feeds SET paused_until = '2026-12-30T00:00:00Z'")
        await pages.visit(timedelta(days=2))

        assert [place for place in pages.asked() if place.startswith("a.test")] == asked


async def test_any_other_answer_says_nothing(tmp_path: Path) -> None:
    """Errors, a refusal, a loop; a redirect is followed, to a page that is there."""
    async with shown(tmp_path, 4) as pages:
        pages.world.serve(place_of(1), status("500 Oops"))
        pages.world.serve(place_of(2), status("403 No"))
        pages.world.serve(place_of(3), redirect(pages.world.url(place_of(3))))
        pages.world.serve(place_of(4), redirect(pages.world.url("b.test/new")))
        pages.world.serve("b.test/new", THERE)
        for _ in range(3):
            await pages.visit(EVERY)

        assert pages.stories() == [1, 2, 3, 4]
        assert pages.world.rows("SELECT http_status FROM story_checks ORDER BY story_id") == [
            (500,),
            (403,),
            (None,),
            (200,),
        ]


async def test_few_pages_at_a_time_and_one_after_the_other(tmp_path: Path) -> None:
    """Twenty a visit, the longest overdue first; never two requests at once."""
    async with shown(tmp_path, AT_A_TIME + 5) as pages:
        first = await pages.visit(EVERY)
        second = await pages.visit(timedelta(minutes=1))

        assert (first.asked, second.asked) == (AT_A_TIME, 5)
        assert len(set(pages.asked())) == AT_A_TIME + 5
        assert pages.world.together == 1


async def test_a_visit_does_not_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pages are slow the next visit goes on, so that what was found is published."""
    monkeypatch.setattr("aggregator.visiting.BUDGET_S", -1.0)
    async with shown(tmp_path, 4) as pages:
        asked = [(await pages.visit(later)).asked for later in (EVERY, HOUR, HOUR)]

        assert asked == [1, 1, 1]
        assert len(set(pages.asked())) == 3


async def test_the_guard_holds_for_pages(tmp_path: Path) -> None:
    """A story may link anywhere, our own network included."""
    async with shown(tmp_path, 1) as pages:
        pages.world.store.db.conn.execute(
            "UPDATE story_copies SET url = 'http://169.254.169.254/x'"
        )

        pages.publish()
        await pages.visit(EVERY)

        assert pages.asked() == []
        assert pages.world.rows("SELECT http_status, misses FROM story_checks") == [(None, 0)]


async def test_a_story_with_a_new_link_is_asked_for_there(tmp_path: Path) -> None:
    """What was known of the old one does not count."""
    async with shown(tmp_path, 2) as pages:
        pages.world.serve(place_of(1), NOT_FOUND)
        await pages.visit(EVERY)
        pages.world.store.db.conn.execute(
            "UPDATE story_copies SET url = :url WHERE story_id = 1",
            {"url": pages.world.url("a.test/new")},
        )
        pages.world.serve("a.test/new", NOT_FOUND)

        pages.publish()
        await pages.visit(EVERY)

        assert "a.test/new" in pages.asked()
        assert pages.asked().count("a.test/1") == 1
        assert pages.stories() == [1, 2]


async def test_a_story_that_retention_removed_meanwhile_leaves_no_row(tmp_path: Path) -> None:
    """The visit asks outside of any transaction."""
    async with shown(tmp_path, 1) as pages:

        async def slow(url: str) -> int | FetchFailed:
            """What happens while it waits."""
            answer = await pages.fetcher.look(url)
            connection = pages.world.store.db.conn
            for table in ("placements", "story_copies", "entries", "stories"):
                connection.execute(f"DELETE FROM {table}")
            return answer

        await pages.visit(EVERY, slow)

        assert checks.answers(pages.world.store.db) == ()
