"""What was published -> rows, and back: which headline stood in which place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Headline, PageContent
from aggregator.store import rows
from aggregator.times import format_time


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


def last_generation(db: Database, *, at: datetime | None = None) -> int | None:
    """The number of the newest publication the database knows; with `at`, of the one then."""
    if at is None:
        (generation,) = db.conn.execute("SELECT max(id) FROM generations").fetchone()
    else:
        (generation,) = db.conn.execute(
            "SELECT max(id) FROM generations WHERE published_at <= :at", {"at": format_time(at)}
        ).fetchone()
    return None if generation is None else int(generation)
