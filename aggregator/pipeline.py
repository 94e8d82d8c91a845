"""The two roads of the data, from end to end.

    poll_feed     a feed's row -> fetch -> read -> plan -> one transaction
    publish       stories -> select -> render -> one generation of files -> one transaction

They meet only in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlite_utils import Database

from aggregator.fetch import Fetcher
from aggregator.intake import store_document
from aggregator.match import FeedUpdate
from aggregator.model import (
    DOCUMENT_OUTCOMES,
    Document,
    DocumentRequest,
    FeedState,
    Fetched,
    FetchFailed,
    FetchRequest,
    FetchResult,
    Hints,
    NotModified,
    Outcome,
    PageContent,
    ParseFailed,
    Validators,
)
from aggregator.network import Feed, Network
from aggregator.publish import Publication, current_generation
from aggregator.publish import publish as publish_files
from aggregator.render import render_page, render_preview
from aggregator.rights import licensed
from aggregator.schedule import DEFAULT_INTERVAL, is_pause, next_poll
from aggregator.selection import depth, select_page
from aggregator.store import publications, reading, writing
from aggregator.store.connection import open_reader
from aggregator.store.rows import PollRecord
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.workers import WorkerPool

READER_VERSION = 1
"""Of all that decides what a body means; a new one reads unchanged bodies again."""

UNLICENSED_DEPTH = 500
"""So many stories in a row that a page may not show leave it full all the same."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the roads need from outside. `jitter` gives numbers in [0, 1)."""

    network: Network
    fetcher: Fetcher
    workers: WorkerPool
    store: StoreThread
    clock: Callable[[], datetime]
    jitter: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The body is byte for byte the last one that was understood; nobody read it."""


Reading = Document | ParseFailed | Unchanged | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A poll whose outside part is over; `reading` is None where there was no body."""

    feed: FeedState
    interval: timedelta
    at: datetime
    duration: timedelta
    result: FetchResult
    reading: Reading
    body_hash: str | None
    jitter: float


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll came to, for logs and progress."""

    feed: FeedState
    at: datetime
    outcome: Outcome
    new: int
    updated: int
    duration: timedelta
    next_poll_at: datetime | None
    error: str | None

    @property
    def ok(self) -> bool:
        """The poll gave a document, new or not."""
        return self.outcome in DOCUMENT_OUTCOMES


async def poll_feed(feed: FeedState, settings: Feed, tools: Tools) -> PollReport:
    """One poll, from the request to the commit; nothing a server does raises."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    result = await tools.fetcher.fetch(FetchRequest(feed.url, feed.validators))
    body_hash = _hash(result.body, settings) if isinstance(result, Fetched) else None
    reading = await _read(result, body_hash, feed, settings, tools)
    attempt = Attempt(
        feed=feed,
        interval=max(settings.every or DEFAULT_INTERVAL, tools.network.floor_of(settings)),
        at=tools.clock(),
        duration=timedelta(seconds=loop.time() - started),
        result=result,
        reading=reading,
        body_hash=body_hash,
        jitter=tools.jitter(),
    )
    return await tools.store.run(record_attempt, attempt, tools.network)


def _hash(body: bytes, settings: Feed) -> str:
    """Of everything that decides what the body means to us."""
    context = f"{READER_VERSION} {settings.timezone} {settings.future}".encode()
    return blake2b(body, digest_size=16, key=context[:64]).hexdigest()


async def _read(
    result: FetchResult, body_hash: str | None, feed: FeedState, settings: Feed, tools: Tools
) -> Reading:
    """The body's meaning, from a worker process, unless it is the body of last time."""
    if not isinstance(result, Fetched):
        return None
    if body_hash == feed.body_hash:
        return Unchanged()
    known = await tools.store.run(_listed, feed.id)
    return await tools.workers.read(
        DocumentRequest(
            body=result.body,
            content_type=result.content_type,
            url=result.url,
            now=tools.clock(),
            timezone=settings.timezone,
            future=settings.future,
            known=frozenset(known),
        )
    )


def _listed(store: Store, feed_id: int) -> dict[int, int]:
    return writing.listed(store.db, feed_id)


def record_attempt(store: Store, attempt: Attempt, network: Network) -> PollReport:
    """Reads what is stored, decides and writes, in one transaction."""
    with store.transaction() as db:
        update = FeedUpdate()
        if isinstance(attempt.reading, Document):
            update = store_document(
                db,
                attempt.reading,
                network,
                feed_id=attempt.feed.id,
                feed_site=attempt.feed.site_id,
                first=not attempt.feed.has_document,
                now=attempt.at,
            )
        record = _poll_record(attempt, update)
        writing.record_poll(db, record)
    return PollReport(
        feed=attempt.feed,
        at=attempt.at,
        outcome=Outcome(record.outcome),
        new=record.new_entries,
        updated=record.updated_entries,
        duration=attempt.duration,
        next_poll_at=record.next_poll_at,
        error=record.error,
    )


