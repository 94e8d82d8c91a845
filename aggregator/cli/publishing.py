"""`publish`: a generation now, or an older one again."""

from __future__ import annotations

import click

from aggregator.cli.context import Options
from aggregator.cli.counts import counted
from aggregator.control import Message
from aggregator.logs import printable, set_up_logging
from aggregator.network import Network
from aggregator.requests import request


@click.command()
@click.option(
    "--rollback",
    is_flag=False,
    flag_value="0",
    type=click.IntRange(min=0),
    metavar="[GENERATION]",
    help="Show an older generation again, the one before by default, until something changes.",
)
@click.pass_obj
def publish(options: Options, rollback: int | None) -> None:
    """Write a generation now, here or through the running daemon."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "publish"}
    if rollback is not None:
        message = {"command": "put_back", "generation": rollback or None}
    show_publication(request(network, message), network)


def show_publication(answer: Message, network: Network) -> None:
    """What a publication changed, and where it is."""
    where = printable(str(network.output / "current"))
    if answer["generation"] is None:
        click.echo(f"{where}: nothing to change")
    else:
        changed = counted(answer["changed"], "file")
        click.echo(
            f"{where}: generation {answer['generation']}: {changed} changed,"
            f" {answer['removed']} removed"
        )
