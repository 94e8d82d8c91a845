"""Where the database lies: which file system, how much room, and whether it is still there.

Nothing here opens the database file: a process that closes any descriptor of it loses the locks
of all its SQLite connections (POSIX).
"""

from __future__ import annotations

import os
from pathlib import Path

from aggregator.errors import DamagedError, StorageError

MOUNTS = Path("/proc/self/mountinfo")

# WAL shares memory between processes through the file system and locks through it: on these,
# neither holds between machines.
_SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "glusterfs", "fuse.sshfs", "9p"}
)


def file_system_of(path: Path, mountinfo: str) -> str:
    """The type of the file system that holds `path` (absolute, links resolved), '' if unknown.

    `mountinfo` is in the form of proc(5): the mount point is field 5, the type stands first
    after ` - `; of two mounts on one point the later one counts.
    """
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = fields[4].encode("latin-1", "replace").decode("unicode_escape")
        if path.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), after.split(" ")[0]
    return kind


def refuse_shared(path: Path, mounts: Path = MOUNTS) -> None:
    """Raises StorageError when `path` lies on a network file system."""
    try:
        mountinfo = mounts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # no /proc: nobody can tell
    kind = file_system_of(path.resolve(), mountinfo)
    if kind in _SHARED:
        raise StorageError(
            f"{path}: lies on a network file system ({kind}), where SQLite's locks do not hold;"
            " `database:` wants a local disk"
        )


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
