"""What commands know -> text for people, or JSON for machines.

Headlines and errors come from outside: control characters are printed as escapes, so none of them
moves a terminal's cursor.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database
from tabulate import tabulate

from aggregator.control import Message, ask
from aggregator.errors import UsageError
from aggregator.logs import masked_url, printable
from aggregator.model import BlockContent, PageContent
from aggregator.network import Network
from aggregator.render import look_of, render_page
from aggregator.store import publications, reading
from aggregator.store.connection import open_reader

FAILED = 1
_NUMBERS = ("id", "entries", "failures")
HEALTH_TIMEOUT_S = 5.0


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
    counts = ", ".join(f"{count} {what}" for what, count in holds.items())
    click.echo(f"{printable(str(config))}: ok: {counts} on them")


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
    click.echo(_table(table, headers))
    for status in statuses:
        for remark in _remarks(status):
            click.echo(printable(f"{masked_url(status.url)}: {remark}"))


def _table(rows: list[list[object]], headers: list[str]) -> str:
    """Fit to print; what looks like a number is one in a column of numbers only."""
    texts = [place for place, header in enumerate(headers) if header not in _NUMBERS]
    return printable_lines(tabulate(rows, headers=headers, disable_numparse=texts))


def _masked(status: reading.FeedStatus) -> dict[str, object]:
    """Output ends up in tickets and monitoring: no more of an address than a log has."""
    urls = {name: getattr(status, name) for name in ("url", "moved_to", "move_sighted")}
    return {**asdict(status), **{name: url and masked_url(url) for name, url in urls.items()}}


def _remarks(status: reading.FeedStatus) -> Iterator[str]:
    """What does not fit into a row."""
    if status.last_error:
        yield status.last_error
    if status.state == "paused":
        yield f"paused until {status.paused_until}, as its server asked"
    if status.moved_to:
        where = masked_url(status.moved_to)
        yield f"moved; polled at {where} (`feeds undo-move {status.feed_id}` ends that)"
    if status.move_sighted:
        where = masked_url(status.move_sighted)
        yield (
            f"redirected for good to {where} since {status.move_sighted_at}, not yet"
            f" believed (`feeds allow-move {status.feed_id}` does, if it is another domain)"
        )


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
    click.echo(_table(table, headers))
    return FAILED if failing else 0


def show_health(database: Path) -> int:
    """One line; 1 when the daemon has a complaint or there is none."""
    answer = ask(database, {"command": "health"}, timeout=HEALTH_TIMEOUT_S)
    complaint = "no daemon runs" if answer is None else answer.get("complaint")
    click.echo(printable(str(complaint or "ok")))
    return FAILED if complaint else 0


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
        return f"paused until {feed['paused_until']}, as its server asked"
    return "polled a moment ago: not again so soon"


def _feeds_of(answer: Message) -> list[dict[str, Any]]:
    """What the answer says of each feed, its address as `status` shows it."""
    feeds = answer["feeds"]
    assert isinstance(feeds, list)
    return [{**feed, "url": masked_url(feed["url"])} for feed in feeds]


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


def show_publication(answer: Message, network: Network) -> None:
    """What a publication changed, and where it is."""
    where = printable(str(network.output / "current"))
    if answer["generation"] is None:
        click.echo(f"{where}: nothing to change")
    else:
        click.echo(
            f"{where}: generation {answer['generation']}: {answer['changed']} files changed,"
            f" {answer['removed']} removed"
        )


def printable_lines(text: str) -> str:
    """`printable`, line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))
