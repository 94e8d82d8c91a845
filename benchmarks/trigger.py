"""How long from POST /poll/<feed id> to the headline on the published page, on the demo family.

sh bin/bench trigger [--times 20]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator.config_file import read_network
from aggregator.demo.config import feeds_yaml
from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.demo.stories import BREAKING
from aggregator.instance import open_instance, run_loop
from aggregator.network import Network, ServeSettings
from aggregator.requests import answer
from aggregator.serve.app import build_app
from aggregator.serve.listener import Listener
from aggregator.serve.port import DaemonPort
from aggregator.vitals import Vitals

TOKEN = "bench"


async def measure(network: Network, server: FamilyServer) -> float:
    """Seconds for one story in a database of its own."""
    page = network.output / "current/spacewar/headlines.txt"
    async with open_instance(network) as instance:
        await answer(instance, {"command": "check"})
        await answer(instance, {"command": "publish"})
        app = build_app(
            DaemonPort(instance, Vitals(0.0)), hosts=frozenset({"127.0.0.1"}), token=TOKEN
        )
        listener = Listener(app, "127.0.0.1", 0)
        port = await listener.start()
        now = datetime.now(UTC)
        server.replace(build_family(now).with_breaking_story(now))
        began = time.perf_counter()
        for feed in range(1, len(network.feeds()) + 1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"POST /poll/{feed} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
            )
            await reader.read()
            writer.close()
        while BREAKING.title not in page.read_text():  # noqa: ASYNC110 # a file has no event
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        await listener.close()
    return took


def main() -> None:
    """Prints the median and the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    took = []
    for _ in range(parser.parse_args().times):
        family = build_family(datetime.now(UTC))
        with tempfile.TemporaryDirectory() as place, FamilyServer(family) as server:
            config = Path(place, "feeds.yaml")
            config.write_text(feeds_yaml(family, server.addresses), encoding="utf-8")
            network = replace(read_network(config).network, serve=ServeSettings("127.0.0.1", 0))
            took.append(run_loop(measure(network, server)))
    print(f"median {statistics.median(took):.3f} s, worst {max(took):.3f} s, of {len(took)}")


if __name__ == "__main__":
    main()
