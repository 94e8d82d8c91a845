"""Batches of rows -> CSV, NDJSON or Parquet, into an open file."""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from aggregator.errors import UsageError

Row = Mapping[str, str | int | None]
Batches = Iterable[Sequence[Row]]

# A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write_csv(batches: Batches, columns: Sequence[str], file: BinaryIO) -> None:
    """RFC 4180, UTF-8; text that a spreadsheet would take for a formula gets an apostrophe."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    for batch in batches:
        writer.writerows([_harmless(row[column]) for column in columns] for row in batch)
    text.detach()


def _harmless(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_ndjson(batches: Batches, columns: Sequence[str], file: BinaryIO) -> None:
    """One JSON object a line."""
    for batch in batches:
        for row in batch:
            line = json.dumps({column: row[column] for column in columns}, ensure_ascii=False)
            file.write(line.encode("utf-8", "replace") + b"\n")


def write_parquet(batches: Batches, columns: Sequence[str], file: BinaryIO) -> None:
    """Times as timestamps in UTC; raises UsageError when pyarrow is not installed."""
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'aggregator[export]'") from error
    schema = arrow.schema([(column, _type_of(column, arrow)) for column in columns])
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            values = {column: [_typed(column, row[column]) for row in batch] for column in columns}
            writer.write_table(arrow.table(values, schema=schema))


_NUMBERS = frozenset({"id", "feed_id", "story_id", "position", "entries", "feeds"})


def _type_of(column: str, arrow: Any) -> Any:
    if column.endswith("_at"):
        return arrow.timestamp("s", tz="UTC")
    return arrow.int64() if column in _NUMBERS else arrow.string()


def _typed(column: str, value: str | int | None) -> str | int | datetime | None:
    return (
        datetime.fromisoformat(value)
        if column.endswith("_at") and isinstance(value, str)
        else value
    )


WRITERS = {"csv": write_csv, "ndjson": write_ndjson, "parquet": write_parquet}
