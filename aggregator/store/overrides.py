"""An editor's words -> rows, and back: what is in force, and which stories it concerns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.editors import Override, OverrideKind
from aggregator.store import rows
from aggregator.times import format_time

LISTED = 1000
"""How many overrides a listing shows at most, the latest first."""


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """A row of `overrides` as `Override` does not need it; times are the database's text.

    `title` is that of the story named by its number; None: by a link or words, or it is no more.
    """

    id: int
    kind: str
    story_id: int | None
    title: str | None
    url: str | None
    words: str | None
    value: str | None
    page: str | None
    note: str | None
    created_at: str
    expires_at: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class NewOverride:
    """What to write down; one of `story_id`, `url` (with its key) and `words` is given.

    `story_id` with a `url` and no key means the story's copies that have this link, and no other.
    """

    kind: OverrideKind
    story_id: int | None = None
    url: str | None = None
    canonical_url: str | None = None
    words: str | None = None
    value: str | None = None
    page: str | None = None
    note: str | None = None
    expires_at: datetime | None = None


_COLUMNS = """
    id, kind, story_id, url, words, value, page, note, created_at, expires_at, ended_at,
    (SELECT title FROM stories WHERE stories.id = overrides.story_id) AS title
"""

# The stories an override names: by its number, or by the key of its link. A story whose entries
# went to another one is followed there, by the entry that led it.
_STORIES = """
    SELECT overrides.id AS override_id, coalesce(entries.story_id, stories.id) AS story_id
    FROM overrides
    CROSS JOIN stories ON stories.id = overrides.story_id
    LEFT JOIN entries ON entries.id = stories.entry_id
    WHERE overrides.story_id IS NOT NULL
    UNION
    SELECT overrides.id, entries.story_id
    FROM overrides
    CROSS JOIN entry_keys ON entry_keys.kind = 'url' AND entry_keys.scope = 0
        AND entry_keys.value = overrides.canonical_url
    CROSS JOIN entries ON entries.id = entry_keys.entry_id
    WHERE overrides.canonical_url IS NOT NULL AND entries.story_id IS NOT NULL
"""

_NAMED = f"({_STORIES}) AS named JOIN overrides ON overrides.id = named.override_id"

# Of the links of a story's copies; what an editor names by its link has that link's key.
_IS_OF_LINK = "(overrides.story_id IS NOT NULL AND overrides.url IS NOT NULL)"

GONE_LINKS = f"""
    SELECT overrides.url FROM overrides
    WHERE kind = 'withdraw' AND {_IS_OF_LINK} AND ended_at IS NULL
"""
"""The links that are withdrawn: no copy that has one is shown."""

# Stories that are withdrawn from every page, one by one, or link by link until none was left; words
# are looked for by the selection.
_WITHDRAWN = f"""
    SELECT named.story_id
    FROM {_NAMED}
    WHERE overrides.kind = 'withdraw' AND overrides.page IS NULL AND overrides.ended_at IS NULL
        AND NOT (
            {_IS_OF_LINK}
            AND EXISTS (
                SELECT 1 FROM story_copies
                WHERE story_copies.story_id = named.story_id
                    AND story_copies.url NOT IN ({GONE_LINKS})
            )
        )
