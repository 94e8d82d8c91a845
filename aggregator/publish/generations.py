"""Files -> one generation on disk, shown to readers by one rename.

    output/current -> generations/000042
    output/generations/000042/manifest.json, index.html, <page>/<name>

Alone in knowing that layout. A generation is whole before `current` names it and is never
changed afterwards. A file whose bytes are those of the generation before is the same file (a hard
link): its inode and modification time, and so its ETag, hold.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from aggregator.publish.files import Kept, Link, make_directory, sync_directory, write_generation
from aggregator.publish.layout import (
    COMPRESSED,
    CURRENT,
    GENERATIONS,
    MANIFEST,
    NEXT_LINK,
    PREVIEW,
    current_generation,
    data_files,
    generation_path,
    numbers,
    storage_errors,
    unchanged,
)
from aggregator.times import format_time

# An id of feeds.yaml has up to 64 characters, an extension five more.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,68}", re.ASCII)
# Old generations removed by one publication: a long backlog is worked off by several.
_REMOVED_AT_ONCE = 20

_NO_DETAILS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publication did; `changed` and `removed` are sorted paths of data files.

    A new file is a changed one, a compressed file one of its own. The manifest and the preview
    are no data files.
    """

    generation: int
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def publish(
    output: Path,
    files: Mapping[str, bytes],
    *,
    preview: Callable[[], bytes | None],
    generated_at: datetime,
    keep: int = 5,
    after: int = 0,
    compress: bool = False,
    details: Mapping[str, object] = _NO_DETAILS,
    link: Link = os.link,
) -> Publication | None:
    """Makes `files` what readers of `output/current` see; None when they see them already.

    `files` maps relative paths, `/` between their parts, to contents. What `preview` gives becomes
    index.html; it is asked for only when there is a generation to write: nothing is published for
    a new preview alone, nor for new `details` of the manifest. Of the generations before, the
    newest `keep` stay. The new one is numbered above all on disk and above `after`, the last that
    was recorded elsewhere. With `compress` each data file has a twin whose name ends in `.gz`. One
    process at a time may publish to an `output`.

    Raises ValueError for a path that is not one of ours, before anything is written. Raises
    StorageError when something cannot be written, or when a link stands where only a directory
    of ours may; readers then see what they saw before (the new generation, if all that failed is
    to make the switch itself durable).
    """
    _check_paths(files)
    with storage_errors(output):
        found = numbers(output)
        shown = current_generation(output)
        previous = generation_path(output, shown) if shown in found else None
        there = data_files(previous)
        kept = _kept(previous, there, files, compress=compress)
        wanted = {*files, *(path + COMPRESSED for path in files if compress)}
        changed = tuple(sorted(wanted - kept))
        removed = tuple(sorted(there.keys() - wanted))
        if previous is not None and not changed and not removed:
            return None
        publication = Publication(max([*found, shown or 0, after]) + 1, changed, removed)
        if compress:
            files = {**files, **_compressed(files, previous, kept)}
        everything = _with_our_own(files, preview(), publication, generated_at, details)
        _prepare(output)
        _write_and_switch(output, publication.generation, everything, Kept(previous, kept, link))
        _retire(output, publication.generation, keep)
    return publication


def _kept(
    previous: Path | None, there: Mapping[str, int], files: Mapping[str, bytes], *, compress: bool
) -> frozenset[str]:
    """The paths that the new generation shares with the one before."""
    plain = unchanged(previous, there, files)
    packed = {path + COMPRESSED for path in plain if compress} & there.keys()
    return plain | packed


def _compressed(
    files: Mapping[str, bytes], previous: Path | None, kept: frozenset[str]
) -> dict[str, bytes]:
    """The compressed twin of every file; the same bytes for the same content at any time."""
    packed = {}
    for path, content in files.items():
        twin = path + COMPRESSED
        if previous is not None and twin in kept:
            packed[twin] = (previous / twin).read_bytes()
        else:
            packed[twin] = gzip.compress(content, mtime=0)
    return packed


def sweep(output: Path) -> None:
    """Removes what an interrupted publication left: its link and generations never shown.

    Nothing to do when there is no `output` yet. Raises StorageError as `publish` does.
    """
    with storage_errors(output):
        (output / NEXT_LINK).unlink(missing_ok=True)
        shown = current_generation(output)
        for number in numbers(output):
            if shown is None or number > shown:
                shutil.rmtree(generation_path(output, number))


def _check_paths(files: Mapping[str, bytes]) -> None:
    for path in files:
        if path in (MANIFEST, PREVIEW) or not all(map(_NAME.fullmatch, path.split("/"))):
            raise ValueError(f"not a name to publish: {path!r}")
        for parent in Path(path).parents:
            if parent.as_posix() in files or parent.as_posix() in (MANIFEST, PREVIEW):
                raise ValueError(f"both a file and a directory: {parent.as_posix()!r}")


# ---------------------------------------------------------------- writing


def _with_our_own(
    files: Mapping[str, bytes],
    preview: bytes | None,
    publication: Publication,
    generated_at: datetime,
    details: Mapping[str, object],
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
        **details,
    }
    return {**listed, MANIFEST: json.dumps(manifest, indent=2).encode() + b"\n"}


def _prepare(output: Path) -> None:
    """The directories of all generations, and nothing half done in them."""
    output.mkdir(parents=True, exist_ok=True)
    if not (output / GENERATIONS).exists():
        make_directory(output / GENERATIONS)
        sync_directory(output)
    sweep(output)


def _write_and_switch(output: Path, number: int, files: Mapping[str, bytes], kept: Kept) -> None:
    target = generation_path(output, number)
    try:
        write_generation(target, files, kept)
        _switch(output, target)
    except OSError:
        # Best effort: on a full disk this makes room again. What stays is swept later.
        shutil.rmtree(target, ignore_errors=True)
        with suppress(OSError):
            (output / NEXT_LINK).unlink(missing_ok=True)
        raise
    sync_directory(output)


def _switch(output: Path, target: Path) -> None:
    (output / NEXT_LINK).symlink_to(f"{GENERATIONS}/{target.name}")
    (output / NEXT_LINK).replace(output / CURRENT)


def _retire(output: Path, current: int, keep: int) -> None:
    """Removes all but the newest `keep` generations before `current`, the oldest first.

    One that cannot be removed is tried again at the next publication.
    """
    before = [number for number in numbers(output) if number < current]
    for number in before[: max(len(before) - keep, 0)][:_REMOVED_AT_ONCE]:
        shutil.rmtree(generation_path(output, number), ignore_errors=True)
