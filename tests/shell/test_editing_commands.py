"""`withdraw`, `pin`, `retitle`, `overrides` and `publish --rollback` as an editor types them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from road_build import write_family
from shell_build import aggregator, daemon, stop, wait_for

from aggregator.demo.server import FamilyServer

pytest_plugins = ["shell_fixtures"]


def first_headline(config: Path) -> dict[str, Any]:
    """What stands at the top of SpaceWar's page."""
    path = config.parent / "public/current/spacewar/space.json"
    headline: dict[str, Any] = json.loads(path.read_text())["headlines"][0]
    return headline


def query(config: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(config.parent / "aggregator.db")) as connection:
        return connection.execute(sql).fetchall()


def test_an_editor_withdraws_lists_and_undoes(polled: Path) -> None:
    """The answer names the story and the generation; the list has it; undone it is back."""
    told = first_headline(polled)

    done = aggregator("-c", polled, "withdraw", told["url"], "--for", "12h", "--note", "legal")
    listed = json.loads(aggregator("-c", polled, "overrides", "--json").stdout)
    table = aggregator("-c", polled, "overrides")
    shown = first_headline(polled)
    undone = aggregator("-c", polled, "withdraw", "--undo", "1")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("withdraw 1, until ")
    assert "; generation 2, " in done.stdout
    assert f"  story {told['story_id']}: {told['title']}\n" in done.stdout
    assert shown != told
    assert [(row["id"], row["kind"], row["note"]) for row in listed] == [(1, "withdraw", "legal")]
    assert "legal" in table.stdout
    assert undone.stdout.startswith("withdraw 1 ended; generation 3")
    assert first_headline(polled) == told
    assert aggregator("-c", polled, "overrides", "--json").stdout == "[]\n"
    assert len(json.loads(aggregator("-c", polled, "overrides", "--all", "--json").stdout)) == 1


def test_an_editor_retitles_and_pins(polled: Path) -> None:
    """By the story's number; it says where the story stands."""
    told = first_headline(polled)
    number = str(told["story_id"])

    retitled = aggregator("-c", polled, "retitle", number, "A better <title>")
    pinned = aggregator("-c", polled, "pin", number, "--page", "spacewar", "--block", "space")
    words = aggregator("-c", polled, "withdraw", "no story says this")
    listed = aggregator("-c", polled, "overrides").stdout
    as_json = json.loads(aggregator("-c", polled, "overrides", "--json").stdout)
    explained = aggregator("-c", polled, "explain", number).stdout
    account = json.loads(aggregator("-c", polled, "explain", number, "--json").stdout)

    assert "  stands on spacewar/space, place 1\n" in retitled.stdout
    assert "nothing changes on the pages" in pinned.stdout
    assert "not shown where it is pinned to" not in pinned.stdout
    assert "  no headline has these words now; one that comes is meant as well\n" in words.stdout
    assert f"{number} {told['title'][:30]}" in listed
    assert [row["title"] for row in as_json] == [None, told["title"], told["title"]]
    assert "\n  retitled on all pages: A better <title>\n" in explained
    assert "\n    undo: aggregator retitle --undo 1\n" in explained
    assert account["title"] == told["title"]
    assert account["retitled"] == [{"override": 1, "title": "A better <title>", "page": None}]
    assert first_headline(polled)["title"] == "A better <title>"


