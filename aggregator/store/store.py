"""The one writer: a locked database and its connection, for one thread at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from aggregator.store.connection import open_writer, take_lock, translated


class Store:
    """Owns the database from `open` to `close`; nothing else writes to it meanwhile."""

    def __init__(self, path: Path, db: Database, lock: int) -> None:
        self.path = path
        self.db = db
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Store:
        """Raises LockedError, StorageError, DamagedError, NewerSchemaError."""
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
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.conn.rollback()
                raise

    def tidy(self) -> None:
        """Upkeep between polls: statistics for the planner, and the WAL back to nothing."""
        with translated(self.path):
            self.db.conn.execute("PRAGMA optimize")
            self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Closing the last connection checkpoints; then the lock is free."""
        try:
            self.db.conn.close()
        finally:
            os.close(self._lock)
