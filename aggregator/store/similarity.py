"""Headlines, candidates and matches: what similarity reads and leaves.

Every function runs inside a transaction of the writer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlite_utils import Database

from aggregator.similar import WINDOW
from aggregator.store.rows import time_of
from aggregator.times import format_time, parse_time

EARLIER_LIMIT = 5
"""So many of the headlines an entry had count; a live page has hundreds."""


@dataclass(frozen=True, slots=True)
class StoredHeadline:
    """An entry as similarity needs it.

    `links` are the URL keys it has or had; `earlier` the (title, summary) it had, the latest last;
    `suffixes` are what its feed's titles were found to end with. `sighted`: its words were read.
    """

    id: int
    feed_id: int
    feed_url: str
    feed_site: str
    language: str | None
    suffixes: tuple[str, ...]
    guid: str | None
    canonical_url: str | None
    title: str
    summary: str
    published_at: datetime | None
    first_seen_at: datetime
    links: frozenset[str]
    earlier: tuple[tuple[str, str], ...]
    sighted: bool
    recurring: bool
    boilerplate: bool


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A row of `matches`, the smaller id first."""

    a_entry: int
    b_entry: int
    rule: str
    score: float
    features: str
    version: int


def headlines(db: Database, entry_ids: Iterable[int]) -> dict[int, StoredHeadline]:
    """Entry id -> its headline; ids that are not stored are left out."""
    wanted = json.dumps(sorted(set(entry_ids)))
    cursor = db.conn.execute(
        """
        SELECT
            entries.id, entries.feed_id, feeds.url AS feed_url, feeds.site_id, feeds.language,
            feeds.suffixes, entries.guid, entries.canonical_url, entries.title, entries.summary,
            entries.published_at, entries.first_seen_at,
            sightings.entry_id IS NOT NULL AS sighted,
            coalesce(sightings.recurring, 0) AS recurring,
            coalesce(sightings.boilerplate, 0) AS boilerplate
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries ON entries.id = wanted.value
        CROSS JOIN feeds ON feeds.id = entries.feed_id
        LEFT JOIN sightings ON sightings.entry_id = entries.id
        """,
        {"wanted": wanted},
    )
    found = cursor.fetchall()
    links = _links(db, wanted)
    earlier = _earlier(db, wanted)
    return {row["id"]: _headline(row, links, earlier) for row in found}


def _headline(
    row: sqlite3.Row,
    links: Mapping[int, frozenset[str]],
    earlier: Mapping[int, tuple[tuple[str, str], ...]],
) -> StoredHeadline:
    return StoredHeadline(
        id=row["id"],
        feed_id=row["feed_id"],
        feed_url=row["feed_url"],
        feed_site=row["site_id"],
        language=row["language"],
        suffixes=_suffixes(row["suffixes"]),
        guid=row["guid"],
        canonical_url=row["canonical_url"],
        title=row["title"],
        summary=row["summary"],
        published_at=time_of(row["published_at"]),
        first_seen_at=parse_time(row["first_seen_at"]),
        links=links.get(row["id"], frozenset()),
        earlier=earlier.get(row["id"], ()),
        sighted=bool(row["sighted"]),
        recurring=bool(row["recurring"]),
        boilerplate=bool(row["boilerplate"]),
    )


@lru_cache(maxsize=1024)
def _suffixes(text: str) -> tuple[str, ...]:
    """Most feeds have none, and all headlines of a feed have the same."""
    return tuple(json.loads(text))


def _links(db: Database, wanted: str) -> dict[int, frozenset[str]]:
    cursor = db.conn.execute(
        """
        SELECT entry_keys.entry_id, entry_keys.value
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entry_keys ON entry_keys.entry_id = wanted.value
        WHERE entry_keys.kind = 'url'
        """,
        {"wanted": wanted},
    )
    found: dict[int, set[str]] = {}
    for entry_id, value in cursor:
        found.setdefault(entry_id, set()).add(value)
    return {entry_id: frozenset(values) for entry_id, values in found.items()}


def _earlier(db: Database, wanted: str) -> dict[int, tuple[tuple[str, str], ...]]:
    cursor = db.conn.execute(
        """
        SELECT revisions.entry_id, revisions.title, revisions.summary
        FROM json_each(:wanted) AS wanted
        CROSS JOIN revisions ON revisions.entry_id = wanted.value
        ORDER BY revisions.id
        """,
        {"wanted": wanted},
    )
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for entry_id, title, summary in cursor:
        kept = found.get(entry_id, ())[1 - EARLIER_LIMIT :]
        found[entry_id] = (*kept, (title, summary))
    return found


# ------------------------------------------------------------------- candidates


