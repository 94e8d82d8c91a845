"""Raw items -> entries: plain text, absolute links, UTC dates, bounded lengths.

Only items the store does not hold yet are normalised; the others come back by their fingerprint.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from aggregator.dates import parse_date, usable_date
from aggregator.model import Document, DocumentRequest, Entry, SeenEntry, Tier
from aggregator.network import FuturePolicy
from aggregator.parse.fingerprint import fingerprint
from aggregator.parse.meta import normalize_meta
from aggregator.parse.raw import (
    MAX_ENTRIES,
    MAX_RAW_SUMMARY,
    MAX_RAW_TITLE,
    RawEntry,
    RawFeed,
    RawText,
)
from aggregator.text import TextKind, plain_text, plain_title
from aggregator.url_key import canonical_url
from aggregator.urls import absolute_link

# security.md 4.7: what is kept of one item.
_MAX_GUID = 512
_MAX_AUTHOR = 200
_MAX_CATEGORY = 100
_MAX_CATEGORIES = 20
_SAMPLES = 30
_MAX_SUMMARY = 2000
_RAW_SUMMARY_HEAD = 4 * 1024


_C1 = re.compile("[\x80-\x9f]")
# https://html.spec.whatwg.org/#numeric-character-reference-end-state
_CP1252 = {code: html.unescape(f"&#{code};") for code in range(0x80, 0xA0)}


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for every item of one document."""

    request: DocumentRequest
    base: str
    shared_pages: frozenset[str]


def build_document(feed: RawFeed, tier: Tier, request: DocumentRequest) -> Document:
    """The document as the store wants it; its entries stay in document order."""
    count = len(feed.entries)
    kept = list(enumerate(feed.entries)) if count <= MAX_ENTRIES else _newest(feed.entries, request)
    context = _Context(request, _base(feed, request), _shared_pages(kept))
    entries: list[Entry] = []
    seen: list[SeenEntry] = []
    skipped = undated = 0
    for position, raw in kept:
        mark = fingerprint(raw)
        if mark in request.known:
            seen.append(SeenEntry(position, mark))
            continue
        entry = _normalize(raw, position, mark, context)
        if entry.guid or entry.url or entry.title:
            entries.append(entry)
            undated += entry.published_at is None
        else:
            skipped += 1
    return Document(
        meta=normalize_meta(feed.meta, context.base),
        tier=tier,
        entries=tuple(entries),
        seen=tuple(seen),
        truncated=count - len(kept),
        undated=undated,
        skipped=skipped,
    )


