"""`search`: what was found -> text for people, or JSON for machines."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict

import click
from sqlite_utils import Database

from aggregator.errors import UsageError
from aggregator.logs import printable
from aggregator.network import Network
from aggregator.store.connection import open_reader
from aggregator.store.searching import Hit, Search, find_stories


def show_hits(network: Network, search: Search, *, as_json: bool) -> None:
    """Raises UsageError for a site or page that feeds.yaml does not have."""
    _check_name("site", search.site, [site.id for site in network.sites])
    _check_name("page", search.page, [page.id for page in network.pages])
    with closing(open_reader(network.database).conn) as connection:
        hits = find_stories(Database(connection), search)
    if as_json:
        click.echo(json.dumps([asdict(hit) for hit in hits], indent=2))
        return
    for hit in hits:
        click.echo(_line(hit))


def _check_name(what: str, name: str | None, known: list[str]) -> None:
    if name is not None and name not in known:
        raise UsageError(f"{name}: no such {what}; feeds.yaml has {', '.join(known) or 'none'}")


def _line(hit: Hit) -> str:
    when = (hit.published_at or hit.first_seen_at).replace("T", " ").removesuffix(":00Z")
    first = f"{when.removesuffix('Z')}  {hit.site_name}  {hit.title}"
    return "\n".join(printable(line) for line in (first, f"    {hit.url or '(no link)'}"))
