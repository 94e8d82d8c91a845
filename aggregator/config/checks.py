"""The parts of a file -> the problems no single value shows: names, hosts, addresses, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from types import MappingProxyType

from aggregator.agency import AGENCIES, agency_named
from aggregator.config.hosts import site_hosts
from aggregator.config.links import (
    AddressNetwork,
    is_in,
    is_public,
    literal_address,
    same_feed_key,
    url_port,
)
from aggregator.config.source import KeyPath, Source
from aggregator.config.usable import Parts, PlacedFeed
from aggregator.config.words import shown_key
from aggregator.errors import Problem
from aggregator.network import FOREIGN_FLOOR, NOTHING
from aggregator.times import parse_duration

MAX_FEEDS = 5000

# File names that a publication uses itself, and the word for no block at all.
_RESERVED_BLOCKS = MappingProxyType(
    {
        "headlines": "this name is taken by the page's own files; expected another id",
        "headlines.feed": "this name is taken by the page's JSON Feed; expected another id",
        NOTHING: "this name is what `fallback` calls no block; expected another id",
    }
)
_RESERVED_PAGES = frozenset({"index.html", "manifest.json"})


def check_parts(parts: Parts, source: Source) -> Iterator[Problem]:
    """Every problem between the parts of a file, in no order."""
    yield from _check_hosts(parts, source)
    yield from _check_feeds(parts, source)
    # No name is amiss while a whole section of names is.
    if ("sites",) not in parts.faults:
        yield from _check_sources(parts, source)
        for agency, sites in parts.rights.items():
            path = ("rights", agency)
            yield from _check_names(sites, path, parts.site_ids, source, what="site")
    yield from _check_agencies(parts.rights, source)
    if not {("sites",), ("blocks",)} & parts.faults:
        yield from _check_blocks(parts, source)
        yield from _check_pages(parts, source)


def _check_hosts(parts: Parts, source: Source) -> Iterator[Problem]:
    owners: dict[str, tuple[str, KeyPath]] = {}
    for site, keys in parts.sites.items():
        reported = set[KeyPath]()
        for host, below in site_hosts(keys).items():
            path = ("sites", site, *below)
            owner, first = owners.setdefault(host, (site, path))
            # The same value brings a name and its www. form: one problem is enough.
            if owner != site and path not in reported:
                reported.add(path)
                text = f"the host {host} is one of site {shown_key(owner)} already"
                line = source.line(first)
                yield source.problem(path, f"{text} (line {line}); expected a host of one site")


def _check_feeds(parts: Parts, source: Source) -> Iterator[Problem]:
    if len(parts.feeds) > MAX_FEEDS:
        text = f"found {len(parts.feeds)} feeds, expected at most {MAX_FEEDS} in one file"
        yield source.problem(parts.feeds[MAX_FEEDS].path, text)
    first: dict[tuple[str, ...], PlacedFeed] = {}
    for feed in parts.feeds:
        path = (*feed.path, "url")
        earlier = first.setdefault(same_feed_key(feed.keys.url), feed)
        if earlier is not feed:
            line = source.line((*earlier.path, "url"))
            text = f"the feed of line {line} again; expected each feed once"
            yield source.problem(path, text)
    yield from _check_reach(parts, source)
    yield from _check_access(parts, source)
    wrong = (parts.is_wrong(("fetch", key)) for key in ("floor", "allow_private"))
    if not any(wrong):
        for feed in parts.feeds:
            if feed.keys.every is not None:
                yield from _check_every(feed, feed.keys.every, parts, source)


def _check_reach(parts: Parts, source: Source) -> Iterator[Problem]:
    """What the guard of the fetcher would refuse to connect to, as far as the URL alone shows."""
    if any(parts.is_wrong(("fetch", key)) for key in ("allow_private", "allow_ports")):
        return
    ports = {80, 443, *parts.fetch.allow_ports}
    shared = _networks(parts.fetch.allow_private)
    for feed in parts.feeds:
        path, url = (*feed.path, "url"), feed.keys.url
        networks = (*shared, *_networks(feed.keys.allow_private))
        address, port = literal_address(url), url_port(url)
        # Where a name leads, and so whether any port will do, only the guard will see.
        if is_in(address, networks) or (address is None and networks):
            continue
        if address is not None and not is_public(address):
            text = f"found the private address {address}, expected a public one"
            yield source.problem(path, f"{text} or fetch.allow_private to hold it")
        if port not in ports:
            text = f"found port {port}, expected 80, 443 or one of fetch.allow_ports"
            yield source.problem(path, text)


def _networks(written: Iterable[str]) -> tuple[AddressNetwork, ...]:
    return tuple(ip_network(cidr) for cidr in written)


def _check_access(parts: Parts, source: Source) -> Iterator[Problem]:
    """What a feed's options say together."""
    for feed in parts.feeds:
        names = [name.lower() for name in feed.keys.headers]
        path = (*feed.path, "headers")
        if len(set(names)) < len(names):
            yield source.problem(path, "a header field twice; expected each once, in any case")
        if feed.keys.auth is not None and "authorization" in names:
            yield source.problem(path, "found Authorization beside auth; expected one of them")
        proxy = feed.keys.proxy
        if proxy is not None and not proxy.lower().startswith("http://"):
            yield source.problem((*feed.path, "proxy"), "expected a proxy of the form http://host")


