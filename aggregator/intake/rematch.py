"""Stored entries -> their stories again, as if they had come today under the rules of today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from aggregator.intake.grouping import regroup
from aggregator.intake.matching import examine
from aggregator.network import Network
from aggregator.store import storylines

BATCH = 100
"""Entries a transaction; a running daemon writes between two of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far it has come: the last entry settled, how many, how many changed their story."""

    last: int
    entries: int
    moved: int


def rematch_batch(
    db: Database, network: Network, *, after: int, since: datetime | None, now: datetime
) -> Step | None:
    """The next entries in the order of their ids; None when there are no more.

    `since`: only those first seen then or later.
    """
    entries = storylines.entries_after(db, after, since=since, limit=BATCH)
    if not entries:
        return None
    affected = examine(db, entries, network, now=now) | set(entries)
    before = storylines.told_by(db, affected)
    regroup(db, affected, network.owners(), now=now)
    told = storylines.told_by(db, affected)
    return Step(entries[-1], len(entries), sum(told[id_] != before[id_] for id_ in told))
