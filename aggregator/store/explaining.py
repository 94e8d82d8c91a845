"""A story or a link -> all that is stored about why the story is what it is.

Works on any connection, also read-only ones. Times are the database's text.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from sqlite_utils import Database

from aggregator.store import storylines
from aggregator.store.overrides import GONE_LINKS
from aggregator.store.publications import Place, places_of

LOOKALIKES = 10
"""So many other stories an account names at most."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Why an entry is part of the story: the rule, its numbers and the other entry."""

    rule: str
    score: float | None
    features: dict[str, object]
    matched_entry: int
    matched_title: str
    decided_at: str
    version: int


@dataclass(frozen=True, slots=True)
class Teller:
    """An entry of the story. `earlier` are the titles it had, the oldest first; `is_gone`: its
    link was withdrawn, as nothing is there any more."""

    entry: int
    site: str
    feed: str
    title: str
    url: str | None
    is_gone: bool
    published_at: str | None
    first_seen_at: str
    earlier: tuple[str, ...]
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Lookalike:
    """An entry of another story that a rule finds alike, or about one event."""

    entry: int
    story: int
    title: str
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class Copy:
    """The story as one site tells it; `is_gone`: what it links to, so no page shows it."""

    site: str
    title: str
    url: str | None
    is_gone: bool
    agency: str | None
    shown_at: str
    held_until: str | None


@dataclass(frozen=True, slots=True)
class StoryAccount:
    """Everything `explain` says of one story, but for the pages it is not on.

    `by_hand`: which of its entries editors merged or keep apart.
    """

    story: int
    site: str
    title: str
    url: str | None
    published_at: str | None
    first_seen_at: str
    withdrawn_at: str | None
    merged_into: int | None
    event: int | None
    tellers: tuple[Teller, ...]
    lookalikes: tuple[Lookalike, ...]
    by_hand: tuple[storylines.StoredOverride, ...]
    copies: tuple[Copy, ...]
    places: tuple[Place, ...]


def entries_with_link(db: Database, key: str) -> list[tuple[int, int]]:
    """(entry, story) of every entry that has or had the canonical link."""
    cursor = db.conn.execute(
        """
        SELECT entries.id, entries.story_id
        FROM entry_keys
        JOIN entries ON entries.id = entry_keys.entry_id
        WHERE kind = 'url' AND scope = 0 AND value = :key AND entries.story_id IS NOT NULL
        ORDER BY entries.id
        """,
        {"key": key},
    )
    return [(entry, story) for entry, story in cursor.fetchall()]


def story_of_entry(db: Database, entry_id: int) -> int | None:
    """None: no such entry."""
    row = db.conn.execute(
        "SELECT story_id FROM entries WHERE id = :id", {"id": entry_id}
    ).fetchone()
    return None if row is None else row["story_id"]


def entries_of_story(db: Database, story_id: int) -> list[int]:
    """Those that tell it, the leading one first."""
    cursor = db.conn.execute(
        """
        SELECT entries.id
        FROM entries JOIN stories ON stories.id = entries.story_id
        WHERE story_id = :id
        ORDER BY entries.id <> stories.entry_id, entries.id
        """,
        {"id": story_id},
    )
    return [entry_id for (entry_id,) in cursor.fetchall()]


def account_of(db: Database, story_id: int) -> StoryAccount | None:
    """None: no such story."""
    row = db.conn.execute(
        """
        SELECT
            id, site_id, title, url, published_at, first_seen_at, withdrawn_at, merged_into,
            event_id
        FROM stories
        WHERE id = :id
        """,
        {"id": story_id},
    ).fetchone()
    if row is None:
        return None
    entries = entries_of_story(db, story_id)
    return StoryAccount(
        story=row["id"],
        site=row["site_id"],
        title=row["title"],
        url=row["url"],
        published_at=row["published_at"],
        first_seen_at=row["first_seen_at"],
        withdrawn_at=row["withdrawn_at"],
        merged_into=row["merged_into"],
        event=row["event_id"],
        tellers=_tellers(db, entries),
        lookalikes=_lookalikes(db, story_id, entries),
        by_hand=tuple(storylines.overrides_on(db, entries)),
        copies=_copies(db, story_id),
        places=places_of(db, [story_id]),
    )


