"""A command that writes -> its answer, by whoever holds the database: the daemon or the command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.control import Message, ask
from aggregator.editing import override, read_text, undo
from aggregator.environment import SecretError
from aggregator.errors import AggregatorError, LockedError, StorageError, UsageError
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.intake import Merged, Step, merge_stories, rematch_batch, unmerge_entry
from aggregator.model import FeedState
from aggregator.moves import is_learnt
from aggregator.network import Network
from aggregator.publish import Publication
from aggregator.recording import PollReport
from aggregator.store import moves, place, reading
from aggregator.store.store import Store
from aggregator.times import format_time
from aggregator.upkeep import rebuild_index, remove_expired

ANSWER_TIMEOUT_S = 120.0
CHECK_TIMEOUT_S = 1800.0
UPKEEP_TIMEOUT_S = 1800.0


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
    """Polls every feed that may be, whether due or not."""
    store = instance.tools.store
    feeds = await store.run(_enabled)
    rested = rested_of(instance, feeds)
    await instance.poller.poll_all(rested)
    polled = {feed.id for feed in rested}
    statuses = await store.run(_statuses)
    return {
        "feeds": [
            {
                "site": status.site,
                "url": status.url,
                "polled": status.feed_id in polled,
                "paused_until": status.paused_until if status.state == "paused" else None,
                "outcome": status.last_outcome,
                "entries": status.entries,
                "failures": status.failures,
                "error": status.last_error,
            }
            for status in statuses
            if status.state != "disabled"
        ]
    }


async def _undo_move(instance: Instance, message: Message) -> Message:
    """The feed is polled where feeds.yaml says again."""
    return await _decide_move(instance, message, _undo)


async def _allow_move(instance: Instance, message: Message) -> Message:
    """The operator's word for a redirect to another domain."""
    return await _decide_move(instance, message, _allow)


async def _decide_move(
    instance: Instance, message: Message, decide: Callable[[Store, str, datetime], Message]
) -> Message:
    return await instance.tools.store.run(decide, str(message.get("feed")), instance.tools.clock())


def _undo(store: Store, name: str, now: datetime) -> Message:
    with store.transaction() as db:
        feed_id, url = _named(db, name)
        left = moves.undo(db, feed_id, now=now)
    if left is None:
        raise UsageError(f"{name}: no move of this feed was learnt")
    return {"url": url, "left": left}


def _allow(store: Store, name: str, now: datetime) -> Message:
    with store.transaction() as db:
        feed_id, url = _named(db, name)
        sighting = moves.allow(db, feed_id, now=now)
        if sighting is None:
            raise UsageError(f"{name}: no permanent redirect of this feed was seen")
        is_there = is_learnt(sighting, configured_url=url, now=now)
        learnt = is_there and moves.learn(db, feed_id, sighting.url, now=now)
    return {"url": url, "moved_to": sighting.url, "learnt": learnt}


def _named(db: Database, name: str) -> tuple[int, str]:
    found = moves.find_feed(db, name)
    if found is None:
        raise UsageError(f"{name}: no such feed; give its number or its URL as in feeds.yaml")
    return found


def rested_of(instance: Instance, feeds: Iterable[FeedState]) -> tuple[FeedState, ...]:
    """Those of `feeds` that may be polled now."""
    floors, now = instance.tools.index.floors, instance.tools.clock()
    return tuple(feed for feed in feeds if may_poll(feed, floors, now))


def may_poll(feed: FeedState, floors: Mapping[str, timedelta], now: datetime) -> bool:
    """The floor holds for a person too, and so does a server's request to wait."""
    if feed.paused_until is not None and now < feed.paused_until:
        return False
    return feed.last_polled_at is None or now - feed.last_polled_at >= floors[feed.url]


async def _poll(instance: Instance, message: Message) -> Message:
    """Polls the feeds a person named, whether due or not, and publishes what they brought."""
    feeds = await feeds_named(instance, str(message.get("feed")))
    rested, now = rested_of(instance, feeds), instance.tools.clock()
    reports = {report.feed.id: report for report in await poll_and_publish(instance, rested)}
    return {
        "feeds": [
            {
                "site": feed.site_id,
                "url": feed.url,
                "polled": feed.id in reports,
                "paused_until": _text_of_pause(feed, now),
                "outcome": reports[feed.id].outcome if feed.id in reports else None,
                "new": reports[feed.id].new if feed.id in reports else 0,
                "error": reports[feed.id].error if feed.id in reports else None,
            }
            for feed in feeds
        ]
    }


