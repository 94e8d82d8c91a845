"""Opening the database: ours, whole, locked, or a clear refusal that changes nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.errors import (
    AggregatorError,
    DamagedError,
    LockedError,
    NewerSchemaError,
    StorageError,
    UsageError,
)
from aggregator.store.connection import WAL_LIMIT, open_reader, open_writer
from aggregator.store.migrations import APPLICATION_ID, SCHEMA_VERSION
from aggregator.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be."""
    return tmp_path / "aggregator.db"


def made(path: Path) -> Path:
    """A database of ours, closed."""
    Store.open(path).close()
    return path


def test_a_new_database_is_whole_and_marked(path: Path) -> None:
    """WAL, foreign keys, application_id, user_version, and no leftover of its making."""
    with closing(open_writer(path).conn) as connection:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "application_id", "user_version")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "application_id": APPLICATION_ID,
        "user_version": SCHEMA_VERSION,
    }
    assert [file.name for file in path.parent.iterdir()] == ["aggregator.db"]


def test_a_half_made_database_is_made_again(path: Path) -> None:
    """A kill while the schema was being made leaves only the other name behind."""
    path.with_name("aggregator.db.new").write_bytes(b"half")

    Store.open(path).close()

    assert not path.with_name("aggregator.db.new").exists()
    assert path.exists()


def test_a_second_owner_is_refused_with_the_first_one_named(path: Path) -> None:
    """R17: exit status 3."""
    with closing(Store.open(path)), pytest.raises(LockedError, match=f"process {os.getpid()}"):
        Store.open(path)


def test_R17_the_lock_is_free_right_after_a_kill(path: Path) -> None:
    """The kernel gives it back, however the owner ended."""
    code = (
        "import sys, pathlib; from aggregator.store.store import Store;"
        "store = Store.open(pathlib.Path(sys.argv[1])); print('open', flush=True);"
        "sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"open\n"

    owner.kill()
    owner.wait()

    Store.open(path).close()
    owner.stdout.close()
    assert owner.stdin is not None
    owner.stdin.close()


def truncate(path: Path) -> None:
    """To nothing: SQLite would take it for an empty database."""
    path.write_bytes(b"")


def overwrite_header(path: Path) -> None:
    """The file is no database any more."""
    path.write_bytes(b"garbage" * 1000)


def overwrite_pages(path: Path) -> None:
    """The header stays, what it leads to does not."""
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


def another_program(path: Path) -> None:
    """A database, of somebody else."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def forget_version(path: Path) -> None:
    """Marked as ours, without a schema version."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")


def from_the_future(path: Path) -> None:
    """A newer version wrote it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (truncate, DamagedError),
        (overwrite_header, DamagedError),
        (overwrite_pages, DamagedError),
        (another_program, DamagedError),
        (forget_version, DamagedError),
        (from_the_future, NewerSchemaError),
    ],
)
@pytest.mark.parametrize("opening", [open_writer, open_reader])
def test_R5_what_is_not_whole_is_refused_and_left_alone(
    path: Path, spoil: object, expected: type[AggregatorError], opening: object
) -> None:
    """Exit status 5 or 6; not a byte changes."""
    assert callable(spoil)
    assert callable(opening)
    spoil(made(path))
    before = path.read_bytes()

    with pytest.raises(expected):
        opening(path)

    assert path.read_bytes() == before


def test_readers_need_a_database(path: Path) -> None:
    """And are told how one comes to be."""
    with pytest.raises(UsageError, match="aggregator run"):
        open_reader(path)


def test_readers_cannot_write(path: Path) -> None:
    """Neither by the file's mode nor by their own."""
    with (
        closing(open_reader(made(path)).conn) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM feeds")


def test_a_directory_that_does_not_exist_is_storage(tmp_path: Path) -> None:
    """Exit status 4, with the path in the message."""
    with pytest.raises(StorageError, match="missing"):
        Store.open(tmp_path / "missing" / "aggregator.db")


def test_a_directory_in_the_database_s_place_is_storage(path: Path) -> None:
    """Not a traceback."""
    path.mkdir()

    with pytest.raises(StorageError):
        Store.open(path)


def insert_twice(store: Store) -> None:
    """The second statement breaks the transaction."""
    with store.transaction() as db:
        for _ in range(2):
            db.conn.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'h')")


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    """All or nothing."""
    with closing(Store.open(path)) as store:
        with pytest.raises(sqlite3.IntegrityError):
            insert_twice(store)

        assert store.db.conn.execute("SELECT count(*) FROM sites").fetchone()[0] == 0


