"""A command that writes -> its answer, by whoever holds the database: the daemon or the command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from aggregator.control import Message, ask
from aggregator.errors import AggregatorError, LockedError, StorageError, UsageError
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.intake import Merged, Step, merge_stories, rematch_batch, unmerge_entry
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.store import reading
from aggregator.store.store import Store

ANSWER_TIMEOUT_S = 120.0
CHECK_TIMEOUT_S = 1800.0


async def _publish(instance: Instance, _: Message) -> Message:
    publication = await instance.publish()
    if publication is None:
        return {"generation": None, "changed": 0, "removed": 0}
    return {
        "generation": publication.generation,
        "changed": len(publication.changed),
        "removed": len(publication.removed),
    }


async def _check(instance: Instance, _: Message) -> Message:
    """Polls every feed that was not polled within the floor, whether due or not."""
    store, now = instance.tools.store, instance.tools.clock()
    feeds = await store.run(_enabled)
    floors = {feed.url: instance.network.floor_of(feed) for feed in instance.network.feeds()}
    rested = [feed for feed in feeds if _may_poll(feed, floors, now)]
    await instance.poller.poll_all(rested)
    polled = {feed.id for feed in rested}
    statuses = await store.run(_statuses)
    return {
        "feeds": [
            {
                "site": status.site,
                "url": status.url,
                "polled": status.feed_id in polled,
                "outcome": status.last_outcome,
                "entries": status.entries,
                "failures": status.failures,
                "error": status.last_error,
            }
            for status in statuses
            if status.state != "disabled"
        ]
    }


def _may_poll(feed: FeedState, floors: Mapping[str, timedelta], now: datetime) -> bool:
    """The floor holds for a person too."""
    return feed.last_polled_at is None or now - feed.last_polled_at >= floors[feed.url]


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


def _statuses(store: Store) -> tuple[reading.FeedStatus, ...]:
    return reading.feed_statuses(store.db)


async def _merge(instance: Instance, message: Message) -> Message:
    """`a`, `b`: stories by number or link; `note`: why."""
    a, b, note = str(message["a"]), str(message["b"]), _note(message)

    def merge(store: Store) -> Merged:
        with store.transaction() as db:
            now = instance.tools.clock()
            return merge_stories(db, a, b, instance.network, note=note, now=now)

    return await _edit(instance, merge)


async def _unmerge(instance: Instance, message: Message) -> Message:
    """`entry`: an entry's number; `note`: why."""
    entry_id, note = int(str(message["entry"])), _note(message)

    def unmerge(store: Store) -> Merged:
        with store.transaction() as db:
            now = instance.tools.clock()
            return unmerge_entry(db, entry_id, instance.network, note=note, now=now)

    return await _edit(instance, unmerge)


async def _edit(instance: Instance, edit: Callable[[Store], Merged]) -> Message:
    """Changes stories and publishes what follows."""
    merged = await instance.tools.store.run(edit)
    publication = await instance.publish()
    return {
        "entries": list(merged.entries),
        "stories": list(merged.stories),
        "generation": publication.generation if publication else None,
    }


def _note(message: Message) -> str | None:
    note = message.get("note")
    return None if note is None else str(note)


async def _rematch(instance: Instance, message: Message) -> Message:
    """`days`: only entries first seen so lately; None: all. Polls go on between two batches."""
    now, days = instance.tools.clock(), message.get("days")
    since = None if days is None else now - timedelta(days=int(str(days)))
    last = entries = moved = 0

    def batch(store: Store) -> Step | None:
        with store.transaction() as db:
            return rematch_batch(db, instance.network, after=last, since=since, now=now)

    while (step := await instance.tools.store.run(batch)) is not None:
        last, entries, moved = step.last, entries + step.entries, moved + step.moved
    await instance.publish()
    return {"entries": entries, "moved": moved}


REQUESTS: Mapping[str, Callable[[Instance, Message], Awaitable[Message]]] = {
    "publish": _publish,
    "check": _check,
    "merge": _merge,
    "unmerge": _unmerge,
    "rematch": _rematch,
}


async def answer(instance: Instance, request: Message) -> Message:
    """Carries out one request; raises UsageError for one that does not exist."""
    command = str(request.get("command"))
    if command not in REQUESTS:
        raise UsageError(f"{command}: the daemon knows no such request")
    return await REQUESTS[command](instance, request)


def request(network: Network, message: Message, *, timeout: float = ANSWER_TIMEOUT_S) -> Message:
    """Does it here when no daemon runs, else asks the daemon.

    Raises what the request raises; LockedError when another command holds the database.
    """
    try:
        return run_loop(_alone(network, message))
    except LockedError:
        answered = ask(network.database, message, timeout=timeout)
        if answered is None:
            raise
    if answered.get("ok") is not True:
        raise Refused(answered)
    return answered


async def _alone(network: Network, message: Message) -> Message:
    async with open_instance(network) as instance:
        return await answer(instance, message)


class Refused(AggregatorError):
    """The daemon could not do it; ends with the daemon's own words and exit status."""

    def __init__(self, answered: Message) -> None:
        super().__init__(str(answered.get("error", "the daemon gave no reason")))
        status = answered.get("exit_status")
        self.exit_status = status if isinstance(status, int) else StorageError.exit_status