def _text_of_pause(feed: FeedState, now: datetime) -> str | None:
    """Until when its server has asked for no request; None: no such time is to come."""
    until = feed.paused_until
    return format_time(until) if until is not None and now < until else None


async def feeds_named(instance: Instance, name: str) -> tuple[FeedState, ...]:
    """By id, by URL, or all those of a site; raises UsageError when there is none."""
    feeds = await instance.tools.store.run(_enabled)
    found = tuple(feed for feed in feeds if name in (str(feed.id), feed.url, feed.site_id))
    if not found:
        raise UsageError(f"{name}: no such feed; `aggregator status` lists them")
    return found


async def feed_numbered(instance: Instance, feed_id: int) -> FeedState | None:
    """The feed of this number and no other: a site may be called `7`."""
    return await instance.tools.store.run(_numbered, feed_id)


async def poll_and_publish(instance: Instance, feeds: tuple[FeedState, ...]) -> list[PollReport]:
    """Polls now; the pages change at once where something is new."""
    reports = await instance.poller.poll_all(feeds)
    if any(report.new or report.updated for report in reports):
        await instance.publish()
    return reports


async def _vacuum(instance: Instance, _: Message) -> Message:
    """Removes what no rule keeps, then rewrites the file; polls wait meanwhile."""
    tools = instance.tools
    removed = await remove_expired(tools.store, tools.network, now=tools.clock())
    before, after = await tools.store.run(Store.vacuum)
    return {
        "entries": removed.entries,
        "stories": removed.stories,
        "polls": removed.polls,
        "archived": removed.archived,
        "bytes_before": before,
        "bytes_after": after,
    }


async def _reindex(instance: Instance, _: Message) -> Message:
    await rebuild_index(instance.tools.store)
    return {}


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


def _numbered(store: Store, feed_id: int) -> FeedState | None:
    return reading.find_feed(store.db, feed_id)


def _statuses(store: Store) -> tuple[reading.FeedStatus, ...]:
    return reading.feed_statuses(store.db)


async def _merge(instance: Instance, message: Message) -> Message:
    """`a`, `b`: stories by number or link; `note`: why."""
    a, b, note = str(message["a"]), str(message["b"]), read_text(message.get("note"), "a note")

    def merge(store: Store) -> Merged:
        with store.transaction() as db:
            now = instance.tools.clock()
            return merge_stories(db, a, b, instance.network, note=note, now=now)

    return await _edit(instance, merge)


async def _unmerge(instance: Instance, message: Message) -> Message:
    """`entry`: an entry's number; `note`: why."""
    entry_id, note = int(str(message["entry"])), read_text(message.get("note"), "a note")

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
    "put_back": _put_back,
    "override": override,
    "undo": undo,
    "check": _check,
    "undo-move": _undo_move,
    "allow-move": _allow_move,
    "vacuum": _vacuum,
    "reindex": _reindex,
    "merge": _merge,
    "unmerge": _unmerge,
    "rematch": _rematch,
    "poll": _poll,
}

BEGINNINGS = frozenset({"check", "poll", "publish"})
"""What makes sense of a network that is new: its database is made."""


async def answer(instance: Instance, request: Message) -> Message:
    """Carries out one request; raises UsageError for one that does not exist."""
    command = str(request.get("command"))
    if command not in REQUESTS:
        raise UsageError(f"{command}: the daemon knows no such request")
    return await REQUESTS[command](instance, request)


def request(network: Network, message: Message, *, timeout: float = ANSWER_TIMEOUT_S) -> Message:
    """Does it here when no daemon runs, else asks the daemon.

    Raises what the request raises; LockedError when another command holds the database,
    UsageError when there is none and the request would change what is in it.
    """
    if message["command"] not in BEGINNINGS:
        place.require(network.database)
    try:
        return run_loop(_alone(network, message))
    except (LockedError, SecretError):  # an editor's shell need not have the daemon's secrets
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