"""


def add(db: Database, override: NewOverride, *, now: datetime) -> int:
    """Writes it down; it holds from the next publication on. Its id."""
    cursor = db.conn.execute(
        """
        INSERT INTO overrides (
            kind, story_id, url, canonical_url, words, value, page, note, created_at, expires_at
        ) VALUES (
            :kind, :story_id, :url, :canonical_url, :words, :value, :page, :note, :at, :expires_at
        )
        """,
        {
            "kind": override.kind,
            "story_id": override.story_id,
            "url": override.url,
            "canonical_url": override.canonical_url,
            "words": override.words,
            "value": override.value,
            "page": override.page,
            "note": override.note,
            "at": format_time(now),
            "expires_at": rows.text_of(override.expires_at),
        },
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def end(db: Database, override_id: int, *, now: datetime) -> None:
    """It no longer holds."""
    _end(db, [override_id], format_time(now))


def settle(db: Database, *, now: datetime) -> None:
    """Ends what has run out, and makes `stories.withdrawn_at` say what is withdrawn everywhere."""
    at = format_time(now)
    expired = db.conn.execute(
        "SELECT id FROM overrides WHERE ended_at IS NULL AND expires_at <= :at", {"at": at}
    ).fetchall()
    if expired:
        _end(db, [row["id"] for row in expired], at)
    db.conn.execute(
        f"""
        UPDATE stories SET withdrawn_at = :at
        WHERE withdrawn_at IS NULL AND id IN ({_WITHDRAWN})
        """,
        {"at": at},
    )
    # A copy may have come that has another link.
    _take_back(db, f"{_IS_OF_LINK} AND overrides.ended_at IS NULL", {})


def _end(db: Database, override_ids: list[int], at: str) -> None:
    ids = json.dumps(override_ids)
    db.conn.execute(
        """
        UPDATE overrides SET ended_at = :at
        WHERE id IN (SELECT value FROM json_each(:ids)) AND ended_at IS NULL
        """,
        {"at": at, "ids": ids},
    )
    _take_back(db, "overrides.id IN (SELECT value FROM json_each(:ids))", {"ids": ids})


def _take_back(db: Database, named_by: str, parameters: dict[str, str]) -> None:
    """The withdrawal of every story that is named by such an override and withdrawn by none."""
    db.conn.execute(
        f"""
        UPDATE stories SET withdrawn_at = NULL
        WHERE withdrawn_at IS NOT NULL
            AND id IN (
                SELECT named.story_id
                FROM {_NAMED}
                WHERE {named_by} AND overrides.kind = 'withdraw' AND overrides.page IS NULL
            )
            AND id NOT IN ({_WITHDRAWN})
        """,
        parameters,
    )


def release(db: Database, left: Iterable[int], gained: Iterable[int]) -> None:
    """Entries went from the stories `left` to those `gained`, and a withdrawal with them: what
    was withdrawn for their sake alone is so no longer."""
    db.conn.execute(
        f"""
        UPDATE stories SET withdrawn_at = NULL
        WHERE withdrawn_at IS NOT NULL
            AND id IN (SELECT value FROM json_each(:left))
            AND id NOT IN ({_WITHDRAWN})
            AND EXISTS (
                SELECT value FROM json_each(:gained) WHERE value IN ({_WITHDRAWN})
            )
        """,
        {"left": json.dumps(sorted(set(left))), "gained": json.dumps(sorted(set(gained)))},
    )


def in_force(db: Database, *, now: datetime) -> tuple[Override, ...]:
    """Every override of whole stories that holds at `now`, with those it names, in their order."""
    at = {"at": format_time(now)}
    found = db.conn.execute(
        f"""
        SELECT id, kind, words, value, page
        FROM overrides
        WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > :at) AND NOT {_IS_OF_LINK}
        ORDER BY id
        """,
        at,
    ).fetchall()
    if not found:
        return ()
    named = _named(db, (row["id"] for row in found))
    return tuple(
        Override(
            id=row["id"],
            kind=OverrideKind(row["kind"]),
            story_ids=frozenset(named.get(row["id"], ())),
            words=row["words"],
            value=row["value"],
            page=row["page"],
        )
        for row in found
    )


def gone_links(db: Database) -> frozenset[str]:
    """The links that are withdrawn: no copy of a story that has one is shown."""
    return frozenset(url for (url,) in db.conn.execute(GONE_LINKS).fetchall())


def stories_of(db: Database, override_id: int) -> tuple[tuple[int, str], ...]:
    """Id and title of every story an override names."""
    cursor = db.conn.execute(
        f"""
        SELECT stories.id, stories.title
        FROM ({_STORIES}) AS named
        JOIN stories ON stories.id = named.story_id
        WHERE named.override_id = :id
        ORDER BY stories.id
        """,
        {"id": override_id},
    )
    return tuple((row["id"], row["title"]) for row in cursor.fetchall())


def _named(db: Database, override_ids: Iterable[int]) -> dict[int, list[int]]:
    cursor = db.conn.execute(
        f"""
        SELECT override_id, story_id FROM ({_STORIES})
        WHERE override_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": json.dumps(list(override_ids))},
    )
    named: dict[int, list[int]] = {}
    for override_id, story_id in cursor.fetchall():
        named.setdefault(override_id, []).append(story_id)
    return named


def spoken_of(db: Database) -> set[int]:
    """The stories that any override names which has not ended."""
    cursor = db.conn.execute(
        f"""
        SELECT named.story_id
        FROM {_NAMED}
        WHERE overrides.ended_at IS NULL
        """
    )
    return {row["story_id"] for row in cursor.fetchall()}


def next_end(db: Database, *, now: datetime) -> datetime | None:
    """When the next override runs out."""
    (expires_at,) = db.conn.execute(
        "SELECT min(expires_at) FROM overrides WHERE ended_at IS NULL AND expires_at > :now",
        {"now": format_time(now)},
    ).fetchone()
    return rows.time_of(expires_at)


def find(db: Database, override_id: int) -> OverrideRow | None:
    """One of them, in force or not."""
    row = db.conn.execute(
        f"SELECT {_COLUMNS} FROM overrides WHERE id = :id", {"id": override_id}
    ).fetchone()
    return None if row is None else _override_row(row)


def listed(db: Database, *, ended: bool) -> tuple[OverrideRow, ...]:
    """Those in force, the latest first; with `ended` all there ever were."""
    cursor = db.conn.execute(
        f"""
        SELECT {_COLUMNS} FROM overrides
        WHERE :ended OR ended_at IS NULL
        ORDER BY id DESC
        LIMIT :limit
        """,
        {"ended": ended, "limit": LISTED},
    )
    return tuple(_override_row(row) for row in cursor.fetchall())


def story_exists(db: Database, story_id: int) -> bool:
    """Is there a story of this number."""
    found = db.conn.execute("SELECT 1 FROM stories WHERE id = :id", {"id": story_id})
    return found.fetchone() is not None


def _override_row(row: sqlite3.Row) -> OverrideRow:
    return OverrideRow(
        id=row["id"],
        kind=row["kind"],
        story_id=row["story_id"],
        title=row["title"],
        url=row["url"],
        words=row["words"],
        value=row["value"],
        page=row["page"],
        note=row["note"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
    )
