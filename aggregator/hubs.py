"""Feeds that name a hub -> subscriptions, kept alive; pushes -> polls.

Every write is a transaction of its own, and the one that says a hub is being asked comes before the
question: some hubs ask back before they answer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from aggregator import websub
from aggregator.callback_key import read_key
from aggregator.instance import Instance
from aggregator.logs import log_event, masked_url
from aggregator.network import Network
from aggregator.requests import feed_numbered, poll_and_publish, rested_of
from aggregator.store import due, subscriptions
from aggregator.store.store import Store
from aggregator.store.subscriptions import Wish
from aggregator.times import format_time
from aggregator.vitals import Vitals
from aggregator.websub import State, Subscription

log = logging.getLogger(__name__)

ASKS_AT_ONCE = 4
ASKS_A_RUN = 20
"""More wait for the next run: a new configuration asks a hub for a thousand feeds over an hour."""

REMEMBERED_PUSHES = 1000
CLOSE_S = 1.0
SECOND_LOOK = timedelta(minutes=1)
"""After a push whose poll found nothing new: a cache in between may be older than the hub."""


async def open_hubs(instance: Instance, vitals: Vitals, callback_url: str) -> Hubs:
    """Raises StorageError when there can be no key."""
    store, database = instance.tools.store, instance.network.database
    key, is_new = await asyncio.to_thread(read_key, database)
    if is_new:
        await store.run(_forget_all)
    return Hubs(instance, vitals, key, callback_url)


class Hubs:
    """The subscriptions of one daemon; lives in its event loop until `close`."""

    def __init__(self, instance: Instance, vitals: Vitals, key: bytes, callback_url: str) -> None:
        self._instance = instance
        self._vitals = vitals
        self._key = key
        self._callback_url = callback_url
        self._recent: OrderedDict[tuple[int, bytes], None] = OrderedDict()
        self._polls: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()

    async def ask_due(self) -> None:
        """Asks the hubs that are to be asked now; each answer is waited for, within its limits."""
        tools = self._instance.tools
        asked = await tools.store.run(_begin, tools.clock(), _nonce)
        turn = asyncio.Semaphore(ASKS_AT_ONCE)
        await asyncio.gather(*(self._ask(wish, known, turn) for wish, known in asked))

    async def _ask(self, wish: Wish, known: Subscription, turn: asyncio.Semaphore) -> None:
        place = websub.place_of(self._key, wish.feed_id, known.nonce)
        secret = self.secret_of(wish.feed_id, known)
        form = websub.subscription_form(known.topic, f"{self._callback_url}/{place}", secret)
        tools = self._instance.tools
        async with turn:
            failed = await self._instance.fetcher.post_form(known.topic.hub, form)
        why = None if failed is None else f"{failed.outcome}: {failed.detail}"
        if why is not None:
            await tools.store.run(_refuse, wish.feed_id, why)
        log_event(
            log,
            logging.INFO,
            "hub_asked",
            feed=masked_url(wish.feed_url),
            hub=masked_url(known.topic.hub),
            error=why,
        )

    @property
    def is_polling(self) -> bool:
        """Is anything under way that a push began?"""
        return bool(self._polls)

    def secret_of(self, feed_id: int, known: Subscription) -> str | None:
        """None where it would travel in the clear (section 5.1: only over https)."""
        if not _is_private(known.topic.hub, self._instance.network):
            return None
        return websub.secret_of(self._key, feed_id, known.nonce)

    # ------------------------------------------------------------ what hubs send

    async def find(self, place: str) -> tuple[int, Subscription] | None:
        """Whose callback this is; None: nobody's."""
        feed_id = websub.feed_of(place)
        if feed_id is None:
            return None
        known = await self._instance.tools.store.run(_read, feed_id)
        if known is None or not websub.is_place(place, self._key, feed_id, known.nonce):
            return None
        return feed_id, known

    async def confirm(self, feed_id: int, topic: str, lease: str) -> bool:
        """The hub asks whether the subscription was meant."""
        tools = self._instance.tools
        found = await tools.store.run(_confirm, feed_id, topic, lease, tools.clock())
        if found is None:
            return False
        known, is_new = found
        if is_new:
            until = None if known.expires_at is None else format_time(known.expires_at)
            hub = masked_url(known.topic.hub)
            log_event(log, logging.INFO, "subscribed", feed=feed_id, hub=hub, until=until)
        return True

    async def deny(self, feed_id: int, topic: str, reason: str) -> bool:
        """The hub does not want to."""
        tools = self._instance.tools
        denied = await tools.store.run(_deny, feed_id, topic, reason, tools.clock())
        if denied is None:
            return False
        log_event(log, logging.WARNING, "hub_denied", feed=feed_id, error=denied.error)
        return True

    async def push(self, feed_id: int, digest: bytes) -> bool:
        """A push that is the hub's own: the feed is polled. False: it was sent before."""
        if (feed_id, digest) in self._recent:
            return False
        tools = self._instance.tools
        if not await tools.store.run(_note_push, feed_id, tools.clock()):
            return False
        self._recent[feed_id, digest] = None
        if len(self._recent) > REMEMBERED_PUSHES:
            self._recent.popitem(last=False)
        log_event(log, logging.INFO, "pushed", feed=feed_id)
        if feed_id in self._polls:
            self._again.add(feed_id)
        else:
            task = asyncio.create_task(self._poll(feed_id))
            self._polls[feed_id] = task
            task.add_done_callback(lambda ended: self._ended(feed_id, ended))
        return True

    async def _poll(self, feed_id: int) -> None:
        while True:
            self._again.discard(feed_id)
            # A poll that began before the push may have asked before the story was there.
            await self._instance.poller.wait_for(feed_id)
            await self._poll_once(feed_id)
            if feed_id not in self._again:
                return

    async def _poll_once(self, feed_id: int) -> None:
        """Where the floor forbids it, or a cache gave the old document, the feed is due soon."""
        instance = self._instance
        feed = await feed_numbered(instance, feed_id)
        if feed is None:  # it left the configuration meanwhile
            return
        rested = () if self._vitals.stop_fetches else rested_of(instance, (feed,))
        reports = await poll_and_publish(instance, rested)
        if any(report.new or report.updated for report in reports):
            return
        tools, floor = instance.tools, instance.tools.index.floors[feed.url]
        if reports:
            soonest = tools.clock() + max(floor, SECOND_LOOK)
        else:
            soonest = (feed.last_polled_at or tools.clock()) + floor
        await tools.store.run(_advance, feed_id, soonest)

    def _ended(self, feed_id: int, task: asyncio.Task[None]) -> None:
        del self._polls[feed_id]
        # Storage that failed is the tick's to find and to say; a feed may have left meanwhile.
        if not task.cancelled() and (error := task.exception()) is not None:
            log_event(log, logging.DEBUG, "push_not_polled", feed=feed_id, error=error)

    async def close(self) -> None:
        """After the poller has stopped; what pushes began may end its publication."""
        if tasks := list(self._polls.values()):
            _, late = await asyncio.wait(tasks, timeout=CLOSE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _is_private(hub: str, network: Network) -> bool:
    """Is what is sent there nobody else's to read?"""
    parts = urlsplit(hub)
    if parts.scheme.lower() == "https":
        return True
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return False
    return any(address in allowed for allowed in network.fetch.allow_private)


def _nonce() -> str:
    return secrets.token_hex(16)


def _forget_all(store: Store) -> None:
    with store.transaction() as db:
        subscriptions.forget_all(db)


def _begin(
    store: Store, now: datetime, nonce: Callable[[], str]
) -> list[tuple[Wish, Subscription]]:
    due_now = [
        wish
        for wish in subscriptions.wishes(store.db)
        if websub.is_due(wish.known, wish.topic, now)
    ][:ASKS_A_RUN]
    if not due_now:
        return []
    with store.transaction() as db:
        asked = [(wish, websub.asked(wish.known, wish.topic, nonce(), now)) for wish in due_now]
        for wish, known in asked:
            subscriptions.write(db, wish.feed_id, known)
    return asked


def _read(store: Store, feed_id: int) -> Subscription | None:
    return subscriptions.read_enabled(store.db, feed_id)


def _refuse(store: Store, feed_id: int, why: str) -> None:
    with store.transaction() as db:
        known = subscriptions.read(db, feed_id)
        if known is not None:
            subscriptions.write(db, feed_id, websub.refused(known, why))


def _confirm(
    store: Store, feed_id: int, topic: str, lease: str, now: datetime
) -> tuple[Subscription, bool] | None:
    """What holds from now on, and whether that is new; None: nobody asked for this."""
    with store.transaction() as db:
        known = subscriptions.read(db, feed_id)
        if known is None or not websub.is_wanted(known, topic):
            return None
        confirmed = websub.verified(known, lease, now)
        if confirmed != known:
            subscriptions.write(db, feed_id, confirmed)
        return confirmed, confirmed != known


def _deny(
    store: Store, feed_id: int, topic: str, reason: str, now: datetime
) -> Subscription | None:
    with store.transaction() as db:
        known = subscriptions.read(db, feed_id)
        if known is None or known.topic.url != topic:
            return None
        ended = websub.denied(known, reason, now)
        subscriptions.write(db, feed_id, ended)
        return ended


def _note_push(store: Store, feed_id: int, now: datetime) -> bool:
    """Only of a subscription in force."""
    with store.transaction() as db:
        known = subscriptions.read(db, feed_id)
        if known is None or known.state is not State.ACTIVE:
            return False
        subscriptions.write(db, feed_id, websub.pushed(known, now))
        return True


def _advance(store: Store, feed_id: int, soonest: datetime) -> None:
    with store.transaction() as db:
        due.advance_poll(db, feed_id, soonest)
