"""The pages over a live database: there, read-only, and safe whatever stands in it."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from store_build import entry, network_at, poll_record, store_document, stored

from aggregator.editors import OverrideKind
from aggregator.errors import UsageError
from aggregator.model import BlockContent, FeedMeta, Headline, PageContent
from aggregator.store import insight, overrides, publications, writing
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store
from aggregator.web import server, views

NOW = datetime.now(UTC)
EVIL = '<script>alert(1)</script> & "quoted"'
METADATA = Path(server.__file__).with_name("metadata.yaml")

needs_datasette = pytest.mark.skipif(
    importlib.util.find_spec("datasette") is None, reason="needs datasette"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two entries of one story, shown on a page, and one with a hostile title."""
    network = network_at(tmp_path)
    with stored(network, now=NOW) as opened:
        hour = timedelta(hours=1)
        store_document(opened, network, 1, entry(1, published_at=NOW - hour), now=NOW)
        store_document(opened, network, 2, entry(1, guid="b", published_at=NOW), now=NOW)
        evil = entry(2, title=EVIL, summary=EVIL, published_at=NOW)
        store_document(opened, network, 1, evil, now=NOW)
        opened.db.conn.execute("UPDATE entries SET url = 'javascript:alert(1)' WHERE id = 3")
        shown = Headline(1, "As shown", "https://a.example/1", "a", "A", NOW - 3 * hour)
        page = PageContent("a", "a", (BlockContent("x", "X", None, (shown,)),))
        with opened.transaction() as db:
            writing.record_poll(db, poll_record(1, at=NOW, outcome="ok", meta=FeedMeta()))
            writing.record_poll(db, poll_record(2, at=NOW, outcome="dns", has_document=False))
            publications.record_publication(
                db, 1, (page,), changed_files=1, removed_files=0, now=NOW
            )
        yield opened


def test_the_network_in_numbers(store: Store) -> None:
    """Outcomes in their parts, blocks with their ages."""
    context = views.network_context(store.db, NOW)

    assert "1 new document, 0 nothing new, 1 no document" in context["polls"]
    assert {row["state"]: row["feeds"] for row in context["states"]} == {"ok": 1, "failing": 1}
    assert context["fresh"]["blocks"] == ["x"]
    ((page, (block,)),) = context["fresh"]["lines"]
    assert (page, block["newest"], block["changed"], block["level"]) == ("a", "3 h", "now", 1)
    assert "under 3 h: 1" in context["lateness"]


def test_a_story_with_its_history(store: Store) -> None:
    """Entries, why they are one story, where it stood, and how it read."""
    store.db.conn.execute(
        "INSERT INTO revisions (entry_id, seen_at, title, summary, url)"
        " VALUES (1, '2026-11-25T12:00:00Z', 'Old', '', 'https://a.example/1')"
    )

    context = views.story_context(store.db, 1)

    assert context is not None
    assert [row["site_id"] for row in context["entries"]] == ["a", "b"]
    assert [row["rule"] for row in context["merges"]] == ["url"]
    assert [row["title"] for row in context["places"]] == ["As shown"]
    assert [row["title"] for row in context["revisions"]] == ["Old"]
    assert views.story_context(store.db, 999) is None


def test_a_page_that_lacks_a_block_has_a_gap(store: Store) -> None:
    """And a story without a date is as old as can be."""
    told = Headline(2, "T", "https://a.example/2", "a", "A", None)
    pages = [
        PageContent(page, page, (BlockContent(block, "X", None, (told,)),))
        for page, block in (("a", "x"), ("b", "y"))
    ]
    with store.transaction() as db:
        publications.record_publication(db, 2, pages, changed_files=1, removed_files=0, now=NOW)

    lines = views.network_context(store.db, NOW)["fresh"]["lines"]

    assert [(page, [cell and cell["level"] for cell in cells]) for page, cells in lines] == [
        ("a", [4, None]),
        ("b", [None, 4]),
    ]


def test_a_long_history_ends_with_what_stands_now(store: Store) -> None:
    """The newest of what a list may hold, the newest last."""
    for generation in range(2, insight.MAX_ROWS + 3):
        told = Headline(1, f"As shown {generation}", "https://a.example/1", "a", "A", None)
        page = PageContent("a", "a", (BlockContent("x", "X", None, (told,)),))
        with store.transaction() as db:
            publications.record_publication(
                db, generation, (page,), changed_files=1, removed_files=0, now=NOW
            )

    context = views.story_context(store.db, 1)

    assert context is not None
    assert len(context["places"]) == insight.MAX_ROWS
    assert context["places"][-1]["shown_until"] is None


