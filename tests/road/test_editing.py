"""What an editor does, from the request to the files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from road_build import family_at_work

from aggregator.control import Message
from aggregator.editors import OverrideKind
from aggregator.errors import UsageError
from aggregator.instance import Instance
from aggregator.intake import retell_link
from aggregator.publication import next_change
from aggregator.requests import answer
from aggregator.store import overrides
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store
from aggregator.urls import MAX_URL

PAGE = "spacewar"
_HOLD = "UPDATE story_copies SET held_until = ? WHERE story_id = ?"


def query(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(instance.network.database)) as connection:
        return connection.execute(sql).fetchall()


def page_of(instance: Instance) -> dict[str, list[int]]:
    """Block -> the stories it shows, as the published file says."""
    text = (instance.network.output / f"current/{PAGE}/headlines.json").read_text()
    return {
        block["id"]: [told["story_id"] for told in block["headlines"]]
        for block in json.loads(text)["blocks"]
    }


def everywhere(instance: Instance) -> set[int]:
    """Every story on any page."""
    return {row[0] for row in query(instance, "SELECT story_id FROM page_headlines")}


def at(instance: Instance, later: timedelta) -> None:
    """The instance's clock stands still, that much later."""
    moment = datetime.now(UTC) + later

    def clock() -> datetime:
        return moment

    instance.tools = replace(instance.tools, clock=clock)


async def ask(instance: Instance, kind: str, **values: Any) -> Any:
    request: Message = {"command": "override", "kind": kind, **values}
    return await answer(instance, request)


async def test_X8_a_withdrawn_story_is_gone_with_the_answer(tmp_path: Path) -> None:
    """From every page and every format; the next story takes its place; undone it is back."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        before = page_of(instance)
        story = before["space"][0]
        title = query(instance, f"SELECT title FROM stories WHERE id = {story}")[0][0]

        done = await ask(instance, "withdraw", story_id=story, note="wrong")

        files = [path for path in (tmp_path / "public/current").rglob("*") if path.is_file()]
        assert done["generation"] == 2
        assert done["stories"] == [{"story_id": story, "title": title}]
        assert done["places"] == []
        assert story not in everywhere(instance)
        assert len(page_of(instance)["space"]) == len(before["space"])
        assert not [path for path in files if title in path.read_text(errors="replace")]
        assert query(instance, "SELECT note, ended_at FROM overrides") == [("wrong", None)]

        await answer(instance, {"command": "undo", "kind": "withdraw", "id": done["id"]})

        assert page_of(instance) == before


async def test_a_withdrawal_by_words_or_link_finds_its_stories(tmp_path: Path) -> None:
    """Words look at titles; a link is compared by its key."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        first, second = page_of(instance)["space"][:2]
        title, _ = query(instance, f"SELECT title, url FROM stories WHERE id = {first}")[0]
        _, url = query(instance, f"SELECT title, url FROM stories WHERE id = {second}")[0]

        by_words = await ask(instance, "withdraw", words=title.upper())
        by_link = await ask(instance, "withdraw", url=f"{url}?utm_source=x")

        assert [told["story_id"] for told in by_words["stories"]] == [first]
        assert [told["story_id"] for told in by_link["stories"]] == [second]
        assert not {first, second} & everywhere(instance)


async def test_a_link_may_be_as_long_as_that_of_a_story(tmp_path: Path) -> None:
    """However much longer than a note it is."""
    url = "https://a.example/".ljust(MAX_URL, "x")
    async with family_at_work(tmp_path) as (instance, _):
        await ask(instance, "withdraw", url=url)

        assert query(instance, "SELECT url FROM overrides") == [(url,)]


