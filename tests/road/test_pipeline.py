"""The two roads from end to end, over loopback, with real workers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from road_build import family_at_work, network_of, poll_all
from store_build import NOW, network_at, stored

from aggregator.demo.family import Family, build_family
from aggregator.demo.server import FamilyServer
from aggregator.instance import Instance, open_instance
from aggregator.model import Outcome
from aggregator.recording import record_internal_error
from aggregator.store import publications, reading
from aggregator.store.store import Store


def query(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    """What another program sees."""
    with closing(sqlite3.connect(instance.network.database)) as connection:
        return connection.execute(sql).fetchall()


def files_of(output: Path) -> dict[str, tuple[int, int]]:
    """Inode and modification time of every published file."""
    root = output / "current"
    return {
        str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


async def test_a_family_is_polled_stored_and_published(tmp_path: Path) -> None:
    """Every dialect of the family; what the pages show is what the database says."""
    async with family_at_work(tmp_path) as (instance, _):
        publication = await instance.publish()

        outcomes = query(instance, "SELECT DISTINCT last_outcome FROM feeds")
        shown = query(instance, "SELECT count(*) FROM page_headlines")
        titles = query(
            instance,
            """
            SELECT count(*) FROM page_headlines
            WHERE title NOT IN (SELECT title FROM entries)
            """,
        )

    assert outcomes == [("ok",)]
    assert publication is not None
    assert publication.generation == 1
    assert shown[0][0] > 20
    assert titles == [(0,)]
    assert (tmp_path / "public/current/spacewar/headlines.html").stat().st_size > 0


async def test_a_second_poll_with_nothing_new_changes_nothing(tmp_path: Path) -> None:
    """All 304; entries as they were; every published file keeps inode and time."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        everything = "SELECT * FROM entries ORDER BY id"
        entries, files = query(instance, everything), files_of(instance.network.output)

        reports = await poll_all(instance)
        publication = await instance.publish()

        assert {report.outcome for report in reports} == {Outcome.NOT_MODIFIED}
        assert publication is None
        assert query(instance, everything) == entries
        assert files_of(instance.network.output) == files


async def test_a_new_story_appears_in_the_blocks(tmp_path: Path) -> None:
    """One feed has one more story: one new entry, in the blocks that show its site."""
    async with family_at_work(tmp_path) as (instance, server):
        await instance.publish()
        before = query(instance, "SELECT max(id) FROM entries")[0][0]

        server.replace(build_family(datetime.now(UTC)).with_breaking_story(datetime.now(UTC)))
        await poll_all(instance)
        await instance.publish()

        new = query(instance, f"SELECT story_id FROM entries WHERE id > {before}")
        shown = query(instance, f"SELECT page FROM page_headlines WHERE story_id = {new[0][0]}")
    assert len(new) == 1
    assert shown


async def test_an_unchanged_body_is_not_read(tmp_path: Path) -> None:
    """A server without validators sends the same bytes: nobody parses them (rB10)."""
    async with family_at_work(tmp_path) as (instance, _):
        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute("UPDATE feeds SET etag = NULL, last_modified = NULL")

        reports = await poll_all(instance)

    assert {report.outcome for report in reports} == {Outcome.UNCHANGED}


async def test_a_corrected_headline_is_on_the_pages_within_one_poll(tmp_path: Path) -> None:
    """In every file that showed the old one; the story, its number and its place stay."""
    async with family_at_work(tmp_path) as (instance, server):
        await instance.publish()
        shown = "SELECT page, block, position, story_id FROM page_headlines ORDER BY 1, 2, 3"
        before = query(instance, shown)
        family = build_family(datetime.now(UTC))
        documents = tuple(
            replace(document, body=document.body.replace(b"Tidal turbine", b"Tidal engine"))
            for document in family.documents
        )
        server.replace(replace(family, documents=documents))

        await poll_all(instance)
        publication = await instance.publish()

        told = {row[0] for row in query(instance, "SELECT DISTINCT title FROM page_headlines")}
        text = (instance.network.output / "current/spacewar/headlines.txt").read_text()
        assert publication is not None
        assert query(instance, shown) == before
        assert "Tidal engine passes its fifth winter under water" in told
        assert "Tidal engine" in text
        assert "Tidal turbine" not in text


async def test_rH6_a_site_that_is_down_empties_no_block(tmp_path: Path) -> None:
    """rH2, rH6: the failure is recorded, the page stays as it was."""
    async with family_at_work(tmp_path) as (instance, server):
        await instance.publish()
        files = files_of(instance.network.output)
        server.stop()

        reports = await poll_all(instance)
        publication = await instance.publish()

        assert {report.outcome for report in reports} == {Outcome.CONNECT}
        assert all(report.error for report in reports)
        assert publication is None
        assert files_of(instance.network.output) == files
        assert query(instance, "SELECT DISTINCT state FROM feed_health") == [("failing",)]


