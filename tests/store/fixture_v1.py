"""Writes `schema_v1.sql`: a small database as the code of schema version 1 makes it.

    PYTHONPATH=.:tests/store python tests/store/fixture_v1.py

Run it for as long as version 1 has not been released, never afterwards: the dump is what later
versions must be able to migrate.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from store_build import NOW, entry, network_at, poll_record, store_document, stored

from aggregator import policy, websub
from aggregator.editors import OverrideKind
from aggregator.intake import unmerge_entry
from aggregator.model import BlockContent, FeedMeta, Headline, PageContent
from aggregator.network import Network, Retention
from aggregator.store import (
    archive,
    checks,
    moves,
    overrides,
    publications,
    rates,
    retention,
    subscriptions,
    writing,
)
from aggregator.store.archive import ArchivedPoll
from aggregator.store.checks import Checked
from aggregator.store.overrides import NewOverride
from aggregator.store.retention import Cursor

DUMP = Path(__file__).parent / "schema_v1.sql"
DAY = timedelta(days=1)
WIRE = "Rescuers pulled survivors from the rubble overnight while aftershocks shook the province"


def fill(network: Network) -> None:
    """A poll and a publication, a merge, a removed entry: a row in every table."""
    with stored(network) as store:
        store_document(store, network, 1, entry(9, title="Removed"), now=NOW - 9 * DAY)
        store_document(store, network, 1, entry(1, summary="It's 北京"), entry(2, guid=None))
        store_document(store, network, 2, entry(1, guid="b1"))
        store_document(store, network, 1, entry(1, summary="It's 北京", title="Story 1, told anew"))
        quake = "Strong quake kills ten villagers near Kermanshah"
        store_document(store, network, 1, entry(3, title=quake, summary=WIRE))
        store_document(store, network, 2, entry(4, guid="b4", title=quake, summary=WIRE))
        shown = Headline(2, "Story 1", "https://a.example/1", "a", "A", NOW)
        page = PageContent("b", "b", (BlockContent("x", "X", None, (shown,)),))
        with store.transaction() as db:
            unmerge_entry(db, 6, network, note="not one", now=NOW)
            writing.record_poll(db, poll_record(1, outcome="ok", meta=FeedMeta(title="F")))
            publications.record_publication(
                db, 1, (page,), changed_files=3, removed_files=0, now=NOW
            )
            moves.sight(db, 1, "https://a.example/moved", now=NOW)
            rates.write_rate(db, 1, policy.seeded((NOW - DAY, NOW), NOW))
            topic = websub.Topic("https://hub.example/", "https://a.example/feed")
            subscriptions.write(db, 1, websub.asked(None, topic, "nonce", NOW))
            rates.write_policy(db, policy.starting_state(2, 24, NOW))
            retitle = NewOverride(OverrideKind.RETITLE, story_id=2, value="Told otherwise")
            overrides.add(db, retitle, now=NOW)
            body = archive.pack(b"<rss/>")
            polled = ArchivedPoll(
                1, NOW, NOW, "ok", 200, "https://a.example/feed", None, None, body
            )
            archive.keep(db, polled, max_bytes=1000)
            checks.record(db, Checked(2, "https://a.example/1", NOW, NOW + DAY, 200, 0, None))
            cutoffs = retention.cutoffs(db, {}, Retention(days=3), now=NOW)
            retention.remove_batch(db, cutoffs, Cursor(), now=NOW)


def dump(connection: sqlite3.Connection) -> Iterator[str]:
    """Statements that make the same database again."""
    yield "BEGIN;"
    shadows = {row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "shadow"} | {
        "sqlite_sequence"
    }
    objects = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'view'"
    ).fetchall()
    kept = [row for row in objects if row[1] not in shadows]
    yield from (f"{sql};" for kind, _, sql in kept if kind == "table")
    for name in [*(name for kind, name, _ in kept if kind == "table"), "sqlite_sequence"]:
        yield from rows_of(connection, name)
    yield from (f"{sql};" for kind, _, sql in kept if kind != "table")
    for pragma in ("application_id", "user_version"):
        (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        yield f"PRAGMA {pragma} = {value};"
    yield "COMMIT;"


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    """Its rows as INSERT statements; generated and hidden columns left out."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})") if not row[6]]
    if table == "sqlite_sequence":
        yield "DELETE FROM sqlite_sequence;"
        columns = ["name", "seq"]
    elif table == "search":
        columns = ["rowid", *columns]
    quoted = ", ".join(f'quote("{column}")' for column in columns)
    names = ", ".join(columns)
    for row in connection.execute(f"SELECT {quoted} FROM {table}"):
        yield f"INSERT INTO {table} ({names}) VALUES ({', '.join(row)});"


def main() -> None:
    """Makes the dump anew."""
    with tempfile.TemporaryDirectory() as directory:
        network = network_at(Path(directory))
        fill(network)
        with closing(sqlite3.connect(network.database)) as connection:
            DUMP.write_text("\n".join(dump(connection)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
