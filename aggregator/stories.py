"""The entries of a story -> how it is told: by which of them, in whose name, since when.

The story as a whole has one face; each site that owns one of its entries has its own copy of it,
which is what the pages of its sister sites show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.urls import host_of


@dataclass(frozen=True, slots=True)
class Member:
    """An entry as part of a story: what decides how the story is told.

    `is_gone`: its link is withdrawn, as there is nothing behind it any more.
    """

    entry_id: int
    feed_id: int
    feed_site: str
    url: str | None
    title: str
    image_url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    held_until: datetime | None
    has_summary: bool = False
    agency: str | None = None
    is_gone: bool = False


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

    Leading: an entry with a title and a link, one that leads somewhere, from a feed of the site
    that owns the link, the earliest published, with a summary, then by feed. A story is held only
    while all its members are. `owners` maps host -> site id; a host of no site leaves the story to
    the site of the feed.
    """
    ranked = _ranked(members, owners)
    leader = ranked[0]
    published = [m.published_at for m in ranked if m.published_at is not None]
    return StoryFace(
        story_id=story_id,
        entry_id=leader.entry_id,
        site_id=_owner(leader, owners),
        url=leader.url,
        title=leader.title,
        image_url=next((m.image_url for m in ranked if m.image_url), None),
        published_at=min(published, default=None),
        first_seen_at=min(m.first_seen_at for m in ranked),
        held_until=_held_until(ranked),
    )


@dataclass(frozen=True, slots=True)
class StoryCopy:
    """A story as one site tells it, from when on, by its best entry there."""

    story_id: int
    site_id: str
    entry_id: int
    url: str | None
    title: str
    image_url: str | None
    agency: str | None
    shown_at: datetime
    held_until: datetime | None


def tell_copies(
    face: StoryFace, members: Iterable[Member], *, owners: Mapping[str, str]
) -> tuple[StoryCopy, ...]:
    """One copy for each site that owns an entry, by site; `face` is what `tell_story` made of them.

    All sort by the time of the story as a whole: a later copy does not lift it. A copy without a
    credit of its own has that of the leading entry that has one: the text is the agency's still.
    """
    ranked = _ranked(members, owners)
    credit = next((member.agency for member in ranked if member.agency), None)
    told: defaultdict[str, list[Member]] = defaultdict(list)
    for member in ranked[1:]:
        told[_owner(member, owners)].append(member)
    told[face.site_id].insert(0, ranked[0])
    return tuple(
        StoryCopy(
            story_id=face.story_id,
            site_id=site,
            entry_id=own[0].entry_id,
            url=own[0].url,
            title=own[0].title,
            image_url=next((member.image_url for member in own if member.image_url), None),
            agency=next((member.agency for member in own if member.agency), credit),
            shown_at=face.published_at or face.first_seen_at,
            held_until=_held_until(own),
        )
        for site, own in sorted(told.items())
    )


def assign_stories(
    groups: Sequence[Sequence[int]],
    told: Mapping[int, int | None],
    retired: Mapping[int, int],
    *,
    next_id: int,
) -> tuple[int, ...]:
    """A story id for each group of entry ids, so that stories keep theirs where they can.

    `told` maps entry -> its story until now, `retired` entry -> the dissolved story it once led.
    An id goes to the group that holds most of its entries, of equals to the oldest, but rather to
    one that led no dissolved story: such a group takes its own story up again, so that undoing a
    merge leaves things as they were. A group takes the smallest id it has; else that of a
    dissolved story its entries led, else a new one.
    """
    leads = [any(entry_id in retired for entry_id in group) for group in groups]
    holders: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for place, group in enumerate(groups):
        for entry_id in group:
            story_id = told.get(entry_id)
            if story_id is not None:
                holders[story_id][place] -= 1
    kept: dict[int, int] = {}
    for story_id in sorted(holders):
        counts = holders[story_id]
        place = min(counts, key=lambda place: (leads[place], counts[place], min(groups[place])))
        kept.setdefault(place, story_id)
    revived: set[int] = set()
    for place, group in enumerate(groups):
        led = {retired[entry_id] for entry_id in group if entry_id in retired} - revived
        if place not in kept and led:
            kept[place] = min(led)
            revived.add(min(led))
    for place in range(len(groups)):
        if place not in kept:
            kept[place] = next_id
            next_id += 1
    return tuple(kept[place] for place in range(len(groups)))


def _held_until(members: Sequence[Member]) -> datetime | None:
    """A story is held only while all its members are."""
    held = [member.held_until for member in members]
    return None if None in held else min(until for until in held if until is not None)


def _owner(member: Member, owners: Mapping[str, str]) -> str:
    return owners.get(host_of(member.url), member.feed_site) if member.url else member.feed_site


def _ranked(members: Iterable[Member], owners: Mapping[str, str]) -> list[Member]:
    """The leading one first; most stories have one member, which is looked up nowhere."""
    found = list(members)
    if len(found) > 1:
        found.sort(key=lambda member: _rank(member, owners))
    return found


def _rank(
    member: Member, owners: Mapping[str, str]
) -> tuple[bool, bool, bool, bool, bool, float, bool, int, int]:
    undated = member.published_at is None
    return (
        not member.title,
        member.url is None,
        member.is_gone,
        _owner(member, owners) != member.feed_site,
        undated,
        0.0 if member.published_at is None else member.published_at.timestamp(),
        not member.has_summary,
        member.feed_id,
        member.entry_id,
    )
