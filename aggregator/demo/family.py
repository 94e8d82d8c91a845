"""A moment -> the whole family as it stands then: its sites and the bytes of their feeds.

Pure: the same `now` gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from aggregator.demo import documents, stories
from aggregator.demo.documents import Dated, Site
from aggregator.demo.stories import BREAKING, BREAKING_SITE, Item


@dataclass(frozen=True, slots=True)
class _Feed:
    """How one site serves its feed: where, as what, written by whom, with which stories."""

    path: str
    content_type: str
    write: Callable[[Site, Sequence[Dated]], bytes]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """The feed of `site` as bytes; `modified` is when its newest story came."""

    site: str
    path: str
    content_type: str
    body: bytes
    modified: datetime


@dataclass(frozen=True, slots=True)
class Family:
    """Sites in the order of feeds.yaml, and one document for each of them in the same order."""

    built_at: datetime
    sites: tuple[Site, ...]
    documents: tuple[FeedDocument, ...]

    def with_breaking_story(self, now: datetime) -> Family:
        """The same family after one site put one more story, of `now`, at the top of its feed.

        The other documents keep their bytes.
        """
        return _assemble(self.built_at, breaking_at=_whole_second(now))


_FEEDS = MappingProxyType(
    {
        "spacedaily": _Feed(
            "/spacedaily.xml", "text/xml", documents.rss_without_guids, stories.SPACEDAILY
        ),
        "spacewar": _Feed(
            "/rss.xml", "application/rss+xml; charset=utf-8", documents.rss, stories.SPACEWAR
        ),
        "terradaily": _Feed("/index.rdf", "application/rdf+xml", documents.rdf, stories.TERRADAILY),
        "energydaily": _Feed(
            "/atom.xml", "application/atom+xml; charset=utf-8", documents.atom, stories.ENERGYDAILY
        ),
        "marsdaily": _Feed(
            "/feed.json", "application/feed+json", documents.json_feed, stories.MARSDAILY
        ),
        "robodaily": _Feed("/robodaily.xml", "text/xml", documents.broken_rss, stories.ROBODAILY),
        "seeddaily": _Feed(
            "/feed/", "application/rss+xml; charset=utf-8", documents.rss, stories.SEEDDAILY
        ),
    }
)


def build_family(now: datetime) -> Family:
    """The family as of `now` (aware): its stories are from half an hour to three days old."""
    return _assemble(_whole_second(now), breaking_at=None)


def _assemble(built_at: datetime, *, breaking_at: datetime | None) -> Family:
    sites = tuple(
        Site(id=site, name=name, host=f"{site}.example")
        for site, name in stories.SITE_NAMES.items()
    )
    return Family(
        built_at=built_at,
        sites=sites,
        documents=tuple(_write(site, built_at, breaking_at) for site in sites),
    )


def _write(site: Site, built_at: datetime, breaking_at: datetime | None) -> FeedDocument:
    feed = _FEEDS[site.id]
    items: list[Dated] = [(item, built_at - item.age) for item in feed.items]
    if breaking_at is not None and site.id == BREAKING_SITE:
        items.insert(0, (BREAKING, breaking_at))
    return FeedDocument(
        site=site.id,
        path=feed.path,
        content_type=feed.content_type,
        body=feed.write(site, items),
        modified=max(moment for _, moment in items),
    )


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
