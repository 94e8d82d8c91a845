"""A document and what is stored -> which entries are new, changed or seen.

Identity comes in this order: the raw guid within its feed, that guid without scheme and host, the
canonical URL within its feed, the title within its feed where none of them tells an item from
others. A new entry is given the story of any entry of the network with its canonical URL, else one
of its own; what it tells in the end is settled with all that bears on it. No date is part of any
key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.agency import agency_of
from aggregator.identity import OF_GUID, Key, Keyed, KeyKind
from aggregator.model import Entry, SeenEntry
from aggregator.similar import BACKGROUND, compare, read_headline
from aggregator.stories import Member

REUSED_AFTER = timedelta(hours=24)
REUSED_TJ = 0.20
"""A guid that comes with another link, a later date and a title less alike than this is used
again for another article."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A stored entry that a document may bring again."""

    id: int
    feed_id: int
    story_id: int | None
    guid: str | None
    title: str
    published_at: datetime | None
    canonical_url: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored that bears on one document of `feed_id`.

    `listed` maps fingerprint -> entry id for what the feed listed last; `keys` maps a key of the
    document to every stored entry that has it, keys that hold within one feed of this feed only;
    `removed` maps one to how many entries of this feed had it that retention has removed.
    `next_entry_id` and `next_story_id` are the first free ids.
    """

    feed_id: int
    listed: Mapping[int, int]
    keys: Mapping[Key, tuple[KnownEntry, ...]]
    next_entry_id: int
    next_story_id: int
    first_poll: bool = False
    removed: Mapping[Key, int] = field(default_factory=dict)


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
class FeedUpdate:
    """All that one document changes in the database.

    `seen` holds (entry id, position) of what the document lists unchanged; `begun` the ids of new
    stories; `duplicates` counts items that say the same as another item of the document.
    """

    new: tuple[NewEntry, ...] = ()
    changed: tuple[ChangedEntry, ...] = ()
    seen: tuple[tuple[int, int], ...] = ()
    begun: tuple[int, ...] = ()
    duplicates: int = 0


_Held = Mapping[Key, tuple[KnownEntry, ...]]
"""By a key of an item, the strongest first, the stored entries of the document's own feed."""


def plan_update(
    items: Iterable[Keyed], seen: Iterable[SeenEntry], known: Known, *, now: datetime
) -> FeedUpdate:
    """Settles every item of a document, in document order; `items` are from `identify`."""
    plan = _Plan(known, now)
    for listed in seen:
        plan.see(listed.fingerprint, listed.position)
    for item in items:
        plan.settle(item)
    return plan.update()


@dataclass(slots=True)
class _Plan:
    """The update while it grows; lives for one call of `plan_update`."""

    known: Known
    now: datetime
    new: list[NewEntry] = field(default_factory=list)
    changed: list[ChangedEntry] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)
    by_link: dict[Key, NewEntry] = field(default_factory=dict)
    items: set[tuple[str | None, tuple[Key, ...]]] = field(default_factory=set)
    duplicates: int = 0

    def see(self, fingerprint: int, position: int) -> None:
        entry_id = self.known.listed.get(fingerprint)
        if entry_id is None or entry_id in self.claimed:
            self.duplicates += 1
            return
        self.claimed.add(entry_id)
        self.seen.append((entry_id, position))

    def settle(self, item: Keyed) -> None:
        said = (item.entry.guid, item.keys)
        held = self._held(item)
        stored = self._stored(item, held)
        if said in self.items or (stored is None and _says_it_again(item, held)):
            self.duplicates += 1
            return
        self.items.add(said)
        if stored is not None:
            self._change(stored, item)
        elif not self._was_removed(item, held):
            self._add(item)

    def update(self) -> FeedUpdate:
        return FeedUpdate(
            new=tuple(self.new),
            changed=tuple(self.changed),
            seen=tuple(self.seen),
            begun=tuple(self.begun),
            duplicates=self.duplicates,
        )

    def _held(self, item: Keyed) -> _Held:
        """By each key of the item that any has, the stored entries of this feed."""
        known = self.known
        held = {}
        for key in item.keys if known.keys else ():
            own = tuple(e for e in known.keys.get(key, ()) if e.feed_id == known.feed_id)
            if own:
                held[key] = own
        return held

    def _stored(self, item: Keyed, held: _Held) -> KnownEntry | None:
        """The stored entry that this item is, unless another item of the document is that one."""
        for key, found in held.items():
            if key.kind in OF_GUID:
                if len(found) > 1 or item.guid_repeats:
                    continue
                found = tuple(entry for entry in found if not _is_reused(entry, item, held))
            for candidate in found:
                if candidate.id not in self.claimed:
                    return candidate
        return None

    def _was_removed(self, item: Keyed, held: _Held) -> bool:
        """The item is an entry that retention removed: listed again, it is not news (rG19)."""
        for key in item.keys if self.known.removed else ():
            count = self.known.removed.get(key, 0)
            shared = item.guid_repeats or count > 1 or key in held
            if count and not (key.kind in OF_GUID and shared):
                return True
        return False

    def _add(self, item: Keyed) -> None:
        entry_id = self.known.next_entry_id + len(self.new)
        link = next((key for key in item.keys if key.kind is KeyKind.URL), None)
        story_id = self._story_for(link)
        new = NewEntry(entry_id, story_id, item.entry, item.keys, self.known.first_poll)
        self.new.append(new)
        if link is not None:
            self.by_link.setdefault(link, new)

    def _story_for(self, link: Key | None) -> int:
        """The story of the first entry with this link; else a story begun now."""
        if link is not None:
            stored = self.known.keys.get(link, ())
            told = sorted((e.id, e.story_id) for e in stored if e.story_id is not None)
            if told:
                return told[0][1]
            if (twin := self.by_link.get(link)) is not None:
                return twin.story_id
        story_id = self.known.next_story_id + len(self.begun)
        self.begun.append(story_id)
        return story_id

    def _change(self, stored: KnownEntry, item: Keyed) -> None:
        self.claimed.add(stored.id)
        settled = settle_dates(stored, item.entry, now=self.now)
        self.changed.append(ChangedEntry(stored.id, stored.story_id, settled, item.keys))


def _is_reused(stored: KnownEntry, item: Keyed, held: _Held) -> bool:
    """The guid is that of another article by now: link, date and title say so."""
    links = [key for key in item.keys if key.kind is KeyKind.URL]
    published = item.entry.published_at
    if stored.canonical_url is None or not links or not stored.title or not item.entry.title:
        return False
    if any(stored.id == known.id for key in links for known in held.get(key, ())):
        return False
    if published is None or stored.published_at is None:
        return False
    return published - stored.published_at > REUSED_AFTER and _is_unlike(
        stored.title, item.entry.title
    )


def _says_it_again(item: Keyed, held: _Held) -> bool:
    """An item without a guid of its own whose entry another item has already claimed.

    Asked only when every stored entry with its link or title is claimed.
    """
    title = item.entry.title.casefold()
    return any(
        item.entry.guid in (None, stored.guid) and stored.title.casefold() == title
        for key, found in held.items()
        if key.kind not in OF_GUID
        for stored in found
    )


def _is_unlike(a: str, b: str) -> bool:
    return compare(read_headline(a), read_headline(b), BACKGROUND).tj < REUSED_TJ


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
                    has_summary=bool(item.entry.summary),
                    agency=agency_of(item.entry.title, item.entry.summary, item.entry.author),
                )
            )
    return begun
