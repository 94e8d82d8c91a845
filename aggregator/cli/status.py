"""`status`: how feeds are -> text for people, or JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict

import click
from sqlite_utils import Database

from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.freshness import show_freshness
from aggregator.cli.tables import fit_table
from aggregator.logs import masked_url, printable
from aggregator.network import Network
from aggregator.store import reading
from aggregator.store.connection import open_reader


@click.command()
@click.option("--check", is_flag=True, help="Say which blocks are not fresh; status 1 if any.")
@AS_JSON
@click.pass_obj
def status(options: Options, check: bool, as_json: bool) -> int:
    """Show every feed: last poll, outcome, next poll and why, entries, failures."""
    network = options.network()
    if check:
        return show_freshness(network, as_json=as_json)
    show_status(network, as_json=as_json)
    return 0


def show_status(network: Network, *, as_json: bool) -> None:
    """The feeds' table, by site."""
    with closing(open_reader(network.database).conn) as connection:
        statuses = reading.feed_statuses(Database(connection))
    if as_json:
        click.echo(json.dumps([_masked(status) for status in statuses], indent=2))
        return
    headers = ["id", "site", "feed", "state", "last poll", "outcome", "next poll", "why"]
    headers += ["entries", "failures", "known by"]
    table = [
        [
            status.feed_id,
            status.site,
            masked_url(status.url),
            status.state,
            status.last_polled_at or "never",
            status.last_outcome or "-",
            status.next_poll_at or "never",
            status.why or "-",
            status.entries,
            status.failures,
            status.id_policy,
        ]
        for status in statuses
    ]
    click.echo(fit_table(table, headers))
    for status in statuses:
        for remark in _remarks(status):
            click.echo(printable(f"{masked_url(status.url)}: {remark}"))


def _masked(status: reading.FeedStatus) -> dict[str, object]:
    """Output ends up in tickets and monitoring: no more of an address than a log has."""
    urls = {name: getattr(status, name) for name in ("url", "moved_to", "move_sighted")}
    return {**asdict(status), **{name: url and masked_url(url) for name, url in urls.items()}}


def _remarks(status: reading.FeedStatus) -> Iterator[str]:
    """What does not fit into a row."""
    if status.last_error:
        yield status.last_error
    if status.state == "paused":
        yield f"paused until {status.paused_until}, after a 429 or 503"
    if status.moved_to:
        where = masked_url(status.moved_to)
        yield f"moved; polled at {where} (`feeds undo-move {status.feed_id}` ends that)"
    if status.move_sighted:
        where = masked_url(status.move_sighted)
        yield (
            f"redirected for good to {where} since {status.move_sighted_at}, not yet"
            f" believed (`feeds allow-move {status.feed_id}` does, if it is another domain)"
        )
