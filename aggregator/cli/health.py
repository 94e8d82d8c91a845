"""`health`: the running daemon -> a line and an exit status, for a container's health check.

Asked twice a minute: it loads no more than it needs.
"""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.context import Options
from aggregator.control import ask
from aggregator.logs import printable

NOT_WELL = 1
TIMEOUT_S = 5.0


@click.command()
@click.pass_obj
def health(options: Options) -> int:
    """Ask the running daemon how it is; status 1 with the reason when it is not well."""
    # Named, the database is all that is needed: a daemon goes on under a feeds.yaml that is wrong.
    database = options.database or options.network().database
    return show_health(database.absolute())


def show_health(database: Path) -> int:
    """One line; 1 when the daemon has a complaint or there is none."""
    answer = ask(database, {"command": "health"}, timeout=TIMEOUT_S)
    complaint = "no daemon runs" if answer is None else answer.get("complaint")
    click.echo(printable(str(complaint or "ok")))
    return NOT_WELL if complaint else 0