def _check_every(feed: PlacedFeed, every: str, parts: Parts, source: Source) -> Iterator[Problem]:
    networks = _networks((*parts.fetch.allow_private, *feed.keys.allow_private))
    # The floor is politeness towards others: it does not bind addresses of one's own.
    if is_in(literal_address(feed.keys.url), networks):
        return
    site = parts.sites.get(feed.site)
    floor, name = parse_duration(parts.fetch.floor), f"fetch.floor ({parts.fetch.floor})"
    if site is not None and site.foreign and floor < FOREIGN_FLOOR:
        floor, name = FOREIGN_FLOOR, "the floor of a foreign site (60m)"
    if parse_duration(every) < floor:
        text = f"found {every}, expected at least {name}"
        yield source.problem((*feed.path, "every"), text)


def _check_sources(parts: Parts, source: Source) -> Iterator[Problem]:
    for block, keys in parts.blocks.items():
        path = ("blocks", block, "from")
        yield from _check_names(keys.sources, path, parts.site_ids | {"*"}, source, what="site")
        if "*" in keys.sources and len(keys.sources) > 1:
            yield source.problem(path, 'found "*" beside other names, expected it alone')


def _check_agencies(agencies: Iterable[str], source: Source) -> Iterator[Problem]:
    """A name that no credit has would leave every page free to show the stories meant."""
    first = dict[str, str]()
    for written in agencies:
        path, name = ("rights", written), agency_named(written)
        if name is None:
            text = f"no agency that is recognised; expected one of {', '.join(AGENCIES)}"
            yield source.key_problem(path, text)
        elif name.casefold() != written.casefold():
            yield source.key_problem(path, f"credits name this agency {name}; expected {name}")
        elif (earlier := first.setdefault(name, written)) != written:
            text = f"the agency {shown_key(earlier)} again; expected each agency once"
            yield source.key_problem(path, text)


def _check_blocks(parts: Parts, source: Source) -> Iterator[Problem]:
    for block, keys in parts.blocks.items():
        path = ("blocks", block)
        if keys.min is not None and keys.min > keys.limit:
            text = f"found {keys.min}, expected at most limit ({keys.limit})"
            yield source.problem((*path, "min"), text)
        if keys.fallback == block != NOTHING:
            text = "found the block itself, expected another block or nothing"
            yield source.problem((*path, "fallback"), text)
        elif keys.fallback not in parts.block_ids | {NOTHING}:
            text = f"no block {shown_key(keys.fallback)}; expected an id under blocks, or nothing"
            yield source.problem((*path, "fallback"), text)


def _check_pages(parts: Parts, source: Source) -> Iterator[Problem]:
    for block in parts.blocks:
        if block in _RESERVED_BLOCKS:
            yield source.key_problem(("blocks", block), _RESERVED_BLOCKS[block])
    for page, keys in parts.pages.items():
        path = ("pages", page)
        if page in _RESERVED_PAGES:
            text = "this name is taken by a file of every publication; expected another id"
            yield source.key_problem(path, text)
        named = keys.site is not None or parts.is_wrong((*path, "site"))
        yield from _check_names(
            keys.blocks, (*path, "blocks"), parts.block_ids, source, what="block"
        )
        if keys.site is not None and keys.site not in parts.site_ids:
            text = f"no site {shown_key(keys.site)}; expected an id under sites"
            yield source.problem((*path, "site"), text)
        elif not named and page not in parts.site_ids:
            text = "no site of this id; expected the id of a site, or {site: ..., blocks: [...]}"
            yield source.key_problem(path, text)


def _check_names(
    names: Sequence[str], path: KeyPath, known: frozenset[str], source: Source, *, what: str
) -> Iterator[Problem]:
    """Each name stands for something, and stands once."""
    seen = set[str]()
    for index, name in enumerate(names):
        if name in seen:
            text = f"{what} {shown_key(name)} twice; expected it once"
            yield source.problem((*path, index), text)
        elif name not in known:
            text = f"no {what} {shown_key(name)}; expected an id under {what}s"
            yield source.problem((*path, index), text)
        seen.add(name)
