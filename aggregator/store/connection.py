"""A path -> a connection that is safe to use: one writer behind a lock, any number of readers.

The writer is alone in checkpointing: SQLite before 3.51.3 can lose commits when two connections
checkpoint at one moment (the WAL-reset bug), so readers open the file read-only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from aggregator.errors import (
    DamagedError,
    LockedError,
    NewerSchemaError,
    StorageError,
)
from aggregator.store import place
from aggregator.store.migrations import APPLICATION_ID, SCHEMA_VERSION, migrate

BUSY_TIMEOUT_S = 5.0
WAL_LIMIT = 16 * 1024 * 1024
"""Bytes of log after which a commit tries to begin it anew. Readers that follow one another
without a pause keep SQLite's own checkpoints from doing so: the log would only grow."""

# NORMAL loses at most the last commits of a power cut, never consistency; a poll is repeated.
_WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    f"journal_size_limit = {WAL_LIMIT}",
    # A first poll writes to six indexes in no order: with 2 MB, the default, it reads them back.
    "cache_size = -32000",
    # 16 MB: a page that many polls change is copied back once.
    "wal_autocheckpoint = 4000",
)

# Its first reader makes the index of the log beside the database, the last program removes it.
_UNREADABLE = (
    "cannot be read; while no daemon runs, it takes someone who may write to its directory"
)

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


@contextmanager
def translated(path: Path, *, unwritable: str = "cannot be written") -> Iterator[None]:
    """SQLite's errors about the file itself become ours; others (our bugs) pass unchanged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The low byte is the primary result code, the rest an extension of it.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise DamagedError(f"{path}: the database is damaged: {error}") from error
        if code in _UNWRITABLE:
            raise StorageError(f"{path}: the database {unwritable}: {error}") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StorageError(f"{path}: another program holds the database: {error}") from error
        raise


def take_lock(path: Path) -> int:
    """Owns the database until the returned descriptor is closed, or the process ends.

    The lock is on `<path>.lock`, which keeps the pid of its last owner; SQLite's own locks are
    per transaction and say nothing about daemons. Raises LockedError, StorageError.
    """
    lock = Path(f"{path}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(f"{lock}: cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise LockedError(f"{path}: process {owner} holds the database") from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        os.close(descriptor)
        raise StorageError(f"{lock}: cannot be written: {error.strerror}") from error
    return descriptor


def open_writer(path: Path) -> Database:
    """The one connection that writes, at this version's schema; the caller holds the lock.

    A new file is made where there is none. Raises DamagedError (also for an empty file or one of
    another program: never written over), NewerSchemaError, StorageError.
    """
    with translated(path):
        if not path.exists():
            _create(path)
        _check_size(path)
        # The writer is made in one thread and used in another, never in two at a time.
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            db = Database(connection)
            _check_ours(db, path)
            for pragma in _WRITER_PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            migrate(db)
        except BaseException:
            connection.close()
            raise
    return db


def open_reader(path: Path) -> Database:
    """A connection that can only read; many may be open while the writer writes.

    Raises UsageError when there is no database yet, DamagedError, NewerSchemaError, StorageError.
    """
    place.require(path)
    _check_size(path)
    with translated(path, unwritable=_UNREADABLE):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            db = Database(connection)
            _check_ours(db, path)
        except BaseException:
            connection.close()
            raise
    return db


def _create(path: Path) -> None:
    """The schema is made under another name: a kill before the rename leaves no half database."""
    new = path.with_name(f"{path.name}.new")
    for leftover in (new, Path(f"{new}-journal")):
        leftover.unlink(missing_ok=True)
    connection = sqlite3.connect(new, isolation_level=None)
    try:
        migrate(Database(connection))
    finally:
        connection.close()
    new.replace(path)


def _check_size(path: Path) -> None:
    """SQLite takes a zero-length file for an empty database and would fill it.

    Asks for the size alone: a process that opens the file itself and closes it again loses the
    locks of all its SQLite connections (POSIX), and the next program to leave deletes the WAL.
    """
    if path.stat().st_size == 0:
        raise DamagedError(f"{path}: the file is empty; restore a backup or move it away")


def _check_ours(db: Database, path: Path) -> None:
    (application_id,) = db.conn.execute("PRAGMA application_id").fetchone()
    (version,) = db.conn.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise DamagedError(f"{path}: an SQLite database, but not one of the aggregator's")
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"{path}: written by a newer version (schema {version}, this one knows"
            f" {SCHEMA_VERSION}); upgrade the aggregator"
        )
    db.conn.execute(
        "SELECT count(*) FROM sqlite_schema"
    ).fetchone()  # the header alone proves little
    if version < 1:
        raise DamagedError(f"{path}: the schema version is missing; restore a backup")
