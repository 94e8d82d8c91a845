"""`check` and `poll`: what feeds answered -> text for people, or JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.counts import counted
from aggregator.cli.tables import fit_table
from aggregator.control import Message
from aggregator.logs import masked_url, printable, set_up_logging
from aggregator.network import Network
from aggregator.requests import CHECK_TIMEOUT_S, request

FAILED = 1


@click.command()
@click.option("--fetch", is_flag=True, help="Also poll every feed once, never within its floor.")
@AS_JSON
@click.pass_obj
def check(options: Options, fetch: bool, as_json: bool) -> int:
    """Validate feeds.yaml."""
    network = options.network()
    if not fetch:
        show_summary(network, options.config, as_json=as_json)
        return 0
    set_up_logging(quiet=True)
    answer = request(network, {"command": "check"}, timeout=CHECK_TIMEOUT_S)
    return show_check(answer, as_json=as_json)


@click.command()
@click.argument("feed")
@AS_JSON
@click.pass_obj
def poll(options: Options, feed: str, as_json: bool) -> int:
    """Poll FEED now (its id or URL, or a site for all of its feeds), never within its floor."""
    network = options.network()
    set_up_logging(quiet=True)
    answer = request(network, {"command": "poll", "feed": feed})
    return show_poll(answer, as_json=as_json)


def show_summary(network: Network, config: Path, *, as_json: bool) -> None:
    """One line, or one object: what the file holds."""
    holds = {
        "sites": len(network.sites),
        "feeds": len(network.feeds()),
        "pages": len(network.pages),
        "blocks": sum(len(page.blocks) for page in network.pages),
    }
    if as_json:
        click.echo(json.dumps(holds, indent=2))
        return
    counts = ", ".join(counted(count, what.removesuffix("s")) for what, count in holds.items())
    click.echo(f"{printable(str(config))}: ok: {counts} on them")


def show_check(answer: Message, *, as_json: bool) -> int:
    """How every feed answered; 1 when one gave no document."""
    feeds = _feeds_of(answer)
    failing = any(feed["failures"] for feed in feeds)
    if as_json:
        click.echo(json.dumps(feeds, indent=2))
        return FAILED if failing else 0
    headers = ["site", "feed", "outcome", "entries", "why"]
    table = [
        [
            feed["site"],
            feed["url"],
            feed["outcome"] or "-",
            feed["entries"],
            feed["error"] or ("" if feed["polled"] else _left_alone(feed)),
        ]
        for feed in feeds
    ]
    click.echo(fit_table(table, headers))
    return FAILED if failing else 0


def show_poll(answer: Message, *, as_json: bool) -> int:
    """What a person's polls brought; 1 when one gave no document."""
    feeds = _feeds_of(answer)
    if as_json:
        click.echo(json.dumps(feeds, indent=2))
    for feed in () if as_json else feeds:
        if not feed["polled"]:
            why = _left_alone(feed)
        else:
            why = f"{feed['outcome']}: {feed['error'] or '{} new'.format(feed['new'])}"
        click.echo(printable(f"{feed['url']}: {why}"))
    return FAILED if any(feed["error"] for feed in feeds) else 0


def _left_alone(feed: dict[str, Any]) -> str:
    """Why a feed was not polled."""
    if feed["paused_until"]:
        return f"paused until {feed['paused_until']}, after a 429 or 503"
    return "polled a moment ago: not again so soon"


def _feeds_of(answer: Message) -> list[dict[str, Any]]:
    """What the answer says of each feed, its address as `status` shows it."""
    feeds = answer["feeds"]
    assert isinstance(feeds, list)
    return [{**feed, "url": masked_url(feed["url"])} for feed in feeds]
