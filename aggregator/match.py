"""A document and what is stored -> which entries are new, changed or seen, and their stories.

Identity comes in this order: the raw guid within its feed, the canonical URL within its feed, the
title within its feed where an item has neither. An entry that is new joins the story of any entry
of the network with its canonical URL, else it begins a story. No date is part of any key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from aggregator.model import Document, Entry
from aggregator.urls import host_of

RULES_VERSION = 1
"""Of the rules below; stored with every merge and key, so that a later version can tell."""


class KeyKind(StrEnum):
    """What a stored key is made of. GUID and TITLE hold within one feed, URL over all."""

    GUID = "guid"
    URL = "url"
    TITLE = "title"


class Rule(StrEnum):
    """Why an entry joined a story that another entry had begun."""

    URL = "url"


@dataclass(frozen=True, slots=True)
class Key:
    """A way to find an entry again."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A stored entry that a document may bring again."""

    id: int
    feed_id: int
    story_id: int | None
    guid: str | None
    published_at: datetime | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored that bears on one document of `feed_id`.

    `listed` maps fingerprint -> entry id for what the feed listed last; `keys` maps a key of the
    document to every stored entry that has it, GUID and TITLE keys of this feed only.
    `next_entry_id` and `next_story_id` are the first free ids.
    """

    feed_id: int
    listed: Mapping[int, int]
    keys: Mapping[Key, tuple[KnownEntry, ...]]
    next_entry_id: int
    next_story_id: int
    first_poll: bool = False


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to store under `id`, as part of `story_id`."""

    id: int
    story_id: int
    entry: Entry
    keys: tuple[Key, ...]
    backfill: bool


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """New contents of a stored entry; its dates are already settled against the stored ones."""

    id: int
    story_id: int | None
    entry: Entry
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """The evidence that `entry_id` joined `story_id`."""

    story_id: int
    entry_id: int
    matched_entry_id: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class FeedUpdate:
    """All that one document changes in the database.

    `seen` holds (entry id, position) of what the document lists unchanged; `begun` the ids of new
    stories, `touched` those of stored ones that gained or changed a member; `duplicates` counts
    items that say the same as another item of the document.
    """

    new: tuple[NewEntry, ...] = ()
    changed: tuple[ChangedEntry, ...] = ()
    seen: tuple[tuple[int, int], ...] = ()
    merges: tuple[Merge, ...] = ()
    begun: tuple[int, ...] = ()
    touched: tuple[int, ...] = ()
    duplicates: int = 0


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


def keys_of(entry: Entry) -> tuple[Key, ...]:
    """Every key of an entry, the strongest first; at least one."""
    keys = []
    if entry.guid is not None:
        keys.append(Key(KeyKind.GUID, entry.guid))
    if entry.canonical_url is not None:
        keys.append(Key(KeyKind.URL, entry.canonical_url))
    return tuple(keys) or (Key(KeyKind.TITLE, entry.title.casefold()),)


def plan_update(document: Document, known: Known, *, now: datetime) -> FeedUpdate:
    """Settles every item of the document, in document order."""
    plan = _Plan(known, _repeated_guids(document.entries), now)
    for item in document.seen:
        plan.see(item.fingerprint, item.position)
    for entry in document.entries:
        plan.settle(entry)
    return plan.update()


def _repeated_guids(entries: Iterable[Entry]) -> frozenset[str]:
    """Guids that several URLs share: no identity (miniflux/v2#4197: ten items, one guid)."""
    pairs = {(entry.guid, entry.canonical_url) for entry in entries if entry.guid is not None}
    counts = Counter(guid for guid, _ in pairs)
    return frozenset(guid for guid, count in counts.items() if guid is not None and count > 1)


