"""Stories that were settled -> the events they are of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from aggregator.events import Neighbour, choose_event
from aggregator.store import events


def settle_events(db: Database, story_ids: Iterable[int]) -> None:
    """Each story joins the event of the likest story before it, in the order of their dates."""
    wanted = sorted(set(story_ids))
    links = events.event_links(db, wanted)
    leaders = events.leaders(db, wanted)
    chosen: dict[int, int | None] = dict.fromkeys(wanted)
    chosen.update({story: story for story in leaders})
    for story, shown_at in dict.fromkeys((link.story, link.shown_at) for link in links):
        near = [
            Neighbour(
                link.other,
                chosen.get(link.other, link.other_event),
                link.other_shown_at,
                link.score,
            )
            for link in links
            if link.story == story
        ]
        event = choose_event(story, shown_at, near, leaders)
        chosen[story] = event
        if event is not None:
            chosen[event] = event
            leaders.add(event)
    events.set_events(db, chosen)
