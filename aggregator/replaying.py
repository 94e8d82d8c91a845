"""The archive of a database -> a new database, by the same road as the polls it was made by.

What the network and the clock said comes from the archive; what feeds.yaml says is as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from aggregator.errors import StorageError, UsageError
from aggregator.model import (
    FeedState,
    Fetched,
    FetchFailed,
    FetchRequest,
    FetchResult,
    Hints,
    NotModified,
    Outcome,
    Validators,
)
from aggregator.network import Network
from aggregator.pipeline import Tools, poll_feed
from aggregator.store import archive, reading, writing
from aggregator.store.archive import DamagedBodyError, StoredPoll
from aggregator.store.connection import open_reader
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread
from aggregator.times import format_time
from aggregator.workers.pool import WorkerPool

AT_A_TIME = 200
"""Polls read from the archive by one query: a long one would hold the live log open."""


@dataclass(slots=True)
class Replay:
    """What a replay came to so far; `left_out` counts polls of feeds that left feeds.yaml,
    `problems` those that cannot be read from the archive."""

    polls: int = 0
    documents: int = 0
    left_out: int = 0
    problems: int = 0


@dataclass(slots=True)
class _Past:
    """A poll of the past, in the place of network and clock."""

    result: FetchResult
    moments: Iterator[datetime]

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """What was answered then, whatever is asked."""
        return self.result

    def clock(self) -> datetime:
        """The moments at which `poll_feed` looked at the clock, one after the other."""
        return next(self.moments)


async def replay(
    network: Network,
    target: Path,
    *,
    until: datetime | None,
    on_poll: Callable[[int, str | None], None],
) -> Replay:
    """Makes the database `target` from the archive of `network.database`, which is only read.

    `on_poll` hears of every poll: how many there are in all, and what was wrong with it. Raises
    UsageError when there is something in the place of `target`; then, and after an error, nothing
    of it is left.
    """
    _check_target(target)
    part = target.with_name(f".{target.name}.part")
    try:
        _remove(part)
        with closing(open_reader(network.database).conn) as connection:
            source = Database(connection)
            store = StoreThread(Store.open(part))
            try:
                done = await _replay_all(network, source, store, until, on_poll)
            finally:
                store.close()
        part.rename(target)
    finally:
        _remove(part)
    return done


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise StorageError(f"{target.parent}: no such directory")
    for path in (target, *_beside(target)):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path}: is there already; a replay makes a new database")


def _beside(database: Path) -> tuple[Path, ...]:
    return tuple(Path(f"{database}{ending}") for ending in ("-wal", "-shm", "-journal", ".lock"))


def _remove(part: Path) -> None:
    """No connection of ours has it open any more."""
    for path in (part, Path(f"{part}.new"), *_beside(part)):
        path.unlink(missing_ok=True)


async def _replay_all(
    network: Network,
    source: Database,
    store: StoreThread,
    until: datetime | None,
    on_poll: Callable[[int, str | None], None],
) -> Replay:
    done, after, total = Replay(), 0, archive.count_polls(source)
    settled = replace(network, archive=None)
    async with WorkerPool() as workers:
        past = _Past(FetchFailed(Outcome.INTERNAL_ERROR, "no poll yet"), iter(()))
        tools = Tools(settled, past, workers, store, past.clock, lambda: 0.0)
        while polls := archive.polls_after(source, after, limit=AT_A_TIME):
            if not after:
                await store.run(_begin, settled, archive.feed_rows(source), polls[0].at)
            for poll in polls:
                if until is not None and poll.at > until:
                    return done
                on_poll(total, await _replay_one(poll, source, tools, past, done))
            after = polls[-1].id
    if not done.polls:
        raise UsageError("the archive is empty: `archive:` in feeds.yaml begins one")
    return done


def _begin(
    store: Store, network: Network, feeds: tuple[dict[str, str | int], ...], now: datetime
) -> None:
    """Feeds keep their numbers, so that the two databases can be compared row by row."""
    configured = {feed.url: feed.site for feed in network.feeds()}
    kept = [
        {**feed, "site_id": configured[str(feed["url"])]}
        for feed in feeds
        if feed["url"] in configured
    ]
    with store.transaction() as db:
        archive.give_numbers(db, kept, now=now)
        writing.sync_network(db, network, now=now)


async def _replay_one(
    poll: StoredPoll, source: Database, tools: Tools, past: _Past, done: Replay
) -> str | None:
    """What was wrong with the poll, in words, or None."""
    done.polls += 1
    settings = tools.index.feeds.get(poll.feed)
    feed = None if settings is None else await tools.store.run(_feed, poll.feed_id)
    if settings is None or feed is None:
        done.left_out += 1
        return None
    try:
        past.result = _answer(poll, source)
    except (DamagedBodyError, ValueError) as error:
        done.problems += 1
        return f"{format_time(poll.at)}: poll {poll.id}: {error}"
    done.documents += isinstance(past.result, Fetched)
    # The request, the answer, the end: the three looks of `poll_feed` at the clock.
    past.moments = iter((poll.arrived_at, poll.arrived_at, poll.at))
    await poll_feed(feed, settings, tools)
    return None


def _feed(store: Store, feed_id: int) -> FeedState | None:
    return reading.find_feed(store.db, feed_id)


def _answer(poll: StoredPoll, source: Database) -> FetchResult:
    """Raises DamagedBodyError; ValueError for an outcome that is none of ours."""
    outcome, url = Outcome(poll.outcome), poll.url or poll.feed
    if poll.body_id is not None:
        body = archive.body_of(source, poll.body_id)
        return Fetched(url, body, poll.content_type, Validators(), Hints(), len(body))
    if outcome is Outcome.NOT_MODIFIED:
        return NotModified(url, Validators(), Hints())
    return FetchFailed(outcome, poll.error or "", poll.http_status)