@dataclass(slots=True)
class _Plan:
    """The update while it grows; lives for one call of `plan_update`."""

    known: Known
    repeated: frozenset[str]
    now: datetime
    new: list[NewEntry] = field(default_factory=list)
    changed: list[ChangedEntry] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    claimed: set[int] = field(default_factory=set)
    by_url: dict[str, NewEntry] = field(default_factory=dict)
    items: set[tuple[str | None, tuple[Key, ...]]] = field(default_factory=set)
    duplicates: int = 0

    def see(self, fingerprint: int, position: int) -> None:
        entry_id = self.known.listed.get(fingerprint)
        if entry_id is None or entry_id in self.claimed:
            self.duplicates += 1
            return
        self.claimed.add(entry_id)
        self.seen.append((entry_id, position))

    def settle(self, entry: Entry) -> None:
        keys = keys_of(entry)
        item = (entry.guid, keys)
        stored = self._stored(entry, keys)
        if item in self.items or (stored is None and self._says_it_again(entry, keys)):
            self.duplicates += 1
            return
        self.items.add(item)
        if stored is None:
            self._add(entry, keys)
        else:
            self._change(stored, entry, keys)

    def update(self) -> FeedUpdate:
        return FeedUpdate(
            new=tuple(self.new),
            changed=tuple(self.changed),
            seen=tuple(self.seen),
            merges=tuple(self.merges),
            begun=tuple(self.begun),
            touched=tuple(sorted(self.touched)),
            duplicates=self.duplicates,
        )

    def _of_this_feed(self, key: Key) -> tuple[KnownEntry, ...]:
        found = self.known.keys.get(key, ())
        return tuple(entry for entry in found if entry.feed_id == self.known.feed_id)

    def _stored(self, entry: Entry, keys: Sequence[Key]) -> KnownEntry | None:
        """The stored entry that this item is, unless another item of the document is that one."""
        for key in keys:
            found = self._of_this_feed(key)
            if key.kind is KeyKind.GUID and (len(found) > 1 or entry.guid in self.repeated):
                continue
            for candidate in found:
                if candidate.id not in self.claimed:
                    return candidate
        return None

    def _says_it_again(self, entry: Entry, keys: Sequence[Key]) -> bool:
        """An item without a guid of its own whose entry another item has already claimed.

        Asked only when every stored entry with its link or title is claimed.
        """
        for key in keys:
            if key.kind is KeyKind.GUID:
                continue
            if any(entry.guid in (None, stored.guid) for stored in self._of_this_feed(key)):
                return True
        return False

    def _add(self, entry: Entry, keys: tuple[Key, ...]) -> None:
        entry_id = self.known.next_entry_id + len(self.new)
        story_id, matched = self._story_for(entry)
        new = NewEntry(entry_id, story_id, entry, keys, self.known.first_poll)
        self.new.append(new)
        if matched is not None:
            self.merges.append(Merge(story_id, entry_id, matched, Rule.URL))
        if entry.canonical_url is not None:
            self.by_url.setdefault(entry.canonical_url, new)

    def _story_for(self, entry: Entry) -> tuple[int, int | None]:
        """The story of the first entry with this URL, and that entry; else a story begun now."""
        if entry.canonical_url is not None:
            stored = self.known.keys.get(Key(KeyKind.URL, entry.canonical_url), ())
            told = sorted((e.id, e.story_id) for e in stored if e.story_id is not None)
            if told:
                matched, story_id = told[0]
                self.touched.add(story_id)
                return story_id, matched
            if (twin := self.by_url.get(entry.canonical_url)) is not None:
                return twin.story_id, twin.id
        story_id = self.known.next_story_id + len(self.begun)
        self.begun.append(story_id)
        return story_id, None

    def _change(self, stored: KnownEntry, entry: Entry, keys: tuple[Key, ...]) -> None:
        self.claimed.add(stored.id)
        settled = settle_dates(stored, entry, now=self.now)
        self.changed.append(ChangedEntry(stored.id, stored.story_id, settled, keys))
        if stored.story_id is not None:
            self.touched.add(stored.story_id)


def settle_dates(stored: KnownEntry, entry: Entry, *, now: datetime) -> Entry:
    """Keeps an entry from rising: a published date once past never moves later.

    10 to 55 % of entries change pubDate under the same guid (measured on five feeds); only an
    entry still to come (its stored date is after now) may be put off.
    """
    before = stored.published_at
    if before is None or before > now:
        return entry
    if entry.published_at is None or entry.published_at > before:
        return replace(entry, published_at=before, held_until=None)
    return entry


def begun_members(
    update: FeedUpdate, *, feed_id: int, feed_site: str, now: datetime
) -> dict[int, list[Member]]:
    """Story id -> members of each story the update begins; all of them come from this feed."""
    begun: dict[int, list[Member]] = {story_id: [] for story_id in update.begun}
    for item in update.new:
        if item.story_id in begun:
            begun[item.story_id].append(
                Member(
                    entry_id=item.id,
                    feed_id=feed_id,
                    feed_site=feed_site,
                    url=item.entry.url,
                    title=item.entry.title,
                    image_url=item.entry.image_url,
                    published_at=item.entry.published_at,
                    first_seen_at=now,
                    held_until=item.entry.held_until,
                )
            )
    return begun


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
