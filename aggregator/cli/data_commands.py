"""The commands that ask and keep the database, one function each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from aggregator.cli import finding, keeping
from aggregator.cli.context import Options
from aggregator.cli.moments import MOMENT
from aggregator.store.searching import MAX_LIMIT, Search

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--site", help="Stories of this site only.")
@click.option("--page", help="Stories that stand on this page, or stood on it.")
@click.option("--since", type=MOMENT, help="Not older: 2026-11-24, or 7d for so long ago.")
@click.option("--until", type=MOMENT, help="Older than that.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True, help="At most."
)
@_AS_JSON
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
    finding.show_hits(options.network(), wanted, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(options: Options, file: Path) -> None:
    """Write a copy of the database to FILE, checked and whole, also while the daemon runs."""
    keeping.make_backup(options.network(), file)


@click.command()
@click.option("--reindex", is_flag=True, help="Index every entry for search anew.")
@_AS_JSON
@click.pass_obj
def doctor(options: Options, reindex: bool, as_json: bool) -> int:
    """Examine the database and say what to do; status 5 when it is damaged."""
    return keeping.examine_database(options.network(), reindex=reindex, as_json=as_json)


@click.command()
@click.pass_obj
def vacuum(options: Options) -> None:
    """Remove what no `retention:` keeps, now, and give its space back."""
    keeping.vacuum_database(options.network())


DATA_COMMANDS: tuple[click.Command, ...] = (search, backup, doctor, vacuum)
