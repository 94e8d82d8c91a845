"""Where the database lies, and polls that must be put in place again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from store_build import NOW, network_at

from aggregator.errors import DamagedError, StorageError
from aggregator.store import due, filesystem, place, writing
from aggregator.store.connection import open_reader
from aggregator.store.store import Store
from aggregator.times import format_time

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw - nfs4 files:/srv rw
31 30 8:2 / /srv/local\040disk rw - xfs /dev/sdb rw
garbage
"""
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Four feeds that were polled, two of them overdue."""
    network = network_at(tmp_path, sites=("a", "b", "c", "d"))
    with closing(Store.open(network.database)) as opened:
        with opened.transaction() as db:
            writing.sync_network(db, network, now=NOW)
            for feed_id, hours in ((1, -3), (2, -2), (3, 1), (4, -2)):
                db.conn.execute(
                    "UPDATE feeds SET next_poll_at = ?, last_polled_at = ? WHERE id = ?",
                    (format_time(NOW + hours * HOUR), format_time(NOW - 4 * HOUR), feed_id),
                )
            db.conn.execute("UPDATE feeds SET last_polled_at = NULL WHERE id = 4")
        yield opened


def next_polls(store: Store) -> dict[int, str]:
    """Feed -> when it is polled next."""
    return dict(store.db.conn.execute("SELECT id, next_poll_at FROM feeds").fetchall())


@contextmanager
def as_somebody() -> Iterator[None]:
    """Root may look everywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("opened", [open_reader, Store.open])
def test_a_directory_is_no_database(tmp_path: Path, opened: Callable[[Path], object]) -> None:
    """Nor is a device; it says so, and no lock is left beside it."""
    (tmp_path / "there").mkdir()

    with pytest.raises(StorageError, match="there: a directory; expected the name of"):
        opened(tmp_path / "there")
    with pytest.raises(StorageError, match="/dev/null: no file; expected"):
        opened(Path("/dev/null"))
    assert [item.name for item in tmp_path.iterdir()] == ["there"]


def test_a_database_of_somebody_else_cannot_be_read(tmp_path: Path) -> None:
    """Its directory is closed to us: that is the operator's to change, no bug."""
    path = tmp_path / "closed" / "aggregator.db"
    path.parent.mkdir(mode=0)

    with as_somebody(), pytest.raises(StorageError, match=r"\.db: cannot be read: Permission"):
        open_reader(path)


def test_who_may_only_read_reads_beside_a_daemon() -> None:
    """Without one there is no log whose index could be read: the refusal says who can."""
    with TemporaryDirectory() as directory:  # all may pass to it, as they may not to `tmp_path`
        path = Path(directory) / "aggregator.db"
        with closing(Store.open(path)) as store:
            store.probe()
            path.parent.chmod(0o555)
            with as_somebody(), closing(open_reader(path).conn) as reader:
                (count,) = reader.execute("SELECT count(*) FROM feeds").fetchone()
            path.parent.chmod(0o755)
        path.parent.chmod(0o555)
        with as_somebody(), pytest.raises(StorageError, match="read; while no daemon runs"):
            open_reader(path)
        path.parent.chmod(0o755)

    assert count == 0


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason; without /proc nobody can tell."""
    mounts = tmp_path / "mounts"
    monkeypatch.setattr(filesystem, "_MOUNTS", mounts)
    place.refuse_shared(Path("/srv/x.db"))

    mounts.write_text(MOUNTS)

    place.refuse_shared(Path("/var/lib/x.db"))
    place.refuse_shared(Path("/srv/local disk/x.db"))
    with pytest.raises(StorageError, match="network file system \\(nfs4\\)"):
        place.refuse_shared(Path("/srv/x.db"))


def test_room_is_that_of_the_nearest_directory(tmp_path: Path) -> None:
    """The output may not exist yet."""
    assert place.free_bytes(tmp_path / "not" / "yet") == pytest.approx(
        place.free_bytes(tmp_path), rel=0.1
    )


def test_R5_a_file_that_went_away_is_noticed(store: Store, tmp_path: Path) -> None:
    """Replaced, emptied or deleted while it is open: three different words, one error."""
    path, other = store.path, tmp_path / "other"
    store.check_in_place()

    path.rename(other)
    with pytest.raises(DamagedError, match="gone while in use"):
        store.check_in_place()
    path.write_bytes(b"x")
    with pytest.raises(DamagedError, match="replaced"):
        store.check_in_place()
    path.unlink()
    other.rename(path)
    store.check_in_place()


def test_R5_an_emptied_file_is_noticed(tmp_path: Path) -> None:
    """SQLite would take it for a new database."""
    path = tmp_path / "empty"
    path.write_bytes(b"")

    with pytest.raises(DamagedError, match="emptied"):
        place.check_in_place(path, place.identity(path))


def test_R10_a_clock_set_back_moves_what_is_to_come(store: Store) -> None:
    """A day back: the feed still waits its hour, not a day and an hour."""
    back = -timedelta(days=1)

    with store.transaction() as db:
        count = due.shift_polls(db, now=NOW + back, jump=back)

    assert count == 4
    assert next_polls(store)[3] == format_time(NOW + back + HOUR)


def test_R7_a_held_lock_is_waited_for_once(store: Store) -> None:
    """Then calls fail at once, until one gets through again."""
    store.db.conn.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another program holds"):
            store.probe()
        (hasty,) = store.db.conn.execute("PRAGMA busy_timeout").fetchone()
        other.execute("ROLLBACK")

    store.probe()

    (patient,) = store.db.conn.execute("PRAGMA busy_timeout").fetchone()
    assert (hasty, patient) == (100, 5000)


def test_R8_a_reader_that_left_leaves_no_log(store: Store) -> None:
    """While it reads the log stays; afterwards it shrinks to nothing."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM feeds").fetchall()
        for _ in range(50):
            store.probe()
        held = place.wal_bytes(store.path)
        reader.execute("COMMIT")

    store.tidy()

    assert held > 0
    assert place.wal_bytes(store.path) == 0


@pytest.mark.parametrize(
    ("paused", "expected"),
    [(None, NOW + timedelta(minutes=5)), (NOW + HOUR, NOW + HOUR)],
    ids=["free", "paused"],
)
def test_a_poll_is_advanced_but_not_past_a_pause(
    store: Store, paused: datetime | None, expected: datetime
) -> None:
    """A hub's word does not undo a server's."""
    at = NOW + timedelta(minutes=5)
    with store.transaction() as db:
        db.conn.execute(
            "UPDATE feeds SET next_poll_at = :later, paused_until = :paused WHERE id = 3",
            {"later": format_time(NOW + 9 * HOUR), "paused": paused and format_time(paused)},
        )

        for feed_id in (1, 3):
            due.advance_poll(db, feed_id, at)

    found = next_polls(store)
    assert found[3] == format_time(expected)
    assert found[1] <= format_time(NOW)
