"""An instance at work and its vitals -> what the outside may see and do."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from urllib.parse import urlsplit

from aggregator.environment import read_variable
from aggregator.freshness import block_ages
from aggregator.hubs import Hubs
from aggregator.instance import Instance
from aggregator.network import ServeSettings
from aggregator.requests import feed_numbered, poll_and_publish, rested_of
from aggregator.serve.app import Started, build_app
from aggregator.serve.callbacks import Door, Pushed
from aggregator.serve.listener import Listener
from aggregator.serve.metrics import Snapshot
from aggregator.store import publications, reading, subscriptions
from aggregator.store.store import Store
from aggregator.vitals import Vitals

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def open_listener(
    instance: Instance, vitals: Vitals, settings: ServeSettings, hubs: Hubs | None
) -> Listener:
    """Raises SecretError when the token's variable is not set, or is no text."""
    token = None
    if settings.token_env is not None:
        token = read_variable(settings.token_env, "serve.token_env", os.environ)
    app = build_app(
        DaemonPort(instance, vitals),
        hosts=LOOPBACK | {settings.host} | settings.hosts | _callback_host(settings),
        token=token,
        hubs=None if hubs is None else DaemonHubPort(hubs, vitals),
    )
    return Listener(app, settings.host, settings.port)


def _callback_host(settings: ServeSettings) -> frozenset[str]:
    """A hub asks for the host that it was told of, whatever proxy is in between."""
    host = urlsplit(settings.callback_url or "").hostname
    return frozenset() if host is None else frozenset({host.lower()})


class DaemonPort:
    """The daemon as `app.Port` wants it."""

    def __init__(self, instance: Instance, vitals: Vitals) -> None:
        self._instance = instance
        self._vitals = vitals
        self._polls: set[asyncio.Task[object]] = set()

    def complaint(self) -> str | None:
        """Why it is not healthy."""
        return self._vitals.complaint(asyncio.get_running_loop().time())

    async def snapshot(self) -> Snapshot:
        """For a scrape; the database is asked once."""
        instance = self._instance
        statuses, newest, stories, states = await instance.tools.store.run(_look)
        return Snapshot(
            vitals=self._vitals,
            complaint=self.complaint(),
            blocks=block_ages(instance.network.pages, newest, now=instance.tools.clock()),
            states=Counter(status.state for status in statuses),
            stories=stories,
            workers=instance.tools.workers.running,
            queue=instance.poller.running,
            subscriptions=states,
        )

    async def poll(self, feed_id: int) -> Started:
        """Begins a poll and does not wait for it."""
        feed = await feed_numbered(self._instance, feed_id)
        if feed is None:
            return Started.UNKNOWN
        if self._vitals.stop_fetches:
            return Started.PAUSED
        if not rested_of(self._instance, (feed,)):
            return Started.TOO_SOON
        task: asyncio.Task[object] = asyncio.create_task(poll_and_publish(self._instance, (feed,)))
        self._polls.add(task)
        task.add_done_callback(self._ended)
        return Started.STARTED

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._polls.discard(task)
        # Storage that failed is the tick's to find and to say.
        if not task.cancelled():
            task.exception()


class DaemonHubPort:
    """The subscriptions of the daemon as `callbacks.HubPort` wants them."""

    def __init__(self, hubs: Hubs, vitals: Vitals) -> None:
        self._hubs = hubs
        self._vitals = vitals

    async def door(self, place: str) -> Door | None:
        """None: no callback of ours."""
        found = await self._hubs.find(place)
        if found is None:
            return None
        feed_id, known = found
        return Door(feed_id, self._hubs.secret_of(feed_id, known))

    async def confirm(self, door: Door, topic: str, lease: str) -> bool:
        """Was this asked for?"""
        return await self._hubs.confirm(door.feed_id, topic, lease)

    async def deny(self, door: Door, topic: str, reason: str) -> bool:
        """The hub's no."""
        return await self._hubs.deny(door.feed_id, topic, reason)

    async def push(self, door: Door, digest: bytes) -> Pushed:
        """A push that is the hub's own."""
        taken = await self._hubs.push(door.feed_id, digest)
        return Pushed.ACCEPTED if taken else Pushed.REPEATED

    def count(self, pushed: Pushed) -> None:
        """For the metrics."""
        self._vitals.pushes[pushed] += 1


def _look(
    store: Store,
) -> tuple[tuple[reading.FeedStatus, ...], publications.Newest, int, Counter[str]]:
    return (
        reading.feed_statuses(store.db),
        publications.newest_shown(store.db),
        reading.count_stories(store.db),
        subscriptions.count_by_state(store.db),
    )
