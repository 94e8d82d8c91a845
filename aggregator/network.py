"""feeds.yaml as values: the network, its sites and feeds, and what its pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

FOREIGN_FLOOR = timedelta(minutes=60)
"""No feed of a `foreign: true` site is polled sooner."""

NOTHING = "nothing"
"""What stands in for a stale block that has no other; no block is called so."""


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


class Order(StrEnum):
    """How a block picks and sorts: newest first, or one story of each site in turn."""

    NEWEST = "newest"
    MIX = "mix"


class Show(StrEnum):
    """What a block's HTML says of a headline besides its title."""

    SITE = "site"
    TIME = "time"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP basic authentication; `password_env` names the variable that holds the password."""

    user: str
    password_env: str


@dataclass(frozen=True, slots=True)
class Access:
    """How one feed is asked for, beside its URL and what holds for all feeds.

    `headers` and `auth` go to the feed's own origin only. A header's value `env:NAME` stands for
    an environment variable; `environment.reveal` puts the variables' values in place, `auth`
    becoming a header. `ca_file` is trusted besides the system's certificates, `allow_private`
    adds to that of `FetchSettings`. Headers are left out of `repr`: they may be secrets.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    auth: BasicAuth | None = None
    proxy: str | None = None
    user_agent_suffix: str | None = None
    ca_file: Path | None = None
    allow_private: tuple[IPv4Network | IPv6Network, ...] = ()


PLAIN_ACCESS = Access()
"""That of a feed about which feeds.yaml says nothing special."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept of a feed: entries seen within `days`, and the newest `keep`.

    What neither keeps may go; both None: everything is kept. What is still listed always stays.
    `poll_days`: so long its rows of `polls` are kept; None: all of them.
    """

    days: int | None = None
    keep: int | None = None
    poll_days: int | None = None

    @property
    def is_endless(self) -> bool:
        """No entry ever goes."""
        return self.days is None and self.keep is None


@dataclass(frozen=True, slots=True)
class Archive:
    """How much of the archive of feed bodies is kept: so many bytes, compressed, and days."""

    max_bytes: int = 512 * 1024 * 1024
    days: int = 30


