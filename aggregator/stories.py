"""The entries of a story -> how it is told: by which of them, in whose name, since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aggregator.urls import host_of


@dataclass(frozen=True, slots=True)
class Member:
    """An entry as part of a story: what decides how the story is told."""

    entry_id: int
    feed_id: int
    feed_site: str
    url: str | None
    title: str
    image_url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class StoryFace:
    """How a story is told: by which entry, in whose name, since when."""

    story_id: int
    entry_id: int
    site_id: str
    url: str | None
    title: str
    image_url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    held_until: datetime | None


def tell_story(story_id: int, members: Iterable[Member], *, owners: Mapping[str, str]) -> StoryFace:
    """The story as its leading member tells it; the result does not depend on the polls' order.

    Leading: an entry with a title and a link, from a feed of the site that owns the link, the
    earliest published, then by feed. A story is held only while all its members are. `owners` maps
    host -> site id; a host of no site leaves the story to the site of the feed.
    """
    ranked = sorted(members, key=lambda member: _rank(member, owners))
    leader = ranked[0]
    published = [m.published_at for m in ranked if m.published_at is not None]
    held = [m.held_until for m in ranked]
    return StoryFace(
        story_id=story_id,
        entry_id=leader.entry_id,
        site_id=_owner(leader, owners),
        url=leader.url,
        title=leader.title,
        image_url=next((m.image_url for m in ranked if m.image_url), None),
        published_at=min(published, default=None),
        first_seen_at=min(m.first_seen_at for m in ranked),
        held_until=None if None in held else min(h for h in held if h is not None),
    )


def _owner(member: Member, owners: Mapping[str, str]) -> str:
    return owners.get(host_of(member.url), member.feed_site) if member.url else member.feed_site


def _rank(
    member: Member, owners: Mapping[str, str]
) -> tuple[bool, bool, bool, bool, float, int, int]:
    undated = member.published_at is None
    return (
        not member.title,
        member.url is None,
        _owner(member, owners) != member.feed_site,
        undated,
        0.0 if member.published_at is None else member.published_at.timestamp(),
        member.feed_id,
        member.entry_id,
    )
