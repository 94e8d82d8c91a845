"""`backup`, `doctor`, `vacuum` and `replay`: what was done or found -> text for people."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from aggregator import replaying
from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.counts import counted
from aggregator.cli.moments import MOMENT
from aggregator.cli.paths import FILE_PATH, check_target
from aggregator.errors import DamagedError
from aggregator.instance import run_loop
from aggregator.logs import printable, set_up_logging
from aggregator.network import Network
from aggregator.requests import UPKEEP_TIMEOUT_S, request
from aggregator.store.backup import back_up
from aggregator.store.connection import open_reader
from aggregator.store.doctor import Finding, Verdict, examine

SOME_DAMAGED = 1


@click.command()
@click.argument("file", type=FILE_PATH)
@click.pass_obj
def backup(options: Options, file: Path) -> None:
    """Write a copy of the database to FILE, checked and whole, also while the daemon runs."""
    network = options.network()
    check_target(file, config=options.config, database=network.database)
    make_backup(network, file)


@click.command()
@click.option("--reindex", is_flag=True, help="Index every entry for search anew.")
@AS_JSON
@click.pass_obj
def doctor(options: Options, reindex: bool, as_json: bool) -> int:
    """Examine the database and say what to do; status 5 when it is damaged."""
    return examine_database(options.network(), reindex=reindex, as_json=as_json)


@click.command()
@click.pass_obj
def vacuum(options: Options) -> None:
    """Remove what no `retention:` keeps, now, and give its space back."""
    vacuum_database(options.network())


@click.command()
@click.argument("file", type=FILE_PATH)
@click.option(
    "--until", type=MOMENT, help="Not what came after: 2026-11-24T12:00, or 2h for so long ago."
)
@click.pass_obj
def replay(options: Options, file: Path, until: datetime | None) -> int:
    """Make a new database FILE from the archive, as if every poll in it came again.

    Needs `archive:` in feeds.yaml, which is read as it is now. Status 1 when a part of the archive
    is damaged; the rest is in FILE then.
    """
    return replay_archive(options.network(), file, until=until)


def make_backup(network: Network, file: Path) -> None:
    """Says where the copy is and how large."""
    target = file.absolute()
    back_up(network.database, target)
    click.echo(f"{printable(str(target))}: {target.stat().st_size} bytes, checked")


def examine_database(network: Network, *, reindex: bool, as_json: bool) -> int:
    """The findings, a line each; the exit status."""
    if reindex:
        set_up_logging(quiet=True)
        request(network, {"command": "reindex"}, timeout=UPKEEP_TIMEOUT_S)
    with closing(open_reader(network.database).conn) as connection:
        findings = examine(Database(connection), network.database)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(_lines(finding))
    damaged = any(finding.verdict is Verdict.DAMAGED for finding in findings)
    return DamagedError.exit_status if damaged else 0


def _lines(finding: Finding) -> str:
    first = f"{finding.verdict:<8} {finding.check}"
    if finding.detail:
        first += f": {printable(finding.detail)}"
    return f"{first}\n         {finding.remedy}" if finding.remedy else first


def replay_archive(network: Network, file: Path, *, until: datetime | None) -> int:
    """A bar on a terminal, a line for each poll that cannot be read, and what came of it."""
    set_up_logging(quiet=True)
    target = file.absolute()
    bar: Any
    with click.progressbar(
        length=0, label="Replaying", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def told(total: int, problem: str | None) -> None:
            bar.length = total
            bar.update(1)
            if problem is not None:
                click.echo(printable(f"damaged: {problem}"), err=True)

        done = run_loop(replaying.replay(network, target, until=until, on_poll=told))
    click.echo(
        f"{printable(str(target))}: {counted(done.polls, 'poll')} replayed,"
        f" {done.documents} of them with a document;"
        f" {done.left_out} of feeds that feeds.yaml does not have, {done.problems} damaged"
    )
    return SOME_DAMAGED if done.problems else 0


def vacuum_database(network: Network) -> None:
    """Says what went and what it gave."""
    set_up_logging(quiet=True)
    answer = request(network, {"command": "vacuum"}, timeout=UPKEEP_TIMEOUT_S)
    click.echo(
        f"{printable(str(network.database))}: {counted(answer['entries'], 'entry')},"
        f" {counted(answer['stories'], 'story')}, {counted(answer['polls'], 'poll')} and"
        f" {counted(answer['archived'], 'poll')} of the archive removed;"
        f" {answer['bytes_before']} bytes before, {answer['bytes_after']} after"
    )
