"""A network that is polled for real - client, store, reader, schedule - by a clock that is set.

Every host name ends in `.test` and leads to one scoring server on loopback. Days pass in
milliseconds: `World.step` sets the clock to the next poll that is due and makes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from fetch_servers import AGENT, Talk, answer, serve
from polite_score import Seen, complaints

from aggregator.fetch import Fetcher
from aggregator.instance import adopt_network
from aggregator.model import Document, DocumentRequest, FeedState, Outcome, ParseFailed
from aggregator.network import Feed, FetchSettings, Network, Site
from aggregator.parse import read_document
from aggregator.pipeline import Tools
from aggregator.polling import Poller
from aggregator.recording import PollReport
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.store.thread import StoreThread

START = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)  # a Wednesday, between two seconds
FLOOR = timedelta(minutes=5)
HALF_HOUR = timedelta(minutes=30)
SETTINGS = FetchSettings(
    allow_private=(ip_network("127.0.0.0/8"),),
    timeout=timedelta(seconds=5),
    host_delay=timedelta(),
    floor=FLOOR,
)

Answer = bytes | Callable[[Seen], bytes]


def rss(*titles: str, extra: str = "") -> bytes:
    """A valid feed; `extra` stands in the channel."""
    items = "".join(
        f"<item><title>{title}</title><link>https://a.test/{number}</link>"
        f"<guid>{title}</guid></item>"
        for number, title in enumerate(titles)
    )
    text = f'<rss version="2.0"><channel><title>Feed</title>{extra}{items}</channel></rss>'
    return text.encode()


FEED = rss("one")
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"


def full(body: bytes = FEED, *fields: str) -> bytes:
    """A 200."""
    return answer(body, "Content-Type: application/rss+xml", *fields)


def status(line: str, *fields: str) -> bytes:
    """An answer without a body worth reading."""
    return answer(b"no", *fields, status=line)


class InlineReader:
    """Reads documents here: what a worker process adds is not the matter of these tests."""

    async def read(self, request: DocumentRequest) -> Document | ParseFailed:
        """As `WorkerPool.read` does."""
        return read_document(request)


@dataclass
class World:
    """What happens, by a clock of its own. `answers` maps `host/path` to what comes, in turn;
    the last one stays."""

    store: Store
    port: int = 0
    now: datetime = START
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    jitter: float = 0.0
    busy: int = 0
    together: int = 0
    poller: Poller = field(init=False)

    def url(self, place: str = "a.test/feed") -> str:
        """The address of `host/path`."""
        host, _, path = place.partition("/")
        return f"http://{host}:{self.port}/{path}"

    def serve(self, place: str, *answers: Answer) -> None:
        """From now on."""
        self.answers[place] = list(answers)

    def requests(self, place: str = "a.test/feed") -> list[Seen]:
        """Those for `host/path`."""
        return [one for one in self.seen if f"{one.host}{one.target}" == place]

    async def talk(self, talk: Talk) -> None:
        """One connection of the server's."""
        while True:
            one = _parse(await talk.request(), self.now)
            self.seen.append(one)
            self.busy += 1
            self.together = max(self.together, self.busy)
            await asyncio.sleep(0)
            self.busy -= 1
            waiting = self.answers.get(f"{one.host}{one.target}", [status("404 Not Found")])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            await talk.send(reply if isinstance(reply, bytes) else reply(one))

    def due(self) -> tuple[FeedState, ...]:
        """What the tick would start now."""
        return reading.due_feeds(self.store.db, now=self.now, limit=10_000)

    async def poll(self) -> list[PollReport]:
        """Everything that is due now."""
        return await self.poller.poll_all(self.due())

    async def step(self) -> list[PollReport]:
        """Time passes until the next feed is due, which is polled."""
        following = self.next_poll_at()
        assert following is not None, "nothing is ever due again"
        self.now = max(self.now, following)
        return await self.poll()

    async def steps(self, count: int) -> list[Outcome]:
        """So many polls of a world with one feed; how each ended."""
        return [report.outcome for _ in range(count) for report in await self.step()]

    async def poll_until(self, end: datetime) -> None:
        """Every poll there is before `end`."""
        while (following := self.next_poll_at()) is not None and following <= end:
            await self.step()
        self.now = end

    def next_poll_at(self, place: str | None = None) -> datetime | None:
        """Of the next feed, or of the one configured at `place`."""
        row = self.row(
            "SELECT min(next_poll_at) FROM feeds WHERE disabled_at IS NULL"
            " AND (:url IS NULL OR url = :url)",
            url=None if place is None else self.url(place),
        )
        return None if row[0] is None else datetime.fromisoformat(row[0])

    def row(self, sql: str, **parameters: object) -> tuple[Any, ...]:
        """The first row of a query."""
        (row, *_) = self.rows(sql, **parameters)
        return row

    def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What the database says."""
        return [tuple(row) for row in self.store.db.conn.execute(sql, parameters)]

    def gaps(self, place: str = "a.test/feed") -> list[timedelta]:
        """Between one request and the next."""
        times = [one.at for one in self.requests(place)]
        return [later - earlier for earlier, later in pairwise(times)]

    def adopt(self, network: Network, fetcher: Fetcher) -> None:
        """Starts to poll, as after a restart: nothing but the database is remembered."""
        adopt_network(self.store, network, self.now)
        tools = Tools(
            network,
            fetcher,
            cast(Any, InlineReader()),
            cast(StoreThread, _Here(self.store)),
            lambda: self.now,
            lambda: self.jitter,
        )
        self.poller = Poller(tools)


@dataclass
class _Here:
    """A `StoreThread` without the thread."""

    store: Store

    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """At once."""
        return function(self.store, *args, **kwargs)

    share = run


def _parse(head: bytes, now: datetime) -> Seen:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = first.split(" ")
    fields = [tuple(line.split(": ", 1)) for line in lines]
    host = next(value for name, value in fields if name == "Host")
    pairs = tuple((name, value) for name, value in fields)
    return Seen(now, host.rpartition(":")[0] or host, method, target, pairs, version)


def network_with(world: World, directory: Path, feeds: Mapping[str, Any]) -> Network:
    """One site with `feeds`, place -> changes to its Feed; `fetch` changes the settings."""
    changes = dict(feeds)
    fetch = replace(SETTINGS, **changes.pop("fetch", {}))
    foreign = changes.pop("foreign", False)
    made = tuple(
        # The tests are about what delays a poll, not about how often a feed deserves one.
        replace(Feed(world.url(place), "a", every=HALF_HOUR), **change)
        for place, change in changes.items()
    )
    site = Site("a", "A", "https://a.test/", ("a.test",), made, foreign=foreign)
    database, output = directory / "aggregator.db", directory / "public"
    return Network("Test", None, database, output, (site,), (), fetch)


@asynccontextmanager
async def world(
    directory: Path,
    feeds: Mapping[str, Any] | None = None,
    *,
    floor: timedelta = FLOOR,
    clean: bool = True,
) -> AsyncIterator[World]:
    """A world with `feeds` (one at `a.test/feed` by default), and the score at its end.

    `clean` False: the test is about something that the score would complain of.
    """
    store = Store.open(directory / "aggregator.db")
    made = World(store)
    try:
        async with serve(made.talk) as server:
            made.port = server.port
            network = network_with(made, directory, feeds or {"a.test/feed": {}})
            async with running(made, network):
                yield made
    finally:
        store.close()
    if clean:
        assert complaints(made.seen, floor=floor) == []


@asynccontextmanager
async def running(world: World, network: Network) -> AsyncIterator[Fetcher]:
    """A new client and poller for the world, as a start of the daemon has them."""
    fetcher = Fetcher(
        network.fetch,
        user_agent=AGENT,
        now=lambda: world.now,
        lookup=lambda host: ("127.0.0.1",),
    )
    world.adopt(network, fetcher)
    try:
        yield fetcher
    finally:
        await fetcher.aclose()
