"""A stored archive -> what one publication of it costs, which must not grow with the archive.

    python benchmarks/publication.py [--entries 10000 100000] [--pages 10] [--blocks 4] [--runs 5]

For each size a database is made in a temporary directory, by this schema and plain `executemany`.
Times are CPU milliseconds of this process, medians over the runs: `unchanged` is the check that
finds nothing to write, `written` a publication after a new story, which every page shows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from aggregator import publication
from aggregator.network import Block, Feed, Network, Order, Page, Site
from aggregator.publication import Renderer
from aggregator.store import writing
from aggregator.store.store import Store
from aggregator.times import format_time

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
SITES = 20
TARGET_MS = 200.0


def build_network(directory: Path, pages: int, blocks: int) -> Network:
    """Twenty sites; blocks of five sources each, every second one mixed, with a cap."""
    ids = [f"site{n:02d}" for n in range(SITES)]
    sites = tuple(
        Site(
            id=id,
            name=id.title(),
            home=f"https://{id}.example/",
            hosts=(f"{id}.example",),
            feeds=(Feed(f"https://{id}.example/feed", id),),
        )
        for id in ids
    )
    rules = tuple(
        Block(
            id=f"block{n}",
            title=f"Block {n}",
            link=None,
            sources=tuple(ids[(5 * n + offset) % SITES] for offset in range(5)),
            limit=5,
            per_site=2,
            order=Order.MIX if n % 2 else Order.NEWEST,
        )
        for n in range(blocks)
    )
    return Network(
        name="Benchmark",
        contact=None,
        database=directory / "aggregator.db",
        output=directory / "public",
        sites=sites,
        pages=tuple(Page(f"page{n}", ids[n % SITES], rules) for n in range(pages)),
    )


def rows(first: int, last: int, newest: datetime) -> Iterator[dict[str, object]]:
    """Story and entry in one: a minute apart, one site after the other, the last the newest."""
    for n in range(first, last + 1):
        site = n % SITES
        yield {
            "id": n,
            "feed_id": site + 1,
            "site_id": f"site{site:02d}",
            "url": f"https://site{site:02d}.example/reports/{n}.html",
            "title": f"Headline {n} tells of something that happened in the world",
            "at": format_time(newest - timedelta(minutes=last - n)),
            "fingerprint": n,
        }


def fill(store: Store, first: int, last: int, newest: datetime) -> None:
    """Entries and the stories they tell; one transaction."""
    # The rows name each other: checking a million of them one by one is not what is measured.
    store.db.conn.execute("PRAGMA foreign_keys = OFF")
    with store.transaction() as db:
        db.conn.executemany(
            """
            INSERT INTO stories (id, site_id, entry_id, url, title, published_at, first_seen_at)
            VALUES (:id, :site_id, :id, :url, :title, :at, :at)
            """,
            rows(first, last, newest),
        )
        db.conn.executemany(
            """
            INSERT INTO entries (
                id, feed_id, guid, url, canonical_url, title, published_at, first_seen_at,
                last_seen_at, fingerprint, story_id
            ) VALUES (
                :id, :feed_id, :url, :url, :url, :title, :at, :at, :at, :fingerprint, :id
            )
            """,
            rows(first, last, newest),
        )
        db.conn.executemany(
            """
            INSERT INTO story_copies (story_id, site_id, entry_id, url, title, shown_at)
            VALUES (:id, :site_id, :id, :url, :title, :at)
            """,
            rows(first, last, newest),
        )
    store.db.conn.execute("PRAGMA foreign_keys = ON")


def publish(
    store: Store, network: Network, renderer: Renderer, now: datetime, *, changing: int
) -> float:
    """One publication, every step of it, that changes so many pages; CPU milliseconds."""
    started = time.process_time()
    after = publication.begin(store, now)
    shown = publication.write(network, now, after, renderer)
    publication.record(store, network, shown, now)
    spent = (time.process_time() - started) * 1000
    changed = shown.publication.changed if shown.publication else ()
    pages = {path.partition("/")[0] for path in changed if path.endswith("/headlines.html")}
    if len(pages) != changing:
        raise SystemExit(f"{len(pages)} pages changed, {changing} were to")
    return spent


def measure(entries: int, pages: int, blocks: int, runs: int) -> tuple[float, float]:
    """Medians of a publication that changes nothing, and of one that changes every page."""
    with tempfile.TemporaryDirectory() as place:
        network = build_network(Path(place), pages, blocks)
        renderer = Renderer(network)
        with closing(Store.open(network.database)) as store:
            with store.transaction() as db:
                writing.sync_network(db, network, now=NOW)
            fill(store, 1, entries, NOW)
            store.tidy()
            publish(store, network, renderer, NOW, changing=pages)
            unchanged = [publish(store, network, renderer, NOW, changing=0) for _ in range(runs)]
            written = []
            for turn in range(1, runs + 1):
                # As many as there are sites: each block of each page has a new story to show.
                last, now = entries + turn * SITES, NOW + timedelta(minutes=turn * SITES)
                fill(store, last - SITES + 1, last, now)
                written.append(publish(store, network, renderer, now, changing=pages))
    return median(unchanged), median(written)


def main() -> None:
    """Prints a table, and says whether the target holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    print(f"{given.pages} pages of {given.blocks} blocks, CPU ms, median of {given.runs}")
    print(f"{'entries':>10} {'unchanged':>10} {'written':>10}")
    worst = 0.0
    for entries in given.entries:
        unchanged, written = measure(entries, given.pages, given.blocks, given.runs)
        worst = max(worst, unchanged, written)
        print(f"{entries:>10} {unchanged:>10.1f} {written:>10.1f}", flush=True)
    print(f"target: under {TARGET_MS:.0f} ms: {'held' if worst < TARGET_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
