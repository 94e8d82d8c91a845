"""A document -> its items with what each may be found again by.

Alone in knowing what is a key: which guids and links of a document tell its items apart. No date
is part of any.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aggregator.model import Document, Entry
from aggregator.url_key import canonical_url, slug_of
from aggregator.urls import host_of

RULES_VERSION = 1
"""Of the rules below; stored with every key, so that a later version can tell."""

UNTRUSTED_SHARE = 0.05
"""Over this share of empty or repeated guids in one document a feed's guids are no identity
(FreshRSS does the same)."""


class KeyKind(StrEnum):
    """What a stored key is made of.

    GUID, GUID_ALIAS and TITLE hold within one feed, URL and SLUG over the network. SLUG ties
    stories and finds no entry.
    """

    GUID = "guid"
    GUID_ALIAS = "guid_alias"
    URL = "url"
    SLUG = "slug"
    TITLE = "title"


NETWORK_WIDE = frozenset({KeyKind.URL, KeyKind.SLUG})
OF_GUID = frozenset({KeyKind.GUID, KeyKind.GUID_ALIAS})


@dataclass(frozen=True, slots=True)
class Key:
    """A way to find an entry again."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """An item of a document and what it may be found by.

    `guid_repeats`: the document gives its guid to another item too, so that key finds nothing.
    """

    entry: Entry
    keys: tuple[Key, ...]
    guid_repeats: bool


def distrusts_guids(document: Document) -> bool:
    """Whether the document shows that its feed's guids are no identity: find it by links then.

    Too many are empty or stand twice, or one comes with several links. What the document lists
    unchanged counts as sound.
    """
    links: dict[str, set[str]] = defaultdict(set)
    for entry in document.entries:
        if entry.guid and entry.canonical_url:
            links[entry.guid].add(entry.canonical_url)
    if any(len(found) > 1 for found in links.values()):
        return True
    counts = Counter(entry.guid for entry in document.entries)
    bad = sum(n for guid, n in counts.items() if not guid or n > 1)
    return bad > UNTRUSTED_SHARE * (len(document.entries) + len(document.seen))


def identify(
    document: Document, *, by_url: bool = False, hosts: Collection[str] = ()
) -> tuple[Keyed, ...]:
    """Every new or changed item with its keys, the strongest first.

    A link is no key where several items of the document have it under different titles (Arts &
    Letters Daily, 2013: every item links to the home page), nor when it is the document's own home
    page. An item that is left with no key of its own is known by its title. `by_url`: the feed's
    guids are not trusted. `hosts` are those of the network's sites: only links there have slugs.
    """
    shared = _shared_links(document)
    repeated = _repeated_guids(document.entries, shared)
    aliases = Counter(_alias(guid) for guid in {entry.guid for entry in document.entries})
    unusable = frozenset(alias for alias, count in aliases.items() if count > 1)
    keyed = []
    for entry in document.entries:
        is_own = entry.guid is not None and entry.guid not in repeated and not by_url
        keys = [
            *_guid_keys(entry.guid, unusable if is_own else None, by_url=by_url),
            *_link_keys(entry, shared, hosts),
        ]
        if not is_own and all(key.kind in OF_GUID for key in keys):
            keys.append(Key(KeyKind.TITLE, entry.title.casefold()))
        if is_own:
            keys.extend(_permalink_key(entry, shared))
        keyed.append(Keyed(entry, tuple(keys), entry.guid in repeated))
    return tuple(keyed)


def _guid_keys(
    guid: str | None, unusable: frozenset[str | None] | None, *, by_url: bool
) -> Iterator[Key]:
    """The guid and its alias; `unusable` None: no alias."""
    if guid is None or by_url:
        return
    yield Key(KeyKind.GUID, guid)
    alias = _alias(guid)
    if unusable is not None and alias is not None and alias not in unusable:
        yield Key(KeyKind.GUID_ALIAS, alias)


def _alias(guid: str | None) -> str | None:
    """A guid that is a link without its scheme and host: sites move, paths stay."""
    if guid is None or not _is_link(guid):
        return None
    _, slash, path = guid.partition("://")[2].partition("/")
    return f"/{path}" if slash and path else None


def _is_link(guid: str) -> bool:
    return guid[:8].lower().startswith(("http://", "https://"))


def _link_keys(entry: Entry, shared: frozenset[str], hosts: Collection[str]) -> Iterator[Key]:
    link = entry.canonical_url
    if link is None or link in shared:
        return
    yield Key(KeyKind.URL, link)
    slug = slug_of(link)
    if slug is not None and entry.url is not None and host_of(entry.url) in hosts:
        yield Key(KeyKind.SLUG, slug)


def _permalink_key(entry: Entry, shared: frozenset[str]) -> Iterator[Key]:
    """A guid that is a link of its own finds the article by that link too."""
    if entry.guid is not None and entry.guid != entry.url and _is_link(entry.guid):
        link = canonical_url(entry.guid)
        if link != entry.canonical_url and link not in shared:
            yield Key(KeyKind.URL, link)


def _shared_links(document: Document) -> frozenset[str]:
    titles: dict[str, set[str]] = defaultdict(set)
    for entry in document.entries:
        if entry.canonical_url is not None:
            titles[entry.canonical_url].add(entry.title.casefold())
    shared = {link for link, found in titles.items() if len(found) > 1}
    if document.meta.home is not None:
        shared.add(canonical_url(document.meta.home))
    return frozenset(shared)


def _repeated_guids(entries: Iterable[Entry], shared: frozenset[str]) -> frozenset[str]:
    """Guids of several different items: no identity (miniflux/v2#4197: ten items, one guid)."""
    items = set()
    for entry in entries:
        linked = entry.canonical_url is not None and entry.canonical_url not in shared
        items.add((entry.guid, entry.canonical_url if linked else entry.title.casefold()))
    counts = Counter(guid for guid, _ in items)
    return frozenset(guid for guid, count in counts.items() if guid is not None and count > 1)
