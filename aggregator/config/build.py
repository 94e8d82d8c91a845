"""A checked file -> the network it describes, and what about it deserves a warning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from aggregator.config.document import BlockKeys, FeedKeys, FetchKeys, FileKeys, SiteKeys
from aggregator.config.hosts import site_hosts
from aggregator.config.source import Source
from aggregator.config.values import parse_size
from aggregator.errors import Problem
from aggregator.network import (
    Block,
    Feed,
    FetchSettings,
    FuturePolicy,
    Licence,
    Network,
    Page,
    RetryScope,
    Site,
)
from aggregator.times import parse_duration


def build_network(file: FileKeys, directory: Path) -> Network:
    """The network of a file that has no problem; its relative paths start at `directory`."""
    return Network(
        name=file.network.name,
        contact=file.network.contact,
        database=directory / file.database,
        output=directory / file.output,
        sites=tuple(_site(id, keys) for id, keys in file.sites.items()),
        pages=tuple(_pages(file)),
        fetch=_fetch(file.fetch),
        licences=tuple(Licence(name, tuple(sites)) for name, sites in file.rights.items()),
    )


def warnings_of(file: FileKeys, network: Network, source: Source) -> Iterator[Problem]:
    """What loads, yet shows nothing."""
    placed = set[str]()
    for page in network.pages:
        path = ("pages", page.id)
        if not page.blocks:
            yield source.key_problem(path, "a page with no blocks shows nothing")
        for index, block in enumerate(page.blocks):
            placed.add(block.id)
            if not block.sources:
                text = (
                    f"block {block.id} can show nothing here: its only source is the page's own "
                    "site, which it shows with own: true only"
                )
                yield source.problem((*path, "blocks", index), text)
    for id in file.blocks:
        if id not in placed:
            yield source.key_problem(("blocks", id), "a block on no page is shown nowhere")


def _site(id: str, keys: SiteKeys) -> Site:
    return Site(
        id=id,
        name=keys.name,
        home=keys.home,
        hosts=tuple(site_hosts(keys)),
        feeds=tuple(_feed(id, feed) for feed in keys.feeds),
        foreign=keys.foreign,
    )


def _feed(site: str, keys: FeedKeys) -> Feed:
    return Feed(
        url=keys.url,
        site=site,
        every=_optional_duration(keys.every),
        timezone=keys.timezone,
        future=FuturePolicy(keys.future),
    )


def _pages(file: FileKeys) -> Iterator[Page]:
    every = tuple(file.sites)
    for id, keys in file.pages.items():
        site = keys.site if keys.site is not None else id
        # One tuple for all the mixed blocks of a page: a network may have thousands of sites.
        others = tuple(other for other in every if other != site)
        blocks = []
        for name in keys.blocks:
            block = file.blocks[name]
            if block.sources == ["*"]:
                sources = every if block.own else others
            else:
                sources = tuple(one for one in block.sources if block.own or one != site)
            blocks.append(_block(name, block, sources))
        yield Page(id=id, site=site, blocks=tuple(blocks))


def _block(id: str, keys: BlockKeys, sources: tuple[str, ...]) -> Block:
    return Block(
        id=id,
        title=keys.title,
        link=keys.link,
        sources=sources,
        limit=keys.limit,
        max_age=_optional_duration(keys.max_age),
        per_site=keys.per_site,
    )


def _fetch(keys: FetchKeys) -> FetchSettings:
    return FetchSettings(
        allow_private=tuple(ip_network(cidr) for cidr in keys.allow_private),
        allow_ports=frozenset(keys.allow_ports),
        timeout=parse_duration(keys.timeout),
        max_bytes=parse_size(keys.max_bytes),
        max_decoded=parse_size(keys.max_decoded),
        concurrency=keys.concurrency,
        host_delay=parse_duration(keys.host_delay),
        floor=parse_duration(keys.floor),
        budget=keys.budget,
        retry_after_scope=RetryScope(keys.retry_after_scope),
    )


def _optional_duration(text: str | None) -> timedelta | None:
    return None if text is None else parse_duration(text)
