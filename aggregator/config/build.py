"""A checked file -> the network it describes, and what about it deserves a warning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from aggregator.config.document import (
    BlockKeys,
    FetchKeys,
    FileKeys,
    FilterKeys,
    ServeKeys,
    SiteKeys,
)
from aggregator.config.feed_keys import ArchiveKeys, FeedKeys, RetentionKeys
from aggregator.config.hosts import site_hosts
from aggregator.config.links import ascii_host
from aggregator.config.source import Source
from aggregator.config.values import parse_listen, parse_size
from aggregator.errors import Problem
from aggregator.network import (
    NOTHING,
    Access,
    Archive,
    BasicAuth,
    Block,
    Feed,
    FetchSettings,
    Filter,
    FuturePolicy,
    Licence,
    Network,
    Order,
    Page,
    Publishing,
    Retention,
    RetryScope,
    ServeSettings,
    Show,
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
        sites=tuple(_site(id, keys, directory) for id, keys in file.sites.items()),
        pages=tuple(_pages(file)),
        fetch=_fetch(file.fetch),
        retention=_retention(file.retention) or Retention(),
        publishing=_publishing(file, directory),
        licences=tuple(Licence(name, tuple(sites)) for name, sites in file.rights.items()),
        watch=file.watch,
        min_free=parse_size(file.min_free),
        serve=None if file.serve is None else _serve(file.serve),
        archive=_archive(file.archive),
        check_stories=_optional_duration(file.check_stories),
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
    standing_in = {keys.fallback for keys in file.blocks.values() if keys.stale_after is not None}
    for id, keys in file.blocks.items():
        if id not in placed | standing_in:
            yield source.key_problem(("blocks", id), "a block on no page is shown nowhere")
        if keys.stale_after is None and keys.fallback != NOTHING:
            text = "without stale_after the block is never stale"
            yield source.problem(("blocks", id, "fallback"), text)


def _site(id: str, keys: SiteKeys, directory: Path) -> Site:
    return Site(
        id=id,
        name=keys.name,
        home=keys.home,
        hosts=tuple(site_hosts(keys)),
        feeds=tuple(_feed(id, feed, directory) for feed in keys.feeds),
        foreign=keys.foreign,
    )


def _feed(site: str, keys: FeedKeys, directory: Path) -> Feed:
    scope = keys.retry_after_scope
    return Feed(
        url=keys.url,
        site=site,
        every=_optional_duration(keys.every),
        timezone=keys.timezone,
        future=FuturePolicy(keys.future),
        retention=_retention(keys.retention),
        revalidate=_optional_duration(keys.revalidate),
        retry_after_scope=scope and RetryScope(scope),
        access=_access(keys, directory),
    )


def _access(keys: FeedKeys, directory: Path) -> Access:
    auth = keys.auth
    return Access(
        headers=tuple(keys.headers.items()),
        auth=None if auth is None else BasicAuth(auth.user, auth.password_env),
        proxy=keys.proxy,
        user_agent_suffix=keys.user_agent_suffix,
        ca_file=None if keys.ca_file is None else directory / keys.ca_file,
        allow_private=tuple(ip_network(cidr) for cidr in keys.allow_private),
    )


def _retention(keys: RetentionKeys | None) -> Retention | None:
    return None if keys is None else Retention(keys.days, keys.keep, keys.poll_days)


def _archive(keys: ArchiveKeys | None) -> Archive | None:
    return None if keys is None else Archive(parse_size(keys.max_bytes), keys.days)


def _publishing(file: FileKeys, directory: Path) -> Publishing:
    url = file.network.public_url
    return Publishing(
        public_url=None if url is None else url.rstrip("/"),
        keep_generations=file.keep_generations,
        gzip=file.gzip,
        after_publish=tuple(file.after_publish),
        templates_at=None if file.templates is None else directory / file.templates,
    )


def _pages(file: FileKeys) -> Iterator[Page]:
    every = tuple(file.sites)
    for id, keys in file.pages.items():
        site = keys.site if keys.site is not None else id
        # One tuple for all the mixed blocks of a page: a network may have thousands of sites.
        others = tuple(other for other in every if other != site)
        blocks = tuple(_placed_block(name, file, site, every, others) for name in keys.blocks)
        yield Page(id=id, site=site, blocks=blocks, link_params=tuple(keys.link_params.items()))


def _placed_block(
    name: str, file: FileKeys, site: str, every: tuple[str, ...], others: tuple[str, ...]
) -> Block:
    """A block as the page of `site` shows it, with what stands in for it when it is stale."""
    keys = file.blocks[name]
    block = _block(name, keys, _sources(keys, site, every, others))
    if keys.fallback == NOTHING:
        return block
    fallback = file.blocks[keys.fallback]
    sources = _sources(fallback, site, every, others)
    return replace(block, fallback=_block(keys.fallback, fallback, sources))


def _sources(
    keys: BlockKeys, site: str, every: tuple[str, ...], others: tuple[str, ...]
) -> tuple[str, ...]:
    if keys.sources == ["*"]:
        return every if keys.own else others
    return tuple(one for one in keys.sources if keys.own or one != site)


def _block(id: str, keys: BlockKeys, sources: tuple[str, ...]) -> Block:
    return Block(
        id=id,
        title=keys.title,
        link=keys.link,
        sources=sources,
        limit=keys.limit,
        max_age=_optional_duration(keys.max_age),
        per_site=keys.per_site,
        order=Order(keys.order),
        minimum=keys.min,
        include=None if keys.include is None else _filter(keys.include),
        exclude=Filter() if keys.exclude is None else _filter(keys.exclude),
        language=keys.language,
        show=tuple(Show(part) for part in dict.fromkeys(keys.show)),
        stale_after=_optional_duration(keys.stale_after),
        fresh=_optional_duration(keys.fresh),
    )


def _filter(keys: FilterKeys) -> Filter:
    return Filter(words=tuple(keys.words), categories=tuple(keys.categories))


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


def _serve(keys: ServeKeys) -> ServeSettings:
    host, port = parse_listen(keys.listen)
    callback = None if keys.callback_url is None else keys.callback_url.rstrip("/")
    return ServeSettings(
        host=host,
        port=port,
        hosts=frozenset(ascii_host(name) for name in keys.hosts),
        token_env=keys.token_env,
        callback_url=callback,
    )


def _optional_duration(text: str | None) -> timedelta | None:
    return None if text is None else parse_duration(text)
