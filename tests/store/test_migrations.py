"""A database of an earlier version becomes one of this version, or stays as it is."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from aggregator.store.connection import open_reader, open_writer
from aggregator.store.migrations import STEPS, migrate
from aggregator.store.store import Store

DUMP = Path(__file__).parent / "schema_v1.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The stored database of version 1."""
    target = tmp_path / "old.db"
    with closing(sqlite3.connect(target)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return target


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Every table, index and view as it was made."""
    cursor = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {row[0]: row[1] for row in cursor}


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows of every table of ours."""
    names = [
        row[1]
        for row in connection.execute("PRAGMA table_list")
        if row[2] in ("table", "virtual") and not row[1].startswith(("sqlite_", "_sqlite"))
    ]
    return {
        name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names
    }


def test_version_1_migrates_with_its_rows(path: Path, tmp_path: Path) -> None:
    """Its schema is then that of a fresh database; no row is lost; every check is passed."""
    with closing(sqlite3.connect(path)) as connection:
        before = counts(connection)
    Store.open(tmp_path / "fresh.db").close()

    with (
        closing(open_writer(path).conn) as old,
        closing(open_reader(tmp_path / "fresh.db").conn) as new,
    ):
        assert schema(old) == schema(new)
        after = counts(old)
        assert old.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert old.execute("PRAGMA foreign_key_check").fetchall() == []
        assert old.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)

    assert {name: after[name] for name in before} == before
    assert min(before.values()) > 0


def later(*, fails: bool) -> Migrations:
    """The steps of a version to come: a column, filled; it may fail after half its work."""
    steps = Migrations("aggregator")

    @steps(name="m001_create")
    def _create(db: Database) -> None:
        raise AssertionError("it has been applied")

    @steps(name="m002_words")
    def _words(db: Database) -> None:
        db.conn.execute("ALTER TABLE stories ADD COLUMN words INTEGER NOT NULL DEFAULT 0")
        db.conn.execute("UPDATE stories SET words = length(title)")
        if fails:
            raise RuntimeError("half way")

    return steps


def test_a_further_step_is_applied_to_the_rows_there_are(path: Path) -> None:
    """Once, and the version follows."""
    with closing(open_writer(path).conn) as connection:
        for _ in range(2):
            migrate(Database(connection), later(fails=False))

        assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
        assert {row[0] for row in connection.execute("SELECT words > 0 FROM stories")} == {1}


def test_a_step_that_fails_leaves_nothing(path: Path) -> None:
    """One transaction for all steps, the version and the record of what was applied."""
    with closing(open_writer(path).conn) as connection:
        before = (schema(connection), counts(connection))

        with pytest.raises(RuntimeError):
            migrate(Database(connection), later(fails=True))

        assert (schema(connection), counts(connection)) == before
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1


def test_R24_a_kill_inside_a_migration_leaves_it_whole(path: Path) -> None:
    """The old version, all rows; the next start migrates it."""
    code = (
        "import os, signal, sqlite3, sys\n"
        "from sqlite_utils import Database, Migrations\n"
        "from aggregator.store.migrations import migrate\n"
        "steps = Migrations('aggregator')\n"
        "@steps(name='m001_create')\n"
        "def one(db): raise AssertionError\n"
        "@steps(name='m002')\n"
        "def two(db):\n"
        "    db.conn.execute('PRAGMA cache_size = 2')\n"
        "    db.conn.execute('ALTER TABLE stories ADD COLUMN words TEXT')\n"
        "    db.conn.execute('CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL'\n"
        "        ' SELECT i + 1 FROM n LIMIT 5000) SELECT i, zeroblob(900) AS b FROM n')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrate(Database(sqlite3.connect(sys.argv[1], isolation_level=None)), steps)\n"
    )
    with closing(sqlite3.connect(path)) as connection:
        before = (schema(connection), counts(connection))

    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)

    assert done.returncode == -signal.SIGKILL
    with closing(open_writer(path).conn) as connection:
        assert (schema(connection), counts(connection)) == before
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        migrate(Database(connection), later(fails=False))
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
