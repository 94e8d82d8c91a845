"""Tables for people."""

from __future__ import annotations

from aggregator.cli.tables import fit_table


def test_a_table_without_rows_has_its_head() -> None:
    """A network without feeds, and editors who did nothing yet."""
    head, line = fit_table([], ["id", "site", "entries"]).splitlines()

    assert head.split() == ["id", "site", "entries"]
    assert set(line) == {"-", " "}


def test_only_columns_of_numbers_hold_numbers() -> None:
    """A site may be called 007, or 1e5."""
    rows = fit_table([[7, "007", 12], [10, "1e5", 3]], ["id", "site", "entries"]).splitlines()[2:]

    assert [row.split() for row in rows] == [["7", "007", "12"], ["10", "1e5", "3"]]


def test_nothing_in_a_table_moves_the_cursor() -> None:
    """Texts come from outside."""
    assert "\x1b" not in fit_table([[1, "a\x1b[2J"]], ["id", "site"])
