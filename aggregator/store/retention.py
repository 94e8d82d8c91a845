"""Which entries may go, and their going: in small batches, leaving what nothing returns by.

An entry goes with its whole story or not at all, so no story is told anew by what is left of it
and none rises. A story that a page has shown stays as a row: placements are history.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.network import Retention
from aggregator.store import overrides, similarity
from aggregator.times import format_time

BATCH = 1000
"""Entries that one transaction removes, and looks at, at most."""

_HISTORY = frozenset(
    {
        ("entries", "story_id"),
        ("merges", "story_id"),
        ("placements", "story_id"),
        ("stories", "merged_into"),
    }
)
"""What refers to stories without a wish that they stay in full."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a pass has come: feeds by id, in each the entries by when they were last seen."""

    feed_id: int = 0
    last_seen_at: str = ""
    entry_id: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction removed; `cursor` None: the pass is over."""

    entries: int
    stories: int
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    feed_id: int
    story_id: int | None
    last_seen_at: str


def cutoffs(
    db: Database, own: Mapping[str, Retention], default: Retention, *, now: datetime
) -> dict[int, str]:
    """Feed id -> entries last seen before this may go; feeds that keep everything are left out.

    What the last document listed counts as seen until the feed's last 200 or 304.
    """
    found = {}
    feeds = db.conn.execute("SELECT id, url, last_success_at, last_read_at FROM feeds ORDER BY id")
    for feed in feeds.fetchall():
        retention = own.get(feed["url"], default)
        limits = [
            limit
            for limit in (_by_days(retention, now), _by_count(db, feed["id"], retention))
            if limit is not None
        ]
        if retention.is_endless or "" in limits or not limits:
            continue
        cutoff = min(limits)
        is_alive = feed["last_success_at"] is not None and feed["last_success_at"] >= cutoff
        if feed["last_read_at"] is not None and (is_alive or retention.days is None):
            cutoff = min(cutoff, feed["last_read_at"])
        found[feed["id"]] = cutoff
    return found


def _by_days(retention: Retention, now: datetime) -> str | None:
    return None if retention.days is None else format_time(now - timedelta(days=retention.days))


def _by_count(db: Database, feed_id: int, retention: Retention) -> str | None:
    """When the last entry that is kept was seen; '' when the feed has no more than that."""
    if retention.keep is None:
        return None
    row = db.conn.execute(
        """
        SELECT last_seen_at FROM entries
        WHERE feed_id = :feed_id
        ORDER BY last_seen_at DESC
        LIMIT 1 OFFSET :offset
        """,
        {"feed_id": feed_id, "offset": retention.keep - 1},
    ).fetchone()
    return "" if row is None else str(row["last_seen_at"])


def poll_cutoffs(
    db: Database, own: Mapping[str, Retention], default: Retention, *, now: datetime
) -> dict[int, str]:
    """Feed id -> rows of `polls` from before this may go; feeds that keep all are left out."""
    found = {}
    for feed in db.conn.execute("SELECT id, url FROM feeds ORDER BY id").fetchall():
        days = own.get(feed["url"], default).poll_days
        if days is not None:
            found[feed["id"]] = format_time(now - timedelta(days=days))
    return found


def remove_polls(db: Database, feed_id: int, cutoff: str) -> int:
    """Removes a batch of the oldest rows of a feed's log; how many there were."""
    return db.conn.execute(
        """
        DELETE FROM polls WHERE id IN (
            SELECT id FROM polls
            WHERE feed_id = :feed_id AND at < :cutoff
            ORDER BY at
            LIMIT :limit
        )
        """,
        {"feed_id": feed_id, "cutoff": cutoff, "limit": BATCH},
    ).rowcount


def remove_batch(
    db: Database, cutoffs: Mapping[int, str], cursor: Cursor, *, now: datetime
) -> Batch:
    """Removes the next entries that may go, inside the caller's transaction."""
    feed_id = min((id for id in cutoffs if id >= cursor.feed_id), default=None)
    if feed_id is None:
        return Batch(0, 0, None)
    if feed_id != cursor.feed_id:
        cursor = Cursor(feed_id)
    candidates = _candidates(db, cursor, cutoffs[feed_id])
    if not candidates:
        return Batch(0, 0, Cursor(feed_id + 1))
    going, last = _choose(db, candidates, cutoffs)
    stories = _remove(db, going, format_time(now))
    return Batch(len(going), stories, Cursor(feed_id, last.last_seen_at, last.id))


def _candidates(db: Database, cursor: Cursor, cutoff: str) -> list[_Entry]:
    found = db.conn.execute(
        """
        SELECT id, feed_id, story_id, last_seen_at FROM entries
        WHERE feed_id = :feed_id
            AND last_seen_at < :cutoff
            AND (last_seen_at, id) > (:last_seen_at, :entry_id)
        ORDER BY last_seen_at, id
        LIMIT :limit
        """,
        {
            "feed_id": cursor.feed_id,
            "cutoff": cutoff,
            "last_seen_at": cursor.last_seen_at,
            "entry_id": cursor.entry_id,
            "limit": BATCH,
        },
    )
    return [_entry(row) for row in found.fetchall()]


