"""A poll whose outside part is over -> what is stored of it, in one transaction.

Reading what bears on the document, deciding and writing are one step, so two feeds that bring one
story at one moment make one story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.domains import registrable_domain
from aggregator.intake import store_document
from aggregator.match import FeedUpdate
from aggregator.model import (
    DOCUMENT_OUTCOMES,
    Document,
    FeedMeta,
    FeedState,
    Fetched,
    FetchFailed,
    FetchResult,
    Hints,
    NotModified,
    Outcome,
    ParseFailed,
    Validators,
)
from aggregator.moves import is_learnt, sighted_url
from aggregator.network import Feed, Network, RetryScope
from aggregator.pacing import Learnt, pace_of, starting_pace
from aggregator.schedule import Pace, is_pause, next_poll, pause_scope
from aggregator.store import archive, moves, subscriptions, writing
from aggregator.store.archive import ArchivedPoll, Packed
from aggregator.store.rows import PollRecord
from aggregator.store.store import Store
from aggregator.urls import host_of
from aggregator.websub import news_found

KEPT_HEADER = 512
"""Characters of a header that are stored."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The body is byte for byte the last one that was understood; nobody read it."""


Reading = Document | ParseFailed | Unchanged | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A poll whose outside part is over; `reading` is None where there was no body.

    `scope` is who waits when the server asks for a pause; `late`, how long after its time it began.
    `arrived_at` is when the answer was there, in whole seconds: what its document is read at.
    `packed` is its body for the archive.
    """

    feed: FeedState
    settings: Feed
    floor: timedelta
    at: datetime
    duration: timedelta
    result: FetchResult
    reading: Reading
    body_hash: str | None
    jitter: float
    scope: RetryScope = RetryScope.AUTO
    late: timedelta = timedelta()
    arrived_at: datetime | None = None
    packed: Packed | None = None


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll came to, for logs and progress; `paused` are other feeds that now wait."""

    feed: FeedState
    at: datetime
    outcome: Outcome
    new: int
    updated: int
    duration: timedelta
    next_poll_at: datetime | None
    why: str
    error: str | None
    paused: frozenset[int] = frozenset()
    late: timedelta = timedelta()
    tier: str | None = None

    @property
    def ok(self) -> bool:
        """The poll gave a document, new or not."""
        return self.outcome in DOCUMENT_OUTCOMES


def record_attempt(
    store: Store, attempt: Attempt, network: Network, owners: Mapping[str, str]
) -> PollReport:
    """Reads what is stored, decides and writes, in one transaction; `owners`: host -> site."""
    with store.transaction() as db:
        update = FeedUpdate()
        if isinstance(attempt.reading, Document):
            update = store_document(
                db,
                attempt.reading,
                network,
                owners,
                feed_id=attempt.feed.id,
                feed_site=attempt.feed.site_id,
                first=not attempt.feed.has_document,
                now=attempt.at,
            )
            store.index((*update.new, *update.changed))
        pace = _pace(db, attempt, update, network)
        record = _poll_record(attempt, update, pace)
        writing.record_poll(db, record)
        _note_move(db, attempt, record)
        if network.archive is not None:
            archive.keep(db, _archived(attempt, record), max_bytes=network.archive.max_bytes)
        paused = _pause_others(db, attempt, record)
    return PollReport(
        feed=attempt.feed,
        at=attempt.at,
        outcome=Outcome(record.outcome),
        new=record.new_entries,
        updated=record.updated_entries,
        duration=attempt.duration,
        next_poll_at=record.next_poll_at,
        why=record.next_poll_why,
        error=record.error,
        paused=paused,
        late=attempt.late,
        tier=record.tier,
    )


def _pace(db: Database, attempt: Attempt, update: FeedUpdate, network: Network) -> Pace:
    """Where there was a document, what it brought is learnt from."""
    outcome, _ = _judge(attempt)
    if update.new:
        _note_news(db, attempt)
    learnt = None
    if outcome in DOCUMENT_OUTCOMES:
        learnt = Learnt(
            dates=tuple(new.entry.published_at for new in update.new),
            first=not attempt.feed.has_document,
            overrun=bool(update.new) and not (update.seen or update.changed),
        )
    feed, settings = attempt.feed, attempt.settings
    return pace_of(db, feed.id, settings, network, learnt, floor=attempt.floor, now=attempt.at)


def _note_news(db: Database, attempt: Attempt) -> None:
    """News that the feed's hub did not push: it is polled at its own pace again."""
    known = subscriptions.read(db, attempt.feed.id)
    if known is not None and (heard := news_found(known, attempt.at)) is not known:
        subscriptions.write(db, attempt.feed.id, heard)


