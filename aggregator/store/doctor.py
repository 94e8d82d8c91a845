"""A database -> what is wrong with it, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlite_utils import Database

from aggregator.store import archive
from aggregator.store.connection import WAL_LIMIT
from aggregator.store.filesystem import network_file_system
from aggregator.store.migrations import SCHEMA_VERSION, migrate
from aggregator.store.searching import count_unindexed

LONG_LOG = 8 * WAL_LIMIT
"""Of so many bytes of write-ahead log some reader never ends: commits try to begin it anew long
before."""

RESTORE = (
    "stop the daemon, keep the file, put the newest `aggregator backup` in its place and remove"
    " the -wal and -shm files beside it; without one, `sqlite3 FILE .recover` saves what it can"
)


class Verdict(StrEnum):
    """How a check ended: DAMAGED ends the command with status 5, ADVICE does not."""

    OK = "ok"
    ADVICE = "advice"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `detail` says what was found, `remedy` what to do about it."""

    check: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def examine(db: Database, path: Path) -> tuple[Finding, ...]:
    """Every check, also after one has failed; reads only."""
    checks: tuple[tuple[str, Callable[[Database], Iterator[Finding]]], ...] = (
        ("integrity", _integrity),
        ("schema version", _version),
        ("schema", _schema),
        ("foreign keys", _foreign_keys),
        ("stories", _orphans),
        ("search", _search),
        ("archive", _archive),
    )
    found: list[Finding] = []
    for name, check in checks:
        try:
            problems = list(check(db))
        except sqlite3.DatabaseError as error:
            problems = [Finding(name, Verdict.DAMAGED, str(error), RESTORE)]
        found += problems or [Finding(name, Verdict.OK, "")]
    found += list(_surroundings(path)) or [Finding("file", Verdict.OK, "")]
    return tuple(found)


def _integrity(db: Database) -> Iterator[Finding]:
    lines = [row[0] for row in db.conn.execute("PRAGMA integrity_check(10)").fetchall()]
    if lines != ["ok"]:
        yield Finding("integrity", Verdict.DAMAGED, "; ".join(lines), RESTORE)


def _version(db: Database) -> Iterator[Finding]:
    (version,) = db.conn.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        detail = f"schema {version}, this program has {SCHEMA_VERSION}"
        yield Finding(
            "schema version", Verdict.ADVICE, detail, "the next start of `run` migrates it"
        )


def _schema(db: Database) -> Iterator[Finding]:
    """Everything that the contract names is there, and as it was made."""
    (version,) = db.conn.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        return  # of another shape by right
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(Database(fresh))
        expected = _objects(fresh)
    actual = _objects(db.conn)
    for name, sql in expected.items():
        if name not in actual:
            yield Finding("schema", Verdict.DAMAGED, f"{name} is missing", RESTORE)
        elif actual[name] != sql:
            yield Finding("schema", Verdict.DAMAGED, f"{name} was altered", RESTORE)


def _objects(connection: sqlite3.Connection) -> dict[str, str]:
    cursor = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {row[0]: row[1] for row in cursor.fetchall()}


def _foreign_keys(db: Database) -> Iterator[Finding]:
    broken = db.conn.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        detail = f"rows of {tables} that refer to rows that are not there: {len(broken)}"
        yield Finding("foreign keys", Verdict.DAMAGED, detail, RESTORE)


def _orphans(db: Database) -> Iterator[Finding]:
    (empty,) = db.conn.execute(
        """
        SELECT count(*) FROM stories
        WHERE merged_into IS NULL
            AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.story_id = stories.id)
            AND NOT EXISTS (SELECT 1 FROM placements WHERE placements.story_id = stories.id)
        """
    ).fetchone()
    if empty:
        detail = f"{empty} stories without an entry, never shown"
        yield Finding("stories", Verdict.ADVICE, detail, "they do no harm; a program wrote them")
    (loose,) = db.conn.execute("SELECT count(*) FROM entries WHERE story_id IS NULL").fetchone()
    if loose:
        detail = f"{loose} entries without a story: written from outside, shown on no page"
        yield Finding("stories", Verdict.ADVICE, detail, "set their story_id, or delete them")


def _search(db: Database) -> Iterator[Finding]:
    if count := count_unindexed(db):
        detail = f"{count} entries are not in the index as they are stored"
        yield Finding("search", Verdict.ADVICE, detail, "aggregator doctor --reindex")


def _archive(db: Database) -> Iterator[Finding]:
    if count := archive.count_damaged(db):
        detail = f"{count} bodies of the archive are not what was stored"
        yield Finding(
            "archive", Verdict.ADVICE, detail, "a replay names their polls, leaves them out"
        )


def _surroundings(path: Path) -> Iterator[Finding]:
    if kind := network_file_system(path):
        detail = f"{path} lies on a network file system ({kind})"
        yield Finding("file", Verdict.ADVICE, detail, "move it to a local disk: locks fail there")
    wal = Path(f"{path}-wal")
    if wal.exists() and (size := wal.stat().st_size) > LONG_LOG:
        detail = f"the write-ahead log has {size // 2**20} MiB"
        yield Finding("file", Verdict.ADVICE, detail, "end the program that keeps a query open")
