"""A command that writes -> its answer, by whoever holds the database: the daemon or the command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from aggregator.control import Message, ask
from aggregator.editing import override, undo
from aggregator.errors import AggregatorError, LockedError, StorageError, UsageError
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.publish import Publication
from aggregator.store import reading
from aggregator.store.store import Store

ANSWER_TIMEOUT_S = 120.0
CHECK_TIMEOUT_S = 1800.0


async def _publish(instance: Instance, _: Message) -> Message:
    return _told(await instance.publish(force=True))


async def _put_back(instance: Instance, request: Message) -> Message:
    """`generation` None: the one before what is shown."""
    wanted = request.get("generation")
    if wanted is not None and not isinstance(wanted, int):
        raise UsageError(f"{wanted}: the number of a generation was expected")
    return _told(await instance.put_back(wanted))


def _told(publication: Publication | None) -> Message:
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


REQUESTS: Mapping[str, Callable[[Instance, Message], Awaitable[Message]]] = {
    "publish": _publish,
    "put_back": _put_back,
    "override": override,
    "undo": undo,
    "check": _check,
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