def _poll_record(attempt: Attempt, update: FeedUpdate) -> PollRecord:
    outcome, error = _judge(attempt)
    document = attempt.reading if isinstance(attempt.reading, Document) else None
    meta = document.meta if document else attempt.feed.meta
    has_document = outcome in DOCUMENT_OUTCOMES
    following = next_poll(
        outcome,
        failures=0 if has_document else attempt.feed.failures + 1,
        interval=attempt.interval,
        hints=attempt.result.hints,
        meta=meta,
        now=attempt.at,
        jitter=attempt.jitter,
    )
    return PollRecord(
        feed_id=attempt.feed.id,
        at=attempt.at,
        outcome=outcome,
        has_document=has_document,
        http_status=attempt.result.status,
        wire_bytes=0 if isinstance(attempt.result, NotModified) else attempt.result.wire_bytes,
        duration_ms=round(attempt.duration / timedelta(milliseconds=1)),
        error=error,
        next_poll_at=following,
        paused_until=following if is_pause(outcome) else None,
        # Those of a body that was not understood are not kept: it would never be seen again.
        validators=_validators(attempt) if has_document else None,
        body_hash=attempt.body_hash if document else None,
        meta=document.meta if document else None,
        tier=document.tier if document else None,
        new_entries=len(update.new),
        updated_entries=len(update.changed),
        truncated_entries=document.truncated if document else 0,
        undated_entries=document.undated if document else 0,
        skipped_entries=document.skipped + update.duplicates if document else 0,
        newest_entry_at=_newest(update, attempt.at),
    )


def _judge(attempt: Attempt) -> tuple[Outcome, str | None]:
    """The outcome and, where there was no document, why."""
    match attempt.result:
        case FetchFailed(outcome=outcome, detail=detail):
            return outcome, detail
        case NotModified():
            return Outcome.NOT_MODIFIED, None
        case Fetched():
            if isinstance(attempt.reading, ParseFailed):
                return attempt.reading.outcome, attempt.reading.detail
            unchanged = isinstance(attempt.reading, Unchanged)
            return (Outcome.UNCHANGED if unchanged else Outcome.OK), None


def _validators(attempt: Attempt) -> Validators | None:
    result = attempt.result
    return None if isinstance(result, FetchFailed) else result.validators


def _newest(update: FeedUpdate, now: datetime) -> datetime | None:
    """The newest date of what the document brought; a date to come counts from now."""
    entries = [new.entry for new in update.new] + [changed.entry for changed in update.changed]
    return max((min(entry.published_at or now, now) for entry in entries), default=None)


def record_internal_error(store: Store, feed: FeedState, at: datetime, error: str) -> None:
    """Our own fault while polling a feed: it waits like after any failure."""
    following = next_poll(
        Outcome.INTERNAL_ERROR,
        failures=feed.failures + 1,
        interval=DEFAULT_INTERVAL,
        hints=Hints(),
        meta=feed.meta,
        now=at,
        jitter=0.0,
    )
    record = PollRecord(
        feed_id=feed.id,
        at=at,
        outcome=Outcome.INTERNAL_ERROR,
        has_document=False,
        http_status=None,
        wire_bytes=0,
        duration_ms=0,
        error=error,
        next_poll_at=following,
        paused_until=None,
    )
    with store.transaction() as db:
        writing.record_poll(db, record)


async def publish(tools: Tools) -> Publication | None:
    """Writes a generation when what is to be shown differs from what is; None when it does not."""
    now = tools.clock()
    after = await tools.store.run(_last_generation)
    pages, publication = await asyncio.to_thread(_write_generation, tools.network, now, after)
    await tools.store.run(_record_publication, tools.network, pages, publication, now)
    return publication


def _last_generation(store: Store) -> int:
    return publications.last_generation(store.db) or 0


def _write_generation(
    network: Network, now: datetime, after: int
) -> tuple[tuple[PageContent, ...], Publication | None]:
    with closing(open_reader(network.database).conn) as connection:
        pages = select_pages(Database(connection), network, now=now)
    files = {path: body for page in pages for path, body in render_page(page).items()}
    publication = publish_files(
        network.output,
        files,
        preview=render_preview(network, pages, generated_at=now),
        generated_at=now,
        after=after,
    )
    return pages, publication


def select_pages(db: Database, network: Network, *, now: datetime) -> tuple[PageContent, ...]:
    """Every page of the network, filled from what is stored."""
    names = {site.id: site.name for site in network.sites}
    stories = reading.newest_stories(db, _depths(network), names, now=now)
    rights = network.rights
    return tuple(
        select_page(page, licensed(stories, rights, page.site) if rights else stories, now=now)
        for page in network.pages
    )


def _depths(network: Network) -> Mapping[str, int]:
    """Site -> how many of its newest stories some page may need."""
    depths: dict[str, int] = {}
    for page in network.pages:
        needed = depth(page)
        for site in {source for block in page.blocks for source in block.sources}:
            depths[site] = max(depths.get(site, 0), needed)
    # What a page has no licence for takes no place on it.
    spare = UNLICENSED_DEPTH if network.licences else 0
    # The network's order: of two copies of a story the first site's is shown.
    return {site.id: depths[site.id] + spare for site in network.sites if site.id in depths}


def _record_publication(
    store: Store,
    network: Network,
    pages: tuple[PageContent, ...],
    publication: Publication | None,
    now: datetime,
) -> None:
    """Also catches up on a generation that was switched to just before a crash."""
    on_disk = publication.generation if publication else current_generation(network.output)
    if on_disk is None or on_disk == publications.last_generation(store.db):
        return
    with store.transaction() as db:
        publications.record_publication(
            db,
            on_disk,
            pages,
            changed_files=len(publication.changed) if publication else 0,
            removed_files=len(publication.removed) if publication else 0,
            now=now,
        )
