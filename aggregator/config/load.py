"""The text of feeds.yaml -> the network it describes, or every problem it has. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.build import build_network, warnings_of
from aggregator.config.checks import check_parts
from aggregator.config.document import FileKeys
from aggregator.config.faults import problems_of
from aggregator.config.source import Source, blanks, plain, read_source
from aggregator.config.usable import parts_of, usable_parts
from aggregator.errors import ConfigError, Problem
from aggregator.network import Network


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network, and what its file says that can have no effect, in file order."""

    network: Network
    warnings: tuple[Problem, ...]


def load_network(text: str, *, path: Path, shown_as: str | None = None) -> LoadedNetwork:
    """The network that `text` describes; raises ConfigError with all problems, in file order.

    `path` is the absolute path of the file: `database` and `output` are relative to its directory.
    `shown_as` is the name of the file in problems, `path` by default.
    """
    source = read_source(text, shown_as or str(path))
    raw = plain(source.root)
    file, errors = _validate(raw)
    problems = [*source.problems, *problems_of(errors, source)]
    problems += _check_values(raw, file, errors, source)
    if file is None or problems:
        raise ConfigError(_in_file_order(problems))
    network = build_network(file, path.parent)
    return LoadedNetwork(network, _in_file_order(warnings_of(file, network, source)))


def _validate(raw: object) -> tuple[FileKeys | None, list[ErrorDetails]]:
    try:
        return FileKeys.model_validate(raw), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _check_values(
    raw: object, file: FileKeys | None, errors: list[ErrorDetails], source: Source
) -> list[Problem]:
    """The problems that a look at one key alone does not show, blanks included."""
    problems = [
        source.problem(path, "blank; expected a value, or the key left out")
        for path in blanks(source.root)
    ]
    if file is not None and not problems:
        problems += check_parts(parts_of(file), source)
    elif isinstance(raw, dict):
        faults = frozenset(error["loc"] for error in errors) | frozenset(blanks(source.root))
        problems += check_parts(usable_parts(raw, faults), source)
    return problems


def _in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
