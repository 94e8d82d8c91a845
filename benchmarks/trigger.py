"""From a sister site's word to the headline on the published page, on the demo family.

sh bin/bench trigger [--times 20] [--push]

Its word is POST /poll/<feed id>, or with `--push` a signed push at the callback of a hub.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator import websub
from aggregator.callback_key import read_key
from aggregator.config_file import read_network
from aggregator.demo.config import feeds_yaml
from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.demo.stories import BREAKING
from aggregator.hubs import open_hubs
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.network import Network, ServeSettings
from aggregator.requests import answer
from aggregator.serve.app import build_app
from aggregator.serve.listener import Listener
from aggregator.serve.port import DaemonHubPort, DaemonPort
from aggregator.store import subscriptions
from aggregator.store.store import Store
from aggregator.vitals import Vitals

TOKEN = "bench"
NONCE = "bench"
BODY = b"<rss/>"


async def measure(network: Network, server: FamilyServer, *, push: bool) -> float:
    """Seconds for one story in a database of its own."""
    page = network.output / "current/spacewar/headlines.txt"
    async with open_instance(network) as instance:
        await answer(instance, {"command": "check"})
        await answer(instance, {"command": "publish"})
        vitals = Vitals(0.0)
        hubs = await open_hubs(instance, vitals, "http://127.0.0.1/websub")
        await instance.tools.store.run(subscribe, len(network.feeds()))
        app = build_app(
            DaemonPort(instance, vitals),
            hosts=frozenset({"127.0.0.1"}),
            token=TOKEN,
            hubs=DaemonHubPort(hubs, vitals),
        )
        listener = Listener(app, "127.0.0.1", 0)
        port = await listener.start()
        now = datetime.now(UTC)
        server.replace(build_family(now).with_breaking_story(now))
        began = time.perf_counter()
        for feed in range(1, len(network.feeds()) + 1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(pushed(instance, feed) if push else posted(feed))
            await reader.read()
            writer.close()
        while BREAKING.title not in page.read_text():  # noqa: ASYNC110 # a file has no event
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        await listener.close()
        await hubs.close()
    return took


def subscribe(store: Store, feeds: int) -> None:
    """Every feed at a hub that has verified it."""
    topic, now = websub.Topic("https://hub.example/", "https://a.example/"), datetime.now(UTC)
    known = websub.verified(websub.asked(None, topic, NONCE, now), "864000", now)
    with store.transaction() as db:
        for feed in range(1, feeds + 1):
            subscriptions.write(db, feed, known)


def posted(feed: int) -> bytes:
    """What a CMS sends."""
    return (
        f"POST /poll/{feed} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n"
    ).encode()


def pushed(instance: Instance, feed: int) -> bytes:
    """What a hub sends."""
    key, _ = read_key(instance.network.database)
    secret = websub.secret_of(key, feed, NONCE).encode()
    place = websub.place_of(key, feed, NONCE)
    head = (
        f"POST /websub/{place} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Length: {len(BODY)}\r\n"
        f"X-Hub-Signature: sha256={hmac.new(secret, BODY, 'sha256').hexdigest()}\r\n\r\n"
    )
    return head.encode() + BODY


def main() -> None:
    """Prints the median and the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--push", action="store_true")
    options = parser.parse_args()
    took = []
    for _ in range(options.times):
        family = build_family(datetime.now(UTC))
        with tempfile.TemporaryDirectory() as place, FamilyServer(family) as server:
            config = Path(place, "feeds.yaml")
            config.write_text(feeds_yaml(family, server.addresses), encoding="utf-8")
            network = replace(read_network(config).network, serve=ServeSettings("127.0.0.1", 0))
            took.append(run_loop(measure(network, server, push=options.push)))
    print(f"median {statistics.median(took):.3f} s, worst {max(took):.3f} s, of {len(took)}")


if __name__ == "__main__":
    main()
