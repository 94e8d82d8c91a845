"""`aggregator` without its full-text index: what a poll costs beside it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from aggregator.cli import main
from aggregator.match import ChangedEntry, NewEntry
from aggregator.store import searching


def index_nothing(db: Database, items: Iterable[NewEntry | ChangedEntry]) -> None:
    """In the place of `searching.index_entries`."""


searching.index_entries = index_nothing

if __name__ == "__main__":
    main()
