"""What a command prints to: pipes, full disks, closed streams and other encodings."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from shell_build import COMMAND

pytest_plugins = ["shell_fixtures"]


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """A line for bash, where `aggregator` is ours."""
    line = f'aggregator() {{ {shlex.join(COMMAND)} "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("words", ["status", "export entries", "schema", "headlines spacewar"])
def test_a_pipe_that_closes_is_no_error(settled: Path, words: str) -> None:
    """`aggregator status | head -1`, also where the reader goes before all is written."""
    config = shlex.quote(str(settled))

    read = shell(f'aggregator -c {config} {words} | head -c 1; echo "${{PIPESTATUS[0]}}" >&2')
    unread = shell(f'aggregator -c {config} {words} | true; echo "${{PIPESTATUS[0]}}" >&2')

    assert (read.stderr, unread.stderr) == ("0\n", "0\n")


@pytest.mark.parametrize("words", ["status", "export stories --format ndjson", "schema"])
def test_output_that_cannot_be_written_is_status_4(settled: Path, words: str) -> None:
    """Nothing is lost in silence, and it is no bug of ours."""
    done = shell(f"aggregator -c {shlex.quote(str(settled))} {words} >/dev/full")

    assert done.returncode == 4
    assert done.stderr == "aggregator: standard output: No space left on device\n"


def test_an_output_that_is_not_utf_8_loses_nothing(polled: Path) -> None:
    """Text has escapes for what the encoding lacks; what is UTF-8 by its format stays so."""
    with closing(sqlite3.connect(polled.parent / "aggregator.db")) as connection, connection:
        for table in ("stories", "placements", "feeds"):
            connection.execute(f"UPDATE {table} SET title = 'caf\u00e9 \u5317\U0001f680'")
    found = {
        words: subprocess.run(
            [*COMMAND, "-c", polled, *words.split()],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "latin-1"},
            check=True,
        ).stdout
        for words in ("headlines spacewar", "headlines spacewar --json", "export-opml")
    }

    assert b"\ncaf\xe9 \\u5317\\U0001f680\n" in found["headlines spacewar"]
    assert "caf\u00e9 \u5317\U0001f680".encode() in found["export-opml"]
    headlines = json.loads(found["headlines spacewar --json"])["blocks"][0]["headlines"]
    assert headlines[0]["title"] == "caf\u00e9 \u5317\U0001f680"


def test_a_closed_output_is_no_error(settled: Path) -> None:
    """Nobody wanted to know."""
    for words in ("status", "export stories", "headlines nosuch"):
        done = shell(f"aggregator -c {shlex.quote(str(settled))} {words} >&- 2>&-")

        assert (done.returncode, done.stderr) == (2 if "nosuch" in words else 0, "")