def _tellers(db: Database, entries: list[int]) -> tuple[Teller, ...]:
    ties: dict[int, tuple[Tie, ...]] = {}
    for row in storylines.standing_evidence(db, entries):
        ties[row["entry_id"]] = (*ties.get(row["entry_id"], ()), _tie(db, row))
    cursor = db.conn.execute(
        f"""
        SELECT
            entries.id, feeds.site_id, feeds.url AS feed, entries.title, entries.url,
            entries.url IN ({GONE_LINKS}) AS is_gone, entries.published_at, entries.first_seen_at
        FROM json_each(:wanted) AS wanted
        CROSS JOIN entries ON entries.id = wanted.value
        CROSS JOIN feeds ON feeds.id = entries.feed_id
        """,
        {"wanted": json.dumps(entries)},
    )
    return tuple(
        Teller(
            entry=row["id"],
            site=row["site_id"],
            feed=row["feed"],
            title=row["title"],
            url=row["url"],
            is_gone=bool(row["is_gone"]),
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
            earlier=_earlier_titles(db, row["id"]),
            ties=ties.get(row["id"], ()),
        )
        for row in cursor.fetchall()
    )


def _tie(db: Database, row: sqlite3.Row) -> Tie:
    other = db.conn.execute(
        "SELECT title FROM entries WHERE id = :id", {"id": row["matched_entry_id"]}
    ).fetchone()
    return Tie(
        rule=row["rule"],
        score=row["score"],
        features=json.loads(row["features"]),
        matched_entry=row["matched_entry_id"],
        matched_title=other["title"] if other else "",
        decided_at=row["decided_at"],
        version=row["version"],
    )


def _earlier_titles(db: Database, entry_id: int) -> tuple[str, ...]:
    cursor = db.conn.execute(
        "SELECT title FROM revisions WHERE entry_id = :id ORDER BY id", {"id": entry_id}
    )
    return tuple(dict.fromkeys(title for (title,) in cursor.fetchall()))


def _lookalikes(db: Database, story_id: int, entries: list[int]) -> tuple[Lookalike, ...]:
    """The ten stories that are most alike, each by its entry that is most alike."""
    cursor = db.conn.execute(
        """
        SELECT entries.id, entries.story_id, entries.title, alike.rule, alike.score
        FROM json_each(:wanted) AS wanted
        CROSS JOIN (
            SELECT a_entry AS own, b_entry AS other, rule, score FROM matches
            UNION ALL
            SELECT b_entry, a_entry, rule, score FROM matches
        ) AS alike ON alike.own = wanted.value
        CROSS JOIN entries ON entries.id = alike.other
        WHERE entries.story_id <> :story_id
        ORDER BY alike.rule = 'event', alike.score DESC, entries.id
        """,
        {"wanted": json.dumps(entries), "story_id": story_id},
    )
    found: dict[int, Lookalike] = {}
    for row in cursor.fetchall():
        other = Lookalike(row["id"], row["story_id"], row["title"], row["rule"], row["score"])
        found.setdefault(other.story, other)
    return tuple(found.values())[:LOOKALIKES]


def _copies(db: Database, story_id: int) -> tuple[Copy, ...]:
    cursor = db.conn.execute(
        f"""
        SELECT
            site_id, title, url, coalesce(url IN ({GONE_LINKS}), 0) AS is_gone, agency, shown_at,
            held_until
        FROM story_copies
        WHERE story_id = :id
        ORDER BY site_id
        """,
        {"id": story_id},
    )
    return tuple(
        Copy(
            site=row["site_id"],
            title=row["title"],
            url=row["url"],
            is_gone=bool(row["is_gone"]),
            agency=row["agency"],
            shown_at=row["shown_at"],
            held_until=row["held_until"],
        )
        for row in cursor.fetchall()
    )
