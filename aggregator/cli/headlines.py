"""`headlines`: what stands on a page, or stood there."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime

import click
from sqlite_utils import Database

from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.moments import MOMENT
from aggregator.errors import UsageError
from aggregator.logs import printable_lines
from aggregator.model import BlockContent, PageContent
from aggregator.network import Network
from aggregator.render import look_of, render_page
from aggregator.store import publications
from aggregator.store.connection import open_reader


@click.command()
@click.argument("page")
@click.option(
    "--at", type=MOMENT, help="As they stood then: 2026-11-24T12:00, or 2h for so long ago."
)
@AS_JSON
@click.pass_obj
def headlines(options: Options, page: str, at: datetime | None, as_json: bool) -> None:
    """Print the blocks of PAGE as they are published now."""
    show_headlines(options.network(), page, as_json=as_json, at=at)


def show_headlines(
    network: Network, page_id: str, *, as_json: bool, at: datetime | None = None
) -> None:
    """A page as it is published, or was `at` a time; raises UsageError for one there is not.

    Blocks that stood there then and left feeds.yaml since come last, named by their ids.
    """
    page = next((page for page in network.pages if page.id == page_id), None)
    if page is None:
        known = ", ".join(page.id for page in network.pages)
        raise UsageError(f"{page_id}: no such page; feeds.yaml has {known or 'none'}")
    names = {site.id: site.name for site in network.sites}
    with closing(open_reader(network.database).conn) as connection:
        db = Database(connection)
        shown = publications.shown_headlines(db, page_id, names, at=at)
        published = publications.last_generation(db, at=at) is not None
    present = tuple(
        BlockContent(block.id, block.title, block.link, shown.pop(block.id, ()))
        for block in page.blocks
    )
    blocks = (*present, *(BlockContent(id, id, None, found) for id, found in shown.items()))
    content = PageContent(page.id, page.site, blocks, page.link_params)
    files = render_page(content, look_of(network, page.site))
    body = files[f"{page_id}/headlines.{'json' if as_json else 'txt'}"]
    click.echo(body if as_json else printable_lines(body.decode()), nl=False)
    if not published:
        why = "was published then" if at else "is published yet: `aggregator run --once` does it"
        print(f"nothing {why}", file=sys.stderr)
