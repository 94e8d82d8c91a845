"""The daemon while the network, a feed or memory fails: what is shown stays, and it still stops."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fetch_bad import ENDLESS
from fetch_servers import always, answer, serve
from road_build import write_family
from shell_build import (
    aggregator,
    children_of,
    count,
    daemon,
    execute,
    is_alive,
    stop,
    wait_for,
)

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer

LONG_AGO = "UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'"
CONFIG = """\
network: {{name: N}}
fetch: {{allow_private: [127.0.0.0/8]}}
sites: {{a: {{name: A, home: https://a.example/, feeds: ["http://127.0.0.1:{port}/feed"]}}}}
blocks: {{b: {{title: B, from: [a], own: true}}}}
pages: {{a: [b]}}
"""


@contextmanager
def trickling() -> Iterator[tuple[int, threading.Event]]:
    """A server that sends a byte every tenth of a second for ever; the event: someone has asked."""
    asked, done = threading.Event(), threading.Event()

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)  # who answers before being asked is hung up on
                asked.set()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
                while not done.wait(0.1):
                    connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield listening.getsockname()[1], asked
        finally:
            done.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_R16_a_poll_that_never_ends_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """Ten seconds, status 0, no process left, no fault in the log; the feed is still due."""
    with trickling() as (port, asked):
        config = tmp_path / "feeds.yaml"
        config.write_text(CONFIG.format(port=port))
        with daemon(config, tmp_path / "log") as process:
            assert asked.wait(20)
            children = children_of(process.pid)
            assert stop(process) == 0

    assert not [pid for pid in children if is_alive(pid)]
    polls = "SELECT outcome, error, duration_ms FROM polls"
    assert execute(tmp_path / "aggregator.db", polls) == []
    assert "ERROR" not in (tmp_path / "log").read_text()


def cpu_seconds(pid: int) -> float:
    """What a process has worked so far."""
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_R16_a_parser_in_an_endless_loop_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """Nor outlives it: status 0 within ten seconds, and at most one poll, of a killed parser."""
    log, database = tmp_path / "log", tmp_path / "aggregator.db"
    async with serve(always(answer(ENDLESS))) as server:
        config = tmp_path / "feeds.yaml"
        config.write_text(CONFIG.format(port=server.port))
        with daemon(config, log) as process:
            await asyncio.to_thread(
                wait_for, lambda: any(cpu_seconds(pid) > 1 for pid in children_of(process.pid))
            )
            children = children_of(process.pid)
            status = await asyncio.to_thread(stop, process)

    assert status == 0
    assert children
    assert not [pid for pid in children if is_alive(pid)]
    assert set(execute(database, "SELECT outcome FROM polls")) <= {("parser_killed",)}
    assert "ERROR" not in log.read_text()


EMPTY = b"<rss version='2.0'><channel><title>T</title></channel></rss>"


@pytest.mark.parametrize("body", [EMPTY, b"<html>Service moved</html>", b"", None])
def test_R22_R12_pages_outlive_every_feed(tmp_path: Path, body: bytes | None) -> None:
    """All feeds without an item, another thing, nothing, or nobody there (None): no published
    file changes, and each feed says what it found."""
    family = build_family(datetime.now(UTC))
    with FamilyServer(family) as server:
        config = write_family(tmp_path, server)
        database, page = tmp_path / "aggregator.db", tmp_path / "public/current/spacewar"
        assert aggregator("-c", config, "run", "--once").returncode == 0
        with daemon(config, tmp_path / "log") as process:
            before = {path.name: path.read_bytes() for path in page.iterdir()}
            if body is None:
                server.stop()
            else:
                documents = tuple(replace(one, body=body) for one in family.documents)
                server.replace(replace(family, documents=documents))
            execute(database, LONG_AGO)
            wait_for(lambda: count(database, "polls") == 14)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3)  # two looks of the publication
            after = {path.name: path.read_bytes() for path in page.iterdir()}
            failed = execute(database, "SELECT count(*) FROM feeds WHERE failures > 0")
            assert stop(process) == 0

    assert before
    assert before == after
    assert failed == [(0 if body == EMPTY else 7,)]


def address_space_of(library: str) -> int:
    """Bytes that an interpreter has mapped once it has imported the library."""
    pages = f"import {library}; print(open('/proc/self/statm').read().split()[0])"
    done = subprocess.run([sys.executable, "-c", pages], check=True, capture_output=True, text=True)
    return int(done.stdout) * os.sysconf("SC_PAGESIZE")


def test_R25_little_memory_is_lived_with(tmp_path: Path) -> None:
    """330 MB of address space beyond its libraries (numpy, where it is installed, maps as much for
    itself): everything is polled and published."""
    limit = 330_000_000 + address_space_of("sqlite_utils")
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        config = write_family(tmp_path, server)
        database = tmp_path / "aggregator.db"
        with daemon(config, tmp_path / "log", before=["prlimit", f"--as={limit}"]) as process:
            wait_for(lambda: count(database, "polls") == 7)
            wait_for((tmp_path / "public/current/manifest.json").exists)

            assert execute(database, "SELECT DISTINCT last_outcome FROM feeds") == [("ok",)]
            assert stop(process) == 0
