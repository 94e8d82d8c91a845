"""The daemon and its service manager, its configuration, and storage that fails under it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from road_build import write_family
from shell_build import COMMAND, SOAK, aggregator, daemon, execute, said, stop, wait_for

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer

pytest_plugins = ["shell_fixtures"]

STOPS = 100 if SOAK else 20
HELD_S = 60.0 if SOAK else 0.0
"""How long another program goes on holding the lock after the daemon has warned of it."""


def has_published(config: Path) -> bool:
    """Has a page been written?"""
    return (config.parent / "public/current/manifest.json").exists()


def drain(manager: socket.socket) -> None:
    """Reads until nothing comes for as long as the time-out."""
    with contextlib.suppress(TimeoutError):
        while True:
            manager.recv(999)


def test_R19_ready_beats_and_stopping_are_told(config: Path, tmp_path: Path) -> None:
    """What it does, READY after the first tick, beats while it works, none while it hangs, then
    STOPPING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        with daemon(config, tmp_path / "log", env=env) as process:
            status = manager.recv(999)
            first = manager.recv(999)
            second = manager.recv(999)
            process.send_signal(signal.SIGSTOP)
            manager.settimeout(2.5)
            drain(manager)
            process.send_signal(signal.SIGCONT)
            manager.settimeout(20)
            third = manager.recv(999)
            assert stop(process) == 0
            manager.settimeout(1)
            last = b""
            while last != b"STOPPING=1":
                last = manager.recv(999)

    assert (status, first) == (b"STATUS=running", b"READY=1")
    assert (second, third) == (b"WATCHDOG=1", b"WATCHDOG=1")


def test_R18_a_watched_file_is_read_again(config: Path, tmp_path: Path) -> None:
    """Without a signal; a wrong one keeps the old, a removed one too, a right one is in force."""
    text, log = "watch: true\n" + config.read_text(), tmp_path / "log"
    config.write_text(text)
    with daemon(config, log) as process:
        wait_for(lambda: has_published(config))
        config.write_text(text.replace("blocks:", "blocs:", 1))
        wait_for(lambda: said(log, "blocs: unknown key"))
        config.unlink()
        wait_for(lambda: said(log, "cannot be read"))

        new = tmp_path / "new"
        new.write_text(text.replace("24/7 News Coverage", "News from our family"))
        new.rename(config)

        page = tmp_path / "public/current/spacewar/headlines.txt"
        wait_for(lambda: "News from our family" in page.read_text())
        assert stop(process) == 0


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_R5_a_database_that_goes_away_ends_it(config: Path, tmp_path: Path, how: str) -> None:
    """Status 5, for a supervisor not to start it blindly; nothing is made in its place."""
    database = tmp_path / "aggregator.db"
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: has_published(config))
        if how == "deleted":
            database.unlink()
        else:
            (tmp_path / "other").write_bytes(b"not ours")
            (tmp_path / "other").rename(database)

        assert process.wait(timeout=20) == 5

    assert database.exists() is (how == "replaced")


def test_health_is_asked_over_the_socket(config: Path, tmp_path: Path) -> None:
    """For container health checks: status 0 while it is well, 1 without a daemon. A feeds.yaml
    that is wrong is no illness of a daemon that goes on under the old one."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: has_published(config))
        well = aggregator("-c", config, "health")
        database = config.parent / "aggregator.db"
        unread = aggregator("-c", tmp_path / "no.yaml", "--db", database, "health")
        assert stop(process) == 0

    gone = aggregator("-c", config, "health")

    assert (well.returncode, well.stdout) == (0, "ok\n")
    assert (unread.returncode, unread.stdout) == (0, "ok\n")
    assert (gone.returncode, gone.stdout) == (1, "no daemon runs\n")


def test_R20_a_tick_that_breaks_ends_it(config: Path, tmp_path: Path) -> None:
    """Status 70, never alive but idle."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: has_published(config))
        execute(tmp_path / "aggregator.db", "ALTER TABLE feeds RENAME TO gone")

        assert process.wait(timeout=20) == 70


