"""An instance at work and its vitals -> what the outside may see and do."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

from aggregator.errors import UsageError
from aggregator.freshness import block_ages
from aggregator.instance import Instance
from aggregator.network import ServeSettings
from aggregator.requests import feeds_named, poll_and_publish, rested_of
from aggregator.serve.app import Started, build_app
from aggregator.serve.listener import Listener
from aggregator.serve.metrics import Snapshot
from aggregator.store import publications, reading
from aggregator.store.store import Store
from aggregator.vitals import Vitals

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def open_listener(instance: Instance, vitals: Vitals, settings: ServeSettings) -> Listener:
    """Raises UsageError when the token's variable is not set."""
    token = None
    if settings.token_env is not None:
        token = os.environ.get(settings.token_env)
        if not token:
            raise UsageError(f"serve.token_env: the environment has no {settings.token_env}")
    app = build_app(
        DaemonPort(instance, vitals),
        hosts=LOOPBACK | {settings.host} | settings.hosts,
        token=token,
    )
    return Listener(app, settings.host, settings.port)


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
        statuses, newest, stories = await instance.tools.store.run(_look)
        return Snapshot(
            vitals=self._vitals,
            complaint=self.complaint(),
            blocks=block_ages(instance.network.pages, newest, now=instance.tools.clock()),
            states=Counter(status.state for status in statuses),
            stories=stories,
            workers=instance.tools.workers.running,
            queue=instance.poller.running,
        )

    async def poll(self, feed_id: int) -> Started:
        """Begins a poll and does not wait for it."""
        try:
            (feed,) = await feeds_named(self._instance, str(feed_id))
        except UsageError:
            return Started.UNKNOWN
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


def _look(store: Store) -> tuple[tuple[reading.FeedStatus, ...], publications.Newest, int]:
    return (
        reading.feed_statuses(store.db),
        publications.newest_shown(store.db),
        reading.count_stories(store.db),
    )
