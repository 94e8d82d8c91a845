"""Rows <-> values, by column name, one function per type."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.agency import agency_of
from aggregator.match import KnownEntry
from aggregator.model import (
    Entry,
    FeedMeta,
    FeedState,
    Headline,
    Outcome,
    PageContent,
    Story,
    Validators,
)
from aggregator.stories import Member, StoryCopy, StoryFace
from aggregator.times import format_time, parse_time


@dataclass(frozen=True, slots=True)
class PollRecord:
    """What one poll leaves in `polls` and in its feed's row.

    `validators`, `body_hash` and `meta` None: as they were; `served_by` goes with `validators`.
    `is_full`: a whole document came, new or not. `next_poll_at` None: never again.
    """

    feed_id: int
    at: datetime
    outcome: str
    has_document: bool
    http_status: int | None
    wire_bytes: int
    duration_ms: int
    error: str | None
    next_poll_at: datetime | None
    paused_until: datetime | None
    validators: Validators | None = None
    body_hash: str | None = None
    meta: FeedMeta | None = None
    tier: str | None = None
    new_entries: int = 0
    updated_entries: int = 0
    truncated_entries: int = 0
    undated_entries: int = 0
    skipped_entries: int = 0
    newest_entry_at: datetime | None = None
    served_by: str | None = None
    is_full: bool = False
    next_poll_why: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """A headline in its place; compared whole to tell what changed.

    `position` counts from 1. Absent texts are '' here so that places can be ordered.
    """

    page: str
    block: str
    position: int
    story_id: int
    title: str
    url: str
    site_id: str
    published_at: str
    image_url: str

    def columns(self) -> dict[str, str | int | None]:
        """As the columns of `placements`."""
        return {
            "page": self.page,
            "block": self.block,
            "position": self.position,
            "story_id": self.story_id,
            "title": self.title,
            "url": self.url,
            "site_id": self.site_id,
            "published_at": self.published_at or None,
            "image_url": self.image_url or None,
        }


def text_of(moment: datetime | None) -> str | None:
    """A time as a column holds it."""
    return None if moment is None else format_time(moment)


def time_of(text: str | None) -> datetime | None:
    """The inverse of `text_of`."""
    return None if text is None else parse_time(text)


def feed_state(row: sqlite3.Row) -> FeedState:
    """From the columns of `feeds` that a poll needs."""
    return FeedState(
        id=row["id"],
        url=row["url"],
        site_id=row["site_id"],
        validators=Validators(row["etag"], row["last_modified"]),
        body_hash=row["body_hash"],
        failures=row["failures"],
        last_polled_at=time_of(row["last_polled_at"]),
        has_document=row["last_success_at"] is not None,
        meta=_feed_meta(row),
        served_by=row["served_by"],
        moved_to=row["moved_to"],
        last_full_at=time_of(row["last_full_at"]),
        paused_until=time_of(row["paused_until"]),
        timed_out=row["last_outcome"] == Outcome.TIMEOUT,
        is_sighted=bool(row["is_sighted"]),
        next_poll_at=time_of(row["next_poll_at"]),
    )


def _feed_meta(row: sqlite3.Row) -> FeedMeta:
    return FeedMeta(
        title=row["title"] or "",
        home=row["home"],
        language=row["language"],
        icon=row["icon"],
        ttl=None if row["ttl_s"] is None else timedelta(seconds=row["ttl_s"]),
        skip_hours=frozenset(json.loads(row["skip_hours"])),
        skip_days=frozenset(json.loads(row["skip_days"])),
        hub=row["hub_url"],
        self_url=row["self_url"],
    )


def meta_columns(meta: FeedMeta) -> dict[str, str | int | None]:
    """The columns of `feeds` that a document decides."""
    return {
        "title": meta.title or None,
        "home": meta.home,
        "language": meta.language,
        "icon": meta.icon,
        "ttl_s": None if meta.ttl is None else int(meta.ttl.total_seconds()),
        "skip_hours": json.dumps(sorted(meta.skip_hours)),
        "skip_days": json.dumps(sorted(meta.skip_days)),
        "hub_url": meta.hub,
        "self_url": meta.self_url,
    }


def known_entry(row: sqlite3.Row) -> KnownEntry:
    """From a row of `entries`."""
    return KnownEntry(
        id=row["id"],
        feed_id=row["feed_id"],
        story_id=row["story_id"],
        guid=row["guid"],
        title=row["title"],
        published_at=time_of(row["published_at"]),
        canonical_url=row["canonical_url"],
    )


def entry_columns(entry: Entry) -> dict[str, str | int | None]:
    """The columns of `entries` that an item of a document decides."""
    return {
        "guid": entry.guid,
        "url": entry.url,
        "canonical_url": entry.canonical_url,
        "title": entry.title,
        "summary": entry.summary,
        "author": entry.author,
        "image_url": entry.image_url,
        "categories": _listed(entry.categories),
        "published_at": text_of(entry.published_at),
        "updated_at": text_of(entry.updated_at),
        "held_until": text_of(entry.held_until),
        "position": entry.position,
        "fingerprint": entry.fingerprint,
        "agency": agency_of(entry.title, entry.summary, entry.author),
    }


def member(row: sqlite3.Row) -> Member:
    """From `entries` joined to the site of its feed."""
    return Member(
        entry_id=row["id"],
        feed_id=row["feed_id"],
        feed_site=row["feed_site"],
        url=row["url"],
        title=row["title"],
        image_url=row["image_url"],
        published_at=time_of(row["published_at"]),
        first_seen_at=parse_time(row["first_seen_at"]),
        held_until=time_of(row["held_until"]),
        has_summary=bool(row["summary"]),
        agency=row["agency"],
        is_gone=bool(row["is_gone"]),
    )


def story(row: sqlite3.Row, site_names: Mapping[str, str]) -> Story:
    """From a copy of a story; `site_names` are those of the configuration."""
    return Story(
        id=row["id"],
        site=row["site_id"],
        site_name=site_names[row["site_id"]],
        url=row["url"],
        title=row["title"],
        shown_at=parse_time(row["shown_at"]),
        published_at=time_of(row["published_at"]),
        position=row["position"],
        image_url=row["image_url"],
        categories=_texts(row["categories"]),
        language=row["language"],
        agency=row["agency"],
        event=row["event"],
        backfill=bool(row["backfill"]),
    )


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _listed(texts: tuple[str, ...]) -> str:
    """As a JSON list; most are empty."""
    return _encode(texts) if texts else "[]"


def _texts(listed: str) -> tuple[str, ...]:
    """The inverse of `_listed`."""
    return () if listed == "[]" else tuple(json.loads(listed))


def face_columns(face: StoryFace) -> dict[str, str | int | None]:
    """As the columns of `stories`."""
    return {
        "story_id": face.story_id,
        "site_id": face.site_id,
        "entry_id": face.entry_id,
        "url": face.url,
        "title": face.title,
        "image_url": face.image_url,
        "published_at": text_of(face.published_at),
        "first_seen_at": text_of(face.first_seen_at),
        "held_until": text_of(face.held_until),
    }


def copy_columns(copy: StoryCopy) -> dict[str, str | int | None]:
    """As the columns of `story_copies`."""
    return {
        "story_id": copy.story_id,
        "site_id": copy.site_id,
        "entry_id": copy.entry_id,
        "url": copy.url,
        "title": copy.title,
        "image_url": copy.image_url,
        "agency": copy.agency,
        "shown_at": format_time(copy.shown_at),
        "held_until": text_of(copy.held_until),
    }


def poll_columns(record: PollRecord) -> dict[str, str | int | None]:
    """As the parameters of a row of `polls` and of the feed's update."""
    return {
        "feed_id": record.feed_id,
        "at": format_time(record.at),
        "outcome": record.outcome,
        "has_document": record.has_document,
        "is_full": record.is_full,
        "http_status": record.http_status,
        "bytes": record.wire_bytes,
        "duration_ms": record.duration_ms,
        "new_entries": record.new_entries,
        "updated_entries": record.updated_entries,
        "error": record.error,
        "tier": record.tier,
        "truncated_entries": record.truncated_entries,
        "undated_entries": record.undated_entries,
        "skipped_entries": record.skipped_entries,
        "next_poll_at": text_of(record.next_poll_at),
        "next_poll_why": record.next_poll_why or None,
        "paused_until": text_of(record.paused_until),
        "newest_entry_at": text_of(record.newest_entry_at),
    }


