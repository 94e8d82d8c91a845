"""A path on the command line -> a `Path`."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.errors import UsageError

_BESIDE = ("", "-wal", "-shm", "-journal", ".lock", ".key")
"""What the names of the files that make up a database end with."""


class FilePath(click.ParamType[Path]):
    """Any path, there or not; an empty one is a variable that is not set, never the directory one
    happens to be in."""

    name = "path"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Fails where there is none."""
        if not str(value):
            self.fail("an empty path; expected the name of a file or directory", param, ctx)
        return Path(str(value))


FILE_PATH = FilePath()


def check_target(target: Path, *, config: Path, database: Path) -> None:
    """Raises UsageError where a file to be made would take the place of one we work with."""
    ours = {config.resolve()} | {Path(f"{database}{end}").resolve() for end in _BESIDE}
    if target.resolve() in ours:
        raise UsageError(f"{target}: in use by the aggregator; expected the name of another file")
