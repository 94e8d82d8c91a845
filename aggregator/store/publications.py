"""What was published -> rows, and back: which headline stood in which place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Headline, PageContent
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
        "UPDATE placements SET shown_until = :at WHERE id = :id",
        [{"at": at, "id": place_id} for place, place_id in standing.items() if place not in shown],
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


def shown_headlines(
    db: Database, page: str, site_names: Mapping[str, str]
) -> dict[str, tuple[Headline, ...]]:
    """Block id -> the headlines that stand on the page now, in their order."""
    cursor = db.conn.execute(
        """
        SELECT block, story_id, title, url, site_id, published_at, image_url
        FROM placements
        WHERE page = :page AND shown_until IS NULL
        ORDER BY block, position
        """,
        {"page": page},
    )
    blocks: dict[str, tuple[Headline, ...]] = {}
    for row in cursor.fetchall():
        headline = rows.headline(row, site_names)
        blocks[row["block"]] = (*blocks.get(row["block"], ()), headline)
    return blocks


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


def last_generation(db: Database) -> int | None:
    """The number of the newest publication the database knows."""
    (generation,) = db.conn.execute("SELECT max(id) FROM generations").fetchone()
    return None if generation is None else int(generation)