@pytest.mark.parametrize(
    "where", [("--block", "military"), ("--page", "spacewar", "--block", "military")]
)
def test_a_pin_that_shows_nothing_says_so(polled: Path, where: tuple[str, ...]) -> None:
    """A block of other sources does not show it, although it stands elsewhere on the page."""
    number = str(first_headline(polled)["story_id"])

    done = aggregator("-c", polled, "pin", number, *where)

    assert done.returncode == 0, done.stderr
    assert "  stands on spacewar/space, place 1\n" in done.stdout
    assert "  not shown where it is pinned to: " in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["withdraw"], "STORY is missing"),
        (["pin", "some words"], "the number or the URL of a story was expected"),
        (["pin", "9" * 5000], "the number or the URL of a story was expected"),
        (["withdraw", "9" * 5000], "words of 1 to 500 characters was expected"),
        (["retitle", "1"], "a title was expected"),
        (["withdraw", "1", "--for", "soon"], "--for soon: a whole number and a unit"),
        (["withdraw", "1", "--for", "0s"], "from 1s to 3650d"),
        (["withdraw", "1", "--for", "1h", "--until", "2099-01-01T00:00:00Z"], "say the same"),
        (["withdraw", "1", "--until", "2020-01-01T00:00:00Z"], "in the past"),
        (["withdraw", "--words", "1", "--page", "nosuch"], "no such page"),
        (["pin", "--undo", "9"], "no such override"),
        (["withdraw", "1", "--undo", "9"], "nothing else goes with it"),
        (["pin", "--undo", "9", "--for", "1h"], "nothing else goes with it"),
        (["publish", "--rollback"], "no older generation"),
        (["publish", "--rollback", "77"], "generation 77 is not there"),
    ],
)
def test_wrong_words_are_status_2(settled: Path, words: list[str], expected: str) -> None:
    """One line that says what was expected; nothing is written."""
    done = aggregator("-c", settled, *words)

    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("until", "meant"),
    [
        ("2099-03-01", "2099-03-01T00:00:00Z"),
        ("2099-03-01T12:00", "2099-03-01T12:00:00Z"),
        ("2099-03-01T12:00:00Z", "2099-03-01T12:00:00Z"),
        ("2099-03-01T12:00+02:00", "2099-03-01T10:00:00Z"),
    ],
)
def test_an_override_ends_at_any_form_of_a_time(settled: Path, until: str, meant: str) -> None:
    """The forms that `--since` takes; a time without a zone is UTC."""
    done = aggregator("-c", settled, "withdraw", "no such words", "--until", until)

    assert done.returncode == 0, done.stderr
    assert f", until {meant}; " in done.stdout


@pytest.mark.parametrize("until", ["12h", "tomorrow", "2099-02-30", "9999-12-31T23:00-12:00"])
def test_a_time_to_come_is_no_length_of_time(settled: Path, until: str) -> None:
    """Each form is named, and the option that takes a length."""
    done = aggregator("-c", settled, "withdraw", "no such words", "--until", until)

    assert done.returncode == 2
    assert f"{until}: expected 2026-11-24, 2026-11-24T12:00, or" in done.stderr
    assert "--for 12h" in done.stderr


def test_a_rollback_shows_the_generation_before(polled: Path) -> None:
    """And `publish` goes on from it."""
    told = first_headline(polled)
    aggregator("-c", polled, "retitle", str(told["story_id"]), "Wrong")

    done = aggregator("-c", polled, "publish", "--rollback")
    shown = first_headline(polled)
    again = aggregator("-c", polled, "publish")

    assert "generation 3: " in done.stdout
    assert shown == told
    assert "generation 4: " in again.stdout
    assert first_headline(polled)["title"] == "Wrong"


def test_a_running_daemon_obeys_at_once_and_ends_it_in_time(
    tmp_path: Path, server: FamilyServer
) -> None:
    """Through its socket: gone when the command returns, back when its time is over, although
    no poll and no minute came in between."""
    config = write_family(tmp_path, server)
    with daemon(config, tmp_path / "log") as process:
        wait_for((tmp_path / "public/current/spacewar/space.json").exists)
        wait_for(lambda: " INFO poll " in (tmp_path / "log").read_text())
        wait_for(lambda: query(config, "SELECT count(*) FROM polls") == [(7,)])
        wait_for(lambda: query(config, "SELECT count(*) FROM page_headlines")[0][0] > 20)
        told = first_headline(config)
        until = datetime.now(UTC) + timedelta(seconds=4)

        done = aggregator(
            "-c",
            config,
            "withdraw",
            str(told["story_id"]),
            "--until",
            f"{until:%Y-%m-%dT%H:%M:%SZ}",
        )

        assert done.returncode == 0, done.stderr
        assert first_headline(config)["story_id"] != told["story_id"]
        wait_for(lambda: first_headline(config)["story_id"] == told["story_id"], seconds=15)
        assert stop(process) == 0