async def test_a_body_that_is_no_feed_keeps_the_validators_of_the_last_one(tmp_path: Path) -> None:
    """rA14 and P12: the broken body is recorded, and asked for again next time."""
    async with family_at_work(tmp_path) as (instance, server):
        kept = query(instance, "SELECT etag, body_hash FROM feeds ORDER BY id")
        server.replace(_pages_instead_of_feeds(datetime.now(UTC)))

        reports = await poll_all(instance)

        assert {report.outcome for report in reports} == {Outcome.NOT_A_FEED}
        assert query(instance, "SELECT etag, body_hash FROM feeds ORDER BY id") == kept


def _pages_instead_of_feeds(now: datetime) -> Family:
    family = build_family(now)
    page = (
        b"<!DOCTYPE html><html><head><title>Back soon</title></head><body>Back soon</body></html>"
    )
    return replace(
        family, documents=tuple(replace(document, body=page) for document in family.documents)
    )


async def test_a_publication_lost_by_the_database_is_recorded_later(tmp_path: Path) -> None:
    """A kill between the switch and the commit: the next publication catches up."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute("DELETE FROM placements")
            connection.execute("DELETE FROM generations")

        publication = await instance.publish()

        shown = query(instance, "SELECT count(*) FROM page_headlines")
    assert publication is None
    assert shown[0][0] > 20


async def test_generations_never_come_twice(tmp_path: Path) -> None:
    """The published files are deleted by hand: numbers go on after those the database knows."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        (tmp_path / "public").rename(tmp_path / "elsewhere")

        publication = await instance.publish()

    assert publication is not None
    assert publication.generation == 2


async def test_a_story_held_for_later_is_not_shown(tmp_path: Path) -> None:
    """X10: a future date holds a story back till then."""
    async with family_at_work(tmp_path) as (instance, _):
        (story, *_rest) = query(
            instance, "SELECT story_id FROM headlines WHERE site_id = 'spacedaily'"
        )
        later = "2099-01-01T00:00:00Z"
        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute("UPDATE story_copies SET held_until = ?", [later])

        await instance.publish()

        def next_held(store: Store) -> datetime | None:
            return reading.next_held(store.db, now=datetime.now(UTC))

        assert story
        assert query(instance, "SELECT count(*) FROM page_headlines") == [(0,)]
        assert await instance.tools.store.run(next_held) == datetime(2099, 1, 1, tzinfo=UTC)


async def test_placements_remember_what_was_shown(tmp_path: Path) -> None:
    """A place whose headline changed has an end; the others have none."""
    async with family_at_work(tmp_path) as (instance, server):
        await instance.publish()
        server.replace(build_family(datetime.now(UTC)).with_breaking_story(datetime.now(UTC)))
        await poll_all(instance)

        await instance.publish()

        ended = query(instance, "SELECT count(*) FROM placements WHERE shown_until IS NOT NULL")
        now = query(
            instance, "SELECT count(*), max(generation) FROM placements WHERE shown_until IS NULL"
        )
        shown = query(instance, "SELECT count(*) FROM page_headlines")
    assert ended[0][0] > 0
    assert now[0] == (shown[0][0], 2)


async def test_a_reload_changes_what_is_shown(tmp_path: Path) -> None:
    """rR18: a removed site's stories leave the pages; its entries stay."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        network = network_of(tmp_path, server)
        async with open_instance(network) as instance:
            await poll_all(instance)
            await instance.publish()
            fewer = tuple(
                replace(page, blocks=page.blocks[:1]) if page.id == "spacewar" else page
                for page in network.pages
            )
            await instance.adopt(replace(network, pages=fewer))
            await instance.publish()

            blocks = query(
                instance, "SELECT DISTINCT block FROM page_headlines WHERE page = 'spacewar'"
            )
    assert len(blocks) == 1


def test_our_own_fault_waits_like_any_failure(tmp_path: Path) -> None:
    """It is recorded with its outcome, and the feed is not due at once again."""
    network = network_at(tmp_path)
    with stored(network) as store:
        (feed, _) = reading.enabled_feeds(store.db)

        record_internal_error(store, feed, NOW, "KeyError in the aggregator")

        assert [f.id for f in reading.due_feeds(store.db, now=NOW, limit=9)] == [2]
        (status, _) = reading.feed_statuses(store.db)
        assert (status.last_outcome, status.failures) == ("internal_error", 1)
        assert publications.last_generation(store.db) is None
        assert reading.due_feeds(store.db, now=NOW + timedelta(days=1), limit=9)
