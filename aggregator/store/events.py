"""Which stories are about one event; runs inside a transaction of the writer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class EventLink:
    """Two stories of which an entry each is about one event, and how alike the two are.

    `event` and `other_event` are the events of the stories until now.
    """

    story: int
    event: int | None
    shown_at: str
    other: int
    other_event: int | None
    other_shown_at: str
    score: float


def event_links(db: Database, story_ids: Iterable[int]) -> list[EventLink]:
    """The links of these stories, each story's best link to another one."""
    cursor = db.conn.execute(
        """
        WITH links(story, entry) AS (
            SELECT stories.value, b_entry
            FROM json_each(:wanted) AS stories
            CROSS JOIN entries ON entries.story_id = stories.value
            CROSS JOIN matches ON a_entry = entries.id AND rule = 'event'
        UNION ALL
            SELECT stories.value, a_entry
            FROM json_each(:wanted) AS stories
            CROSS JOIN entries ON entries.story_id = stories.value
            CROSS JOIN matches ON b_entry = entries.id AND rule = 'event'
        )
        SELECT
            own.id AS story, own.event_id AS event, own.shown_at, other.id AS other,
            other.event_id AS other_event, other.shown_at AS other_shown_at,
            max(matches.score) AS score
        FROM links
        CROSS JOIN entries ON entries.id = links.entry
        CROSS JOIN stories AS own ON own.id = links.story
        CROSS JOIN stories AS other ON other.id = entries.story_id
        CROSS JOIN entries AS mine ON mine.story_id = own.id
        CROSS JOIN matches ON
            a_entry = min(mine.id, links.entry) AND b_entry = max(mine.id, links.entry)
            AND rule = 'event'
        WHERE own.id <> other.id
        GROUP BY own.id, other.id
        ORDER BY own.shown_at, own.id, other.id
        """,
        {"wanted": json.dumps(sorted(set(story_ids)))},
    )
    return [
        EventLink(
            story=row["story"],
            event=row["event"],
            shown_at=row["shown_at"],
            other=row["other"],
            other_event=row["other_event"],
            other_shown_at=row["other_shown_at"],
            score=row["score"],
        )
        for row in cursor.fetchall()
    ]


def leaders(db: Database, story_ids: Iterable[int]) -> set[int]:
    """Those of the stories whose number is the event of another one."""
    cursor = db.conn.execute(
        """
        SELECT DISTINCT stories.event_id
        FROM json_each(:wanted) AS wanted
        CROSS JOIN stories ON stories.event_id = wanted.value
        WHERE stories.id <> stories.event_id
        """,
        {"wanted": json.dumps(sorted(set(story_ids)))},
    )
    return {story_id for (story_id,) in cursor.fetchall()}


def set_events(db: Database, events: Mapping[int, int | None]) -> None:
    """Story -> its event from now on."""
    db.conn.executemany(
        "UPDATE stories SET event_id = :event WHERE id = :story AND event_id IS NOT :event",
        [{"story": story, "event": event} for story, event in events.items()],
    )
