"""Files -> one generation on disk, shown to readers by one rename.

    output/current -> generations/000042
    output/generations/000042/manifest.json, index.html, <page>/<name>

Alone in knowing that layout. A generation is whole before `current` names it and is never
changed afterwards. A file whose bytes are those of the generation before is the same file (a hard
link): its inode and modification time, and so its ETag, hold.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator.errors import StorageError
from aggregator.times import format_time

MANIFEST = "manifest.json"
PREVIEW = "index.html"

_CURRENT = "current"
_GENERATIONS = "generations"
# Beside `current`, where a rename onto it is atomic. One name: a leftover is found again.
_NEXT_LINK = ".current.next"

# An id of feeds.yaml has up to 64 characters, an extension five more.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,68}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{6,18}", re.ASCII)

# What a file system answers that has no hard links (FAT, some network and overlay ones), or when
# the two directories lie on different ones, or when an inode has as many links as it can hold.
_NO_HARD_LINK = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS}
)

# Old generations removed by one publication: a long backlog is worked off by several.
_REMOVED_AT_ONCE = 20

Link = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publication did; `changed` and `removed` are sorted paths of data files.

    A new file is a changed one. The manifest and the preview are no data files.
    """

    generation: int
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def publish(
    output: Path,
    files: Mapping[str, bytes],
    *,
    preview: bytes | None,
    generated_at: datetime,
    keep: int = 5,
    after: int = 0,
    link: Link = os.link,
) -> Publication | None:
    """Makes `files` what readers of `output/current` see; None when they see them already.

    `files` maps relative paths, `/` between their parts, to contents. `preview` becomes
    index.html; a new preview alone publishes nothing. Of the generations before, the newest
    `keep` stay. The new one is numbered above all on disk and above `after`, the last that was
    recorded elsewhere. One process at a time may publish to an `output`.

    Raises ValueError for a path that is not one of ours, before anything is written. Raises
    StorageError when something cannot be written, or when a link stands where only a directory
    of ours may; readers then see what they saw before (the new generation, if all that failed is
    to make the switch itself durable).
    """
    _check_paths(files)
    with _storage_errors(output):
        numbers = _numbers(output)
        shown = current_generation(output)
        previous = _generation_path(output, shown) if shown in numbers else None
        there = _data_files(previous)
        kept = _unchanged(previous, there, files)
        changed = tuple(sorted(files.keys() - kept))
        removed = tuple(sorted(there.keys() - files.keys()))
        if previous is not None and not changed and not removed:
            return None
        publication = Publication(max([*numbers, shown or 0, after]) + 1, changed, removed)
        everything = _with_our_own(files, preview, publication, generated_at)
        _prepare(output)
        _write_and_switch(output, publication.generation, everything, _Kept(previous, kept, link))
        _retire(output, publication.generation, keep)
    return publication


def current_generation(output: Path) -> int | None:
    """The number of the generation that readers see, None before the first publication.

    Raises StorageError when `output/current` is anything but a link that `publish` made.
    """
    path = output / _CURRENT
    with _storage_errors(output):
        try:
            target = path.readlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise StorageError(f"{path}: a symbolic link was expected") from error
    if target.parent != Path(_GENERATIONS) or not _NUMBER.fullmatch(target.name):
        raise StorageError(f"{path}: does not lead to {_GENERATIONS}/")
    return int(target.name)


def sweep(output: Path) -> None:
    """Removes what an interrupted publication left: its link and generations never shown.

    Nothing to do when there is no `output` yet. Raises StorageError as `publish` does.
    """
    with _storage_errors(output):
        (output / _NEXT_LINK).unlink(missing_ok=True)
        shown = current_generation(output)
        for number in _numbers(output):
            if shown is None or number > shown:
                shutil.rmtree(_generation_path(output, number))


def _check_paths(files: Mapping[str, bytes]) -> None:
    for path in files:
        if path in (MANIFEST, PREVIEW) or not all(map(_NAME.fullmatch, path.split("/"))):
            raise ValueError(f"not a name to publish: {path!r}")
        for parent in Path(path).parents:
            if parent.as_posix() in files or parent.as_posix() in (MANIFEST, PREVIEW):
                raise ValueError(f"both a file and a directory: {parent.as_posix()!r}")


