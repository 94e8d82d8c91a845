"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from store_build import entry, network_at, store_document, stored

from aggregator.store.connection import open_reader
from aggregator.store.doctor import Finding, Verdict, examine
from aggregator.store.filesystem import kind_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small database, closed."""
    network = network_at(tmp_path)
    with stored(network) as store:
        store_document(store, network, 1, *[entry(n, summary="x" * 900) for n in range(300)])
    return network.database


def findings(path: Path) -> list[Finding]:
    """What is not as it should be."""
    with closing(open_reader(path).conn) as connection:
        found = examine(Database(connection), path)
    return [finding for finding in found if finding.verdict is not Verdict.OK]


def run(*statements: str) -> Callable[[Path], None]:
    """Another program's SQL."""

    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return spoil


def overwrite(path: Path) -> None:
    """Pages in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = b"\x05" * 20_000
    path.write_bytes(content)


def test_a_whole_database_is_well(path: Path) -> None:
    """Every check says ok."""
    assert findings(path) == []


@pytest.mark.parametrize(
    ("spoil", "check", "verdict", "detail"),
    [
        (overwrite, "integrity", Verdict.DAMAGED, ""),
        (run("DROP VIEW headlines"), "schema", Verdict.DAMAGED, "headlines is missing"),
        (run("DROP INDEX feeds_due"), "schema", Verdict.DAMAGED, "feeds_due is missing"),
        (run("ALTER TABLE polls DROP COLUMN tier"), "schema", Verdict.DAMAGED, "polls was altered"),
        (run("DELETE FROM sites"), "foreign keys", Verdict.DAMAGED, "that are not there"),
        (
            run("DELETE FROM entries WHERE id = 3", "DELETE FROM entry_keys WHERE entry_id = 3"),
            "search",
            Verdict.ADVICE,
            "1 entries",
        ),
        (
            run("UPDATE entries SET story_id = NULL WHERE id = 3"),
            "stories",
            Verdict.ADVICE,
            "1 entries without a story",
        ),
    ],
    ids=["pages", "view", "index", "column", "site", "index-rows", "loose"],
)
def test_what_is_wrong_is_named(
    path: Path, spoil: Callable[[Path], None], check: str, verdict: Verdict, detail: str
) -> None:
    """With what to do about it."""
    spoil(path)

    found = findings(path)

    (named,) = [one for one in found if one.check == check and detail in one.detail]
    assert named.verdict is verdict
    assert named.remedy


def test_rI10_the_check_finds_what_ran_without_foreign_keys(path: Path) -> None:
    """A program that deletes a feed from a connection of its own: said, not silently repaired."""
    run("DELETE FROM feeds WHERE id = 1")(path)

    assert "foreign keys" in {finding.check for finding in findings(path)}


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/news rw,relatime - nfs4 server:/news rw
31 30 8:2 / /srv/news/local\\040disk rw - xfs /dev/sdb1 rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib/a.db", "ext4"), ("/srv/news/a.db", "nfs4"), ("/srv/news/local disk/a.db", "xfs")],
)
def test_rI15_the_file_system_below_a_path_is_known(path: str, kind: str) -> None:
    """The deepest mount holds; spaces are escaped as the kernel does."""
    assert kind_of(MOUNTS, Path(path)) == kind
