"""The two roads of the data, from end to end.

    poll_feed     a feed's row -> fetch -> read -> plan -> one transaction
    publish       stories -> select -> render -> one generation of files -> one transaction

They meet only in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlite_utils import Database

from aggregator.fetch import Fetcher
from aggregator.model import (
    DocumentRequest,
    FeedState,
    Fetched,
    FetchRequest,
    FetchResult,
    PageContent,
    Validators,
)
from aggregator.network import Feed, Index, Network, index_network
from aggregator.publish import Publication, current_generation
from aggregator.publish import publish as publish_files
from aggregator.recording import Attempt, PollReport, Reading, Unchanged, record_attempt
from aggregator.render import render_page, render_preview
from aggregator.selection import depth, select_page
from aggregator.store import publications, reading, writing
from aggregator.store.connection import open_reader
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.workers.pool import WorkerPool

READER_VERSION = 1
"""Of all that decides what a body means; a new one reads unchanged bodies again."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the roads need from outside. `jitter` gives numbers in [0, 1); `index` is the network
    looked up."""

    network: Network
    fetcher: Fetcher
    workers: WorkerPool
    store: StoreThread
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", index_network(self.network))


async def poll_feed(feed: FeedState, settings: Feed, tools: Tools) -> PollReport:
    """One poll, from the request to the commit; nothing a server does raises."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    result = await tools.fetcher.fetch(_request(feed, settings, tools.clock()))
    body_hash = _hash(result.body, settings) if isinstance(result, Fetched) else None
    reading = await _read(result, body_hash, feed, settings, tools)
    attempt = Attempt(
        feed=feed,
        settings=settings,
        floor=tools.index.floors[feed.url],
        at=tools.clock(),
        duration=timedelta(seconds=loop.time() - started),
        result=result,
        reading=reading,
        body_hash=body_hash,
        jitter=tools.jitter(),
        scope=settings.retry_after_scope or tools.network.fetch.retry_after_scope,
    )
    return await tools.store.run(record_attempt, attempt, tools.network, tools.index.owners)


def _request(feed: FeedState, settings: Feed, now: datetime) -> FetchRequest:
    """Conditional whenever there is something to ask with; the validators of the configured URL
    are not those of the one it moved to."""
    served_by = feed.served_by or (feed.url if feed.moved_to else None)
    validators = Validators() if _must_revalidate(feed, settings, now) else feed.validators
    return FetchRequest(feed.polled_url, validators, served_by, settings.access)


def _must_revalidate(feed: FeedState, settings: Feed, now: datetime) -> bool:
    """The operator does not trust the 304s of this server for longer (rB3)."""
    if settings.revalidate is None:
        return False
    return feed.last_full_at is None or now - feed.last_full_at >= settings.revalidate


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
    return tuple(select_page(page, stories, now=now) for page in network.pages)


def _depths(network: Network) -> Mapping[str, int]:
    """Site -> how many of its newest stories some page may need."""
    depths: dict[str, int] = {}
    for page in network.pages:
        needed = depth(page)
        for site in {source for block in page.blocks for source in block.sources}:
            depths[site] = max(depths.get(site, 0), needed)
    return depths


def _record_publication(
    store: Store,
    network: Network,
    pages: tuple[PageContent, ...],
    publication: Publication | None,
    now: datetime,
) -> None:
    """Also catches up on a generation that was switched to just before a crash.

    An older one on disk is that of another output directory: nothing is missing.
    """
    on_disk = publication.generation if publication else current_generation(network.output)
    if on_disk is None or on_disk <= _last_generation(store):
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
