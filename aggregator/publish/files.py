"""Files -> a directory that holds them, durable, sharing with another what did not change."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# What a file system answers that has no hard links (FAT, some network and overlay ones), or when
# the two directories lie on different ones, or when an inode has as many links as it can hold.
_NO_HARD_LINK = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS}
)

Link = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """The files that a new generation shares with `generation`, and how to share one."""

    generation: Path | None
    paths: frozenset[str]
    link: Link


def write_generation(target: Path, files: Mapping[str, bytes], kept: Kept) -> None:
    inner = {parent for path in files for parent in (target / path).parents}
    directories = sorted(parent for parent in inner if parent.is_relative_to(target))
    for directory in directories:
        make_directory(directory)
    for path, content in files.items():
        if kept.generation is not None and path in kept.paths:
            _carry_over(kept.generation / path, target / path, content, kept.link)
        else:
            _write_file(target / path, content)
    for directory in [*reversed(directories), target.parent]:
        sync_directory(directory)


def _carry_over(source: Path, target: Path, content: bytes, link: Link) -> None:
    """Makes `target` the same file as `source`, or where that cannot be its equal."""
    try:
        link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        _write_file(target, content)
        found = source.stat()
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _write_file(target: Path, content: bytes) -> None:
    with target.open("xb") as file:
        file.write(content)
        file.flush()
        # Whatever the umask: the web server is another user.
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def make_directory(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
