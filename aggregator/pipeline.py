"""The two roads of the data, from end to end.

    poll_feed     a feed's row -> fetch -> read -> plan -> one transaction
    publish       stories -> select -> render -> one generation of files -> one transaction

They meet only in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

from aggregator import publication
from aggregator.model import (
    DocumentRequest,
    FeedState,
    Fetched,
    FetchRequest,
    FetchResult,
    Validators,
)
from aggregator.network import Feed, Index, Network, index_network
from aggregator.publish import Publication
from aggregator.recording import Attempt, PollReport, Reading, Unchanged, record_attempt
from aggregator.store import writing
from aggregator.store.archive import Packed, pack
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.workers.pool import WorkerPool

READER_VERSION = 1
"""Of all that decides what a body means; a new one reads unchanged bodies again."""


class Fetches(Protocol):
    """What answers a request: the network, or the archive."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Whatever a server does wrong is a value."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the roads need from outside. `jitter` gives numbers in [0, 1); `index` is the network
    looked up, `renderer` its pages as they were last."""

    network: Network
    fetcher: Fetches
    workers: WorkerPool
    store: StoreThread
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    index: Index = field(init=False)
    renderer: publication.Renderer = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", index_network(self.network))
        object.__setattr__(self, "renderer", publication.Renderer(self.network))


async def poll_feed(feed: FeedState, settings: Feed, tools: Tools) -> PollReport:
    """One poll, from the request to the commit; nothing a server does raises."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    asked_at = tools.clock()
    result = await tools.fetcher.fetch(_request(feed, settings, asked_at))
    # Whole seconds, as they are stored: a replay reads the document at the very same moment.
    arrived_at = tools.clock().replace(microsecond=0)
    body_hash = _hash(result.body, settings) if isinstance(result, Fetched) else None
    reading = await _read(result, body_hash, feed, settings, tools, arrived_at)
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
        late=max(timedelta(), asked_at - (feed.next_poll_at or asked_at)),
        arrived_at=arrived_at,
        packed=await _pack(result, tools.network),
    )
    return await tools.store.share(record_attempt, attempt, tools.network, tools.index.owners)


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


async def _pack(result: FetchResult, network: Network) -> Packed | None:
    """The body for the archive, where there is one; away from both loop and store."""
    if network.archive is None or not isinstance(result, Fetched):
        return None
    return await asyncio.to_thread(pack, result.body)


async def _read(
    result: FetchResult,
    body_hash: str | None,
    feed: FeedState,
    settings: Feed,
    tools: Tools,
    now: datetime,
) -> Reading:
    """The body's meaning, from a worker process, unless it is the body of last time."""
    if not isinstance(result, Fetched):
        return None
    if body_hash == feed.body_hash:
        return Unchanged()
    known = await tools.store.share(_listed, feed.id) if feed.has_document else ()
    return await tools.workers.read(
        DocumentRequest(
            body=result.body,
            content_type=result.content_type,
            url=result.url,
            now=now,
            timezone=settings.timezone,
            future=settings.future,
            known=frozenset(known),
        )
    )


def _listed(store: Store, feed_id: int) -> dict[int, int]:
    return writing.listed(store.db, feed_id)


async def publish(tools: Tools, *, force: bool = False) -> Publication | None:
    """Writes a generation when what is to be shown differs from what is; None when it does not.

    `force` also replaces a generation that was put back, which holds otherwise.
    """
    now = tools.clock()
    after = await tools.store.run(publication.begin, now)
    shown = await asyncio.to_thread(
        publication.write, tools.network, now, after, tools.renderer, force=force
    )
    await tools.store.run(publication.record, tools.network, shown, now)
    return shown.publication


async def put_back(tools: Tools, generation: int | None) -> Publication | None:
    """Shows an older generation again, as a new one that holds until its reason is gone.

    None: the one before what is shown. Raises UsageError when that one cannot be shown again.
    """
    now = tools.clock()
    after = await tools.store.run(publication.begin, now)
    chosen = publication.choose(tools.network, generation)
    pages = await tools.store.run(publication.pages_to_put_back, tools.network, chosen, now)
    shown = await asyncio.to_thread(
        publication.write_back, tools.network, chosen, pages, now=now, after=after
    )
    await tools.store.run(publication.record, tools.network, shown, now)
    return shown.publication
