"""A network with one feed and what a daemon does about its hub, in the test's own process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hub_server import HubServer, Subscriber

from aggregator.config_file import read_network
from aggregator.hubs import Hubs, open_hubs
from aggregator.instance import Instance, open_instance
from aggregator.model import FeedState
from aggregator.serve.port import open_listener
from aggregator.store import reading, subscriptions
from aggregator.store.store import Store
from aggregator.vitals import Vitals
from aggregator.websub import Subscription

TITLE = "Probe reaches the far side"


def rss(hub: HubServer, *titles: str, named: bool = True) -> bytes:
    """A document; `named`: it names its hub and itself."""
    links = (
        f'<atom:link rel="hub" href="{hub.hub}"/><atom:link rel="self" href="{hub.topic()}"/>'
        if named
        else ""
    )
    items = "".join(
        f"<item><title>{title}</title><link>https://a.example/{number}</link></item>"
        for number, title in enumerate(titles)
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>A</title><link>https://a.example/</link>{links}{items}</channel></rss>"
    ).encode()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_config(directory: Path, hub: HubServer, *, allowed: str = "127.0.0.0/8") -> Path:
    """One site, one feed, one page; hubs may call back."""
    port = free_port()
    config = directory / "feeds.yaml"
    config.write_text(
        f"""
network: {{name: N}}
sites:
  a: {{name: A, home: "https://a.example/", feeds: ["{hub.topic()}"]}}
blocks:
  news: {{title: News, from: [a], own: true}}
pages:
  a: [news]
fetch: {{allow_private: [{allowed}]}}
serve: {{listen: "127.0.0.1:{port}", callback_url: "http://127.0.0.1:{port}/websub/"}}
"""
    )
    return config


@dataclass
class Clock:
    """Moved by hand."""

    moved: timedelta = timedelta()

    def wrap(self, clock: Callable[[], datetime]) -> Callable[[], datetime]:
        """The real one and what it was moved by."""
        return lambda: clock() + self.moved


@dataclass
class AtWork:
    """A daemon's parts around subscriptions."""

    instance: Instance
    hubs: Hubs
    vitals: Vitals
    clock: Clock
    base: str

    async def poll(self) -> None:
        """Every feed, due or not."""
        await self.instance.poller.poll_all(await self.instance.tools.store.run(_enabled))
        await self.instance.publish()

    async def known(self) -> Subscription:
        """The subscription of feed 1."""
        found = await self.instance.tools.store.run(_read)
        assert found is not None
        return found

    async def subscribed(self, hub: HubServer) -> Subscriber:
        """Asked and verified: as the hub sees it."""
        before = len(hub.verifications)
        await self.hubs.ask_due()
        await until(lambda: len(hub.verifications) > before)
        (subscriber,) = hub.subscribers.values()
        return subscriber

    def page(self) -> str:
        """What is published."""
        return (self.instance.network.output / "current/a/headlines.txt").read_text()

    async def dump(self) -> list[str]:
        """Everything stored."""
        return await self.instance.tools.store.run(_dump)


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


def _read(store: Store) -> Subscription | None:
    return subscriptions.read(store.db, 1)


def _dump(store: Store) -> list[str]:
    return list(store.db.conn.iterdump())


async def until(what: Callable[[], object]) -> None:
    """Waits for another thread or task, ten seconds at most."""
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 # another thread's doing has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(config: Path) -> AsyncIterator[AtWork]:
    """Polled once, listening."""
    network = read_network(config).network
    assert network.serve is not None
    assert network.serve.callback_url is not None
    clock = Clock()
    async with open_instance(network) as instance:
        instance.tools = replace(instance.tools, clock=clock.wrap(instance.tools.clock))
        instance.poller.adopt(instance.tools)
        vitals = Vitals(asyncio.get_running_loop().time())
        hubs = await open_hubs(instance, vitals, network.serve.callback_url)
        listener = open_listener(instance, vitals, network.serve, hubs)
        port = await listener.start()
        work = AtWork(instance, hubs, vitals, clock, f"http://127.0.0.1:{port}")
        try:
            await work.poll()
            yield work
        finally:
            await listener.close()
            await hubs.close()
