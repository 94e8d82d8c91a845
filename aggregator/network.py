"""feeds.yaml as values: the network, its sites and feeds, and what its pages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

FOREIGN_FLOOR = timedelta(minutes=60)
"""No feed of a `foreign: true` site is polled sooner."""


class FuturePolicy(StrEnum):
    """What becomes of a date after now: hold the story till then, clamp to now, or keep."""

    HOLD = "hold"
    CLAMP = "clamp"
    KEEP = "keep"


class RetryScope(StrEnum):
    """What waits after a Retry-After: AUTO is the host for a 429 and the URL for a 503."""

    AUTO = "auto"
    URL = "url"
    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Feed:
    """One URL polled for one site. `every` None: the schedule decides.

    `timezone` (an IANA name) is the meaning of dates without a zone, or with an ambiguous one;
    None means UTC.
    """

    url: str
    site: str
    every: timedelta | None = None
    timezone: str | None = None
    future: FuturePolicy = FuturePolicy.HOLD


@dataclass(frozen=True, slots=True)
class Site:
    """One web site. `hosts` are lower-case names; `www.` and the host of `home` are in it."""

    id: str
    name: str
    home: str
    hosts: tuple[str, ...]
    feeds: tuple[Feed, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A titled, bounded list of headlines as one page shows it.

    `sources` are the site ids its stories may be owned by, already settled for the page: `"*"` is
    expanded and, without `own`, the page's own site is left out. Empty: it can show nothing.
    `max_age` None: no limit by age; `per_site` None: no cap per site.
    """

    id: str
    title: str
    link: str | None
    sources: tuple[str, ...]
    limit: int = 3
    max_age: timedelta | None = None
    per_site: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The ordered blocks that one site shows; on a page no story appears twice."""

    id: str
    site: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Licence:
    """The sites whose pages may show an agency's stories."""

    agency: str
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """The `fetch:` part of feeds.yaml. Sizes in bytes; `budget` in polls a day per feed."""

    allow_private: tuple[IPv4Network | IPv6Network, ...] = ()
    allow_ports: frozenset[int] = frozenset()
    timeout: timedelta = timedelta(seconds=30)
    max_bytes: int = 5 * 1024 * 1024
    max_decoded: int = 10 * 1024 * 1024
    concurrency: int = 100
    host_delay: timedelta = timedelta(seconds=1)
    floor: timedelta = timedelta(minutes=5)
    budget: int = 24
    retry_after_scope: RetryScope = RetryScope.AUTO

    def is_own(self, url: str) -> bool:
        """Is the host of `url` a literal address inside `allow_private`: no floor, no delay."""
        try:
            address = ip_address(urlsplit(url).hostname or "")
        except ValueError:
            return False
        return any(address in network for network in self.allow_private)


@dataclass(frozen=True, slots=True)
class Network:
    """All the sites of one feeds.yaml, with everything that stands in it.

    `database` and `output` are absolute. `contact` None: the User-Agent names none.
    """

    name: str
    contact: str | None
    database: Path
    output: Path
    sites: tuple[Site, ...]
    pages: tuple[Page, ...]
    fetch: FetchSettings = FetchSettings()
    licences: tuple[Licence, ...] = ()

    @property
    def rights(self) -> dict[str, tuple[str, ...]]:
        """Agency -> the sites that may show its stories."""
        return {licence.agency: licence.sites for licence in self.licences}

    def feeds(self) -> tuple[Feed, ...]:
        """Every feed, in the order of the file."""
        return tuple(feed for site in self.sites for feed in site.feeds)

    def floor_of(self, feed: Feed) -> timedelta:
        """The shortest time between two polls of `feed`."""
        if self.fetch.is_own(feed.url):
            return timedelta()
        foreign = any(site.id == feed.site and site.foreign for site in self.sites)
        return max(self.fetch.floor, FOREIGN_FLOOR) if foreign else self.fetch.floor

    def owners(self) -> dict[str, str]:
        """Host (lower case, no port) -> id of the site whose stories it carries."""
        return {host: site.id for site in self.sites for host in site.hosts}
