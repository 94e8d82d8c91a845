"""Every page -> index.html, a preview for people: what each page shows, how to include it, and how
its feeds do.

Blocks stand in it in the markup that readers get, but for images, as the preview asks for nothing,
and labels, as it shows many pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from markupsafe import Markup

from aggregator.model import BlockContent, FeedHealth, PageContent
from aggregator.network import NOTHING, Network, Show, Site
from aggregator.render.files import render_block
from aggregator.render.printable import one_line
from aggregator.render.templating import render_template
from aggregator.render.view import human_time, look_of, view_page
from aggregator.times import format_time


@dataclass(frozen=True, slots=True)
class _Block:
    """One block as the template shows it: its markup, '' when it is empty, and remarks on it."""

    id: str
    title: str
    html: Markup
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    """One page as the template shows it; `home` None: its site is not in the network."""

    id: str
    name: str
    home: str | None
    host: str
    blocks: tuple[_Block, ...]
    headlines: int


@dataclass(frozen=True, slots=True)
class _Feed:
    """One line of the feeds' health."""

    site: str
    address: str
    state: str
    time: str
    machine_time: str | None
    why: str


def render_preview(
    network: Network,
    pages: Iterable[PageContent],
    *,
    generated_at: datetime,
    health: Iterable[FeedHealth] = (),
) -> bytes:
    """One self-contained HTML document in UTF-8; it links to the files of `render_page` beside
    it and asks for nothing else. Raises ValueError and ConfigError as `render_page` does."""
    sites = {site.id: site for site in network.sites}
    sections = [_section(page, network, sites.get(page.site)) for page in pages]
    feeds = [_feed(feed, sites) for feed in health]
    html = render_template(
        "preview.html",
        network=one_line(network.name),
        sections=sections,
        headlines=sum(section.headlines for section in sections),
        feeds=feeds,
        unwell=sum(feed.state != "ok" for feed in feeds),
        machine_time=format_time(generated_at),
        human_time=human_time(generated_at),
    )
    return html.encode()


def _section(content: PageContent, network: Network, site: Site | None) -> _Section:
    look = look_of(network, content.page if site is None else site.id)
    # Its policy would stop an image, and say so in the console.
    plain = replace(content, blocks=tuple(map(_without_images, content.blocks)))
    page = view_page(plain, look)
    # Other pages here show blocks of the same title: no two landmarks go by one name.
    views = tuple(replace(view, label=f"{view.title}, {page.site_name}") for view in page.blocks)
    blocks = tuple(
        _Block(
            id=view.id,
            title=view.title,
            html=Markup(render_block(page, view, look)),  # our own template's work
            notes=_notes(block),
        )
        for view, block in zip(views, content.blocks, strict=True)
    )
    return _Section(
        id=page.id,
        name=look.site_name,
        home=None if site is None else site.home,
        host="" if site is None else (urlsplit(site.home).hostname or "").removeprefix("www."),
        blocks=blocks,
        headlines=sum(len(block.headlines) for block in page.blocks),
    )


def _without_images(block: BlockContent) -> BlockContent:
    return replace(block, show=tuple(part for part in block.show if part is not Show.IMAGE))


def _notes(block: BlockContent) -> tuple[str, ...]:
    """What an editor should know of how the block came to be."""
    notes = []
    if block.state.fallback == NOTHING:
        notes.append("Stale: none of its sources has answered for too long.")
    elif block.state.fallback is not None:
        notes.append(f"Stale: block {block.state.fallback} stands in for {block.id}.")
    if block.state.relaxed:
        rules = ", ".join(block.state.relaxed)
        notes.append(f"Gave way so that it has enough headlines: {rules}.")
    return tuple(notes)


def _feed(feed: FeedHealth, sites: dict[str, Site]) -> _Feed:
    at = feed.last_success_at
    site = sites.get(feed.site)
    return _Feed(
        site=one_line(feed.site if site is None else site.name),
        address=_address(feed.url),
        state=feed.state,
        time="never" if at is None else human_time(at),
        machine_time=None if at is None else format_time(at),
        why=one_line(feed.why or ""),
    )


def _address(url: str) -> str:
    """Without what may be a secret: this page may be read by everybody."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(("", host, parts.path, "…" if parts.query else "", "")).removeprefix("//")