def test_R7_a_lock_held_too_long_by_another_program_is_storage(path: Path) -> None:
    """The timeout is waited for; then the transaction can be tried again."""
    with closing(Store.open(path)) as store:
        store.db.conn.execute("PRAGMA busy_timeout = 20")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="another program"), store.transaction():
                pass
            other.execute("ROLLBACK")

        with store.transaction() as db:
            db.conn.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'h')")


def test_tidy_empties_the_wal(path: Path) -> None:
    """The log of committed pages goes back into the database file."""
    with closing(Store.open(path)) as store:
        with store.transaction() as db:
            db.conn.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'h')")

        store.tidy()

        assert path.with_name("aggregator.db-wal").stat().st_size == 0


def test_readers_in_the_same_process_do_not_cost_the_writer_its_locks(path: Path) -> None:
    """Another program that comes and goes must not take itself for the last one.

    POSIX drops a process's locks on a file when it closes any descriptor of it: the other program
    would then delete the WAL with every commit since the last checkpoint.
    """
    with closing(Store.open(path)) as store:
        with store.transaction() as db:
            db.conn.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'h')")
        open_reader(path).conn.close()
        visit = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM sites')"
        subprocess.run([sys.executable, "-c", visit, str(path)], check=True)
        assert path.with_name("aggregator.db-wal").stat().st_size > 0

        with store.transaction() as db:
            db.conn.execute("INSERT INTO sites (id, name, home) VALUES ('b', 'B', 'h')")

    with closing(open_reader(path).conn) as connection:
        assert [row[0] for row in connection.execute("SELECT id FROM sites")] == ["a", "b"]


def grow(store: Store, number: int) -> None:
    """One commit of a megabyte."""
    with store.transaction() as db:
        db.conn.execute("INSERT INTO sites VALUES (:id, hex(zeroblob(500000)), '')", {"id": number})


def begin_reading(path: Path) -> sqlite3.Connection:
    """A reader of this moment, until its end."""
    reader = open_reader(path).conn
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sites").fetchone()
    return reader


def waits(statements: list[str]) -> list[str]:
    """How long the writer was ready to wait for readers."""
    found = [line.split()[-1] for line in statements if "busy_timeout =" in line]
    return [each for each in found if each != "5000"]


def test_a_reader_that_never_ends_costs_space_and_no_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: the log grows while it reads; the first commit after its end begins the log anew. A
    longer wait for it, as for a backup (R6), would be in vain."""
    monkeypatch.setattr("aggregator.store.store._WAL_PATIENCE_MS", (11, 12, 13))
    wal, statements = Path(f"{path}-wal"), list[str]()
    with closing(Store.open(path)) as store:
        store.db.conn.set_trace_callback(statements.append)
        with closing(begin_reading(path)):
            for number in range(28):
                grow(store, number)
            grown = wal.stat().st_size

        for number in range(8):
            with store.transaction() as db:
                db.conn.execute("DELETE FROM sites WHERE id = :id", {"id": number})

        assert waits(statements)[:3] == ["11", "11", "11"]
        assert grown > WAL_LIMIT
        assert wal.stat().st_size <= WAL_LIMIT
        assert store.db.conn.execute("PRAGMA busy_timeout").fetchone()[0] == 5000


def test_readers_that_follow_one_another_are_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: each try in a row waits longer, so that readers who overlap on a slow machine come to an
    end."""
    monkeypatch.setattr("aggregator.store.store._WAL_PATIENCE_MS", (11, 12, 13))
    statements = list[str]()
    with closing(Store.open(path)) as store:
        store.db.conn.set_trace_callback(statements.append)
        reader = begin_reading(path)
        for number in range(32):
            grow(store, number)
            following = begin_reading(path)
            reader.close()
            reader = following
        reader.close()

    assert waits(statements)[:4] == ["11", "11", "12", "13"]
