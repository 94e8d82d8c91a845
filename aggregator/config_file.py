"""A path -> the network of the feeds.yaml there. The only reader of that file, and of the templates
it names."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from aggregator.config import LoadedNetwork, load_network
from aggregator.config.source import MAX_BYTES, NOT_UTF8, TOO_LARGE, read_source
from aggregator.errors import ConfigError, Problem
from aggregator.given_file import read_given
from aggregator.network import Templates
from aggregator.render import template_problems
from aggregator.render.templating import SUFFIXES


def read_network(
    path: Path, *, database: Path | None = None, output: Path | None = None
) -> LoadedNetwork:
    """The network of the file at `path`; raises ConfigError when it cannot be read or used.

    Templates of the operator's are read too, and tried. `database` and `output`, relative to the
    working directory, replace what the file says.
    """
    text = _read_text(path)
    loaded = load_network(text, path=path.absolute(), shown_as=str(path))
    templates = _read_templates(path, text, loaded.network.publishing.templates_at)
    digest = hashlib.sha256(repr((text, templates and templates.sources)).encode()).hexdigest()
    publishing = replace(loaded.network.publishing, templates=templates, config_hash=digest)
    network = replace(loaded.network, publishing=publishing)
    if database is not None:
        network = replace(network, database=database.absolute())
    if output is not None:
        network = replace(network, output=output.absolute())
    return replace(loaded, network=network)


def _read_templates(path: Path, text: str, directory: Path | None) -> Templates | None:
    """The files of `directory` that can be templates; raises ConfigError, with file and line.

    `text` is the file at `path`, which names the directory.
    """
    if directory is None:
        return None
    try:
        files = sorted(item for item in directory.iterdir() if item.suffix in SUFFIXES)
    except OSError as error:
        words = f"{directory}: {error.strerror}"
        problem = read_source(text, str(path)).problem(("templates",), words)
        raise ConfigError((problem,)) from error
    templates = Templates(directory, tuple((item.name, _read_text(item)) for item in files))
    problems = template_problems(templates)
    if problems:
        raise ConfigError(problems)
    return templates


def _read_text(path: Path) -> str:
    try:
        content = read_given(path, limit=MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a path with a NUL in it"
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
