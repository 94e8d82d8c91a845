"""What one new headline costs with so many stored: from the read document to settled stories.

    python benchmarks/matching_store.py --stored 10000 100000
    python benchmarks/matching_store.py --stored 10000 1000000

Headlines are made of the common words of English news, as often as news has them, and of made-up
rare ones; one in ten is a copy of another. Of those stored, `--window` lie in the 72 hours that
are searched, the rest are older. Stored rows are written in bulk, the measured ones by the real
road.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from _storing import store_document

from aggregator.model import Document, Entry, FeedMeta, Tier
from aggregator.network import Feed, Network, Site
from aggregator.similar import BACKGROUND, read_headline, sought_tokens
from aggregator.similar.background import FREQUENCIES
from aggregator.store import similarity, writing
from aggregator.store.store import Store
from aggregator.times import format_time

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SITES = 20
RARE_WORDS = 30_000
"""Each in one headline of ten thousand; together some half of all words."""
BATCH = 10
"""New headlines in one document: what a busy feed brings between two polls."""


class Headlines:
    """Made-up titles and summaries, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
        rare = {"".join(self._random.choices(syllables, k=3)) for _ in range(RARE_WORDS)}
        self._words = [*FREQUENCIES, *sorted(rare)]
        counts = [*FREQUENCIES.values(), *(1.0 for _ in rare)]
        self._cumulative = list(accumulate(counts))

    def text(self) -> tuple[str, str]:
        """Nine words of title, twenty-five of summary."""
        words = self._random.choices(self._words, cum_weights=self._cumulative, k=34)
        return " ".join(words[:9]).capitalize(), " ".join(words[9:]).capitalize()


def network_in(directory: Path) -> Network:
    """Sites with a feed each."""
    return Network(
        name="Bench",
        contact=None,
        database=directory / "bench.db",
        output=directory / "public",
        sites=tuple(
            Site(f"s{n}", f"Site {n}", f"https://s{n}.example/", (f"s{n}.example",), (_feed(n),))
            for n in range(SITES)
        ),
        pages=(),
    )


def _feed(number: int) -> Feed:
    return Feed(f"https://s{number}.example/feed", f"s{number}")


def fill(store: Store, stored: int, window: int, headlines: Headlines) -> None:
    """Entries with keys, stories, copies, sightings and tokens; the last `window` are recent."""
    older = NOW - timedelta(days=30)
    # Reading a million headlines would take longer than all the rest; the old ones repeat.
    pool = [(text, _tokens(text)) for text in (headlines.text() for _ in range(20_000))]
    for start in range(1, stored + 1, 5000):
        ids = range(start, min(start + 5000, stored + 1))
        is_recent = {id_: id_ > stored - window for id_ in ids}
        fresh = {id_: headlines.text() for id_ in ids if is_recent[id_]}
        texts = {id_: fresh.get(id_) or pool[id_ % len(pool)][0] for id_ in ids}
        times = {id_: NOW - timedelta(hours=1) if is_recent[id_] else older for id_ in ids}
        with store.transaction() as db:
            rows = [
                {
                    "id": id_,
                    "feed": 1 + id_ % SITES,
                    "site": f"s{id_ % SITES}",
                    "url": f"https://s{id_ % SITES}.example/{id_}",
                    "title": texts[id_][0],
                    "summary": texts[id_][1],
                    "at": format_time(times[id_]),
                }
                for id_ in ids
            ]
            for statement in _FILL:
                db.conn.executemany(statement, rows)
            tokens = {
                id_: _tokens(fresh[id_]) if is_recent[id_] else pool[id_ % len(pool)][1]
                for id_ in ids
            }
            similarity.index_tokens(db, tokens)


def _tokens(text: tuple[str, str]) -> tuple[str, ...]:
    return tuple(sought_tokens([read_headline(text[0])], BACKGROUND))


_FILL = (
    """
    INSERT INTO stories (id, site_id, entry_id, url, title, published_at, first_seen_at)
    VALUES (:id, :site, :id, :url, :title, :at, :at)
    """,
    """
    INSERT INTO entries (
        id, feed_id, guid, url, canonical_url, title, summary, published_at, first_seen_at,
        last_seen_at, fingerprint, story_id
    ) VALUES (:id, :feed, :url, :url, :url, :title, :summary, :at, :at, :at, :id, :id)
    """,
    """
    INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at)
    VALUES ('url', 0, :url, :id, 1, :at)
    """,
    """
    INSERT INTO story_copies (story_id, site_id, entry_id, url, title, shown_at)
    VALUES (:id, :site, :id, :url, :title, :at)
    """,
    """
    INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, version)
    VALUES (:id, :feed, :url, :at, :id, :id, 1)
    """,
)


def measure(store: Store, network: Network, headlines: Headlines, new: int) -> list[float]:
    """CPU milliseconds a headline, document by document."""
    spent = []
    for number, entries in enumerate(documents(store, headlines, new)):
        site = number % SITES
        document = Document(FeedMeta(title="Bench", language="en"), Tier.STRICT, tuple(entries))
        started = time.process_time()
        with store.transaction() as db:
            store_document(db, network, 1 + site, document, NOW + timedelta(seconds=number))
        spent.append(1000 * (time.process_time() - started) / len(entries))
    return spent


def documents(store: Store, headlines: Headlines, new: int) -> Iterator[list[Entry]]:
    """New headlines by tens; the first of each is a copy of a stored one."""
    recent = store.db.conn.execute(
        "SELECT title, summary FROM entries ORDER BY id DESC LIMIT :n", {"n": new}
    ).fetchall()
    for number in range(new // BATCH):
        texts = [tuple(recent[number]), *(headlines.text() for _ in range(BATCH - 1))]
        yield [
            _entry(number * BATCH + place, number % SITES, *text)
            for place, text in enumerate(texts)
        ]


def _entry(number: int, site: int, title: str, summary: str) -> Entry:
    url = f"https://s{site}.example/new/{number}"
    return Entry(number % BATCH, number, url, url, url, title, summary, published_at=NOW)


def main() -> int:
    """Prints one line for each size; 1 when the last costs over three times the first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--stored", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--window", type=int, default=10_000, help="of them in the last 72 hours")
    parser.add_argument("--new", type=int, default=500)
    options = parser.parse_args()
    medians = []
    for stored in options.stored:
        headlines = Headlines(seed=stored)
        with tempfile.TemporaryDirectory() as directory:
            network = network_in(Path(directory))
            with closing(Store.open(network.database)) as store:
                with store.transaction() as db:
                    writing.sync_network(db, network, now=NOW)
                fill(store, stored, min(options.window, stored), headlines)
                store.tidy()
                spent = measure(store, network, headlines, options.new)
                (merged,) = store.db.conn.execute("SELECT count(*) FROM merges").fetchone()
            size = network.database.stat().st_size / 1e6
        medians.append(statistics.median(spent))
        slow = sorted(spent)[int(0.95 * len(spent))]
        print(
            f"{stored:>9,} stored: {medians[-1]:.2f} ms CPU a headline (median),"
            f" {slow:.2f} ms (p95),"
            f" {merged} merged of {options.new // BATCH} copies, {size:.0f} MB"
        )
    ratio = medians[-1] / medians[0]
    print(f"last to first: {ratio:.2f}")
    return 1 if ratio > 3 else 0


if __name__ == "__main__":
    sys.exit(main())
