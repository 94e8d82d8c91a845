"""Hundreds of feeds on loopback, each with an address of its own, and how their daemon is."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from fetch_servers import Script, Talk, answer

_HOST = re.compile(rb"\r\nhost: ([0-9.]+)", re.IGNORECASE)
_ETAG = re.compile(rb'\r\nif-none-match: "([0-9]+)"', re.IGNORECASE)
_WORDS = tuple(f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("ra", "len", "tis"))


def address(number: int) -> str:
    """Of its own for every feed."""
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def write_crowd(
    directory: Path, urls: Sequence[str], *, every: str, dead: Sequence[str] = (), more: str = ""
) -> Path:
    """A feeds.yaml with one site that owns all of them, one page, and `more` lines.

    `dead` have names instead of addresses of ours, so their polls are not `every` so often.
    """
    feeds = "".join(f"      - {{url: '{url}', every: {every}}}\n" for url in urls)
    feeds += "".join(f"      - {url}\n" for url in dead)
    config = directory / "feeds.yaml"
    config.write_text(
        "network: {name: N}\n"
        "fetch: {allow_private: [127.0.0.0/8], timeout: 2s}\n"
        f"sites:\n  a:\n    name: A\n    home: https://a.example/\n    feeds:\n{feeds}"
        "blocks: {b: {title: B, from: [a], own: true}}\n"
        f"pages: {{a: [b]}}\n{more}"
    )
    return config


def document(host: str, version: int) -> bytes:
    """Ten items, the newest first; each version has one that the last one had not."""
    items = []
    for number in range(version + 9, version - 1, -1):
        title = " ".join(random.Random(f"{host} {number}").sample(_WORDS, 7))
        link = f"https://a.example/{host}/{number}"
        items.append(f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid></item>")
    text = f'<rss version="2.0"><channel><title>{host}</title>{"".join(items)}</channel></rss>'
    return text.encode()


@dataclass
class Changing:
    """Feeds with news at every `news`-th answer; a `share` of the answers is one of `faults`."""

    news: int
    share: float = 0.0
    faults: Sequence[Script] = ()
    rng: random.Random = field(default_factory=lambda: random.Random(23))
    asked: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def talk(self, talk: Talk) -> None:
        """One connection."""
        while True:
            if self.rng.random() < self.share:
                await self.rng.choice(self.faults)(talk)
                return
            head = await talk.request()
            talk.seen.clear()
            await talk.send(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        found = _HOST.search(head)
        assert found is not None
        host = found[1].decode()
        asked = self.asked[host]
        asked.append(time.monotonic())
        version = len(asked) // self.news
        known = _ETAG.search(head)
        if known is not None and int(known[1]) == version:
            return b"HTTP/1.1 304 Not Modified\r\n\r\n"
        return answer(document(host, version), f'ETag: "{version}"')

    def gaps(self) -> list[float]:
        """Seconds from one answer of a feed to the next, sorted."""
        return sorted(b - a for asked in self.asked.values() for a, b in pairwise(asked))


@dataclass
class Beats:
    """A service manager that wants a beat every second; when it heard them."""

    place: Path
    heard: list[float] = field(default_factory=list)

    @property
    def env(self) -> Mapping[str, str]:
        """For the daemon: a quarter of the time that it is given is a second."""
        return {"NOTIFY_SOCKET": str(self.place), "WATCHDOG_USEC": "4000000"}

    @property
    def longest(self) -> float:
        """Seconds without a beat, from the first one to the last."""
        return max(b - a for a, b in pairwise(self.heard))

    def _hear(self, manager: socket.socket) -> None:
        if manager.recv(999) == b"WATCHDOG=1":
            self.heard.append(time.monotonic())


@contextmanager
def service_manager(place: Path) -> Iterator[Beats]:
    """Listens at `place` in the running loop."""
    beats, loop = Beats(place), asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.setblocking(False)
        loop.add_reader(manager, beats._hear, manager)
        try:
            yield beats
        finally:
            loop.remove_reader(manager)


@dataclass(frozen=True)
class Look:
    """A process at a moment; `memory` is what it holds, in megabytes."""

    memory: float
    descriptors: int
    threads: int


def look_at(pid: int) -> Look:
    """How it is now."""
    place = Path("/proc") / str(pid)
    lines = dict(
        line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line
    )
    held = int(lines["VmRSS"].split()[0]) / 1024
    return Look(held, len(list((place / "fd").iterdir())), int(lines["Threads"]))
