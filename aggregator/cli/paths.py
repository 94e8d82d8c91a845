"""A path on the command line -> a `Path`."""

from __future__ import annotations

from pathlib import Path

import click


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
