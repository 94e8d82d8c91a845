"""What retention and space ask for -> batches of the writer's work, polls in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.network import Network
from aggregator.store import archive, retention, searching
from aggregator.store.retention import Batch, Cursor
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread


@dataclass(frozen=True, slots=True)
class Removed:
    """What retention removed in one pass; `polls` of the log, `archived` those of the archive."""

    entries: int = 0
    stories: int = 0
    polls: int = 0
    archived: int = 0

    @property
    def is_nothing(self) -> bool:
        """There was nothing to remove."""
        return self == Removed()


async def remove_expired(store: StoreThread, network: Network, *, now: datetime) -> Removed:
    """Removes whatever no rule keeps; a transaction of at most 1,000 rows at a time."""
    entries, stories = await _remove_entries(store, network, now)
    polls = await _remove_polls(store, network, now)
    archived = await _trim_archive(store, network, now)
    return Removed(entries, stories, polls, archived)


async def _remove_entries(store: StoreThread, network: Network, now: datetime) -> tuple[int, int]:
    own = network.retentions()
    if network.retention.is_endless and all(rule.is_endless for rule in own.values()):
        return 0, 0
    cutoffs = await store.run(_cutoffs, network, now)
    entries = stories = 0
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        batch = await store.run(_remove_batch, cutoffs, cursor, now)
        entries, stories, cursor = entries + batch.entries, stories + batch.stories, batch.cursor
    return entries, stories


async def _remove_polls(store: StoreThread, network: Network, now: datetime) -> int:
    own = network.retentions()
    if all(rule.poll_days is None for rule in (network.retention, *own.values())):
        return 0
    removed = 0
    for feed_id, cutoff in (await store.run(_poll_cutoffs, network, now)).items():
        while count := await store.run(_remove_poll_batch, feed_id, cutoff):
            removed += count
    return removed


async def _trim_archive(store: StoreThread, network: Network, now: datetime) -> int:
    """Without `archive:` in the file nothing is added to the archive, and nothing removed."""
    kept = network.archive
    if kept is None:
        return 0
    before = now - timedelta(days=kept.days)
    await store.run(_recount)
    removed = 0
    while count := await store.run(_trim_batch, kept.max_bytes, before):
        removed += count
    return removed


def _cutoffs(store: Store, network: Network, now: datetime) -> dict[int, str]:
    return retention.cutoffs(store.db, network.retentions(), network.retention, now=now)


def _remove_batch(store: Store, cutoffs: dict[int, str], cursor: Cursor, now: datetime) -> Batch:
    with store.transaction() as db:
        return retention.remove_batch(db, cutoffs, cursor, now=now)


def _poll_cutoffs(store: Store, network: Network, now: datetime) -> dict[int, str]:
    return retention.poll_cutoffs(store.db, network.retentions(), network.retention, now=now)


def _remove_poll_batch(store: Store, feed_id: int, cutoff: str) -> int:
    with store.transaction() as db:
        return retention.remove_polls(db, feed_id, cutoff)


def _recount(store: Store) -> None:
    with store.transaction() as db:
        archive.recount(db)


def _trim_batch(store: Store, max_bytes: int, before: datetime) -> int:
    with store.transaction() as db:
        return archive.trim(db, max_bytes=max_bytes, before=before)


async def rebuild_index(store: StoreThread) -> None:
    """Indexes every entry anew; searches meanwhile find what is indexed so far."""
    after: int | None = 0
    while after is not None:
        after = await store.run(_reindex, after)


def _reindex(store: Store, after: int) -> int | None:
    with store.transaction() as db:
        return searching.reindex(db, after=after)