def test_what_editors_did_is_part_of_the_history(store: Store) -> None:
    """By the story's number and by its link, in force or not."""
    for word in (
        NewOverride(OverrideKind.WITHDRAW, story_id=1, note="its page is gone"),
        NewOverride(OverrideKind.RETITLE, canonical_url="a.example/1", value="Told otherwise"),
        NewOverride(OverrideKind.PIN, story_id=2),
    ):
        with store.transaction() as db:
            overrides.add(db, word, now=NOW)

    context = views.story_context(store.db, 1)

    assert context is not None
    assert [(row["kind"], row["value"] or row["note"]) for row in context["overrides"]] == [
        ("withdraw", "its page is gone"),
        ("retitle", "Told otherwise"),
    ]


def test_only_addresses_of_the_web_are_links(store: Store) -> None:
    """Rows may be written from outside."""
    context = views.story_context(store.db, 2)

    assert context is not None
    assert [row["href"] for row in context["entries"]] == [None]


def test_what_the_metadata_names_is_there(store: Store) -> None:
    """Canned queries are SQL that this schema understands; tables and columns exist."""
    told = yaml.safe_load(METADATA.read_text(encoding="utf-8"))

    for query in told["queries"].values():
        store.db.conn.execute(f"EXPLAIN {query['sql']}", {"site": "a", "page": "a"}).fetchall()
    for name, table in told["tables"].items():
        columns = {row["name"] for row in store.db.conn.execute(f"PRAGMA table_xinfo({name})")}
        assert columns, name
        sorts = {table[key] for key in ("sort", "sort_desc", "label_column") if key in table}
        assert {*table.get("columns", ()), *table.get("units", ()), *sorts} <= columns, name
        assert "facets" not in table


def test_without_the_extra_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2."""
    monkeypatch.setitem(sys.modules, "datasette.app", None)

    with pytest.raises(UsageError, match=r"aggregator\[web\]"):
        server.build(tmp_path / "aggregator.db")


@pytest.fixture
async def client(store: Store) -> Any:
    """Requests without a socket."""
    datasette = server.build(store.path)
    await datasette.invoke_startup()
    return datasette.client


PAGES = {
    "/-/network": "How fresh every block is",
    "/-/find?q=story": "1 found",
    "/-/find?q=%22%00-%27": "0 found",
    "/-/story/1": "Where it stood",
    "/": "Headlines of the network",
    "/aggregator": "Feeds that need a look",
    "/aggregator/headlines": "shown_at",
    "/aggregator/entries?_search=C-130+%22": "0 rows",
    "/aggregator/entries?_search=story": "2 rows",
    "/aggregator/silent_feeds": "failing",
    "/robots.txt": "Disallow: /",
    "/-/web.css": "prefers-color-scheme: dark",
}


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("page", PAGES)
async def test_every_page_is_there(client: Any, page: str) -> None:
    """With what it is for."""
    answer = await client.get(page)

    assert answer.status_code == 200
    assert PAGES[page] in answer.text


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    "page", ["/-/network", "/-/find?q=quoted", "/-/story/2", "/aggregator/headlines"]
)
async def test_titles_are_text(client: Any, page: str) -> None:
    """A hostile title is shown, never run; nothing is loaded from elsewhere."""
    answer = await client.get(page)

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert 'href="javascript:' not in answer.text
    assert 'src="http' not in answer.text


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
async def test_a_dissolved_story_leads_to_the_one_that_has_its_entries(
    client: Any, store: Store
) -> None:
    """It keeps what it was: where it stood, and how it was called."""
    store.db.conn.execute("UPDATE entries SET story_id = 2 WHERE story_id = 1")
    store.db.conn.execute("UPDATE stories SET merged_into = 2 WHERE id = 1")

    answer = await client.get("/-/story/1")

    assert '<a href="/-/story/2">&lt;script&gt;alert(1)' in answer.text
    assert "retention has removed them" not in answer.text
    assert "As shown" in answer.text


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
async def test_it_cannot_write_nor_be_downloaded(client: Any, store: Store) -> None:
    """And shows at once what the writer commits."""
    written = await client.get("/aggregator?sql=DELETE+FROM+stories")
    download = await client.get("/aggregator.db")
    before = await client.get("/aggregator.json?sql=SELECT+count(*)+FROM+sites&_shape=arrays")
    store.db.conn.execute("INSERT INTO sites VALUES ('c', 'C', 'https://c.example/')")
    after = await client.get("/aggregator.json?sql=SELECT+count(*)+FROM+sites&_shape=arrays")

    assert written.status_code == 400
    assert download.status_code == 403
    assert (before.json()["rows"], after.json()["rows"]) == ([[2]], [[3]])


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
async def test_a_story_that_does_not_exist_is_404(client: Any) -> None:
    """A number too long for one as well."""
    assert (await client.get("/-/story/999")).status_code == 404
    assert (await client.get("/-/story/" + "9" * 30)).status_code == 404


@needs_datasette
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_an_address_in_use_is_said(store: Store) -> None:
    """Status 2; nothing is announced."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(UsageError, match=f"port {port}: cannot listen"):
            server.serve(store.path, host="127.0.0.1", port=port, ready=pytest.fail)
