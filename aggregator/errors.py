"""What we or the operator did wrong, each with the exit status it ends a command with.

What a server does wrong is never an exception: it is a value with an `Outcome`.

    AggregatorError            70   our bug, unless a subclass says otherwise
    ├── ConfigError             2   feeds.yaml or the command line
    ├── LockedError             3   another process owns the database
    ├── StorageError            4   a file or directory cannot be written
    ├── DamagedError            5   the database is not whole, or not ours
    ├── NewerSchemaError        6   the database was written by a newer version
    └── GuardError             70   the network guard failed its self-test
"""

from __future__ import annotations

from dataclasses import dataclass


class AggregatorError(Exception):
    """Base of every error this package raises on purpose."""

    exit_status = 70


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration file.

    `line` and `column` count from 1; `key` is the dotted path (`sites.a.feeds[0].url`), empty for
    the document itself; `text` says what was found and what was expected.
    """

    file: str
    line: int
    column: int
    key: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class ConfigError(AggregatorError):
    """The configuration cannot be used; carries every problem found, in file order."""

    exit_status = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class UsageError(AggregatorError):
    """A command names something that does not exist (a page, a feed)."""

    exit_status = 2


class LockedError(AggregatorError):
    """Another process owns the database."""

    exit_status = 3


class StorageError(AggregatorError):
    """The database or the output directory cannot be written."""

    exit_status = 4


class DamagedError(AggregatorError):
    """The database file is damaged or is not one of ours; nothing was changed."""

    exit_status = 5


class NewerSchemaError(AggregatorError):
    """The database was written by a newer version; nothing was changed."""

    exit_status = 6


class GuardError(AggregatorError):
    """The network guard is not in the path of connections; nothing was fetched."""
