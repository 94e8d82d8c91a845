"""The database, while it is written -> a copy of one moment, checked before it has its name."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from aggregator.errors import DamagedError, StorageError, UsageError
from aggregator.store.connection import open_reader, translated

PAGES = 2048
"""Copied at a time: 8 MiB."""

Progress = Callable[[int, int], None]
"""Called after each step with how many pages are left, and of how many."""


def back_up(source: Path, target: Path, *, progress: Progress | None = None) -> None:
    """Writes `target`, a whole database in one file; what was there before stays till the end.

    Reads only, beside a daemon or without one. Raises UsageError for a target that is in use,
    StorageError when it cannot be written, DamagedError when source or copy are not whole.
    """
    _check_target(source, target)
    part = target.with_name(f".{target.name}.part")
    try:
        _copy(source, part, progress)
        _check_copy(part)
        _keep(part, target)
    except OSError as error:
        raise StorageError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        for leftover in (part, Path(f"{part}-journal"), Path(f"{part}-wal"), Path(f"{part}-shm")):
            leftover.unlink(missing_ok=True)


def _check_target(source: Path, target: Path) -> None:
    if not target.parent.is_dir():
        raise StorageError(f"{target.parent}: no such directory")
    is_other = target.exists() and not target.is_file()  # a directory, or a device to be replaced
    if is_other or (target.exists() and source.exists() and target.samefile(source)):
        raise UsageError(f"{target}: not a place for a backup; expected the name of a file")
    # A log left of another database would be replayed into the copy.
    if Path(f"{target}-wal").exists() or Path(f"{target}-journal").exists():
        raise UsageError(f"{target}: a database that some program has open; choose another name")


def _copy(source: Path, part: Path, progress: Progress | None) -> None:
    part.unlink(missing_ok=True)
    with closing(open_reader(source).conn) as reader, translated(part):
        # The open read transaction pins one moment. Without it, every commit of the daemon would
        # make the copy begin anew.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # synced once, at the end
            reader.backup(
                copy,
                pages=PAGES,
                progress=None if progress is None else lambda _, left, total: progress(left, total),
            )
            # One file without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()


def _check_copy(part: Path) -> None:
    with translated(part), closing(sqlite3.connect(part)) as copy:
        (verdict, *_) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise DamagedError(f"the copy is not whole, nor may the database be: {verdict}")


def _keep(part: Path, target: Path) -> None:
    """No connection has `part` open any more, so opening it here costs nobody a lock."""
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