async def test_a_pin_and_a_new_title_run_out(tmp_path: Path) -> None:
    """For a while the story is first, under another title; then all is as before."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        before = page_of(instance)
        story = before["military"][-1]
        until = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"

        done = await ask(
            instance, "pin", story_id=story, value="military", page=PAGE, expires_at=until
        )
        await ask(instance, "retitle", story_id=story, value="Nothing new", expires_at=until)

        text = (tmp_path / f"public/current/{PAGE}/military.txt").read_text()
        places = [(place["page"], place["block"], place["position"]) for place in done["places"]]
        assert (PAGE, "military", 1) in places
        assert page_of(instance)["military"][0] == story
        assert text.splitlines()[1] == "Nothing new"
        due = await instance.tools.store.run(next_change, datetime.now(UTC))
        assert due is not None
        assert f"{due:%Y-%m-%dT%H:%M:%SZ}" == until

        at(instance, timedelta(hours=2))
        await instance.publish()

        assert page_of(instance) == before
        assert len(query(instance, "SELECT 1 FROM overrides WHERE ended_at IS NOT NULL")) == 2


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"kind": "withdraw", "story_id": 999}, "999: no such story"),
    ({"kind": "withdraw", "story_id": "1"}, "a story's number was expected"),
    ({"kind": "withdraw", "url": "javascript:1"}, "not a usable http"),
    ({"kind": "withdraw", "url": "http://["}, "not a usable http"),
    ({"kind": "withdraw", "url": "https://user@a.example/x"}, "not a usable http"),
    ({"kind": "withdraw", "url": f"https://a.example/{'x' * MAX_URL}"}, f"of 1 to {MAX_URL} char"),
    ({"kind": "withdraw", "words": "!?"}, "a letter or a digit"),
    ({"kind": "withdraw", "words": "caf\udce9"}, "words in UTF-8 was expected"),
    ({"kind": "withdraw", "url": "https://a.example/caf\udce9"}, "a URL in UTF-8 was expected"),
    ({"kind": "withdraw", "words": " "}, "of 1 to 500 characters"),
    ({"kind": "withdraw", "words": "x" * 501}, "of 1 to 500 characters"),
    ({"kind": "withdraw", "story_id": 1, "page": "x"}, "no such page"),
    ({"kind": "withdraw", "story_id": 1, "expires_at": "soon"}, "not of the form"),
    ({"kind": "withdraw", "story_id": 1, "expires_at": "2020-01-01T00:00:00Z"}, "in the past"),
    ({"kind": "retitle", "story_id": 1}, "a title was expected"),
    ({"kind": "pin", "story_id": 1, "value": "x"}, "no such block there; feeds.yaml has earth, "),
]


async def test_a_request_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    """It says why; no row is written."""
    async with family_at_work(tmp_path) as (instance, _):
        for request, words in NONSENSE:
            with pytest.raises(UsageError, match=words):
                await answer(instance, {"command": "override", **request})

        assert query(instance, "SELECT count(*) FROM overrides") == [(0,)]


async def test_only_what_holds_can_be_undone(tmp_path: Path) -> None:
    """Not what never was, is of another kind, or has ended."""
    async with family_at_work(tmp_path) as (instance, _):
        done = await ask(instance, "withdraw", story_id=1)

        async def undo(kind: str, number: object) -> None:
            await answer(instance, {"command": "undo", "kind": kind, "id": number})

        for kind, number, words in (
            ("pin", done["id"], "a withdraw, not a pin; `aggregator withdraw --undo 1` ends it"),
            ("withdraw", 99, "99: no such override"),
            ("withdraw", None, "expected"),
        ):
            with pytest.raises(UsageError, match=words):
                await undo(kind, number)
        await undo("withdraw", done["id"])
        with pytest.raises(UsageError, match="already"):
            await undo("withdraw", done["id"])


async def test_X10_a_held_story_appears_at_its_minute(tmp_path: Path) -> None:
    """Not before; the moment is known to whoever schedules publications."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        story = page_of(instance)["space"][0]
        hour = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute(_HOLD, [hour, story])
        await instance.publish()
        assert story not in everywhere(instance)

        due = await instance.tools.store.run(next_change, datetime.now(UTC))
        at(instance, timedelta(hours=1, seconds=1))
        await instance.publish()

        assert due is not None
        assert f"{due:%Y-%m-%dT%H:%M:%SZ}" == hour
        assert story in everywhere(instance)


async def test_rH2_a_stale_block_gives_way_and_comes_back(tmp_path: Path) -> None:
    """Two days without an answer: the block that stands in; an answer: as before."""
    async with family_at_work(tmp_path) as (instance, _):
        pages = tuple(
            replace(
                page,
                blocks=tuple(replace(b, stale_after=timedelta(days=1)) for b in page.blocks),
            )
            for page in instance.network.pages
        )
        instance.tools = replace(instance.tools, network=replace(instance.network, pages=pages))
        await instance.publish()
        before = page_of(instance)

        at(instance, timedelta(days=2))
        await instance.publish()

        assert all(before.values())
        assert not any(page_of(instance).values())
        said = json.loads((tmp_path / "public/current/manifest.json").read_text())
        assert said["pages"][PAGE]["space"]["fallback"] == "nothing"


