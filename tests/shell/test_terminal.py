"""D11: no headline moves the terminal of who reads it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from road_build import write_family
from shell_build import aggregator

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer

HOSTILE = "\x1b]8;;http://evil.example\x07x\x1b]52;c;Zm9v\x07 \x9b31m \r\x08 rover\u202e"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family whose every text is hostile, as one who writes from outside may make it."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        directory = tmp_path_factory.mktemp("terminal") / "of\x1b[31m\x9b\u202e"
        directory.mkdir()
        config = write_family(directory, server)
        assert aggregator("-c", config, "run", "--once").returncode == 0
    with closing(sqlite3.connect(config.parent / "aggregator.db")) as connection, connection:
        for table, columns in {
            "entries": ("title", "summary", "author"),
            "stories": ("title",),
            "placements": ("title",),
            "revisions": ("title",),
            "feeds": ("title", "last_error", "next_poll_why"),
            "archive_polls": ("error",),
        }.items():
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = ?", (HOSTILE,))
    assert aggregator("-c", config, "doctor", "--reindex").returncode == 0
    return config


@pytest.mark.parametrize(
    "words",
    [
        ["headlines", "spacewar"],
        ["headlines", "spacewar", "--json"],
        ["headlines", "spacewar", "--at", "0s"],
        ["search", "rover"],
        ["search", "rover", "--json"],
        ["status"],
        ["status", "--json"],
        ["check", "--fetch"],
        ["pin", "1", "--note", HOSTILE],
        ["overrides"],
        ["overrides", "--json"],
        ["explain", "1"],
        ["explain", "1", "--json"],
        ["explain", HOSTILE],
        ["publish"],
        ["check"],
        ["vacuum"],
        ["health"],
        ["doctor"],
        ["doctor", "--json"],
        ["replay", HOSTILE],
        ["poll", "spacewar"],
        ["poll", HOSTILE],
        ["import-opml", HOSTILE],
        ["headlines", HOSTILE],
        ["withdraw", HOSTILE],
        ["export-opml"],
    ],
    ids=lambda words: "-".join(words[:3]).encode("ascii", "replace").decode()[:30],
)
def test_D11_only_new_lines_are_controls(config: Path, words: list[str]) -> None:
    """Neither on standard output nor on standard error."""
    done = aggregator("-c", config, *words)

    for text in (done.stdout, done.stderr):
        controls = {c for c in text if c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e"}
        assert controls <= {"\n"}


def test_D11_nor_what_a_command_makes(config: Path) -> None:
    """It says where that is, in the same way."""
    target = config.parent / "copy.db"

    done = aggregator("-c", config, "backup", target)

    assert done.returncode == 0
    assert done.stdout.startswith(str(target).encode("unicode_escape").decode())


def test_D11_nor_a_file_of_addresses(tmp_path: Path) -> None:
    """What an OPML file names becomes a feeds.yaml on the terminal."""
    opml = tmp_path / "x.opml"
    feed = '<outline text="a\u202e\x9bb" xmlUrl="https://a.example/feed"/>'
    opml.write_text(f'<opml version="2.0"><body>{feed}</body></opml>', encoding="utf-8")

    done = aggregator("import-opml", opml)

    assert done.returncode == 0
    assert not {"\u202e", "\x9b"} & set(done.stdout)
