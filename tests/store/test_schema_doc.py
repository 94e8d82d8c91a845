"""docs/schema.md has every table, view, column and index, and names none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from aggregator.model import Outcome
from aggregator.store.store import Store

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "schema.md"
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


def example_below(words: str) -> str:
    """The first SQL example after `words`."""
    _, found, after = DOC.read_text(encoding="utf-8").partition(words)
    assert found
    return after.partition("```sql\n")[2].partition("```")[0]


def test_what_stands_since_before_a_period_counts_in_it(store: Store) -> None:
    """Forty days at three positions, the last one till now: a week of the last week, and all of it
    of what stood longest."""
    db = store.db.conn
    db.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'https://a.example/')")
    db.execute(
        """
        INSERT INTO stories (id, site_id, url, title, first_seen_at)
        VALUES (1, 'a', 'https://a.example/1', 'T', '2026-01-01T00:00:00Z')
        """
    )
    db.execute("INSERT INTO generations VALUES (1, '2026-01-01T00:00:00Z', 1, 0)")
    for position, title, since, until in (
        (1, "Old", 40, 20),
        (2, "Old", 20, 10),
        (3, "New", 10, None),
    ):
        db.execute(
            """
            INSERT INTO placements (page, block, position, story_id, title, url, site_id,
                shown_from, shown_until, generation)
            VALUES ('p', 'b', :position, 1, :title, 'https://a.example/1', 'a',
                strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || :since || ' days'),
                strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || :until || ' days'), 1)
            """,
            {"position": position, "title": title, "since": since, "until": until},
        )

    weekly = db.execute(example_below("headline hours to which page")).fetchall()
    longest = db.execute(example_below("What stood longest")).fetchall()

    assert [tuple(row) for row in weekly] == [("a", "p", 168.0, 1)]
    assert [(row["title"], row["hours"]) for row in longest] == [("New", 960.0)]


def test_a_story_that_was_merged_is_counted_once(store: Store) -> None:
    """In the examples that count stories, and in the query of the web pages that does."""
    db = store.db.conn
    db.execute("INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'https://a.example/')")
    for id_, merged_into in ((1, None), (2, 1)):
        db.execute(
            """
            INSERT INTO stories (id, site_id, title, published_at, first_seen_at, merged_into)
            VALUES (:id, 'a', 'T', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
                strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), :merged_into)
            """,
            {"id": id_, "merged_into": merged_into},
        )
    metadata = yaml.safe_load((ROOT / "aggregator" / "web" / "metadata.yaml").read_text())
    counting = [
        example_below("Stories per site and day"),
        example_below("When sites publish"),
        metadata["queries"]["per_day"]["sql"],
    ]

    counts = [db.execute(sql).fetchone()["stories"] for sql in counting]
    never_shown = db.execute(example_below("that never stood on any page")).fetchall()

    assert (counts, len(never_shown)) == ([1, 1, 1], 1)


def test_outcomes_are_documented_for_analysts() -> None:
    """`polls.outcome` is a closed set; its page is named."""
    text = DOC.read_text(encoding="utf-8")

    assert "outcomes.md" in text
    assert all(f"`{outcome}`" in (DOC.parent / "outcomes.md").read_text() for outcome in Outcome)
