"""A made-up family at work in a test: served on loopback, polled and published for real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aggregator.config_file import read_network
from aggregator.demo.config import feeds_yaml
from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.instance import Instance, open_instance
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.recording import PollReport
from aggregator.store import reading
from aggregator.store.store import Store


def write_family(directory: Path, server: FamilyServer, now: datetime | None = None) -> Path:
    """The family's feeds.yaml in `directory`."""
    config = directory / "feeds.yaml"
    family = build_family(now or datetime.now(UTC))
    config.write_text(feeds_yaml(family, server.addresses), encoding="utf-8")
    return config


def network_of(directory: Path, server: FamilyServer) -> Network:
    """The family as a network."""
    return read_network(write_family(directory, server)).network


async def poll_all(instance: Instance) -> list[PollReport]:
    """Every feed once, due or not."""
    feeds = await instance.tools.store.run(_enabled)
    return await instance.poller.poll_all(feeds)


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


@asynccontextmanager
async def family_at_work(directory: Path) -> AsyncIterator[tuple[Instance, FamilyServer]]:
    """The family, polled once."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        async with open_instance(network_of(directory, server)) as instance:
            await poll_all(instance)
            yield instance, server
