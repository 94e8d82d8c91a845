"""A command that writes -> its answer, by whoever holds the database: the daemon or the command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aggregator.control import Message, ask
from aggregator.errors import AggregatorError, LockedError, StorageError, UsageError
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.pipeline import PollReport
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
    store = instance.tools.store
    feeds = await store.run(_enabled)
    rested = [feed for feed in feeds if may_poll(instance, feed)]
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


async def _poll(instance: Instance, message: Message) -> Message:
    """Polls the feeds a person named, whether due or not, and publishes what they brought."""
    feeds = await feeds_named(instance, str(message.get("feed")))
    rested = tuple(feed for feed in feeds if may_poll(instance, feed))
    reports = {report.feed.id: report for report in await poll_and_publish(instance, rested)}
    return {
        "feeds": [
            {
                "site": feed.site_id,
                "url": feed.url,
                "polled": feed.id in reports,
                "outcome": reports[feed.id].outcome if feed.id in reports else None,
                "new": reports[feed.id].new if feed.id in reports else 0,
                "error": reports[feed.id].error if feed.id in reports else None,
            }
            for feed in feeds
        ]
    }


async def feeds_named(instance: Instance, name: str) -> tuple[FeedState, ...]:
    """By id, by URL, or all those of a site; raises UsageError when there is none."""
    feeds = await instance.tools.store.run(_enabled)
    found = tuple(feed for feed in feeds if name in (str(feed.id), feed.url, feed.site_id))
    if not found:
        raise UsageError(f"{name}: no such feed; `aggregator status` lists them")
    return found


def may_poll(instance: Instance, feed: FeedState) -> bool:
    """The floor holds for a person too."""
    if feed.last_polled_at is None:
        return True
    settings = next(one for one in instance.network.feeds() if one.url == feed.url)
    rested = instance.tools.clock() - feed.last_polled_at
    return rested >= instance.network.floor_of(settings)


async def poll_and_publish(instance: Instance, feeds: tuple[FeedState, ...]) -> list[PollReport]:
    """Polls now; the pages change at once where something is new."""
    reports = await instance.poller.poll_all(feeds)
    if any(report.new or report.updated for report in reports):
        await instance.publish()
    return reports


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


def _statuses(store: Store) -> tuple[reading.FeedStatus, ...]:
    return reading.feed_statuses(store.db)


REQUESTS: Mapping[str, Callable[[Instance, Message], Awaitable[Message]]] = {
    "publish": _publish,
    "check": _check,
    "poll": _poll,
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
