"""The daemon in a network of its own whose link or name server fails; prints what came of it.

Run by test_isolated.py under `unshare`, so that nothing here can leave the machine.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from crowd_build import Changing, address, look_at, write_crowd
from fetch_isolated import prepare_device
from fetch_servers import serve
from shell_build import aggregator, count, daemon, execute, said, stop, wait_for

Report = dict[str, object]

FEEDS = 40
OUTCOMES = "SELECT last_outcome, count(*) FROM feeds GROUP BY last_outcome"
DEAD = OUTCOMES.replace("GROUP", "WHERE url LIKE '%.test/feed' GROUP")
ANSWERED = "SELECT count(*) FROM feeds WHERE last_success_at IS NOT NULL"


def page_of(directory: Path) -> dict[str, bytes]:
    """The published files."""
    return {path.name: path.read_bytes() for path in (directory / "public/current/a").iterdir()}


def switch(state: str) -> None:
    """The link: up or down."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def ask_loopback(directory: Path) -> None:
    """Names are asked for on this machine from now on, in this namespace alone."""
    resolv = directory / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", resolv, Path("/etc/resolv.conf").resolve()], check=True)


async def cut(directory: Path, seconds: float) -> Report:
    """R12: the link is down for so long, and returns."""
    feeds, log, database = Changing(10**9), directory / "log", directory / "aggregator.db"
    async with serve(feeds.talk, host="0.0.0.0") as server:
        urls = [server.url(host=address(number)) for number in range(FEEDS)]
        config = write_crowd(directory, urls, every="10s" if seconds > 60 else "1s")
        with daemon(config, log) as process:
            await asyncio.to_thread(wait_for, (directory / "public/current/manifest.json").exists)
            await asyncio.to_thread(wait_for, lambda: (count(database, "polls") or 0) >= FEEDS)
            await asyncio.to_thread(aggregator, "-c", config, "publish")
            before = page_of(directory)
            switch("down")
            await asyncio.sleep(seconds)
            await asyncio.to_thread(
                wait_for, lambda: not execute(database, "SELECT 1 FROM feeds WHERE failures = 0")
            )
            meanwhile, failed = page_of(directory), execute(database, OUTCOMES)
            asked = {host: len(times) for host, times in feeds.asked.items()}
            switch("up")
            back = time.monotonic()
            await asyncio.to_thread(
                wait_for,
                lambda: all(len(feeds.asked[host]) > n for host, n in asked.items()),
                seconds=60 + 2 * seconds,
            )
            status = await asyncio.to_thread(stop, process)
    returned = [feeds.asked[host][n] - back for host, n in asked.items()]
    return {
        "status": status,
        "kept": bool(before) and before == meanwhile,
        "failed": dict(failed),
        "slowest_back": max(returned),
        "most_in_a_second": max(Counter(map(int, returned)).values()),
        "after": page_of(directory) == before,
        "faults": said(log, " ERROR "),
    }


async def silent(directory: Path, seconds: float) -> Report:
    """R11: the name server never answers; a tenth of the feeds need none."""
    ask_loopback(directory)
    feeds, log, database = Changing(2), directory / "log", directory / "aggregator.db"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
        names.bind(("127.0.0.1", 53))
        async with serve(feeds.talk, host="0.0.0.0") as server:
            urls = [server.url(host=address(number)) for number in range(FEEDS // 10)]
            dead = [f"http://dead{number}.test/feed" for number in range(9 * FEEDS // 10)]
            config = write_crowd(directory, urls, every="1s", dead=dead)
            with daemon(config, log) as process:
                await asyncio.to_thread(wait_for, lambda: len(feeds.gaps()) >= len(urls))
                await asyncio.sleep(seconds)
                await asyncio.to_thread(
                    wait_for,
                    lambda: not execute(database, "SELECT 1 FROM feeds WHERE last_outcome IS NULL"),
                )
                look = look_at(process.pid)
                begin = time.monotonic()
                status = await asyncio.to_thread(stop, process)
                ended = time.monotonic() - begin
    gaps = feeds.gaps()
    return {
        "status": status,
        "dead": dict(execute(database, DEAD)),
        "answered": execute(database, ANSWERED)[0][0],
        "threads": look.threads,
        "healthy_gaps": [gaps[len(gaps) // 2], gaps[-1]],
        "polls": count(database, "polls"),
        "stop_seconds": ended,
        "faults": said(log, " ERROR "),
    }


def main() -> None:
    """`cut` or `silent`, in a directory, for so many seconds."""
    what, directory, seconds = sys.argv[1:]
    prepare_device()
    scenario = {"cut": cut, "silent": silent}[what]
    json.dump(asyncio.run(scenario(Path(directory), float(seconds))), sys.stdout)


if __name__ == "__main__":
    main()