async def test_the_manifest_says_how_each_block_came_to_be(tmp_path: Path) -> None:
    """Its stories, the newest of them, its sources' last answer; and the configuration's hash."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        shown = page_of(instance)
        (newest,) = query(
            instance,
            "SELECT max(published_at) FROM page_headlines WHERE page = 'spacewar'"
            " AND block = 'space'",
        )
        answered = query(
            instance, "SELECT max(last_success_at) FROM feeds WHERE site_id = 'spacedaily'"
        )

    said = json.loads((tmp_path / "public/current/manifest.json").read_text())
    assert said["config"] == instance.network.publishing.config_hash != ""
    assert said["pages"][PAGE]["space"] == {
        "stories": shown["space"],
        "newest_at": newest[0],
        "confirmed_at": answered[0][0],
        "relaxed": [],
        "fallback": None,
    }
    assert list(said["pages"][PAGE]) == list(shown)


# ------------------------------------------------------------------ put back


async def test_a_generation_put_back_holds_until_something_changes(tmp_path: Path) -> None:
    """The files of before; the same selection does not replace them, another one does."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        old = page_of(instance)
        story = old["space"][0]
        await ask(instance, "retitle", story_id=story, value="Another title")
        path = tmp_path / f"public/current/{PAGE}/space.txt"
        new = path.read_text()

        done = await answer(instance, {"command": "put_back", "generation": None})

        assert done["generation"] == 3
        assert "Another title" not in path.read_text()
        shown = "SELECT title FROM page_headlines WHERE title = 'Another title'"
        assert query(instance, shown) == []
        assert await instance.publish() is None
        assert "Another title" not in path.read_text()

        await answer(instance, {"command": "publish"})
        assert path.read_text() == new

        await answer(instance, {"command": "put_back", "generation": 1})
        await ask(instance, "withdraw", story_id=page_of(instance)["military"][0])
        assert path.read_text() == new


async def test_putting_back_again_goes_further_back(tmp_path: Path) -> None:
    """Not to and fro between two."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        story = page_of(instance)["space"][0]
        for title in ("Two", "Three"):
            await ask(instance, "retitle", story_id=story, value=title)
        path = tmp_path / f"public/current/{PAGE}/space.txt"

        seen = []
        for _ in range(2):
            await answer(instance, {"command": "put_back"})
            seen.append(path.read_text().splitlines()[1])

        assert seen[0] == "Two"
        assert seen[1] not in ("Two", "Three")
        with pytest.raises(UsageError, match="no older generation"):
            await answer(instance, {"command": "put_back"})


async def test_what_is_withdrawn_is_not_put_back(tmp_path: Path) -> None:
    """Nor what is not there, is shown already, or was never recorded."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        story = page_of(instance)["space"][0]
        await ask(instance, "withdraw", story_id=story)

        for generation, words in ((1, f"shows story {story}"), (2, "to be put back"), (9, "not")):
            with pytest.raises(UsageError, match=words):
                await answer(instance, {"command": "put_back", "generation": generation})
        with pytest.raises(UsageError, match="number"):
            await answer(instance, {"command": "put_back", "generation": "x"})

        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute("DELETE FROM placements")
            connection.execute("DELETE FROM generations")
        with pytest.raises(UsageError, match="not in the database"):
            await answer(instance, {"command": "put_back", "generation": 1})


async def test_a_kill_after_putting_back_is_caught_up(tmp_path: Path) -> None:
    """The database lost the record; it is written for what is shown, not for what is selected."""
    async with family_at_work(tmp_path) as (instance, _):
        await instance.publish()
        story = page_of(instance)["space"][0]
        await ask(instance, "retitle", story_id=story, value="Another title")
        await answer(instance, {"command": "put_back"})
        with closing(sqlite3.connect(instance.network.database)) as connection, connection:
            connection.execute("DELETE FROM placements WHERE generation = 3")
            connection.execute("DELETE FROM generations WHERE id = 3")
            connection.execute(
                "UPDATE placements SET shown_until = NULL, until_generation = NULL"
                " WHERE until_generation = 3"
            )

        assert await instance.publish() is None

        titles = query(instance, "SELECT title FROM page_headlines")
        assert ("Another title",) not in titles
        assert len(titles) > 20


def _lose_link(store: Store, owners: Mapping[str, str]) -> None:
    """Story 1 is told by another entry of its feed too, and what its own leads to is gone."""
    with store.transaction() as db:
        db.conn.execute(
            """
            INSERT INTO entries (feed_id, url, title, first_seen_at, last_seen_at, story_id)
            SELECT feed_id, url || '/again', title, first_seen_at, last_seen_at, story_id
            FROM entries WHERE id = (SELECT entry_id FROM stories WHERE id = 1)
            """
        )
        (url,) = db.conn.execute("SELECT url FROM stories WHERE id = 1").fetchone()
        gone = NewOverride(OverrideKind.WITHDRAW, story_id=1, url=url)
        retell_link(db, overrides.add(db, gone, now=datetime.now(UTC)), owners)


async def test_an_editor_has_a_link_shown_again_that_was_found_gone(tmp_path: Path) -> None:
    """At once, in place of the one that stood in for it."""
    async with family_at_work(tmp_path) as (instance, _):
        ((first,),) = query(instance, "SELECT url FROM stories WHERE id = 1")
        await instance.tools.store.run(_lose_link, instance.network.owners())
        assert query(instance, "SELECT url FROM stories WHERE id = 1") == [(f"{first}/again",)]

        await answer(instance, {"command": "undo", "kind": "withdraw", "id": 1})

        assert query(instance, "SELECT url FROM stories WHERE id = 1") == [(first,)]
        shown = query(instance, "SELECT url FROM page_headlines WHERE story_id = 1")
        assert not {(f"{first}/again",)} & set(shown)
