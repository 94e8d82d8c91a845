"""`feeds ...`: where feeds have gone."""

from __future__ import annotations

import click

from aggregator.cli.context import Options
from aggregator.control import Message
from aggregator.logs import masked_url, printable, set_up_logging
from aggregator.requests import request


@click.group()
def feeds() -> None:
    """Decide about feeds that moved; FEED is a number or a URL of `status`."""


@feeds.command("undo-move")
@click.argument("feed")
@click.pass_obj
def undo_move(options: Options, feed: str) -> None:
    """Poll FEED where feeds.yaml says again, and do not follow that move any more."""
    set_up_logging(quiet=True)
    answer = request(options.network(), {"command": "undo-move", "feed": feed})
    url, left = _address(answer, "url"), _address(answer, "left")
    click.echo(printable(f"{url}: polled here again, not at {left}"))


@feeds.command("allow-move")
@click.argument("feed")
@click.pass_obj
def allow_move(options: Options, feed: str) -> None:
    """Believe FEED's permanent redirect, although it leads to another domain or was undone."""
    set_up_logging(quiet=True)
    answer = request(options.network(), {"command": "allow-move", "feed": feed})
    when = "from now on" if answer["learnt"] else "once it was seen twice, a day apart"
    url, target = _address(answer, "url"), _address(answer, "moved_to")
    click.echo(printable(f"{url}: polled at {target} {when}"))


def _address(answer: Message, name: str) -> str:
    """As `status` shows it."""
    return masked_url(str(answer[name]))
