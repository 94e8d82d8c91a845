"""Which entries tell which story: ties, overrides, evidence, faces and copies.

Every function runs inside a transaction of the writer, but those that say otherwise.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.store import rows
from aggregator.store.overrides import GONE_LINKS
from aggregator.stories import Member, StoryCopy
from aggregator.times import format_time


@dataclass(frozen=True, slots=True)
class StoredOverride:
    """An editor's word on two entries that holds, the smaller id first."""

    id: int
    a_entry: int
    b_entry: int
    kind: str
    note: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an entry is part of a story: a row of `merges`. `features` is JSON."""

    story_id: int
    entry_id: int
    matched_entry_id: int
    rule: str
    score: float | None
    features: str
    version: int


def tied_entries(db: Database, entry_ids: Iterable[int]) -> set[int]:
    """The entries that matches, links, slugs and editors tie to these, and their story mates."""
    cursor = db.conn.execute(
        """
        SELECT b_entry
        FROM json_each(:wanted) AS wanted
        CROSS JOIN matches ON a_entry = wanted.value
        WHERE rule <> 'event'
        UNION
        SELECT a_entry
        FROM json_each(:wanted) AS wanted
        CROSS JOIN matches ON b_entry = wanted.value
        WHERE rule <> 'event'
        UNION
        SELECT b_entry
        FROM json_each(:wanted) AS wanted
        CROSS JOIN story_overrides ON a_entry = wanted.value
        WHERE ended_at IS NULL AND story_overrides.kind = 'force'
        UNION
        SELECT a_entry
        FROM json_each(:wanted) AS wanted
        CROSS JOIN story_overrides ON b_entry = wanted.value
        WHERE ended_at IS NULL AND story_overrides.kind = 'force'
        UNION
        SELECT other.entry_id
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entry_keys AS own ON own.entry_id = wanted.value
        CROSS JOIN entry_keys AS other ON
            other.kind = own.kind AND other.scope = own.scope AND other.value = own.value
        WHERE own.kind IN ('url', 'slug')
        UNION
        SELECT mates.id
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries AS own ON own.id = wanted.value
        CROSS JOIN entries AS mates ON mates.story_id = own.story_id
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    return {entry_id for (entry_id,) in cursor.fetchall()}


def tied_among(db: Database, entry_ids: Iterable[int]) -> set[int]:
    """Those of the entries, new ones, that a match of any rule, a link or a slug ties to others."""
    cursor = db.conn.execute(
        """
        SELECT wanted.value FROM json_each(:wanted) AS wanted
        WHERE EXISTS (SELECT 1 FROM matches WHERE a_entry = wanted.value)
            OR EXISTS (SELECT 1 FROM matches WHERE b_entry = wanted.value)
            OR EXISTS (
                SELECT 1
                FROM entry_keys AS own
                CROSS JOIN entry_keys AS other ON
                    other.kind = own.kind AND other.scope = own.scope AND other.value = own.value
                    AND other.entry_id <> own.entry_id
                WHERE own.entry_id = wanted.value AND own.kind IN ('url', 'slug')
            )
        """,
        {"wanted": json.dumps(sorted(entry_ids))},
    )
    return {entry_id for (entry_id,) in cursor.fetchall()}


