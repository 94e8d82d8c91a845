"""A backup is whole, of one moment, and never half a file under its name."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from shell_build import SOAK
from store_build import entry, network_at, store_document, stored

from aggregator.errors import DamagedError, StorageError, UsageError
from aggregator.store import backup
from aggregator.store.backup import back_up
from aggregator.store.store import Store

SUMMARY = 100_000 if SOAK else 1_000
"""Half of the bytes of each of three thousand summaries."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with many pages, closed."""
    network = network_at(tmp_path)
    with stored(network) as store:
        store_document(store, network, 1, *[entry(n, summary="x" * 1900) for n in range(3000)])
    return network.database


def count(path: Path) -> int:
    """Entries in a database."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_it_is_one_moment_while_the_writer_writes(path: Path, tmp_path: Path) -> None:
    """Commits between the steps are neither in the copy nor make it begin anew."""
    lefts: list[int] = []
    with closing(Store.open(path)) as store:

        def write_meanwhile(left: int, _: int) -> None:
            lefts.append(left)
            with store.transaction() as db:
                db.conn.execute("UPDATE entries SET author = 'x'")
                db.conn.execute("DELETE FROM search WHERE rowid = :n", {"n": len(lefts)})

        back_up(path, tmp_path / "copy.db", progress=write_meanwhile)

    assert len(lefts) >= 2
    assert lefts == sorted(lefts, reverse=True)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM entries WHERE author = 'x'").fetchone()[0] == 0
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


def write_beside(store: Store, backup: subprocess.Popen[bytes]) -> list[float]:
    """How long each of a hundred commits a second took while the backup ran, in milliseconds."""
    taken: list[float] = []
    while backup.poll() is None:
        begin = time.monotonic()
        with store.transaction() as db:
            db.conn.execute(
                "INSERT INTO polls (feed_id, at, outcome) VALUES (1, '2026-11-25T12:00:00Z', 'ok')"
            )
            db.conn.execute(
                "UPDATE feeds SET failures = :n WHERE id = 1 + :n % 2", {"n": len(taken)}
            )
        taken.append((time.monotonic() - begin) * 1000)
        time.sleep(max(0.0, 0.01 - (time.monotonic() - begin)))
    return sorted(taken)


@pytest.mark.timeout(600 if SOAK else 120)
def test_R6_a_writer_hardly_waits_for_a_backup(path: Path, tmp_path: Path) -> None:
    """By another program, as the command does it; what was committed before is in the copy."""
    code = (
        "import pathlib, sys; from aggregator.store.backup import back_up;"
        "back_up(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    with closing(Store.open(path)) as store:
        with store.transaction() as db:
            db.conn.execute("UPDATE entries SET summary = hex(zeroblob(:n))", {"n": SUMMARY})
        size = path.stat().st_size / 2**20
        begin = time.monotonic()
        command = [sys.executable, "-c", code, str(path), str(tmp_path / "copy.db")]
        with subprocess.Popen(command) as backup:
            taken = write_beside(store, backup)
        seconds = time.monotonic() - begin

    half, most = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    sys.stdout.write(
        f"\n{size:.0f} MiB in {seconds:.1f} s; {len(taken)} commits: half within {half:.1f} ms,"
        f" 99 of 100 within {most:.1f} ms, slowest {taken[-1]:.0f} ms\n"
    )
    assert backup.returncode == 0
    assert taken
    assert not SOAK or taken[-1] < 200
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT DISTINCT length(summary) FROM entries").fetchall() == [
            (2 * SUMMARY,)
        ]


def test_it_replaces_the_last_one_and_leaves_nothing_else(path: Path, tmp_path: Path) -> None:
    """One file; it opens as a database of ours."""
    target = tmp_path / "copy.db"
    back_up(path, target)

    back_up(path, target)

    assert sorted(file.name for file in tmp_path.glob("*copy*")) == ["copy.db"]
    Store.open(target).close()
    assert count(target) == 3000


def test_the_database_itself_is_no_target(path: Path) -> None:
    """Nor a directory, nor what else is no file, nor a database that is open."""
    pipe = path.with_name("pipe")
    os.mkfifo(pipe)
    for target in (path, path.parent, pipe):
        with pytest.raises(UsageError):
            back_up(path, target)
    Path(f"{path}2-wal").touch()
    with pytest.raises(UsageError, match="open"):
        back_up(path, Path(f"{path}2"))


def test_a_place_that_cannot_be_written_is_storage(path: Path, tmp_path: Path) -> None:
    """Status 4."""
    with pytest.raises(StorageError, match="missing"):
        back_up(path, tmp_path / "missing" / "copy.db")


def test_a_damaged_database_leaves_the_last_backup_alone(path: Path, tmp_path: Path) -> None:
    """What would replace it is checked first."""
    target = tmp_path / "copy.db"
    back_up(path, target)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40_000] = b"\x05" * 40_000
    path.write_bytes(content)

    with pytest.raises(DamagedError):
        back_up(path, target)

    assert count(target) == 3000
    assert sorted(file.name for file in tmp_path.glob("*copy*")) == ["copy.db"]


def test_pages_are_copied_in_steps() -> None:
    """A step is short enough for a slow disk."""
    assert backup.PAGES * 4096 <= 16 * 2**20
