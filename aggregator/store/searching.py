"""The full-text index of entries: kept up by polls, asked by `search`.

No trigger keeps it up (twelve times the cost of a poll's inserts): what polls write is indexed in
their own transaction, what is written from outside by `reindex`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.errors import UsageError
from aggregator.match import ChangedEntry, NewEntry
from aggregator.search_words import cjk_pairs, match_expression
from aggregator.times import format_time

WINDOW = 2000
"""Matches looked at together, newest first; ranking holds within them."""

MAX_WINDOWS = 25
"""How far back a search with a filter goes when the filter lets little pass."""

MAX_LIMIT = 1000
REINDEX_BATCH = 1000

_REPLACE = """
    REPLACE INTO search (rowid, title, summary, title_pairs, summary_pairs)
    VALUES (:id, :title, :summary, :title_pairs, :summary_pairs)
"""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Times bound what a story sorts by; `until` is not included.

    Raises UsageError for a `limit` that is not from 1 to `MAX_LIMIT`.
    """

    words: str
    site: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    page: str | None = None
    limit: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise UsageError(f"limit {self.limit}: from 1 to {MAX_LIMIT} was expected")

    @property
    def is_narrow(self) -> bool:
        """May matches be left out for what they are, so that older ones are needed?"""
        return any((self.site, self.since, self.until, self.page))


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that was found; times are the database's text."""

    story_id: int
    title: str
    url: str | None
    site: str
    site_name: str
    published_at: str | None
    first_seen_at: str
    summary: str


def index_entries(db: Database, items: Iterable[NewEntry | ChangedEntry]) -> None:
    """Makes entries findable by what they say now; inside the transaction that stores them."""
    db.conn.executemany(
        _REPLACE, [_columns(item.id, item.entry.title, item.entry.summary) for item in items]
    )


def _columns(entry_id: int, title: str, summary: str) -> dict[str, str | int]:
    return {
        "id": entry_id,
        "title": title,
        "summary": summary,
        "title_pairs": cjk_pairs(title),
        "summary_pairs": cjk_pairs(summary),
    }


def reindex(db: Database, *, after: int) -> int | None:
    """Indexes the next thousand entries after that id; the last id, or None at the end.

    Begins anew with `after` 0, where it also drops all that is indexed.
    """
    if after == 0:
        db.conn.execute("DELETE FROM search")
    found = db.conn.execute(
        """
        SELECT id, title, summary FROM entries
        WHERE id > :after
        ORDER BY id
        LIMIT :limit
        """,
        {"after": after, "limit": REINDEX_BATCH},
    ).fetchall()
    db.conn.executemany(_REPLACE, [_columns(*row) for row in found])
    return int(found[-1]["id"]) if found else None


def count_unindexed(db: Database) -> int:
    """Entries without a row of the index, and rows of the index without an entry."""
    (count,) = db.conn.execute(
        """
        SELECT
            (SELECT count(*) FROM entries WHERE id NOT IN (SELECT id FROM search_docsize))
            + (SELECT count(*) FROM search_docsize WHERE id NOT IN (SELECT id FROM entries))
        """
    ).fetchone()
    return int(count)


def find_stories(db: Database, search: Search) -> tuple[Hit, ...]:
    """Stories an entry of which has every word: those with the words in a title first, each kind
    newest first. Any `words` are safe; nothing to look for finds nothing."""
    expression = match_expression(search.words)
    if expression is None:
        return ()
    found: dict[int, tuple[bool, sqlite3.Row]] = {}
    before = 1 << 62
    for _ in range(MAX_WINDOWS if search.is_narrow else 1):
        window = _window(db, expression, before)
        if not window:
            break
        in_title = _in_title(db, expression, window)
        for row in _told(db, window, search):
            known = found.get(row["story_id"])
            titled = row["entry_id"] in in_title or (known is not None and known[0])
            found[row["story_id"]] = (titled, row)
        before = window[-1]
        if len(found) >= search.limit:
            break
    ranked = sorted(found.values(), key=_rank, reverse=True)
    return tuple(_hit(row) for _, row in ranked[: search.limit])


def _rank(told: tuple[bool, sqlite3.Row]) -> tuple[bool, str, int]:
    is_titled, row = told
    return is_titled, row["shown_at"], row["story_id"]


def _window(db: Database, expression: str, before: int) -> list[int]:
    """The newest matching entries with an id below `before`, newest first."""
    cursor = db.conn.execute(
        """
        SELECT rowid FROM search
        WHERE search MATCH :expression AND rowid < :before
        ORDER BY rowid DESC
        LIMIT :window
        """,
        {"expression": expression, "before": before, "window": WINDOW},
    )
    return [row[0] for row in cursor.fetchall()]


def _in_title(db: Database, expression: str, window: list[int]) -> frozenset[int]:
    cursor = db.conn.execute(
        """
        SELECT rowid FROM search
        WHERE search MATCH :expression AND rowid BETWEEN :lowest AND :highest
        """,
        {
            "expression": f"{{title title_pairs}} : ({expression})",
            "lowest": window[-1],
            "highest": window[0],
        },
    )
    return frozenset(row[0] for row in cursor.fetchall())


def _told(db: Database, window: list[int], search: Search) -> list[sqlite3.Row]:
    """The stories of the window's entries that pass the filters."""
    return db.conn.execute(
        """
        SELECT
            matched.id AS entry_id, stories.id AS story_id, stories.title, stories.url,
            stories.site_id, sites.name AS site_name, stories.published_at,
            stories.first_seen_at, leading.summary, stories.shown_at
        FROM json_each(:window) AS wanted
        CROSS JOIN entries AS matched ON matched.id = wanted.value
        CROSS JOIN stories ON stories.id = matched.story_id
        CROSS JOIN sites ON sites.id = stories.site_id
        LEFT JOIN entries AS leading ON leading.id = stories.entry_id
        WHERE stories.withdrawn_at IS NULL
            AND (:site IS NULL OR stories.site_id = :site)
            AND (:since IS NULL OR stories.shown_at >= :since)
            AND (:until IS NULL OR stories.shown_at < :until)
            AND (:page IS NULL OR EXISTS (
                SELECT 1 FROM placements
                WHERE placements.story_id = stories.id AND placements.page = :page
            ))
        """,
        {
            "window": f"[{','.join(map(str, window))}]",
            "site": search.site,
            "since": format_time(search.since) if search.since else None,
            "until": format_time(search.until) if search.until else None,
            "page": search.page,
        },
    ).fetchall()


def _hit(row: sqlite3.Row) -> Hit:
    return Hit(
        story_id=row["story_id"],
        title=row["title"],
        url=row["url"],
        site=row["site_id"],
        site_name=row["site_name"],
        published_at=row["published_at"],
        first_seen_at=row["first_seen_at"],
        summary=row["summary"] or "",
    )
