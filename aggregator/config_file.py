"""A path -> the network of the feeds.yaml there. The only reader of that file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aggregator.config import LoadedNetwork, load_network
from aggregator.config.source import MAX_BYTES, NOT_UTF8, TOO_LARGE
from aggregator.errors import ConfigError, Problem


def read_network(
    path: Path, *, database: Path | None = None, output: Path | None = None
) -> LoadedNetwork:
    """The network of the file at `path`; raises ConfigError when it cannot be read or used.

    `database` and `output`, relative to the working directory, replace what the file says.
    """
    loaded = load_network(_read_text(path), path=path.absolute(), shown_as=str(path))
    network = loaded.network
    if database is not None:
        network = replace(network, database=database.absolute())
    if output is not None:
        network = replace(network, output=output.absolute())
    return replace(loaded, network=network)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    # ValueError: a path with a NUL in it.
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(path, f"cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise _unreadable(path, TOO_LARGE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError((Problem(str(path), line, column, "", NOT_UTF8),)) from error


def _unreadable(path: Path, text: str) -> ConfigError:
    return ConfigError((Problem(str(path), 1, 1, "", text),))
