"""Where the database lies: which file system, how much room, and whether it is still there.

Nothing here opens the database file: a process that closes any descriptor of it loses the locks
of all its SQLite connections (POSIX).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from aggregator.errors import DamagedError, StorageError, UsageError
from aggregator.store.filesystem import network_file_system


def refuse_shared(path: Path) -> None:
    """Raises StorageError when `path` lies on a network file system."""
    if kind := network_file_system(path):
        raise StorageError(
            f"{path}: lies on a network file system ({kind}), where SQLite's locks do not hold;"
            " `database:` wants a local disk"
        )


def refuse_other(path: Path) -> None:
    """Raises StorageError when what lies at `path` can be no database or may not be looked at;
    that nothing lies there is well."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "no file"
        raise StorageError(f"{path}: {what}; expected the name of the database's file")


def require(path: Path) -> None:
    """Raises UsageError when there is no database at `path`; as `refuse_other` else."""
    refuse_other(path)
    if not path.exists():
        raise UsageError(f"{path}: no database yet; `aggregator run` makes it")


def free_bytes(path: Path) -> int:
    """Room for an ordinary user where `path` lies or will lie. Raises StorageError."""
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        found = os.statvfs(place)
    except OSError as error:
        raise StorageError(f"{place}: cannot be looked at: {error.strerror}") from error
    return found.f_bavail * found.f_frsize


def wal_bytes(path: Path) -> int:
    """The size of the write-ahead log of the database at `path`."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino


def check_in_place(path: Path, opened: tuple[int, int]) -> None:
    """Raises DamagedError when `path` is no longer the file that was opened, or is empty."""
    try:
        there, size = identity(path), path.stat().st_size
    except OSError as error:
        raise DamagedError(f"{path}: gone while in use ({error.strerror})") from error
    if there != opened:
        raise DamagedError(f"{path}: replaced by another file while in use")
    if size == 0:
        raise DamagedError(f"{path}: emptied while in use; restore a backup")
