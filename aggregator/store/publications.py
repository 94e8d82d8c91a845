"""What was published -> rows, and back: which headline stood in which place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import BlockContent, Headline, PageContent
from aggregator.selection import has_words
from aggregator.store import rows
from aggregator.times import format_time, parse_time

Newest = dict[tuple[str, str], datetime]


def record_publication(
    db: Database,
    generation: int,
    pages: Iterable[PageContent],
    *,
    changed_files: int,
    removed_files: int,
    now: datetime,
) -> None:
    """What is shown from now on: places whose headline differs end, and begin anew."""
    at = format_time(now)
    db.conn.execute(
        """
        INSERT INTO generations (id, published_at, changed_files, removed_files)
        VALUES (:id, :at, :changed, :removed)
        """,
        {"id": generation, "at": at, "changed": changed_files, "removed": removed_files},
    )
    standing = {rows.placed(row): row["id"] for row in _standing(db)}
    shown = set(rows.placements(pages))
    db.conn.executemany(
        """
        UPDATE placements SET shown_until = :at, until_generation = :generation WHERE id = :id
        """,
        [
            {"at": at, "generation": generation, "id": place_id}
            for place, place_id in standing.items()
            if place not in shown
        ],
    )
    db.conn.executemany(
        """
        INSERT INTO placements (
            page, block, position, story_id, title, url, site_id, published_at, image_url,
            shown_from, generation
        ) VALUES (
            :page, :block, :position, :story_id, :title, :url, :site_id, :published_at,
            :image_url, :at, :generation
        )
        """,
        [
            {**place.columns(), "at": at, "generation": generation}
            for place in sorted(shown - standing.keys())
        ],
    )


def _standing(db: Database) -> list[sqlite3.Row]:
    return db.conn.execute(
        """
        SELECT
            id, page, block, position, story_id, title, url, site_id, published_at, image_url
        FROM placements
        WHERE shown_until IS NULL
        """
    ).fetchall()


_SHOWN_NOW = """
    SELECT block, story_id, title, url, site_id, published_at, image_url
    FROM placements
    WHERE page = :page AND shown_until IS NULL
    ORDER BY block, position
"""

# One step of the index for each place there ever was, and in each place the last headline till
# then: what a page's history holds does not matter.
_SHOWN_AT = """
    WITH RECURSIVE place(id) AS (
        SELECT min(id) FROM (
            SELECT id FROM placements WHERE page = :page ORDER BY block, position LIMIT 1
        )
        UNION ALL
        SELECT coalesce(
            (
                SELECT next.id FROM placements AS next
                WHERE next.page = :page
                    AND next.block = known.block
                    AND next.position > known.position
                ORDER BY next.position
                LIMIT 1
            ),
            (
                SELECT next.id FROM placements AS next
                WHERE next.page = :page AND next.block > known.block
                ORDER BY next.block, next.position
                LIMIT 1
            )
        )
        FROM place
        CROSS JOIN placements AS known ON known.id = place.id
    )
    SELECT block, story_id, title, url, site_id, published_at, image_url
    FROM placements
    WHERE id IN (
        SELECT (
            SELECT earlier.id FROM placements AS earlier
            WHERE earlier.page = :page
                AND earlier.block = known.block
                AND earlier.position = known.position
                AND earlier.shown_from <= :at
            ORDER BY earlier.shown_from DESC, earlier.id DESC
            LIMIT 1
        )
        FROM place
        CROSS JOIN placements AS known ON known.id = place.id
    )
    AND (shown_until IS NULL OR shown_until > :at)
    ORDER BY block, position
"""


def shown_headlines(
    db: Database, page: str, site_names: Mapping[str, str], *, at: datetime | None = None
) -> dict[str, tuple[Headline, ...]]:
    """Block id -> the headlines that stand on the page now, or stood `at` a time, in order."""
    if at is None:
        cursor = db.conn.execute(_SHOWN_NOW, {"page": page})
    else:
        cursor = db.conn.execute(_SHOWN_AT, {"page": page, "at": format_time(at)})
    blocks: dict[str, tuple[Headline, ...]] = {}
    for row in cursor.fetchall():
        headline = rows.headline(row, site_names)
        blocks[row["block"]] = (*blocks.get(row["block"], ()), headline)
    return blocks


def pages_of(db: Database, generation: int) -> tuple[PageContent, ...] | None:
    """What stood on every page when `generation` was published; None when no such is recorded.

    Blocks have their headlines only: titles and links of blocks are not kept.
    """
    published = db.conn.execute(
        "SELECT 1 FROM generations WHERE id = :id", {"id": generation}
    ).fetchone()
    if published is None:
        return None
    cursor = db.conn.execute(
        """
        SELECT page, block, story_id, title, url, site_id, published_at, image_url
        FROM placements
        WHERE generation <= :id AND (until_generation IS NULL OR until_generation > :id)
        ORDER BY page, block, position
        """,
        {"id": generation},
    )
    pages: dict[str, dict[str, tuple[Headline, ...]]] = {}
    for row in cursor.fetchall():
        blocks = pages.setdefault(row["page"], {})
        blocks[row["block"]] = (*blocks.get(row["block"], ()), rows.headline(row, {}))
    return tuple(
        PageContent(page, "", tuple(BlockContent(id, "", None, told) for id, told in found.items()))
        for page, found in pages.items()
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a headline stands now, since when; `position` counts from 1."""

    story_id: int
    page: str
    block: str
    position: int
    shown_from: str


def places_of(db: Database, story_ids: Iterable[int]) -> tuple[Place, ...]:
    """Every place where one of the stories stands now."""
    cursor = db.conn.execute(
        """
        SELECT story_id, page, block, position, shown_from
        FROM placements
        WHERE shown_until IS NULL AND story_id IN (SELECT value FROM json_each(:ids))
        ORDER BY page, block, position
        """,
        {"ids": json.dumps(list(story_ids))},
    )
    return tuple(
        Place(row["story_id"], row["page"], row["block"], row["position"], row["shown_from"])
        for row in cursor.fetchall()
    )


def shown_with_words(db: Database, words: str) -> tuple[tuple[int, str], ...]:
    """Id and title of what is shown now with `words` in its title."""
    cursor = db.conn.execute(
        "SELECT DISTINCT story_id, title FROM placements WHERE shown_until IS NULL ORDER BY 1"
    )
    found = ((row["story_id"], row["title"]) for row in cursor.fetchall())
    return tuple(told for told in found if has_words(told[1], [words]))


def newest_shown(db: Database) -> Newest:
    """Page and block -> when the newest headline that stands there is from."""
    cursor = db.conn.execute(
        """
        SELECT page, block, max(coalesce(published_at, shown_from)) AS newest
        FROM placements
        WHERE shown_until IS NULL
        GROUP BY page, block
        """
    )
    return {(row["page"], row["block"]): parse_time(row["newest"]) for row in cursor.fetchall()}


def last_generation(db: Database, *, at: datetime | None = None) -> int | None:
    """The number of the newest publication the database knows; with `at`, of the one then."""
    if at is None:
        (generation,) = db.conn.execute("SELECT max(id) FROM generations").fetchone()
    else:
        (generation,) = db.conn.execute(
            "SELECT max(id) FROM generations WHERE published_at <= :at", {"at": format_time(at)}
        ).fetchone()
    return None if generation is None else int(generation)
