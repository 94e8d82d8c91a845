"""`aggregator replay`, as an operator runs it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from road_build import write_family
from shell_build import aggregator

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer


def test_replay_of_an_archive(tmp_path: Path) -> None:
    """A new database with the same stories; status 1 for a damaged part, 2 where a file is."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        config = write_family(tmp_path, server)
        config.write_text(f"archive: {{}}\ncheck_stories: 15m\n{config.read_text()}")
        assert aggregator("-c", config, "run", "--once").returncode == 0

    done = aggregator("-c", config, "replay", tmp_path / "again.db")
    again = aggregator("-c", config, "replay", tmp_path / "again.db")
    with closing(sqlite3.connect(tmp_path / "aggregator.db")) as connection, connection:
        connection.execute("UPDATE archive_bodies SET body = x'00' WHERE id = 1")
    damaged = aggregator("-c", config, "replay", tmp_path / "damaged.db")

    assert (done.returncode, again.returncode, damaged.returncode) == (0, 2, 1)
    assert "7 polls replayed, 7 of them with a document" in done.stdout
    assert "is there already" in again.stderr
    assert damaged.stderr.startswith("damaged: 2")
    assert "1 damaged" in damaged.stdout
    live, new = (
        aggregator("-c", config, "--db", tmp_path / name, "export", "stories").stdout
        for name in ("aggregator.db", "again.db")
    )
    assert live == new
