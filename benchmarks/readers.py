"""A writer and ten readers for a minute -> commits, questions, failures, and how far the log grew.

    python benchmarks/readers.py [--readers 10] [--seconds 60]

Each reader is a process that opens the database, asks everything a page or a command asks, and
closes it, without a pause. Exits 1 when a reader failed, a commit failed, or the write-ahead log
passed the bound.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from database import NOW, entry_of, network_at, poll
from sqlite_utils import Database

from aggregator.similar import WINDOW
from aggregator.store import publications, reading, writing
from aggregator.store.connection import open_reader
from aggregator.store.searching import Search, find_stories
from aggregator.store.store import Store

WAL_BOUND_MIB = 64


def read(path: Path, seconds: float) -> None:
    """Prints how often everything was asked, and the slowest of it in milliseconds."""
    end, rounds, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        started = time.monotonic()
        with closing(open_reader(path).conn) as connection:
            db = Database(connection)
            find_stories(db, Search("word3 word5"))
            reading.newest_stories(db, {"s1": 30}, {"s1": "S"}, now=NOW)
            reading.feed_statuses(db)
            publications.shown_headlines(db, "s1", {})
        rounds, slowest = rounds + 1, max(slowest, time.monotonic() - started)
    print(rounds, round(slowest * 1000))


def write(store: Store, path: Path, seconds: float) -> tuple[int, int]:
    """Polls that bring twenty entries each, without pause; commits, and the log at its longest.

    The entries are too old to be compared: their made-up headlines are all alike, so that would
    take most of the time.
    """
    network = network_at(path.parent)
    feeds, wal = len(network.feeds()), Path(f"{path}-wal")
    end, commits, largest = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        first = commits * 20
        entries = [entry_of(first + n, NOW - 2 * WINDOW) for n in range(20)]
        poll(store, network, commits % feeds + 1, entries, [], NOW)
        commits, largest = commits + 1, max(largest, wal.stat().st_size)
    return commits, largest


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read, arguments.seconds)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        path = network_at(Path(directory)).database
        with closing(Store.open(path)) as store:
            with store.transaction() as db:
                writing.sync_network(db, network_at(Path(directory)), now=NOW)
            command = [sys.executable, __file__, "--read", str(path)]
            command += ["--seconds", str(arguments.seconds)]
            readers = [
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                for _ in range(arguments.readers)
            ]
            commits, largest = write(store, path, arguments.seconds)
            told = [reader.communicate()[0].split() for reader in readers]
            failed = sum(reader.returncode != 0 for reader in readers)
    rounds = sum(int(words[0]) for words in told if words)
    slowest = max((int(words[1]) for words in told if words), default=0)
    print(
        f"{arguments.seconds:g} s: {commits:,} commits of 20 entries; {arguments.readers} readers,"
        f" {rounds:,} rounds, {failed} failed, the slowest round {slowest} ms;"
        f" log at most {largest / 2**20:.0f} MiB"
    )
    return 1 if failed or largest > WAL_BOUND_MIB * 2**20 else 0


if __name__ == "__main__":
    sys.exit(main())