def slugs(db: Database, entry_ids: Iterable[int]) -> dict[int, set[str]]:
    """Entry id -> the slugs its links have or had."""
    cursor = db.conn.execute(
        """
        SELECT entry_keys.entry_id, entry_keys.value
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entry_keys ON entry_keys.entry_id = wanted.value
        WHERE entry_keys.kind = 'slug'
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    found: dict[int, set[str]] = {}
    for entry_id, slug in cursor:
        found.setdefault(entry_id, set()).add(slug)
    return found


def overrides_on(db: Database, entry_ids: Iterable[int]) -> list[StoredOverride]:
    """What editors say of these entries now, oldest first; works on any connection."""
    cursor = db.conn.execute(
        """
        SELECT DISTINCT story_overrides.id, a_entry, b_entry, kind, note, created_at
        FROM json_each(:wanted) AS wanted
        CROSS JOIN story_overrides ON a_entry = wanted.value OR b_entry = wanted.value
        WHERE ended_at IS NULL
        ORDER BY story_overrides.id
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    return [
        StoredOverride(
            row["id"], row["a_entry"], row["b_entry"], row["kind"], row["note"], row["created_at"]
        )
        for row in cursor.fetchall()
    ]


def add_override(
    db: Database, a: int, b: int, kind: str, note: str | None, *, now: datetime
) -> None:
    """What an editor says of two entries from now on; what was said of them before ends."""
    pair = {"a": min(a, b), "b": max(a, b), "kind": kind, "note": note, "at": format_time(now)}
    db.conn.execute(
        """
        UPDATE story_overrides SET ended_at = :at
        WHERE a_entry = :a AND b_entry = :b AND ended_at IS NULL
        """,
        pair,
    )
    db.conn.execute(
        """
        INSERT INTO story_overrides (a_entry, b_entry, kind, note, created_at)
        VALUES (:a, :b, :kind, :note, :at)
        """,
        pair,
    )


def end_override(db: Database, override_id: int, *, now: datetime) -> None:
    """It holds no longer; its row stays."""
    db.conn.execute(
        "UPDATE story_overrides SET ended_at = :at WHERE id = :id",
        {"id": override_id, "at": format_time(now)},
    )


# ---------------------------------------------------------------------- stories


def entries_after(db: Database, after: int, *, since: datetime | None, limit: int) -> list[int]:
    """The next entries in the order of their ids; `since`: first seen then or later."""
    cursor = db.conn.execute(
        """
        SELECT id FROM entries
        WHERE id > :after AND first_seen_at >= :since
        ORDER BY id
        LIMIT :limit
        """,
        {"after": after, "since": format_time(since) if since else "", "limit": limit},
    )
    return [entry_id for (entry_id,) in cursor.fetchall()]


def told_by(db: Database, entry_ids: Iterable[int]) -> dict[int, int | None]:
    """Entry id -> its story."""
    cursor = db.conn.execute(
        """
        SELECT entries.id, entries.story_id
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries ON entries.id = wanted.value
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    return dict(cursor.fetchall())


def retired_by(db: Database, entry_ids: Iterable[int]) -> dict[int, int]:
    """Entry id -> a story it led that has no entries any more."""
    cursor = db.conn.execute(
        """
        SELECT stories.entry_id, min(stories.id)
        FROM json_each(:wanted) AS wanted
        CROSS JOIN stories ON stories.entry_id = wanted.value
        WHERE stories.merged_into IS NOT NULL
        GROUP BY stories.entry_id
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    return dict(cursor.fetchall())


def members(db: Database, entry_ids: Iterable[int]) -> dict[int, Member]:
    """Entry id -> the entry as part of a story."""
    cursor = db.conn.execute(
        f"""
        SELECT
            entries.id, entries.feed_id, entries.story_id, feeds.site_id AS feed_site,
            entries.url, entries.title, entries.summary, entries.image_url,
            entries.published_at, entries.first_seen_at, entries.held_until, entries.agency,
            entries.url IN ({GONE_LINKS}) AS is_gone
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries ON entries.id = wanted.value
        CROSS JOIN feeds ON feeds.id = entries.feed_id
        ORDER BY entries.id
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    )
    return {row["id"]: rows.member(row) for row in cursor.fetchall()}


def move_entries(db: Database, story_of: Mapping[int, int]) -> None:
    """Entry id -> the story it tells from now on; dissolved stories they led follow them."""
    db.conn.executemany(
        "UPDATE entries SET story_id = :story_id WHERE id = :entry_id",
        [{"entry_id": entry, "story_id": story} for entry, story in story_of.items()],
    )
    db.conn.executemany(
        """
        UPDATE stories SET merged_into = :story_id
        WHERE entry_id = :entry_id AND merged_into IS NOT NULL
        """,
        [{"entry_id": entry, "story_id": story} for entry, story in story_of.items()],
    )


def retire_stories(
    db: Database, story_ids: Iterable[int | None], *, begun: Iterable[int] = ()
) -> None:
    """Those without an entry left point to the story that their leading entry tells now.

    That one is withdrawn by whatever names them: see `overrides`.
    Those just `begun` are deleted: nothing ever showed them.
    """
    left = {"wanted": json.dumps(sorted({id_ for id_ in story_ids if id_ is not None}))}
    db.conn.execute(
        """
        DELETE FROM story_copies
        WHERE story_id IN (SELECT value FROM json_each(:wanted))
            AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.story_id = story_copies.story_id)
        """,
        left,
    )
    db.conn.execute(
        """
        DELETE FROM stories
        WHERE id IN (SELECT value FROM json_each(:wanted))
            AND id IN (SELECT value FROM json_each(:begun))
            AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.story_id = stories.id)
        """,
        {**left, "begun": json.dumps(sorted(set(begun)))},
    )
    db.conn.execute(
        """
        UPDATE stories SET
            event_id = NULL,
            withdrawn_at = NULL,
            merged_into = (SELECT story_id FROM entries WHERE entries.id = stories.entry_id)
        WHERE id IN (SELECT value FROM json_each(:wanted))
            AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.story_id = stories.id)
        """,
        left,
    )


def revive_stories(db: Database, story_ids: Iterable[int]) -> None:
    """Stories that have entries."""
    db.conn.execute(
        """
        UPDATE stories SET merged_into = NULL
        WHERE id IN (SELECT value FROM json_each(:wanted)) AND merged_into IS NOT NULL
        """,
        {"wanted": json.dumps(sorted(set(story_ids)))},
    )


def replace_copies(db: Database, story_ids: Iterable[int], copies: Iterable[StoryCopy]) -> None:
    """`copies` are all there are of the stories; a row that already says so is left alone."""
    found = {(copy.story_id, copy.site_id): copy for copy in copies}
    wanted = {place: rows.copy_columns(copy) for place, copy in found.items()}
    cursor = db.conn.execute(
        """
        SELECT
            story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until
        FROM json_each(:wanted) AS wanted
        CROSS JOIN story_copies ON story_id = wanted.value
        """,
        {"wanted": json.dumps(sorted(set(story_ids)))},
    )
    stored = {(row["story_id"], row["site_id"]): dict(row) for row in cursor.fetchall()}
    db.conn.executemany(
        "DELETE FROM story_copies WHERE story_id = ? AND site_id = ?",
        [place for place, row in stored.items() if wanted.get(place) != row],
    )
    changed = [copy for place, copy in found.items() if stored.get(place) != wanted[place]]
    insert_copies(db, changed)


def insert_copies(db: Database, copies: Iterable[StoryCopy]) -> None:
    """Copies that are not there yet."""
    db.conn.executemany(
        """
        INSERT INTO story_copies (
            story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until
        ) VALUES (
            :story_id, :site_id, :entry_id, :url, :title, :image_url, :agency, :shown_at,
            :held_until
        )
        """,
        [rows.copy_columns(copy) for copy in copies],
    )


# --------------------------------------------------------------------- evidence


def replace_evidence(
    db: Database, entry_ids: Iterable[int], evidence: Iterable[Evidence], *, now: datetime
) -> None:
    """`evidence` is all that holds of the entries: what no longer does is undone, never deleted."""
    at = format_time(now)
    standing = {_claim(row): row["id"] for row in standing_evidence(db, entry_ids)}
    held = {(e.story_id, e.entry_id, e.matched_entry_id, e.rule): e for e in evidence}
    db.conn.executemany(
        "UPDATE merges SET undone_at = :at WHERE id = :id",
        [{"at": at, "id": row_id} for claim, row_id in standing.items() if claim not in held],
    )
    db.conn.executemany(
        """
        INSERT INTO merges (
            story_id, entry_id, matched_entry_id, rule, score, features, version, decided_at
        ) VALUES (
            :story_id, :entry_id, :matched_entry_id, :rule, :score, :features, :version, :at
        )
        """,
        [
            {
                "story_id": found.story_id,
                "entry_id": found.entry_id,
                "matched_entry_id": found.matched_entry_id,
                "rule": found.rule,
                "score": found.score,
                "features": found.features,
                "version": found.version,
                "at": at,
            }
            for claim, found in held.items()
            if claim not in standing
        ],
    )


def standing_evidence(db: Database, entry_ids: Iterable[int]) -> list[sqlite3.Row]:
    """The rows of `merges` of these entries that hold, in order; works on any connection."""
    return db.conn.execute(
        """
        SELECT
            merges.id, merges.story_id, merges.entry_id, merges.matched_entry_id, merges.rule,
            merges.score, merges.features, merges.version, merges.decided_at
        FROM json_each(:wanted) AS wanted
        CROSS JOIN merges ON merges.entry_id = wanted.value
        WHERE merges.undone_at IS NULL
        ORDER BY merges.id
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    ).fetchall()


def _claim(row: sqlite3.Row) -> tuple[int, int, int, str]:
    return row["story_id"], row["entry_id"], row["matched_entry_id"], row["rule"]