def placements(pages: Iterable[PageContent]) -> Iterator[Placement]:
    """Every headline shown, in its place."""
    for page in pages:
        for block in page.blocks:
            for position, headline in enumerate(block.headlines, start=1):
                yield Placement(
                    page=page.page,
                    block=block.id,
                    position=position,
                    story_id=headline.story_id,
                    title=headline.title,
                    url=headline.url,
                    site_id=headline.site,
                    published_at=text_of(headline.published_at) or "",
                    image_url=headline.image_url or "",
                )


def placed(row: sqlite3.Row) -> Placement:
    """From a row of `placements`."""
    return Placement(
        page=row["page"],
        block=row["block"],
        position=row["position"],
        story_id=row["story_id"],
        title=row["title"],
        url=row["url"],
        site_id=row["site_id"],
        published_at=row["published_at"] or "",
        image_url=row["image_url"] or "",
    )


def headline(row: sqlite3.Row, site_names: Mapping[str, str]) -> Headline:
    """From a row of `placements`; a site that left the configuration is named by its id."""
    return Headline(
        story_id=row["story_id"],
        title=row["title"],
        url=row["url"],
        site=row["site_id"],
        site_name=site_names.get(row["site_id"], row["site_id"]),
        published_at=time_of(row["published_at"]),
        image_url=row["image_url"],
    )
