"""The program as a user starts it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "aggregator"]

SOAK = "AGGREGATOR_SOAK" in os.environ
"""`sh bin/soak`: more of everything than the suite has time for."""


def aggregator(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def daemon(
    config: Path, log: Path, *, before: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`run` in the background, its log in a file; killed at the end if it still runs.

    `before` are words of a program that starts it, `env` is added to the environment.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*before, *COMMAND, "-c", str(config), "run"],
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)


def wait_for(what: Callable[[], object], *, seconds: float = 30) -> None:
    """Until `what` is true; a test that waits in vain fails."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)  # another process is to get somewhere: there is nothing to await


def execute(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """As another program."""
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        return connection.execute(sql).fetchall()


def count(database: Path, table: str) -> int | None:
    """Its rows; None while there is no database, which connecting would make."""
    if not database.exists():
        return None
    return int(execute(database, f"SELECT count(*) FROM {table}")[0][0])


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> int:
    """Signals and waits: the exit status; ten seconds is the contract."""
    process.send_signal(number)
    return process.wait(timeout=10)


def said(log: Path, words: str) -> bool:
    """Does the log hold `words`?"""
    return words in log.read_text()


def children_of(pid: int) -> set[int]:
    """The processes that `pid` started and that still are there."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Is there such a process, and not only its remains?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