def _newest(entries: Sequence[RawEntry], request: DocumentRequest) -> list[tuple[int, RawEntry]]:
    """The newest by date, then the undated from the top; by position, in document order again.

    Dates cost more than all the rest of a known item, and nearly every long feed begins with its
    newest items: where samples of the whole document say so, the others are not even read.
    """
    last = len(entries) - 1
    places = (*range(0, last, last // _SAMPLES), last)
    samples = [_published(entries[place], request) for place in places]
    dated = [moment for moment in samples if moment]
    if len(dated) in (0, len(samples)) and dated == sorted(dated, reverse=True):
        return list(enumerate(entries[:MAX_ENTRIES]))

    def age(item: tuple[int, RawEntry]) -> tuple[bool, float, int]:
        moment = _published(item[1], request)
        return (moment is None, -moment.timestamp() if moment else 0.0, item[0])

    return sorted(sorted(enumerate(entries), key=age)[:MAX_ENTRIES])


def _base(feed: RawFeed, request: DocumentRequest) -> str:
    """What relative links stand against: what the document names, else where it came from."""
    named = absolute_link(feed.meta.base, request.url) if feed.meta.base else None
    return named or request.url


def _shared_pages(kept: Sequence[tuple[int, RawEntry]]) -> frozenset[str]:
    """Links without fragment under which there are several items, by fragment alone."""
    linked = [raw.links[0] for _, raw in kept if raw.links and "#" in raw.links[0]]
    spellings: dict[str, set[str]] = {}
    for link in linked:
        spellings.setdefault(link.partition("#")[0], set()).add(link)
    return frozenset(page for page, links in spellings.items() if len(links) > 1)


def _normalize(raw: RawEntry, position: int, mark: int, context: _Context) -> Entry:
    url, keep_fragment = _link(raw, context)
    published = _published(raw, context.request)
    request = context.request
    ahead = published is not None and published > request.now
    return Entry(
        position=position,
        fingerprint=mark,
        guid=_guid(raw.guid),
        url=url,
        canonical_url=canonical_url(url, keep_fragment=keep_fragment) if url else None,
        title=_title(raw.title),
        summary=_plain(raw.summary),
        author=_author(raw.author),
        image_url=absolute_link(raw.image, raw.base or context.base) if raw.image else None,
        published_at=request.now if ahead and request.future is FuturePolicy.CLAMP else published,
        updated_at=_moment(raw.updated, request),
        held_until=published if ahead and request.future is FuturePolicy.HOLD else None,
        categories=_categories(raw.categories),
    )


def _link(raw: RawEntry, context: _Context) -> tuple[str | None, bool]:
    """The first candidate that makes a link, and whether its fragment tells items apart."""
    for link in raw.links:
        # "//host/path" takes its scheme from the feed's URL, not from an old http:// home page.
        base = context.request.url if link.startswith("//") else raw.base or context.base
        if url := absolute_link(link, base):
            return url, link.partition("#")[0] in context.shared_pages
    return None, False


def _guid(raw: str) -> str | None:
    """As the document has it; a giant is known by its hash."""
    if len(raw) > _MAX_GUID:
        return f"sha256:{sha256(raw.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return raw or None


def _published(raw: RawEntry, request: DocumentRequest) -> datetime | None:
    return _moment(raw.published, request) or _moment(raw.updated, request)


# A date stands in an entry twice (published, updated), and in a list of releases on many entries.
_date = lru_cache(maxsize=1024)(parse_date)


def _moment(raw: str, request: DocumentRequest) -> datetime | None:
    moment = _date(raw, timezone=request.timezone) if raw else None
    return usable_date(moment, now=request.now) if moment else None


def _title(raw: RawText) -> str:
    return plain_title(_meant(raw.value[:MAX_RAW_TITLE]), raw.kind) if raw.value else ""


def _plain(raw: RawText) -> str:
    """Nearly always the head of a long text already fills a summary."""
    if not raw.value:
        return ""
    whole = min(len(raw.value), MAX_RAW_SUMMARY)
    if whole > _RAW_SUMMARY_HEAD:
        head = _without_open_tag(raw.value[:_RAW_SUMMARY_HEAD])
        text = plain_text(_meant(head), raw.kind, limit=_MAX_SUMMARY)
        if len(text) > _MAX_SUMMARY - 100 and text.endswith("…"):
            return text
    return plain_text(_meant(raw.value[:whole]), raw.kind, limit=_MAX_SUMMARY)


def _without_open_tag(head: str) -> str:
    """A tag that the cut went through says nothing, and only a parser of HTML would notice."""
    at = head.rfind("<")
    return head[:at] if at > head.rfind(">") and head[at + 1 : at + 2].isalpha() else head


def _author(raw: str) -> str | None:
    """The name of `name@host (Name)` (RSS 2.0) and `Name <name@host>`; else the text itself."""
    text = plain_text(raw[:MAX_RAW_TITLE], TextKind.TEXT, limit=_MAX_AUTHOR)
    address, bracket, name = text.partition("(")
    if bracket and name.endswith(")") and "@" in address and " " not in address.strip():
        return name[:-1].strip() or address.strip()
    name, bracket, address = text.partition("<")
    if bracket and address.endswith(">") and "@" in address:
        return name.strip() or address[:-1]
    return text or None


def _categories(raw: Sequence[str]) -> tuple[str, ...]:
    """Each once, in document order, without regard to case."""
    kept: dict[str, str] = {}
    for category in raw[:_MAX_CATEGORIES]:
        text = plain_text(category[:MAX_RAW_TITLE], TextKind.TEXT, limit=_MAX_CATEGORY)
        if text:
            kept.setdefault(text.casefold(), text)
    return tuple(kept.values())


def _meant(text: str) -> str:
    """`&#146;` means an apostrophe to everybody but XML, as it does in HTML."""
    return text if text.isascii() or not _C1.search(text) else text.translate(_CP1252)
