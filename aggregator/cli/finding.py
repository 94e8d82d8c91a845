"""`search`: what was found -> text for people, or JSON for machines."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import datetime

import click
from sqlite_utils import Database

from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.moments import MOMENT
from aggregator.errors import UsageError
from aggregator.logs import printable
from aggregator.network import Network
from aggregator.store.connection import open_reader
from aggregator.store.searching import MAX_LIMIT, Hit, Search, find_stories


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--site", help="Stories of this site only.")
@click.option("--page", help="Stories that stand on this page, or stood on it.")
@click.option("--since", type=MOMENT, help="Not older: 2026-11-24, or 7d for so long ago.")
@click.option("--until", type=MOMENT, help="Older than that.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True, help="At most."
)
@AS_JSON
@click.pass_obj
def search(
    options: Options,
    words: tuple[str, ...],
    site: str | None,
    page: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find stories that have all WORDS, those with them in the title first.

    Any input is safe: quotes, dashes and operators are looked for as they stand.
    """
    wanted = Search(" ".join(words), site=site, since=since, until=until, page=page, limit=limit)
    show_hits(options.network(), wanted, as_json=as_json)


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
    when = (hit.published_at or hit.first_seen_at)[:16].replace("T", " ")
    first = f"{hit.story_id:>6}  {when}  {hit.site_name}  {hit.title}"
    return "\n".join(printable(line) for line in (first, f"        {hit.url or '(no link)'}"))
