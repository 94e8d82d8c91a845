"""A small and a large database -> what each question and each write costs, side by side.

    python benchmarks/database.py [--small 10000] [--large 100000] [--runs 21]

CPU milliseconds of one call, medians. Exits 1 when one costs more than three times as much in the
large database (and more than a fifth of a millisecond). `--large 1000000` takes some minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from statistics import median

from _storing import store_document

from aggregator.model import (
    BlockContent,
    Document,
    Entry,
    FeedMeta,
    Headline,
    PageContent,
    SeenEntry,
    Tier,
)
from aggregator.network import Feed, Network, Retention, Site
from aggregator.store import archive, checks, publications, reading, retention, writing
from aggregator.store.archive import ArchivedPoll, Packed
from aggregator.store.retention import Cursor
from aggregator.store.rows import PollRecord
from aggregator.store.searching import Search, find_stories
from aggregator.store.store import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SITES = 20
FEEDS_PER_SITE = 5
LISTED = 20
WORDS = Random(1).choices(
    [f"word{n}" for n in range(20_000)], [1 / (n + 1) for n in range(20_000)], k=200_000
)
ARCHIVE_BYTES = 2 * 1024 * 1024
FACTOR = 3.0
NOISE_MS = 0.2


def network_at(directory: Path) -> Network:
    sites = tuple(
        Site(
            id=f"s{site}",
            name=f"Site {site}",
            home=f"https://s{site}.example/",
            hosts=(f"s{site}.example",),
            feeds=tuple(
                Feed(f"https://s{site}.example/feed{feed}", f"s{site}")
                for feed in range(FEEDS_PER_SITE)
            ),
        )
        for site in range(SITES)
    )
    return Network("Bench", None, directory / "aggregator.db", directory / "public", sites, ())


def entry_of(number: int, published_at: datetime) -> Entry:
    random = Random(number)
    at = random.randrange(len(WORDS) - 50)
    url = f"https://s{number % SITES}.example/{number}"
    return Entry(
        position=number % LISTED,
        fingerprint=number,
        guid=f"guid-{number}",
        url=url,
        canonical_url=url.removeprefix("https://"),
        title=" ".join(WORDS[at : at + 9]),
        summary=" ".join(WORDS[at + 9 : at + 49]),
        published_at=published_at,
    )


def poll(
    store: Store,
    network: Network,
    feed_id: int,
    entries: list[Entry],
    seen: list[int],
    at: datetime,
) -> None:
    """What the pipeline does with a document, in one transaction."""
    document = Document(
        meta=FeedMeta(title="F"),
        tier=Tier.STRICT,
        entries=tuple(entries),
        seen=tuple(SeenEntry(n, fingerprint) for n, fingerprint in enumerate(seen)),
    )
    with store.transaction() as db:
        store_document(db, network, feed_id, document, at)
        writing.record_poll(db, poll_record(feed_id, at, document.meta))


def poll_record(feed_id: int, at: datetime, meta: FeedMeta) -> PollRecord:
    return PollRecord(
        feed_id=feed_id,
        at=at,
        outcome="ok",
        has_document=True,
        http_status=200,
        wire_bytes=20_000,
        duration_ms=90,
        error=None,
        next_poll_at=at + timedelta(minutes=30),
        paused_until=None,
        meta=meta,
    )


def fill(store: Store, network: Network, size: int) -> None:
    """Every feed in turn brings twenty stories, until there are `size`; pages change meanwhile."""
    with store.transaction() as db:
        writing.sync_network(db, network, now=NOW - timedelta(days=4000))
    feeds = SITES * FEEDS_PER_SITE
    polls = size // LISTED
    for number in range(polls):
        at = NOW - timedelta(minutes=10 * (polls - number))
        entries = [entry_of(number * LISTED + n, at) for n in range(LISTED)]
        poll(store, network, number % feeds + 1, entries, [], at)
        if number % 10 == 0:
            publish(store, number // 10 + 1, number * LISTED + 1, at)
    store.tidy()


def publish(store: Store, generation: int, story: int, at: datetime) -> None:
    pages = tuple(
        PageContent(
            f"s{page}",
            f"s{page}",
            tuple(
                BlockContent(
                    f"b{block}",
                    "B",
                    None,
                    tuple(
                        Headline(story + n, "T", f"https://s0.example/{story + n}", "s0", "S", at)
                        for n in range(3)
                    ),
                )
                for block in range(4)
            ),
        )
        for page in range(SITES)
    )
    with store.transaction() as db:
        publications.record_publication(
            db, generation, pages, changed_files=1, removed_files=0, now=at
        )


def questions(store: Store, network: Network, size: int) -> dict[str, Callable[[], object]]:
    """What is measured; each may be called again and again."""
    db, fresh, random = store.db, count(size + 1_000_000), Random(1)
    names = {site.id: site.name for site in network.sites}
    last = (size // LISTED - 1) * LISTED
    feed = (size // LISTED - 1) % (SITES * FEEDS_PER_SITE) + 1
    seen = list(range(last, last + LISTED))

    def poll_changed() -> None:
        poll(store, network, feed, [entry_of(next(fresh), NOW) for _ in range(2)], seen, NOW)

    def keep_body() -> None:
        # Bodies that are new each time, over the bound: the oldest leave with each.
        body = Packed(f"{next(fresh):064}", 40_000, random.randbytes(12_000))
        polled = ArchivedPoll(feed, NOW, NOW, "ok", 200, "u", "text/xml", None, body)
        with store.transaction():
            archive.keep(db, polled, max_bytes=ARCHIVE_BYTES)

    def links_to_check() -> None:
        with store.transaction():
            checks.follow_pages(db, every=timedelta(hours=6))
            checks.due(db, now=NOW)

    def sql(statement: str) -> Callable[[], object]:
        return lambda: db.conn.execute(statement).fetchall()

    return {
        "tick": lambda: reading.due_feeds(db, now=NOW, limit=200),
        "poll, 2 new of 22": poll_changed,
        "select: newest stories": lambda: reading.newest_stories(
            db, dict.fromkeys(names, 12), names, now=NOW
        ),
        "search, frequent word": lambda: find_stories(db, Search("word0")),
        "search, two words": lambda: find_stories(db, Search("word3 word5")),
        "search, one site": lambda: find_stories(db, Search("word1", site="s7")),
        "page_headlines": sql("SELECT * FROM page_headlines WHERE page = 's1'"),
        "page at a time": lambda: publications.shown_headlines(
            db, "s1", names, at=NOW - timedelta(hours=2)
        ),
        "headlines, newest": sql("SELECT * FROM headlines ORDER BY shown_at DESC LIMIT 20"),
        "headlines of a site": sql(
            "SELECT * FROM headlines WHERE site_id = 's1' ORDER BY shown_at DESC LIMIT 20"
        ),
        "feed_health": sql("SELECT * FROM feed_health"),
        "status": lambda: reading.feed_statuses(db),
        "check of story pages": links_to_check,
        "poll kept in the archive": keep_body,
        "retention, cutoffs": lambda: retention.cutoffs(db, {}, Retention(days=1), now=NOW),
    }


def log_batches(store: Store, runs: int) -> list[float]:
    """CPU milliseconds of batches of the log, for a thousand rows each."""
    taken = []
    rule = Retention(poll_days=1)
    for feed, cutoff in retention.poll_cutoffs(store.db, {}, rule, now=NOW).items():
        start = time.process_time()
        with store.transaction() as db:
            removed = retention.remove_polls(db, feed, cutoff)
        if removed:
            taken.append((time.process_time() - start) * 1000 / removed * retention.BATCH)
        if len(taken) == runs:
            break
    return taken


def search_times(store: Store, count: int) -> str:
    """Searches for `count` strings of operators, quotes, controls and words; none raises."""
    random = Random(19)
    alphabet = [*"ab \t\n\"'*():^-+{}[]\\,.;\x00\x1b%_~&|<>=/", "AND", "OR", "NOT", "NEAR(", "北"]
    alphabet += ["title:", "\ud800", "ſ", *(f"word{n} " for n in range(30))]
    taken = []
    for _ in range(count):
        words = "".join(random.choices(alphabet, k=random.randrange(60)))
        start = time.process_time()
        find_stories(store.db, Search(words))
        taken.append((time.process_time() - start) * 1000)
    taken.sort()
    median_ms, late_ms = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return f"median {median_ms:.2f} ms, 99 of 100 within {late_ms:.2f} ms, worst {taken[-1]:.2f} ms"


def retention_batches(store: Store, runs: int) -> list[float]:
    """CPU milliseconds of batches that remove a thousand entries each, or what there is."""
    taken: list[float] = []
    cutoffs = retention.cutoffs(store.db, {}, Retention(days=1), now=NOW + timedelta(days=30))
    cursor: Cursor | None = Cursor()
    while cursor is not None and len(taken) < runs:
        start = time.process_time()
        with store.transaction() as db:
            batch = retention.remove_batch(db, cutoffs, cursor, now=NOW)
        if batch.entries > 0:
            taken.append((time.process_time() - start) * 1000 / batch.entries * retention.BATCH)
        cursor = batch.cursor
    return taken


def measure(size: int, runs: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        network = network_at(Path(directory))
        with closing(Store.open(network.database)) as store:
            start = time.monotonic()
            fill(store, network, size)
            print(
                f"{size:,} entries: {network.database.stat().st_size / 2**20:,.0f} MiB,"
                f" filled in {time.monotonic() - start:,.0f} s",
                flush=True,
            )
            found = {
                name: median(timed(work) for _ in range(runs))
                for name, work in questions(store, network, size).items()
            }
            print(f"  10,000 odd searches: {search_times(store, 10_000)}", flush=True)
            found["log of polls, 1,000 rows"] = median(log_batches(store, runs))
            found["retention, 1,000 rows"] = median(retention_batches(store, runs))
            return found


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=21)
    arguments = parser.parse_args()
    small, large = (measure(size, arguments.runs) for size in (arguments.small, arguments.large))
    print(f"\n{'CPU ms, median':<26}{arguments.small:>12,}{arguments.large:>12,}   factor")
    grown = []
    for name, cost in large.items():
        factor = cost / max(small[name], 1e-6)
        print(f"{name:<26}{small[name]:>12.3f}{cost:>12.3f}{factor:>9.1f}")
        if factor > FACTOR and cost - small[name] > NOISE_MS:
            grown.append(name)
    if grown:
        print(f"\ngrew more than {FACTOR:.0f} times: {', '.join(grown)}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
