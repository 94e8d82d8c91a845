"""The daemon as a process: signals, locks, requests, kills."""

from __future__ import annotations

import json
import random
import signal
import socket
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shell_build import SOAK, aggregator, children_of, daemon, is_alive, stop, wait_for

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer

pytest_plugins = ["shell_fixtures"]

KILLS = 1000 if SOAK else 60


def query(config: Path, sql: str) -> list[tuple[Any, ...]]:
    """What another program sees; nothing while there is no database."""
    database = config.parent / "aggregator.db"
    if not database.exists():
        return []
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        return connection.execute(sql).fetchall()


def is_published(config: Path) -> bool:
    """Has the daemon published once?"""
    return bool(query(config, "SELECT 1 FROM page_headlines LIMIT 1"))


def test_it_polls_publishes_and_stops(config: Path, tmp_path: Path) -> None:
    """Every feed once, one INFO line each; SIGTERM: status 0, no process and no socket left."""
    log = tmp_path / "log"
    with daemon(config, log) as process:
        wait_for(lambda: is_published(config))
        workers = children_of(process.pid)
        status = stop(process)

    lines = log.read_text().splitlines()
    assert status == 0
    assert workers
    assert not any(is_alive(worker) for worker in workers)
    assert not (tmp_path / "aggregator.db.sock").exists()
    assert sum(" INFO poll " in line for line in lines) == 7
    assert " INFO stopped" in lines[-1]
    assert query(config, "PRAGMA integrity_check") == [("ok",)]


def test_R15_sigterm_while_starting_is_a_clean_stop(config: Path, tmp_path: Path) -> None:
    """Before the daemon has said a word about feeds."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: (tmp_path / "aggregator.db.lock").exists())

        assert stop(process) == 0


def test_sigint_stops_it_too(config: Path, tmp_path: Path) -> None:
    """ctrl-C is no error."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))

        assert stop(process, signal.SIGINT) == 0


def test_R17_a_second_daemon_is_refused(config: Path, tmp_path: Path) -> None:
    """Status 3, with the first one's pid; the first goes on."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))

        second = aggregator("-c", config, "run")

        assert second.returncode == 3
        assert f"process {process.pid} holds the database" in second.stderr
        assert stop(process) == 0


def test_publish_goes_through_the_daemon(config: Path, tmp_path: Path) -> None:
    """The command prints the daemon's answer."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))

        done = aggregator("-c", config, "publish")

        assert done.returncode == 0
        assert "nothing to change" in done.stdout
        assert stop(process) == 0


def test_check_fetch_goes_through_the_daemon(config: Path, tmp_path: Path) -> None:
    """It polls, within the floor that its own addresses do not have."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))

        done = aggregator("-c", config, "check", "--fetch", "--json")

        assert done.returncode == 0
        assert {feed["outcome"] for feed in json.loads(done.stdout)} == {"not_modified"}
        assert stop(process) == 0


def test_P31_a_restart_polls_nothing_early(config: Path, tmp_path: Path) -> None:
    """next_poll_at is in the database."""
    for _ in range(2):
        with daemon(config, tmp_path / "log") as process:
            wait_for(lambda: (tmp_path / "aggregator.db.sock").exists())
            wait_for(lambda: is_published(config))
            assert stop(process) == 0

    assert query(config, "SELECT count(*) FROM polls") == [(7,)]


def test_a_feed_made_due_from_outside_is_polled(config: Path, tmp_path: Path) -> None:
    """Any program may write next_poll_at; the tick looks every second."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))
        make_due(config)

        wait_for(lambda: query(config, "SELECT count(*) FROM polls") == [(14,)])

        assert stop(process) == 0


def test_R18_sighup_reads_the_file_again(config: Path, tmp_path: Path) -> None:
    """A wrong file changes nothing and is said; a right one is in force."""
    log, text = tmp_path / "log", config.read_text()
    with daemon(config, log) as process:
        wait_for(lambda: is_published(config))
        config.write_text(text.replace("blocks:", "blocs:", 1))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "config_invalid" in log.read_text())
        assert is_published(config)

        config.write_text(text.replace("24/7 News Coverage", "News from our family"))
        process.send_signal(signal.SIGHUP)

        page = tmp_path / "public/current/spacewar/headlines.txt"
        wait_for(lambda: "News from our family" in page.read_text())
        assert stop(process) == 0