@contextmanager
def _storage_errors(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = output if error.filename is None else error.filename
        raise StorageError(f"{where}: {error.strerror or error}") from error


# ----------------------------------------------------------- what is there


def _generation_path(output: Path, number: int) -> Path:
    return output / _GENERATIONS / f"{number:06d}"


def _numbers(output: Path) -> list[int]:
    """The generations on disk, ascending. Raises StorageError when one of them is a link."""
    directory = output / _GENERATIONS
    if directory.is_symlink():
        raise StorageError(f"{directory}: is a symbolic link")
    if not directory.exists():
        return []
    numbers = []
    with os.scandir(directory) as found:
        for item in found:
            if not _NUMBER.fullmatch(item.name):
                continue
            if not item.is_dir(follow_symlinks=False):
                raise StorageError(f"{item.path}: a directory was expected")
            numbers.append(int(item.name))
    return sorted(numbers)


def _regular_files(directory: Path, prefix: str = "") -> Iterator[tuple[str, int]]:
    """The relative path and size of every regular file below; links are not followed."""
    with os.scandir(directory) as found:
        for item in found:
            if item.is_dir(follow_symlinks=False):
                yield from _regular_files(Path(item.path), f"{prefix}{item.name}/")
            elif item.is_file(follow_symlinks=False):
                yield f"{prefix}{item.name}", item.stat(follow_symlinks=False).st_size


def _data_files(generation: Path | None) -> dict[str, int]:
    """The relative path and size of every data file of a generation."""
    if generation is None:
        return {}
    return {
        path: size for path, size in _regular_files(generation) if path not in (MANIFEST, PREVIEW)
    }


def _unchanged(
    generation: Path | None, there: Mapping[str, int], files: Mapping[str, bytes]
) -> frozenset[str]:
    """The paths of `files` that the generation holds with the same bytes."""
    if generation is None:
        return frozenset()
    return frozenset(
        path
        for path, content in files.items()
        if there.get(path) == len(content) and (generation / path).read_bytes() == content
    )


# ---------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class _Kept:
    """The files that a new generation shares with `generation`, and how to share one."""

    generation: Path | None
    paths: frozenset[str]
    link: Link


def _with_our_own(
    files: Mapping[str, bytes],
    preview: bytes | None,
    publication: Publication,
    generated_at: datetime,
) -> dict[str, bytes]:
    """All files of a generation; the manifest, which lists the others, is the last."""
    listed = dict(files) if preview is None else {**files, PREVIEW: preview}
    manifest = {
        "generation": publication.generation,
        "generated_at": format_time(generated_at),
        "files": {
            path: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for path, content in sorted(listed.items())
        },
        "changed": publication.changed,
        "removed": publication.removed,
    }
    return {**listed, MANIFEST: json.dumps(manifest, indent=2).encode() + b"\n"}


def _prepare(output: Path) -> None:
    """The directories of all generations, and nothing half done in them."""
    output.mkdir(parents=True, exist_ok=True)
    if not (output / _GENERATIONS).exists():
        _make_directory(output / _GENERATIONS)
        _sync_directory(output)
    sweep(output)


def _write_and_switch(output: Path, number: int, files: Mapping[str, bytes], kept: _Kept) -> None:
    target = _generation_path(output, number)
    try:
        _write_generation(target, files, kept)
        _switch(output, target)
    except OSError:
        # Best effort: on a full disk this makes room again. What stays is swept later.
        shutil.rmtree(target, ignore_errors=True)
        with suppress(OSError):
            (output / _NEXT_LINK).unlink(missing_ok=True)
        raise
    _sync_directory(output)


def _write_generation(target: Path, files: Mapping[str, bytes], kept: _Kept) -> None:
    inner = {parent for path in files for parent in (target / path).parents}
    directories = sorted(parent for parent in inner if parent.is_relative_to(target))
    for directory in directories:
        _make_directory(directory)
    for path, content in files.items():
        if kept.generation is not None and path in kept.paths:
            _carry_over(kept.generation / path, target / path, content, kept.link)
        else:
            _write_file(target / path, content)
    for directory in [*reversed(directories), target.parent]:
        _sync_directory(directory)


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


def _make_directory(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _switch(output: Path, target: Path) -> None:
    (output / _NEXT_LINK).symlink_to(f"{_GENERATIONS}/{target.name}")
    (output / _NEXT_LINK).replace(output / _CURRENT)


def _retire(output: Path, current: int, keep: int) -> None:
    """Removes all but the newest `keep` generations before `current`, the oldest first.

    One that cannot be removed is tried again at the next publication.
    """
    before = [number for number in _numbers(output) if number < current]
    for number in before[: max(len(before) - keep, 0)][:_REMOVED_AT_ONCE]:
        shutil.rmtree(_generation_path(output, number), ignore_errors=True)
