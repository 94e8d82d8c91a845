"""The one writer: a locked database and its connection, for one thread at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from aggregator.match import ChangedEntry, NewEntry
from aggregator.store import place, searching
from aggregator.store.connection import (
    BUSY_TIMEOUT_S,
    WAL_LIMIT,
    open_writer,
    take_lock,
    translated,
)
from aggregator.store.migrations import SCHEMA_VERSION

_WAL_STEP = 4 * 1024 * 1024
"""Bytes the log may grow after a try to begin it anew that readers kept from its end."""
_WAL_PATIENCE_MS = (200, 1_000, 5_000)
"""How long a try waits for the readers of the moment, and how long it does after one and more that
found other readers than the last: a writer that waits delays its polls, one that never does lets
the log grow for as long as readers follow one another. For the same reader as before, such as a
backup, to wait longer would be in vain."""

_HASTE_S = 0.1
"""How long to wait for another program's lock once that was in vain: calls would queue up."""


class Store:
    """Owns the database from `open` to `close`; nothing else writes to it meanwhile."""

    def __init__(self, path: Path, db: Database, lock: int) -> None:
        self.path = path
        self.db = db
        self._lock = lock
        self._wal_limit = WAL_LIMIT
        self._wal_tries = 0
        self._wal_copied = -1
        self._opened = place.identity(path)
        self._wait_s = BUSY_TIMEOUT_S
        self._is_together = False
        self._told: list[NewEntry | ChangedEntry] = []

    @classmethod
    def open(cls, path: Path) -> Store:
        """Raises LockedError, StorageError, DamagedError, NewerSchemaError."""
        place.refuse_other(path)
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
        if self._is_together:
            yield self.db
            return
        with translated(self.path):
            self._begin()
            try:
                yield self.db
                searching.index_entries(self.db, self._told)
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.conn.rollback()
                raise
            finally:
                self._told.clear()
            self._bound_wal()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Every transaction inside is a part of one: what one of them raises, take back all."""
        with self.transaction():
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def index(self, items: Iterable[NewEntry | ChangedEntry]) -> None:
        """Makes entries findable, as the last act of the transaction this is called in: FTS5 writes
        out what it has gathered at every later statement that may have to be taken back."""
        self._told.extend(items)

    def _bound_wal(self) -> None:
        size = place.wal_bytes(self.path)
        if size < WAL_LIMIT:
            self._wal_limit, self._wal_tries = WAL_LIMIT, 0
        if size < self._wal_limit:
            return
        patience = _WAL_PATIENCE_MS[min(self._wal_tries, len(_WAL_PATIENCE_MS) - 1)]
        self.db.conn.execute(f"PRAGMA busy_timeout = {patience}")
        try:
            (busy, _, copied) = self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.db.conn.execute(f"PRAGMA busy_timeout = {round(self._wait_s * 1000)}")
        # What is copied of the log ends where the oldest reader began.
        has_moved = busy and self._wal_copied not in (-1, copied)
        self._wal_tries = self._wal_tries + 1 if has_moved else 0
        self._wal_copied = copied if busy else -1
        self._wal_limit = size + _WAL_STEP if busy else WAL_LIMIT

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
            self.db.conn.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def probe(self) -> None:
        """Writes what is there already: raises StorageError or DamagedError where it cannot."""
        with self.transaction() as db:
            db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def check_in_place(self) -> None:
        """Raises DamagedError when the file was deleted, replaced or emptied under us."""
        place.check_in_place(self.path, self._opened)

    def tidy(self) -> None:
        """Upkeep between polls: statistics for the planner, and the WAL back to nothing."""
        with translated(self.path):
            self.db.conn.execute("PRAGMA optimize")
            self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def vacuum(self) -> tuple[int, int]:
        """Gives the space of what was removed back; the file's bytes before and after."""
        with translated(self.path):
            before = self._bytes()
            self.db.conn.execute("INSERT INTO search (search) VALUES ('optimize')")
            self.db.conn.execute("VACUUM")
            self.tidy()
            return before, self._bytes()

    def _bytes(self) -> int:
        (pages,) = self.db.conn.execute("PRAGMA page_count").fetchone()
        (size,) = self.db.conn.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)

    def close(self) -> None:
        """Closing the last connection checkpoints; then the lock is free."""
        try:
            self.db.conn.close()
        finally:
            os.close(self._lock)