def test_R5_a_request_that_is_none_is_answered(config: Path, tmp_path: Path) -> None:
    """Garbage on the socket harms nobody."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))
        answers = []
        for garbage in (b"\n", b"[]\n", b'{"command": "nosuch"}\n', b"x" * 100_000 + b"\n"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(tmp_path / "aggregator.db.sock"))
                connection.sendall(garbage)
                answers.append(json.loads(connection.makefile().readline()))

        assert [answer["ok"] for answer in answers] == [False] * 4
        assert {answer["exit_status"] for answer in answers} == {2}
        assert stop(process) == 0


class Readers(threading.Thread):
    """Reads the published page again and again, as a web server does."""

    def __init__(self, current: Path) -> None:
        super().__init__(daemon=True)
        self.current = current
        self.done = threading.Event()
        self.reads = 0
        self.faults: list[str] = []

    def run(self) -> None:
        """Until `done`; a file torn or missing is a fault."""
        seen = False
        while not self.done.is_set():
            try:
                text = (self.current / "spacewar" / "headlines.json").read_text()
            except FileNotFoundError:
                if seen:
                    self.faults.append("missing")
                continue
            seen = True
            self.reads += 1
            try:
                json.loads(text)
            except ValueError:
                self.faults.append("torn")


@pytest.mark.timeout(3600 if SOAK else 300)
def test_R1_kills_at_random_moments_lose_and_double_nothing(
    config: Path, tmp_path: Path, server: FamilyServer
) -> None:
    """kill -9 sixty times while feeds change: whole database, no entry lost or doubled, no
    published file torn or missing."""
    rng, socket_file = random.Random(20261125), tmp_path / "aggregator.db.sock"
    readers = Readers(tmp_path / "public" / "current")
    readers.start()
    family = build_family(datetime.now(UTC))
    stored: set[tuple[Any, ...]] = set()
    for kill in range(KILLS):
        server.replace(family if kill % 2 else family.with_breaking_story(datetime.now(UTC)))
        with daemon(config, tmp_path / "log") as process:
            wait_for(socket_file.exists)
            threading.Event().wait(rng.uniform(0.0, 0.6))
            process.kill()
            process.wait()
        socket_file.unlink()
        now = set(query(config, "SELECT feed_id, guid, url FROM entries"))
        assert query(config, "PRAGMA integrity_check") == [("ok",)]
        assert query(config, "PRAGMA foreign_key_check") == []
        assert stored <= now
        stored = now
        make_due(config)
    with daemon(config, tmp_path / "log") as process:
        # What the others left may be all there is to wait for: a process that has no handler yet
        # would end by the signal itself.
        wait_for(socket_file.exists)
        wait_for(lambda: query(config, "SELECT 1 FROM feeds WHERE failures > 0") == [])
        wait_for(lambda: is_published(config))
        assert stop(process) == 0
    readers.done.set()
    readers.join()

    entries = query(config, "SELECT feed_id, guid, url FROM entries")
    assert len(entries) == len(set(entries))
    assert len(entries) >= 37
    assert query(config, "SELECT count(*) FROM entries WHERE story_id IS NULL") == [(0,)]
    assert readers.faults == []
    assert readers.reads > 100


def make_due(config: Path) -> None:
    """So that the next daemon has something to be killed at."""
    database = config.parent / "aggregator.db"
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute("UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")


def test_upkeep_goes_through_the_daemon(config: Path, tmp_path: Path) -> None:
    """Vacuum and reindex by the daemon, backup beside it; it goes on."""
    with daemon(config, tmp_path / "log") as process:
        wait_for(lambda: is_published(config))

        done = [
            aggregator("-c", config, *words).returncode
            for words in (["vacuum"], ["doctor", "--reindex"], ["backup", tmp_path / "copy.db"])
        ]

        assert done == [0, 0, 0]
        assert stop(process) == 0
