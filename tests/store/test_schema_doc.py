"""docs/schema.md has every table, view, column and index, and names none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.model import Outcome
from aggregator.store.store import Store

DOC = Path(__file__).parents[2] / "docs" / "schema.md"
SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Table or view -> the columns its section lists."""
    text = DOC.read_text(encoding="utf-8")
    return {name: set(ROW.findall(body)) for name, body in SECTION.findall(text)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh database."""
    with closing(Store.open(tmp_path / "aggregator.db")) as opened:
        yield opened


def actual(store: Store) -> dict[str, set[str]]:
    """Table or view -> its columns, generated ones included.

    Left out: what FTS5 keeps behind a full-text table (`<table>_data` and its like, and the
    hidden columns of the table itself), which is SQLite's own.
    """
    names = [
        row[0]
        for row in store.db.conn.execute(
            """
            SELECT name FROM pragma_table_list
            WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')
                AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND name NOT LIKE '\\_sqlite%' ESCAPE '\\'
            """
        )
    ]
    shadows = {
        row["name"] for row in store.db.conn.execute("PRAGMA table_list") if row["type"] == "shadow"
    }
    return {
        name: {
            row["name"]
            for row in store.db.conn.execute(f"PRAGMA table_xinfo({name})")
            if row["hidden"] != 1  # a virtual table's own
        }
        for name in names
        if name not in shadows
    }


def test_every_table_view_and_column_is_documented(store: Store) -> None:
    """Both ways."""
    assert documented() == actual(store)


def test_every_index_is_documented(store: Store) -> None:
    """With the question it answers."""
    text = DOC.read_text(encoding="utf-8")
    indexes = [
        row[0]
        for row in store.db.conn.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name <> '_sqlite_migrations'"
        )
    ]

    assert [name for name in indexes if f"| `{name}` |" not in text] == []


def test_the_examples_run(store: Store) -> None:
    """Every SQL example of the document is SQL that this schema understands."""
    examples = re.findall(r"^```sql\n(.*?)^```", DOC.read_text(), re.MULTILINE | re.DOTALL)

    for example in examples:
        store.db.conn.execute(f"EXPLAIN {example}").fetchall()

    assert len(examples) >= 5


def test_outcomes_are_documented_for_analysts() -> None:
    """`polls.outcome` is a closed set; its page is named."""
    text = DOC.read_text(encoding="utf-8")

    assert "outcomes.md" in text
    assert all(f"`{outcome}`" in (DOC.parent / "outcomes.md").read_text() for outcome in Outcome)
