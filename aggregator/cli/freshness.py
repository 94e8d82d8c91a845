"""`status --check`: which blocks are not as fresh as they are meant to be."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import click
from sqlite_utils import Database

from aggregator.cli.counts import counted
from aggregator.freshness import BlockAge, block_ages
from aggregator.network import Network
from aggregator.store import publications
from aggregator.store.connection import open_reader
from aggregator.times import format_duration

NOT_FRESH = 1
DAYS_FROM_H = 100


def show_freshness(network: Network, *, as_json: bool) -> int:
    """1 when a block with an objective is older, or empty."""
    with closing(open_reader(network.database).conn) as connection:
        newest = publications.newest_shown(Database(connection))
    ages = block_ages(network.pages, newest, now=datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([_as_json(block) for block in ages], indent=2))
    else:
        _print([block for block in ages if block.objective is not None])
    return 0 if all(block.ok for block in ages) else NOT_FRESH


def _print(wanted: list[BlockAge]) -> None:
    stale = [block for block in wanted if not block.ok]
    for block in stale:
        age = "empty" if block.age is None else f"newest headline {told_age(block.age)} old"
        assert block.objective is not None
        click.echo(f"{block.page}/{block.block}: {age}, wanted {format_duration(block.objective)}")
    if not wanted:
        click.echo("no block has an objective; `fresh:` in feeds.yaml gives it one")
    elif not stale:
        click.echo(f"fresh: {counted(wanted, 'block')} with an objective")


def told_age(age: timedelta) -> str:
    """`45m`, `26h43m`, `12d`: no finer than someone wants to know it."""
    hours, minutes = divmod(round(age / timedelta(minutes=1)), 60)
    if hours >= DAYS_FROM_H:
        return f"{hours // 24}d"
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m"


def _as_json(block: BlockAge) -> dict[str, object]:
    return {
        "page": block.page,
        "block": block.block,
        "age_s": None if block.age is None else int(block.age.total_seconds()),
        "objective_s": None if block.objective is None else int(block.objective.total_seconds()),
        "fresh": block.ok,
    }
