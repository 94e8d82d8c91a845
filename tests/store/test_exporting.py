"""Rows for other programs: complete, typed, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from store_build import NOW, entry, store_document

from aggregator.errors import UsageError
from aggregator.export import write_csv, write_ndjson, write_parquet
from aggregator.network import Network
from aggregator.store import exporting
from aggregator.store.exporting import Wanted, export_batches, export_columns
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

DAY = timedelta(days=1)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"]


@pytest.fixture
def store(store: Store, network: Network) -> Store:
    """Two sites; site b has one entry, a day later."""
    items = [entry(n, title=title, author=None) for n, title in enumerate(FORMULAS)]
    store_document(store, network, 1, *items, entry(50, title='Plain, "quoted"\nlines 北京'))
    item = entry(60, url="https://b.example/60", canonical_url="b.example/60")
    store_document(store, network, 2, item, now=NOW + DAY)
    return store


def csv_of(store: Store, wanted: Wanted) -> list[dict[str, str]]:
    """As another program reads it."""
    file = io.BytesIO()
    write_csv(export_batches(store.db, wanted), export_columns(store.db, wanted.kind), file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def test_no_cell_is_a_formula(store: Store) -> None:
    """An apostrophe stands before what a spreadsheet would compute; other text is as it is."""
    found = csv_of(store, Wanted("entries"))

    assert [row["title"] for row in found[:7]] == [f"'{formula}" for formula in FORMULAS]
    assert found[7]["title"] == 'Plain, "quoted"\nlines 北京'
    assert found[7]["author"] == ""


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted("entries"), 9),
        (Wanted("stories"), 9),
        (Wanted("entries", since=NOW + DAY), 1),
        (Wanted("stories", since=NOW + DAY), 1),
        (Wanted("entries", site="a"), 8),
        (Wanted("stories", site="b"), 1),
    ],
)
def test_filters_narrow(store: Store, wanted: Wanted, count: int) -> None:
    """By first sight and by site."""
    assert len(csv_of(store, wanted)) == count


def test_batches_join_without_a_gap(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row once, whatever the size of a batch."""
    monkeypatch.setattr(exporting, "BATCH", 2)

    batches = list(export_batches(store.db, Wanted("entries")))

    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 1]
    assert [row["id"] for batch in batches for row in batch] == list(range(1, 10))


def test_ndjson_has_a_line_for_each_row(store: Store) -> None:
    """Numbers are numbers, absent values null, text as it is."""
    file = io.BytesIO()

    write_ndjson(
        export_batches(store.db, Wanted("entries")), export_columns(store.db, "entries"), file
    )

    found = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [row["title"] for row in found[:7]] == FORMULAS
    assert (found[0]["id"], found[0]["author"]) == (1, None)


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow")
@pytest.mark.parametrize("kind", exporting.KINDS)
def test_parquet_has_typed_columns(store: Store, tmp_path: Path, kind: str) -> None:
    """Times are times."""
    import pyarrow.parquet

    with (tmp_path / "x.parquet").open("wb") as file:
        write_parquet(export_batches(store.db, Wanted(kind)), export_columns(store.db, kind), file)

    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert table.num_rows == 9
    assert table.column("first_seen_at")[0].as_py() == NOW
    assert table.column("title")[0].as_py() == "=1+1"
    assert str(table.schema.field("id").type) == "int64"


def test_parquet_without_pyarrow_says_how_to_get_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"aggregator\[export\]"):
        write_parquet([], ["id"], io.BytesIO())
