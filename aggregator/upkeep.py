"""What retention and space ask for -> batches of the writer's work, polls in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.network import Network
from aggregator.store import retention, searching
from aggregator.store.retention import Batch, Cursor
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread


@dataclass(frozen=True, slots=True)
class Removed:
    """What retention removed in one pass."""

    entries: int
    stories: int


async def remove_expired(store: StoreThread, network: Network, *, now: datetime) -> Removed:
    """Removes every entry that no rule keeps; a transaction of at most 1,000 rows at a time."""
    own = network.retentions()
    if network.retention.is_endless and all(rule.is_endless for rule in own.values()):
        return Removed(0, 0)
    cutoffs = await store.run(_cutoffs, network, now)
    entries = stories = 0
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        batch = await store.run(_remove_batch, cutoffs, cursor, now)
        entries, stories, cursor = entries + batch.entries, stories + batch.stories, batch.cursor
    return Removed(entries, stories)


def _cutoffs(store: Store, network: Network, now: datetime) -> dict[int, str]:
    return retention.cutoffs(store.db, network.retentions(), network.retention, now=now)


def _remove_batch(store: Store, cutoffs: dict[int, str], cursor: Cursor, now: datetime) -> Batch:
    with store.transaction() as db:
        return retention.remove_batch(db, cutoffs, cursor, now=now)


async def rebuild_index(store: StoreThread) -> None:
    """Indexes every entry anew; searches meanwhile find what is indexed so far."""
    after: int | None = 0
    while after is not None:
        after = await store.run(_reindex, after)


def _reindex(store: Store, after: int) -> int | None:
    with store.transaction() as db:
        return searching.reindex(db, after=after)
