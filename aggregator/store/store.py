"""The one writer: a locked database and its connection, for one thread at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from aggregator.store import place
from aggregator.store.connection import BUSY_TIMEOUT_S, open_writer, take_lock, translated
from aggregator.store.migrations import SCHEMA_VERSION

_HASTE_S = 0.1
"""How long to wait for another program's lock once that was in vain: calls would queue up."""


class Store:
    """Owns the database from `open` to `close`; nothing else writes to it meanwhile."""

    def __init__(self, path: Path, db: Database, lock: int) -> None:
        self.path = path
        self.db = db
        self._lock = lock
        self._opened = place.identity(path)
        self._wait_s = BUSY_TIMEOUT_S

    @classmethod
    def open(cls, path: Path) -> Store:
        """Raises LockedError, StorageError, DamagedError, NewerSchemaError."""
        place.refuse_shared(path)
        lock = take_lock(path)
        try:
            return cls(path, open_writer(path), lock)
        except BaseException:
            os.close(lock)
            raise

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All or nothing. IMMEDIATE: a deferred transaction that reads before it writes fails at
        once, whatever the timeout, when another program has written in between."""
        with translated(self.path):
            self._begin()
            try:
                yield self.db
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.conn.rollback()
                raise

    def _begin(self) -> None:
        try:
            self.db.conn.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._wait_for_locks(_HASTE_S)
            raise
        self._wait_for_locks(BUSY_TIMEOUT_S)

    def _wait_for_locks(self, seconds: float) -> None:
        if seconds != self._wait_s:
            self._wait_s = seconds
            self.db.conn.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    def probe(self) -> None:
        """Writes what is there already: raises StorageError or DamagedError where it cannot."""
        with self.transaction() as db:
            db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def check_in_place(self) -> None:
        """Raises DamagedError when the file was deleted, replaced or emptied under us."""
        place.check_in_place(self.path, self._opened)

    def shorten_wal(self) -> None:
        """The write-ahead log back to nothing, if no reader holds it; never waits for one."""
        with translated(self.path):
            self.db.conn.execute("PRAGMA busy_timeout = 0")
            try:
                self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self.db.conn.execute(f"PRAGMA busy_timeout = {int(self._wait_s * 1000)}")

    def tidy(self) -> None:
        """Upkeep between polls: statistics for the planner, and the WAL back to nothing."""
        with translated(self.path):
            self.db.conn.execute("PRAGMA optimize")
        self.shorten_wal()

    def close(self) -> None:
        """Closing the last connection checkpoints; then the lock is free."""
        try:
            self.db.conn.close()
        finally:
            os.close(self._lock)