def test_R7_a_lock_of_another_program_is_waited_for(config: Path, tmp_path: Path) -> None:
    """Longer than SQLite's own patience: warned of once, nothing lost, by itself well again."""
    log, database = tmp_path / "log", tmp_path / "aggregator.db"
    with daemon(config, log) as process:
        wait_for(lambda: has_published(config))
        polls = execute(database, "SELECT count(*) FROM polls")[0][0]
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")
            other.execute("BEGIN IMMEDIATE")
            wait_for(lambda: said(log, "storage_failed"))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=HELD_S)
            other.execute("ROLLBACK")

        wait_for(
            lambda: execute(database, "SELECT count(*) FROM polls")[0][0] >= polls + 7,
            seconds=60 + 2 * HELD_S,
        )

        wait_for(lambda: said(log, "storage_recovered"))
        assert log.read_text().count("storage_failed") == 1
        assert execute(database, "SELECT count(*) FROM feeds WHERE failures > 0") == [(0,)]
        assert stop(process) == 0


def test_F04_few_descriptors_are_lived_with(config: Path, tmp_path: Path) -> None:
    """64 of them: said once, fewer polls at once, everything polled and published."""
    log = tmp_path / "log"
    with daemon(config, log, before=["prlimit", "--nofile=64"]) as process:
        wait_for(lambda: has_published(config))
        database = tmp_path / "aggregator.db"
        wait_for(lambda: execute(database, "SELECT count(*) FROM polls") == [(7,)])

        assert said(log, "few_descriptors limit=64 concurrency=12")
        assert execute(database, "SELECT DISTINCT last_outcome FROM feeds") == [("ok",)]
        assert stop(process) == 0


@pytest.mark.timeout(3600 if SOAK else 300)
def test_R15_sigterm_at_random_moments_is_a_clean_stop(
    config: Path, tmp_path: Path, server: FamilyServer
) -> None:
    """Twenty times while polls and publications run: status 0, a whole database, no leftovers."""
    rng, database = random.Random(20261125), tmp_path / "aggregator.db"
    family = build_family(datetime.now(UTC))
    for number in range(STOPS):
        server.replace(family if number % 2 else family.with_breaking_story(datetime.now(UTC)))
        with daemon(config, tmp_path / "log") as process:
            wait_for((tmp_path / "aggregator.db.sock").exists)
            wait_for(lambda: process.poll() is None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(0.0, 0.4))
            assert stop(process) == 0
        assert execute(database, "PRAGMA integrity_check") == [("ok",)]
        execute(database, "UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")

    assert not [path for path in tmp_path.rglob("*") if "next" in path.name or ".new" in path.name]
    assert not (tmp_path / "aggregator.db.sock").exists()


