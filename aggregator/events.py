"""Stories and their likeness -> which of them are about one event, for the variety of a block.

It hides nothing. No chain: every member of an event is linked to the story that leads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A story about the same event, and the event it was of until now; `score` from 0 to 1."""

    story: int
    event: int | None
    shown_at: str
    score: float


def choose_event(
    story: int, shown_at: str, neighbours: Iterable[Neighbour], leaders: Collection[int]
) -> int | None:
    """The number of the story's event: that of the story that leads it; None: alone.

    A story that leads others stays. Any other joins the likest earlier neighbour that leads an
    event or stands alone.
    """
    if story in leaders:
        return story
    free = [
        near
        for near in neighbours
        if near.event in (None, near.story) and (near.shown_at, near.story) < (shown_at, story)
    ]
    if not free:
        return None
    return min(free, key=lambda near: (-near.score, near.shown_at, near.story)).story