def index_tokens(db: Database, tokens: Mapping[int, Collection[str]]) -> None:
    """Entry id -> the title tokens it is found by from now on; none: it is not found.

    The entries have been sighted.
    """
    cursor = db.conn.execute(
        """
        SELECT entries.id, substr(entries.first_seen_at, 1, 10), sightings.tokens
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries ON entries.id = wanted.value
        CROSS JOIN sightings ON sightings.entry_id = entries.id
        """,
        {"wanted": json.dumps(sorted(tokens))},
    )
    gone, come, changed = [], [], []
    for entry_id, day, text in cursor.fetchall():
        before, now = set(json.loads(text)), set(tokens[entry_id])
        if before != now:
            gone += [(day, token, entry_id) for token in sorted(before - now)]
            come += [(day, token, entry_id) for token in sorted(now - before)]
            changed.append((json.dumps(sorted(now), ensure_ascii=False), entry_id))
    db.conn.executemany(
        "DELETE FROM title_tokens WHERE seen_on = ? AND token = ? AND entry_id = ?", gone
    )
    db.conn.executemany(
        "INSERT INTO title_tokens (seen_on, token, entry_id) VALUES (?, ?, ?)", come
    )
    db.conn.executemany("UPDATE sightings SET tokens = ? WHERE entry_id = ?", changed)


def forget(db: Database, entry_ids: Iterable[int]) -> None:
    """Entries that are about to be deleted are found no more; their sightings stay."""
    index_tokens(db, dict.fromkeys(entry_ids, ()))


def holders(db: Database, tokens: Iterable[str], at: datetime) -> list[tuple[str, int]]:
    """Each of the tokens with each entry whose title has or had it, of the days of the window.

    Some of the entries were first seen just outside the window of `at`.
    """
    cursor = db.conn.execute(
        """
        SELECT title_tokens.token, title_tokens.entry_id
        FROM json_each(:days) AS days
        CROSS JOIN json_each(:tokens) AS wanted
        CROSS JOIN title_tokens ON seen_on = days.value AND token = wanted.value
        """,
        {"tokens": json.dumps(list(tokens)), "days": _days_around(at)},
    )
    cursor.row_factory = None
    return cursor.fetchall()


@lru_cache(maxsize=16)
def _days_around(at: datetime) -> str:
    """The days that an entry of the window may have been first seen on, as JSON."""
    first, last = (at - WINDOW).date(), (at + WINDOW).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return json.dumps([day.isoformat() for day in days])


# ---------------------------------------------------------------------- matches


def partners(db: Database, entry_ids: Iterable[int]) -> dict[int, set[int]]:
    """Entry id -> those it matched until now, of whatever rule."""
    found: dict[int, set[int]] = {}
    for row in _matches(db, entry_ids):
        found.setdefault(row["wanted"], set()).add(row["other"])
    return found


def _matches(db: Database, entry_ids: Iterable[int]) -> list[sqlite3.Row]:
    columns = "rule, score, features, matches.version"
    return db.conn.execute(
        f"""
        SELECT wanted.value AS wanted, b_entry AS other, {columns}
        FROM json_each(:wanted) AS wanted
        CROSS JOIN matches ON matches.a_entry = wanted.value
        UNION ALL
        SELECT wanted.value, a_entry, {columns}
        FROM json_each(:wanted) AS wanted
        CROSS JOIN matches ON matches.b_entry = wanted.value
        """,
        {"wanted": json.dumps(sorted(set(entry_ids)))},
    ).fetchall()


def matches_among(db: Database, entry_ids: Iterable[int]) -> list[StoredMatch]:
    """Each match that touches one of the entries, once."""
    found = {}
    for row in _matches(db, entry_ids):
        a, b = sorted((row["wanted"], row["other"]))
        found[a, b] = StoredMatch(a, b, row["rule"], row["score"], row["features"], row["version"])
    return [found[pair] for pair in sorted(found)]


def replace_matches(
    db: Database, entry_ids: Iterable[int], matches: Iterable[StoredMatch], *, now: datetime
) -> None:
    """`matches` are all that touch the entries from now on; what holds keeps its time."""
    ids = set(entry_ids)
    before = {(m.a_entry, m.b_entry): m for m in matches_among(db, ids)}
    after = {(m.a_entry, m.b_entry): m for m in matches}
    gone = [pair for pair, match in before.items() if after.get(pair) != match]
    db.conn.executemany("DELETE FROM matches WHERE a_entry = ? AND b_entry = ?", gone)
    db.conn.executemany(
        """
        INSERT INTO matches (a_entry, b_entry, rule, score, features, version, decided_at)
        VALUES (:a_entry, :b_entry, :rule, :score, :features, :version, :at)
        """,
        [
            {
                "a_entry": match.a_entry,
                "b_entry": match.b_entry,
                "rule": match.rule,
                "score": match.score,
                "features": match.features,
                "version": match.version,
                "at": format_time(now),
            }
            for pair, match in after.items()
            if before.get(pair) != match
        ],
    )
