"""`health`: the running daemon -> a line and an exit status, for a container's health check.

Asked twice a minute: it loads no more than it needs.
"""

from __future__ import annotations

import click

from aggregator.cli.context import Options
from aggregator.control import ask
from aggregator.logs import printable
from aggregator.network import Network

NOT_WELL = 1
TIMEOUT_S = 5.0


@click.command()
@click.pass_obj
def health(options: Options) -> int:
    """Ask the running daemon how it is; status 1 with the reason when it is not well."""
    return show_health(options.network())


def show_health(network: Network) -> int:
    """One line; 1 when the daemon has a complaint or there is none."""
    answer = ask(network.database, {"command": "health"}, timeout=TIMEOUT_S)
    complaint = "no daemon runs" if answer is None else answer.get("complaint")
    click.echo(printable(str(complaint or "ok")))
    return NOT_WELL if complaint else 0
