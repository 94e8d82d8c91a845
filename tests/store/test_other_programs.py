"""Other programs ask the database while it is being written."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database
from store_build import NOW, entry, network_at, store_document, stored

from aggregator.network import Network
from aggregator.store import reading
from aggregator.store.connection import open_reader
from aggregator.store.searching import Search, find_stories
from aggregator.store.store import Store

COMMITS = 100
READERS = 10
WAL_BOUND = 32 * 1024 * 1024


@contextmanager
def written(network: Network) -> Iterator[Store]:
    """An open store with a first document; its writer goes on in the test's own thread."""
    with stored(network) as store:
        store_document(store, network, 1, *[entry(n, summary="x" * 1500) for n in range(40)])
        yield store


def write(store: Store, network: Network, commit: int) -> None:
    """One poll that brings twenty stories."""
    items = [
        entry(
            n,
            guid=f"{commit}-{n}",
            canonical_url=f"a.example/{commit}-{n}",
            title=f"Story t{commit}n{n}",
            summary=f"s{commit}n{n} " * 200,
        )
        for n in range(20)
    ]
    store_document(store, network, 1, *items)


def ask_everything(path: Path, done: threading.Event, failures: list[BaseException]) -> None:
    """Opens, asks, closes, again and again."""
    try:
        while not done.is_set():
            with closing(open_reader(path).conn) as connection:
                db = Database(connection)
                find_stories(db, Search("story"))
                reading.newest_stories(db, {"a": 30}, {"a": "A"}, now=NOW)
                reading.feed_statuses(db)
    except BaseException as error:
        failures.append(error)


@pytest.mark.timeout(400)
def test_a_writer_and_ten_readers(tmp_path: Path) -> None:
    """No reader fails, the writer is never refused, the log stays bounded."""
    network = network_at(tmp_path)
    done, failures, sizes = threading.Event(), list[BaseException](), list[int]()
    with written(network) as store:
        readers = [
            threading.Thread(target=ask_everything, args=(network.database, done, failures))
            for _ in range(READERS)
        ]
        for reader in readers:
            reader.start()

        for commit in range(COMMITS):
            write(store, network, commit)
            sizes.append(Path(f"{network.database}-wal").stat().st_size)
        done.set()
        for reader in readers:
            reader.join()
        store.tidy()

        assert failures == []
        assert max(sizes) < WAL_BOUND
        assert Path(f"{network.database}-wal").stat().st_size == 0


PROGRAMS = {
    "pandas": (
        "import pandas, sqlite3\n"
        "db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)\n"
        "print(len(pandas.read_sql('SELECT * FROM headlines', db)))\n"
    ),
    "duckdb": (
        "import duckdb\n"
        "db = duckdb.connect()\n"
        # Without internet the extension comes from a package of its own.
        "import duckdb_extension_sqlite_scanner as package, pathlib\n"
        "(file,) = pathlib.Path(package.__file__).parent.rglob('*.duckdb_extension')\n"
        "db.execute(f\"LOAD '{file}'\")\n"
        "db.execute(f\"ATTACH '{path}' AS news (TYPE sqlite, READ_ONLY)\")\n"
        "print(db.execute('SELECT count(*) FROM news.headlines').fetchone()[0])\n"
    ),
    "datasette": (
        "import asyncio\n"
        "from datasette.app import Datasette\n"
        "async def main():\n"
        "    client = Datasette([path]).client\n"
        "    answer = await client.get('/aggregator/headlines.json?_size=1')\n"
        "    print(answer.json()['filtered_table_rows_count'])\n"
        "asyncio.run(main())\n"
    ),
}


PACKAGES = {"duckdb": ("duckdb_extension_sqlite_scanner",)}


@pytest.mark.parametrize("program", PROGRAMS)
def test_people_s_own_programs_open_the_live_database(tmp_path: Path, program: str) -> None:
    """Each counts the headlines between two commits of the writer."""
    for package in (program, *PACKAGES.get(program, ())):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    network = network_at(tmp_path)
    with written(network) as store:
        write(store, network, 1)

        done = subprocess.run(
            [sys.executable, "-c", f"path = {str(network.database)!r}\n{PROGRAMS[program]}"],
            capture_output=True,
            text=True,
            check=False,
        )
        write(store, network, 2)

        assert (done.stdout.strip(), done.returncode) == ("60", 0), done.stderr
        assert store.db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
