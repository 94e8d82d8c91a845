"""Search, upkeep, exports and OPML, as a user types them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from shell_build import aggregator

pytest_plugins = ["shell_fixtures"]

LONG = "x" * 300


def test_search_finds_stories(settled: Path) -> None:
    """A line each with its number, by which an editor names it, and its link; nothing found is no
    error."""
    done = aggregator("-c", settled, "search", "rover", "operations", "--since", "365d")
    found = json.loads(aggregator("-c", settled, "search", "rover", "operations", "--json").stdout)

    assert done.returncode == 0
    first, link, *_ = done.stdout.splitlines()
    assert first.split()[0] == str(found[0]["story_id"])
    assert "over" in first
    assert link.startswith("        http")
    assert aggregator("-c", settled, "search", "- nothing\x1b").stdout == ""


def test_search_as_json(settled: Path) -> None:
    """For machines; the limit holds."""
    done = aggregator("-c", settled, "search", "a", "--json", "--limit", "2")

    assert [set(hit) for hit in json.loads(done.stdout)][:1] == [
        {
            "story_id",
            "title",
            "url",
            "site",
            "site_name",
            "published_at",
            "first_seen_at",
            "summary",
        }
    ]
    assert len(json.loads(done.stdout)) == 2


@pytest.mark.parametrize("words", [["--site", "nobody"], ["--page", "nobody"], ["--since", "soon"]])
def test_search_refuses_what_does_not_exist(settled: Path, words: list[str]) -> None:
    """Status 2."""
    assert aggregator("-c", settled, "search", "rover", *words).returncode == 2


@pytest.mark.parametrize("limit", ["0", "1001"])
def test_search_names_the_range_of_its_limit(settled: Path, limit: str) -> None:
    """Status 2, like any number that is out of its range."""
    done = aggregator("-c", settled, "search", "rover", "--limit", limit)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"{limit} is not in the range 1<=x<=1000" in done.stderr


def test_upkeep_of_a_whole_database(settled: Path, tmp_path: Path) -> None:
    """Backup, doctor, vacuum: status 0, and each says what it did."""
    copy = aggregator("-c", settled, "backup", tmp_path / "copy.db")
    doctor = aggregator("-c", settled, "doctor", "--reindex")
    vacuum = aggregator("-c", settled, "vacuum")

    assert (copy.returncode, doctor.returncode, vacuum.returncode) == (0, 0, 0)
    assert "copy.db: " in copy.stdout
    assert {line.split()[0] for line in doctor.stdout.splitlines()} == {"ok"}
    assert "0 entries, 0 stories, 0 polls and 0 polls of the archive removed" in vacuum.stdout
    assert aggregator("-c", settled, "--db", tmp_path / "copy.db", "status").returncode == 0


def test_doctor_ends_with_5_for_a_damaged_database(settled: Path, tmp_path: Path) -> None:
    """And says what to do."""
    assert aggregator("-c", settled, "backup", tmp_path / "copy.db").returncode == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        connection.execute("DROP VIEW headlines")

    done = aggregator("-c", settled, "--db", tmp_path / "copy.db", "doctor", "--json")

    (finding,) = [one for one in json.loads(done.stdout) if one["verdict"] != "ok"]
    assert done.returncode == 5
    assert finding["detail"] == "headlines is missing"
    assert "backup" in finding["remedy"]


def test_export_to_a_file_and_to_standard_output(settled: Path, tmp_path: Path) -> None:
    """The same bytes; no leftover beside the file; a site there is not is status 2."""
    done = aggregator("-c", settled, "export", "stories", "-o", tmp_path / "x.csv")
    shown = aggregator("-c", settled, "export", "stories")
    wrong = aggregator("-c", settled, "export", "entries", "--site", "nobody")

    assert (done.returncode, shown.returncode, wrong.returncode) == (0, 0, 2)
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == shown.stdout
    assert shown.stdout.startswith("id,site_id,site_name,url,title,")


@pytest.mark.parametrize("command", [["export", "stories", "-o"], ["backup"]], ids=lambda c: c[0])
@pytest.mark.parametrize(
    "name", ["", "aggregator.db", "aggregator.db-wal", "aggregator.db.lock", "pipe", "feeds.yaml"]
)
def test_what_is_made_replaces_nothing_in_use_and_nothing_but_a_file(
    polled: Path, command: list[str], name: str
) -> None:
    """The database, feeds.yaml, a directory, a pipe: status 2, and it is what it was."""
    target = polled.parent / name
    if name == "pipe":
        os.mkfifo(target)
    before = target.stat().st_ino if target.exists() else None

    done = aggregator("-c", polled, *command, target)

    assert (done.returncode, done.stdout) == (2, "")
    assert str(target) in done.stderr
    assert (target.stat().st_ino if target.exists() else None) == before
    assert aggregator("-c", polled, "doctor").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["export", "stories", "-o"],
        ["backup"],
        ["replay"],
        ["import-opml"],
        ["--db", LONG, "status"],
        ["--db", LONG, "export-opml"],
        ["-c"],
    ],
    ids=lambda words: " ".join(word for word in words if word != LONG),
)
def test_a_name_too_long_for_a_file_is_no_bug(settled: Path, words: list[str]) -> None:
    """Status 2, wherever it is met."""
    given = words if LONG in words else [*words, LONG]
    command = [*given, "check"] if "-c" in words else ["-c", str(settled), *given]

    done = aggregator(*command, cwd=settled.parent)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("File name too long\n")
    assert len(done.stderr.splitlines()) == 1


def test_an_export_below_a_file_is_status_4(settled: Path) -> None:
    """As for a directory that is not there."""
    for target in (settled / "x.csv", settled.parent / "nowhere" / "x.csv"):
        done = aggregator("-c", settled, "export", "stories", "-o", target)

        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr == f"aggregator: {target.parent}: no such directory\n"


def test_opml_goes_out_and_comes_back(settled: Path, tmp_path: Path) -> None:
    """What was exported is imported as a file with the same feeds."""
    document = tmp_path / "feeds.opml"
    document.write_text(aggregator("-c", settled, "export-opml").stdout)

    done = aggregator("import-opml", document)

    assert done.returncode == 0
    feeds = [line for line in done.stdout.splitlines() if line.startswith("    - http")]
    assert len(feeds) == 7
    assert aggregator("import-opml", tmp_path / "missing").returncode == 2


def test_what_is_no_opml_is_named(tmp_path: Path) -> None:
    """One line with the file, the place in it and nothing of the library's."""
    document = tmp_path / "feeds.opml"
    document.write_text("network: {}\n")

    done = aggregator("import-opml", document)

    assert (done.returncode, done.stdout) == (2, "")
    where = "Start tag expected, '<' not found, line 1, column 1"
    assert done.stderr == f"aggregator: {document}: not OPML: {where}\n"


def test_a_named_pipe_is_no_opml(tmp_path: Path) -> None:
    """Nobody may ever write it: it is refused, not waited for."""
    pipe = tmp_path / "feeds.opml"
    os.mkfifo(pipe)

    done = aggregator("import-opml", pipe)

    assert done.returncode == 2
    assert "expected a file" in done.stderr