@contextmanager
def mounted(place: Path, *words: str | Path) -> Iterator[Path]:
    """What `mount` makes of `words`, at `place`; skips where mounting is not allowed."""
    place.mkdir()
    done = subprocess.run(["mount", *words, place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def small_disk(place: Path) -> AbstractContextManager[Path]:
    """Four megabytes of memory as a disk."""
    return mounted(place, "-t", "tmpfs", "-o", "size=4m", "tmpfs")


@contextmanager
def failing_disk(directory: Path) -> Iterator[tuple[Path, Callable[[], object]]]:
    """A disk, and what makes the kernel find an error on it: it is read-only from then on."""
    image = directory / "image"
    with image.open("wb") as file:
        file.truncate(40_000_000)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    with mounted(directory / "disk", "-o", "loop,errors=remount-ro", image) as place:
        device = os.major(place.stat().st_dev), os.minor(place.stat().st_dev)
        name = Path("/sys/dev/block/{}:{}".format(*device)).resolve().name
        trigger = Path("/sys/fs/ext4") / name / "trigger_fs_error"
        yield place, lambda: trigger.write_text("made by a test")


@pytest.mark.soak
def test_R4_a_disk_that_turns_read_only_is_waited_out(tmp_path: Path, server: FamilyServer) -> None:
    """As the kernel does after an error: it stays up and says so once, fetches nothing, what it
    published and stored can be read, and a stop is a stop."""
    log = tmp_path / "log"
    with failing_disk(tmp_path) as (disk, fail):
        config = write_family(disk, server)
        config.write_text("min_free: 1MiB\n" + config.read_text())
        with daemon(config, log) as process:
            wait_for(lambda: has_published(config))
            database, page = disk / "aggregator.db", disk / "public/current/spacewar"
            wait_for(lambda: execute(database, "SELECT count(*) FROM polls") == [(7,)])
            execute(database, "UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")
            before = (page / "headlines.html").read_bytes()
            asked = sum(server.requests().values())
            fail()
            wait_for(lambda: said(log, "storage_failed"))
            wait_for(lambda: sum(server.requests().values()) >= asked + 7)
            asked = sum(server.requests().values())
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=3)
            health = aggregator("-c", config, "health")
            status = aggregator("-c", config, "status")
            meanwhile = sum(server.requests().values())
            after = (page / "headlines.html").read_bytes()
            assert stop(process) == 0

    assert (health.returncode, status.returncode) == (1, 0)
    assert health.stdout.startswith("storage: ")
    assert (meanwhile, after) == (asked, before)
    assert log.read_text().count("storage_failed") == 1
    assert "Traceback" not in log.read_text()


def test_R3_a_full_disk_is_waited_out(tmp_path: Path, server: FamilyServer) -> None:
    """It stays up, fetches nothing meanwhile, leaves the pages as they are, resumes by itself."""
    log = tmp_path / "log"
    with small_disk(tmp_path / "disk") as disk:
        config = write_family(disk, server)
        config.write_text("min_free: 512KiB\n" + config.read_text())
        with daemon(config, log) as process:
            wait_for(lambda: has_published(config))
            database = disk / "aggregator.db"
            wait_for(lambda: execute(database, "SELECT count(*) FROM polls") == [(7,)])
            wait_for(lambda: log.read_text().count("published") > 0)
            page = (disk / "public/current/spacewar/headlines.html").read_bytes()
            (disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(disk).free - 100_000))
            wait_for(lambda: said(log, "reason=disk_full"))
            asked = sum(server.requests().values())
            execute(database, "UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=3)
            meanwhile = sum(server.requests().values())
            untouched = (disk / "public/current/spacewar/headlines.html").read_bytes()
            (disk / "ballast").unlink()

            wait_for(lambda: sum(server.requests().values()) >= asked + 7)

            assert (meanwhile, untouched) == (asked, page)
            assert said(log, "storage_recovered reason=disk_full")
            assert log.read_text().count("storage_failed") == 1
            assert stop(process) == 0


FAULTS = [
    ("pwrite64", "ENOSPC", (1, 4, 9, 20)),
    ("fdatasync", "EIO", (1, 2, 3)),
    ("rename", "EIO", (1, 2)),
]
if SOAK:
    FAULTS = [(call, error, tuple(range(1, 21))) for call, error, _ in FAULTS]


@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize(
    ("call", "error", "when"), [(c, e, n) for c, e, numbers in FAULTS for n in numbers]
)
def test_R2_a_system_call_that_fails(
    config: Path, tmp_path: Path, call: str, error: str, when: int
) -> None:
    """From the n-th on: a documented status, no traceback, a whole database, well again after."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    first = aggregator("-c", config, "run", "--once")
    execute(tmp_path / "aggregator.db", "UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")
    page = (tmp_path / "public/current/spacewar/headlines.html").read_bytes()
    inject = f"--inject={call}:error={error}:when={when}+"

    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", inject, *COMMAND, "-c", str(config), "run", "--once"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    whole = execute(tmp_path / "aggregator.db", "PRAGMA integrity_check")
    kept = (tmp_path / "public/current/spacewar/headlines.html").read_bytes()
    after = aggregator("-c", config, "run", "--once")

    assert (first.returncode, after.returncode) == (0, 0)
    assert done.returncode in {0, 1, 4}, done.stderr
    assert "Traceback" not in done.stderr
    assert whole == [("ok",)]
    assert kept == page