def _poll_record(attempt: Attempt, update: FeedUpdate, pace: Pace) -> PollRecord:
    outcome, error = _judge(attempt)
    document = attempt.reading if isinstance(attempt.reading, Document) else None
    read = _with_links(document.meta, attempt.result) if document else None
    has_document = outcome in DOCUMENT_OUTCOMES
    following = next_poll(
        outcome,
        failures=0 if has_document else attempt.feed.failures + 1,
        pace=pace,
        hints=attempt.result.hints,
        meta=read or attempt.feed.meta,
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
        next_poll_at=following.at,
        next_poll_why=following.why,
        paused_until=following.at if is_pause(outcome) else None,
        # Those of a body that was not understood are not kept: it would never be seen again.
        validators=_new_validators(attempt) if has_document else None,
        body_hash=attempt.body_hash if document else None,
        meta=read,
        tier=document.tier if document else None,
        new_entries=len(update.new),
        updated_entries=len(update.changed),
        truncated_entries=document.truncated if document else 0,
        undated_entries=document.undated if document else 0,
        skipped_entries=document.skipped + update.duplicates if document else 0,
        newest_entry_at=_newest(update, attempt.at),
        served_by=None if isinstance(attempt.result, FetchFailed) else attempt.result.url,
        is_full=has_document and isinstance(attempt.result, Fetched),
    )


def _with_links(meta: FeedMeta, result: FetchResult) -> FeedMeta:
    """A hub in the header counts before one in the document (WebSub, section 4)."""
    if not isinstance(result, Fetched) or result.hub is None:
        return meta
    return replace(meta, hub=result.hub, self_url=result.self_url or meta.self_url)


def _archived(attempt: Attempt, record: PollRecord) -> ArchivedPoll:
    result = attempt.result
    return ArchivedPoll(
        feed_id=attempt.feed.id,
        arrived_at=attempt.arrived_at or attempt.at,
        at=attempt.at,
        outcome=record.outcome,
        http_status=record.http_status,
        url=None if isinstance(result, FetchFailed) else result.url,
        content_type=_content_type(result),
        error=record.error,
        body=attempt.packed,
    )


def _content_type(result: FetchResult) -> str | None:
    """The header as far as it is kept: the archive is bounded by its bodies alone."""
    sent = result.content_type if isinstance(result, Fetched) else None
    return None if sent is None else sent[:KEPT_HEADER]


def _note_move(db: Database, attempt: Attempt, record: PollRecord) -> None:
    """A permanent redirect that was followed to a feed, or the absence of one.

    A failure shows neither: when the old address is gone, nobody guesses where the feed went.
    """
    feed, now = attempt.feed, attempt.at
    if not record.has_document:
        return
    url = sighted_url(attempt.result)
    if url is None:
        if feed.is_sighted:
            moves.forget_sightings(db, feed.id)
        return
    sighting = moves.sight(db, feed.id, url, now=now)
    if is_learnt(sighting, configured_url=feed.url, now=now):
        moves.learn(db, feed.id, url, now=now)


def _pause_others(db: Database, attempt: Attempt, record: PollRecord) -> frozenset[int]:
    """Who shares the host, or the domain, of a server that asks for fewer requests waits too."""
    scope = pause_scope(Outcome(record.outcome), attempt.scope)
    if scope is RetryScope.URL or record.paused_until is None:
        return frozenset()
    same = registrable_domain if scope is RetryScope.DOMAIN else str
    asked = getattr(attempt.result, "host", None) or host_of(attempt.feed.polled_url)
    waiting = frozenset(
        feed_id
        for feed_id, url in moves.polled_urls(db).items()
        if feed_id != attempt.feed.id and same(host_of(url)) == same(asked)
    )
    moves.pause(db, waiting, until=record.paused_until)
    return waiting


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


def _new_validators(attempt: Attempt) -> Validators | None:
    """None where they and their origin are those that are stored."""
    result, feed = attempt.result, attempt.feed
    if isinstance(result, FetchFailed):
        return None
    same = result.validators == feed.validators and result.url == feed.served_by
    return None if same else result.validators


def _newest(update: FeedUpdate, now: datetime) -> datetime | None:
    """The newest date of what the document brought; a date to come counts from now."""
    entries = [new.entry for new in update.new] + [changed.entry for changed in update.changed]
    return max((min(entry.published_at or now, now) for entry in entries), default=None)


def record_internal_error(store: Store, feed: FeedState, at: datetime, error: str) -> None:
    """Our own fault while polling a feed: it waits like after any failure."""
    following = next_poll(
        Outcome.INTERNAL_ERROR,
        failures=feed.failures + 1,
        pace=starting_pace(timedelta()),
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
        next_poll_at=following.at,
        next_poll_why=following.why,
        paused_until=None,
    )
    with store.transaction() as db:
        writing.record_poll(db, record)
