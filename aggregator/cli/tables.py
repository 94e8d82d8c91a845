"""Rows -> a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from aggregator.logs import printable_lines

_NUMBERS = ("id", "entries", "failures")


def fit_table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Fit to print; what looks like a number is one in a column of numbers only."""
    if not rows:  # tabulate looks for the columns in the first one
        return printable_lines(tabulate([], headers=headers))
    texts = [place for place, header in enumerate(headers) if header not in _NUMBERS]
    return printable_lines(tabulate(rows, headers=headers, disable_numparse=texts))
