"""Small stored networks for tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.intake import store_document as intake
from aggregator.model import Document, Entry, FeedMeta, Tier
from aggregator.network import Feed, Network, Site
from aggregator.store import writing
from aggregator.store.rows import PollRecord
from aggregator.store.store import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def network_at(directory: Path, *, sites: tuple[str, ...] = ("a", "b")) -> Network:
    """One feed a site, hosts `<id>.example`."""
    return Network(
        name="Test",
        contact=None,
        database=directory / "aggregator.db",
        output=directory / "public",
        sites=tuple(
            Site(
                id=name,
                name=name.upper(),
                home=f"https://{name}.example/",
                hosts=(f"{name}.example",),
                feeds=(Feed(f"https://{name}.example/feed", name),),
            )
            for name in sites
        ),
        pages=(),
    )


@contextmanager
def stored(network: Network, *, now: datetime = NOW) -> Iterator[Store]:
    """An open store that knows the network since `now`."""
    with closing(Store.open(network.database)) as opened:
        with opened.transaction() as db:
            writing.sync_network(db, network, now=now)
        yield opened


def entry(number: int, **changes: Any) -> Entry:
    """An item of site a unless `changes` say otherwise."""
    fields: dict[str, Any] = {
        "position": number,
        "fingerprint": 1000 + number,
        "guid": f"g{number}",
        "url": f"https://a.example/{number}",
        "canonical_url": f"a.example/{number}",
        "title": f"Story {number}",
        "published_at": NOW,
    }
    return Entry(**{**fields, **changes})


def document(*entries: Entry) -> Document:
    """A strict document of `entries`."""
    return Document(meta=FeedMeta(title="Feed"), tier=Tier.STRICT, entries=entries)


def store_document(
    store: Store, network: Network, feed_id: int, *entries: Entry, now: datetime = NOW
) -> None:
    """What a poll does with a document, in one transaction."""
    with store.transaction() as db:
        update = intake(
            db,
            document(*entries),
            network,
            network.owners(),
            feed_id=feed_id,
            feed_site=network.sites[feed_id - 1].id,
            first=False,
            now=now,
        )
        store.index((*update.new, *update.changed))


def poll_record(feed_id: int, **changes: Any) -> PollRecord:
    """An uneventful 304."""
    fields: dict[str, Any] = {
        "feed_id": feed_id,
        "at": NOW,
        "outcome": "not_modified",
        "has_document": True,
        "http_status": 304,
        "wire_bytes": 0,
        "duration_ms": 5,
        "error": None,
        "next_poll_at": None,
        "paused_until": None,
    }
    return PollRecord(**{**fields, **changes})