@dataclass(frozen=True, slots=True)
class Feed:
    """One URL polled for one site. `every` None: the schedule decides.

    `timezone` (an IANA name) is the meaning of dates without a zone, or with an ambiguous one;
    None means UTC. `revalidate` None: conditional requests whenever there are validators.
    `retry_after_scope` None: that of `FetchSettings`.
    None means UTC. `retention` None: the network's.
    """

    url: str
    site: str
    every: timedelta | None = None
    timezone: str | None = None
    future: FuturePolicy = FuturePolicy.HOLD
    revalidate: timedelta | None = None
    retry_after_scope: RetryScope | None = None
    access: Access = PLAIN_ACCESS
    retention: Retention | None = None


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
class Filter:
    """Stories with one of `words` in their title, or in one of `categories`; neither: none."""

    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A titled, bounded list of headlines as one page shows it.

    `sources` are the site ids its stories may be owned by, already settled for the page: `"*"` is
    expanded and, without `own`, the page's own site is left out. Empty: it can show nothing.
    `max_age` None: no limit by age; `per_site` None: no cap per site. `minimum` None: `per_site`
    and variety give way to reach `limit`, `max_age` never does; a number: all three give way, in
    this order, to reach that many and no more. `include` None: every story; `language` None: any.
    When its sources have given no document for `stale_after`, it shows `fallback` in its place,
    or nothing where that is None. `fresh` None: its newest headline may be of any age.
    """

    id: str
    title: str
    link: str | None
    sources: tuple[str, ...]
    limit: int = 3
    max_age: timedelta | None = None
    per_site: int | None = None
    order: Order = Order.NEWEST
    minimum: int | None = None
    include: Filter | None = None
    exclude: Filter = Filter()
    language: str | None = None
    show: tuple[Show, ...] = ()
    stale_after: timedelta | None = None
    fallback: Block | None = None
    fresh: timedelta | None = None

    @property
    def is_filtered(self) -> bool:
        """May it have to look past any number of stories of a site to find one it shows?"""
        filters = (self.include, self.language, *self.exclude.words, *self.exclude.categories)
        return any(part is not None for part in filters)


@dataclass(frozen=True, slots=True)
class Page:
    """The ordered blocks that one site shows; on a page no story appears twice.

    `link_params` are added to the links to stories in everything that is published for it.
    """

    id: str
    site: str
    blocks: tuple[Block, ...]
    link_params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Templates:
    """The operator's own templates: file name -> text. `directory` is for messages."""

    directory: Path
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Publishing:
    """How files are published.

    `public_url`: where `output/current` is served, without a slash at its end. `templates_at` is
    the directory as written, `templates` what was read from it. `config_hash` is of the file that
    all this comes from, '' when it comes from none.
    """

    public_url: str | None = None
    keep_generations: int = 5
    gzip: bool = False
    after_publish: tuple[str, ...] = ()
    templates_at: Path | None = None
    templates: Templates | None = None
    config_hash: str = ""


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


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The `serve:` part of feeds.yaml. `host` is an address; `hosts` are further names that a
    request may be for; `token_env` None: polls cannot be triggered over HTTP. `callback_url`, where
    hubs reach our `/websub`, has no slash at its end; None: no hub is asked for anything."""

    host: str
    port: int
    hosts: frozenset[str] = frozenset()
    token_env: str | None = None
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """All the sites of one feeds.yaml, with everything that stands in it.

    `database` and `output` are absolute. `contact` None: the User-Agent names none. `watch`: a
    changed file is read again. `min_free` is in bytes. `archive` None: bodies are not kept.
    `check_stories` None: pages of stories are never asked for.
    """

    name: str
    contact: str | None
    database: Path
    output: Path
    sites: tuple[Site, ...]
    pages: tuple[Page, ...]
    fetch: FetchSettings = FetchSettings()
    retention: Retention = Retention()
    publishing: Publishing = Publishing()
    licences: tuple[Licence, ...] = ()
    watch: bool = False
    min_free: int = 100 * 1024 * 1024
    serve: ServeSettings | None = None
    archive: Archive | None = None
    check_stories: timedelta | None = None

    @property
    def rights(self) -> dict[str, tuple[str, ...]]:
        """Agency -> the sites that may show its stories."""
        return {licence.agency: licence.sites for licence in self.licences}

    def feeds(self) -> tuple[Feed, ...]:
        """Every feed, in the order of the file."""
        return tuple(feed for site in self.sites for feed in site.feeds)

    def is_own(self, feed: Feed) -> bool:
        """Is the feed's host a literal address that `allow_private` holds: no floor, no delay."""
        try:
            address = ip_address(urlsplit(feed.url).hostname or "")
        except ValueError:
            return False
        allowed = (*self.fetch.allow_private, *feed.access.allow_private)
        return any(address in network for network in allowed)

    def floors(self) -> dict[str, timedelta]:
        """URL of each feed -> the shortest time between two polls of it."""
        return {feed.url: self._floor(site, feed) for site in self.sites for feed in site.feeds}

    def _floor(self, site: Site, feed: Feed) -> timedelta:
        if self.is_own(feed):
            return timedelta()
        return max(self.fetch.floor, FOREIGN_FLOOR) if site.foreign else self.fetch.floor

    def retentions(self) -> dict[str, Retention]:
        """Feed URL -> what is kept of it, for feeds with a rule of their own."""
        return {feed.url: feed.retention for feed in self.feeds() if feed.retention is not None}

    def owners(self) -> dict[str, str]:
        """Host (lower case, no port) -> id of the site whose stories it carries."""
        return {host: site.id for site in self.sites for host in site.hosts}


@dataclass(frozen=True, slots=True)
class Index:
    """What every poll asks of a network, looked up instead of searched for."""

    feeds: Mapping[str, Feed]
    floors: Mapping[str, timedelta]
    owners: Mapping[str, str]


def index_network(network: Network) -> Index:
    """Feeds and floors by the feed's URL, owners by host."""
    feeds = {feed.url: feed for feed in network.feeds()}
    return Index(feeds, network.floors(), network.owners())
