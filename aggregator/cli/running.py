"""`run`, with and without `--once`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from aggregator.cli.context import Options
from aggregator.daemon import run_daemon
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.logs import LogForm, masked_url, printable, set_up_logging
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.notify import Notifier
from aggregator.pacing import steer
from aggregator.recording import PollReport
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.visiting import check_stories

SOME_FEED_FAILED = 1


@click.command()
@click.option("--once", is_flag=True, help="Poll every feed that is due, publish, exit.")
@click.option("--verbose", is_flag=True, help="Log details too.")
@click.option(
    "--log",
    "form",
    type=click.Choice([form.value for form in LogForm]),
    default=LogForm.TEXT.value,
    show_default=True,
    help="Lines for people, or one JSON object a line for machines.",
)
@click.pass_obj
def run(options: Options, once: bool, verbose: bool, form: str) -> int:
    """Run the daemon in the foreground; SIGTERM stops it, SIGHUP reads feeds.yaml again."""
    network = options.network()
    set_up_logging(verbose=verbose, quiet=once, form=LogForm(form))
    if once:
        return run_once(network)
    return run_until_stopped(network, lambda: options.load().network, options.config)


def run_until_stopped(network: Network, reload: Callable[[], Network], config: Path) -> int:
    """The daemon; returns 0 after SIGTERM or SIGINT."""
    run_loop(run_daemon(network, reload, config, Notifier(os.environ)))
    return 0


def run_once(network: Network) -> int:
    """Polls what is due and publishes; 1 when a feed of the network is failing afterwards."""
    return run_loop(_once(network))


async def _once(network: Network) -> int:
    async with open_instance(network) as instance:
        store = instance.tools.store
        due = await store.run(_due, instance.tools.clock())
        await store.run(steer, network, instance.tools.clock())
        reports = await _poll_with_progress(instance, due)
        await check_stories(instance.poller, instance.look)
        await instance.publish()
        failing = await store.run(_failing)
    for report in reports:
        if not report.ok:
            url = masked_url(report.feed.url)
            click.echo(printable(f"{url}: {report.outcome}: {report.error}"), err=True)
    return SOME_FEED_FAILED if failing else 0


async def _poll_with_progress(instance: Instance, due: tuple[FeedState, ...]) -> list[PollReport]:
    """A bar on a terminal, nothing elsewhere."""
    bar: Any
    with click.progressbar(
        length=len(due), label="Polling", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        instance.poller.on_report = lambda _: bar.update(1)
        return await instance.poller.poll_all(due)


def _due(store: Store, now: datetime) -> tuple[FeedState, ...]:
    return reading.due_feeds(store.db, now=now, limit=1_000_000)


def _failing(store: Store) -> bool:
    return reading.is_any_failing(store.db)
