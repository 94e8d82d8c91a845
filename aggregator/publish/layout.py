"""A directory of generations as it lies on disk: what is where, and what it says.

output/current -> generations/000042
output/generations/000042/manifest.json, index.html, <page>/<name>, <page>/<name>.gz
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aggregator.errors import StorageError

MANIFEST = "manifest.json"
PREVIEW = "index.html"
COMPRESSED = ".gz"

CURRENT = "current"
GENERATIONS = "generations"
# Beside `current`, where a rename onto it is atomic. One name: a leftover is found again.
NEXT_LINK = ".current.next"

_NUMBER = re.compile(r"[0-9]{6,18}", re.ASCII)


def current_generation(output: Path) -> int | None:
    """The number of the generation that readers see, None before the first publication.

    Raises StorageError when `output/current` is anything but a link that `publish` made.
    """
    path = output / CURRENT
    with storage_errors(output):
        try:
            target = path.readlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise StorageError(f"{path}: a symbolic link was expected") from error
    if target.parent != Path(GENERATIONS) or not _NUMBER.fullmatch(target.name):
        raise StorageError(f"{path}: does not lead to {GENERATIONS}/")
    return int(target.name)


def generations_on_disk(output: Path) -> tuple[int, ...]:
    """The numbers of all generations that could be shown, ascending."""
    with storage_errors(output):
        return tuple(numbers(output))


def read_manifest(output: Path) -> Mapping[str, Any]:
    """The manifest of what readers see; empty where there is none or it is not one of ours."""
    try:
        said = json.loads((output / CURRENT / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def read_generation(
    output: Path, number: int
) -> tuple[dict[str, bytes], bytes | None, Mapping[str, Any]]:
    """Data files, preview and manifest of a generation; raises StorageError."""
    generation = generation_path(output, number)
    with storage_errors(output):
        plain = [path for path in data_files(generation) if not path.endswith(COMPRESSED)]
        files = {path: (generation / path).read_bytes() for path in plain}
        index = generation / PREVIEW
        preview = index.read_bytes() if index.is_file() else None
        try:
            said = json.loads((generation / MANIFEST).read_bytes())
        except (FileNotFoundError, ValueError) as error:
            raise StorageError(f"{generation}: not whole: no manifest") from error
    return files, preview, said


@contextmanager
def storage_errors(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = output if error.filename is None else error.filename
        raise StorageError(f"{where}: {error.strerror or error}") from error


def generation_path(output: Path, number: int) -> Path:
    return output / GENERATIONS / f"{number:06d}"


def numbers(output: Path) -> list[int]:
    """The generations on disk, ascending. Raises StorageError when one of them is a link."""
    directory = output / GENERATIONS
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


def data_files(generation: Path | None) -> dict[str, int]:
    """The relative path and size of every data file of a generation."""
    if generation is None:
        return {}
    return {
        path: size for path, size in _regular_files(generation) if path not in (MANIFEST, PREVIEW)
    }


def unchanged(
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
