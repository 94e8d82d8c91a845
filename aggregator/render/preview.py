"""Every page -> index.html, a preview for people: what each page shows and how to include it.

Blocks stand in it in the very markup that readers get.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aggregator.model import BlockContent, PageContent
from aggregator.network import Network, Site
from aggregator.render.printable import one_line, printable_page
from aggregator.render.templating import render_template
from aggregator.times import format_time


@dataclass(frozen=True, slots=True)
class _Section:
    """One page as the template shows it; `home` None: its site is not in the network."""

    id: str
    name: str
    home: str | None
    host: str
    blocks: tuple[BlockContent, ...]
    headlines: int


def render_preview(
    network: Network, pages: Iterable[PageContent], *, generated_at: datetime
) -> bytes:
    """One self-contained HTML document in UTF-8; it links to the files of `render_page` beside
    it and asks for nothing else. Raises ValueError as `printable_page` does."""
    sites = {site.id: site for site in network.sites}
    sections = [_section(printable_page(page), sites.get(page.site)) for page in pages]
    html = render_template(
        "preview.html",
        network=one_line(network.name),
        sections=sections,
        headlines=sum(section.headlines for section in sections),
        machine_time=format_time(generated_at),
        human_time=f"{generated_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )
    return html.encode()


def _section(page: PageContent, site: Site | None) -> _Section:
    return _Section(
        id=page.page,
        name=page.page if site is None else one_line(site.name),
        home=None if site is None else site.home,
        host="" if site is None else (urlsplit(site.home).hostname or "").removeprefix("www."),
        blocks=page.blocks,
        headlines=sum(len(block.headlines) for block in page.blocks),
    )