def _entry(row: sqlite3.Row) -> _Entry:
    return _Entry(row["id"], row["feed_id"], row["story_id"], row["last_seen_at"])


def _choose(
    db: Database, candidates: list[_Entry], cutoffs: Mapping[int, str]
) -> tuple[dict[int, _Entry], _Entry]:
    """The entries that go with their whole stories, and the last candidate that was settled."""
    members = _members(db, candidates)
    staying = _staying(db, members)
    going: dict[int, _Entry] = {}
    last = candidates[0]
    for candidate in candidates:
        story = candidate.story_id
        together = [candidate] if story is None else members[story]
        if going and len(going) + len(together) > BATCH:
            break
        last = candidate
        if story not in staying and all(_is_over(entry, cutoffs) for entry in together):
            going.update((entry.id, entry) for entry in together)
    return going, last


def _is_over(entry: _Entry, cutoffs: Mapping[int, str]) -> bool:
    cutoff = cutoffs.get(entry.feed_id)
    return cutoff is not None and entry.last_seen_at < cutoff


def _members(db: Database, candidates: Iterable[_Entry]) -> dict[int, list[_Entry]]:
    stories = {entry.story_id for entry in candidates if entry.story_id is not None}
    found: dict[int, list[_Entry]] = {}
    cursor = db.conn.execute(
        """
        SELECT entries.id, entries.feed_id, entries.story_id, entries.last_seen_at
        FROM json_each(:stories) AS wanted
        CROSS JOIN entries ON entries.story_id = wanted.value
        """,
        {"stories": json.dumps(sorted(stories))},
    )
    for row in cursor.fetchall():
        found.setdefault(row["story_id"], []).append(_entry(row))
    return found


def _staying(db: Database, stories: Iterable[int]) -> set[int]:
    """Those that stand on a page now, or that an editor's word is about."""
    wanted = {"stories": json.dumps(sorted(stories))}
    placed = db.conn.execute("SELECT story_id FROM placements WHERE shown_until IS NULL")
    staying = {row[0] for row in placed.fetchall()}
    for table, column in _references(db, "stories") - _HISTORY:
        cursor = db.conn.execute(
            f"""
            SELECT "{column}" FROM "{table}"
            WHERE "{column}" IN (SELECT value FROM json_each(:stories))
            """,
            wanted,
        )
        staying |= {row[0] for row in cursor.fetchall()}
    return staying | overrides.spoken_of(db)


def _references(db: Database, target: str) -> set[tuple[str, str]]:
    """The (table, column) pairs that refer to a table and do not let go by themselves."""
    cursor = db.conn.execute(
        """
        SELECT tables.name, keys."from"
        FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
        WHERE tables.type = 'table'
            AND keys."table" = :target
            AND keys.on_delete NOT IN ('CASCADE', 'SET NULL')
        """,
        {"target": target},
    )
    return {(row[0], row[1]) for row in cursor.fetchall()}


def _remove(db: Database, going: Mapping[int, _Entry], at: str) -> int:
    """Entries, their keys (to tombstones), index and merges; returns how many stories went."""
    wanted = {"ids": json.dumps(sorted(going)), "at": at}
    db.conn.execute(
        """
        INSERT OR IGNORE INTO tombstones (feed_id, kind, value, entry_id, removed_at)
        SELECT entries.feed_id, entry_keys.kind, entry_keys.value, entries.id, :at
        FROM json_each(:ids) AS wanted
        CROSS JOIN entry_keys ON entry_keys.entry_id = wanted.value
        CROSS JOIN entries ON entries.id = wanted.value
        """,
        wanted,
    )
    db.conn.execute("DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(:ids))", wanted)
    similarity.forget(db, going)
    db.conn.execute("DELETE FROM entries WHERE id IN (SELECT value FROM json_each(:ids))", wanted)
    stories = {entry.story_id for entry in going.values() if entry.story_id is not None}
    return _remove_stories(db, stories)


def _remove_stories(db: Database, stories: Iterable[int]) -> int:
    """Those that nothing refers to, after the dissolved ones that point to them."""
    unreferenced = " ".join(
        f'AND NOT EXISTS (SELECT 1 FROM "{table}" AS others WHERE others."{column}" = stories.id)'
        for table, column in sorted(_references(db, "stories"))
    )
    wanted = {"stories": json.dumps(sorted(stories))}
    for column in ("merged_into", "id"):
        cursor = db.conn.execute(
            f"""
            DELETE FROM stories
            WHERE {column} IN (SELECT value FROM json_each(:stories)) {unreferenced}
            """,
            wanted,
        )
    return cursor.rowcount
