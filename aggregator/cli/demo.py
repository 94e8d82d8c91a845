"""`demo`: a made-up family of sites on loopback, polled and published by the real road."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.cli.counts import counted
from aggregator.cli.headlines import show_headlines
from aggregator.cli.paths import FILE_PATH
from aggregator.config_file import read_network
from aggregator.demo.config import feeds_yaml
from aggregator.demo.family import Family, build_family
from aggregator.demo.server import FamilyServer
from aggregator.demo.stories import BREAKING
from aggregator.errors import StorageError, UsageError
from aggregator.instance import Instance, open_instance, run_loop
from aggregator.logs import printable, printable_lines, set_up_logging
from aggregator.model import FeedState
from aggregator.network import Network
from aggregator.recording import PollReport
from aggregator.store import reading
from aggregator.store.store import Store

PAGE = "spacewar"


@click.command()
@click.option(
    "--dir",
    "directory",
    type=FILE_PATH,
    help="Where to put its files; an empty or new directory.  [default: a new temporary one]",
)
def demo(directory: Path | None) -> None:
    """Serve a small family of sites on loopback, poll it and publish its blocks, for real."""
    set_up_logging(quiet=True)
    show_demo(directory)


def show_demo(directory: Path | None) -> None:
    """Leaves feeds.yaml, the database and the published files in `directory`."""
    place = _empty_directory(directory)
    family = build_family(datetime.now(UTC))
    with FamilyServer(family) as server:
        config = place / "feeds.yaml"
        config.write_text(feeds_yaml(family, server.addresses), encoding="utf-8")
        network = read_network(config).network
        where = printable(str(config))
        click.echo(f"{counted(network.sites, 'made-up sister site')}, served on loopback; {where}")
        run_loop(_show_road(network, family, server))
    click.echo(f"\nThe page {PAGE} now ({_program()} -c {where} headlines {PAGE}):\n")
    show_headlines(network, PAGE, as_json=False)
    _say_where(network, config)


def _empty_directory(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="aggregator-demo-"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        is_empty = not any(directory.iterdir())
    except OSError as error:
        raise StorageError(f"{directory}: cannot be made: {error.strerror}") from error
    if not is_empty:
        raise UsageError(f"{directory}: not empty; the demo wants a directory of its own")
    return directory.resolve()


async def _show_road(network: Network, family: Family, server: FamilyServer) -> None:
    async with open_instance(network) as instance:
        await _poll_and_publish(instance, "first poll")
        await _poll_and_publish(instance, "second poll, nothing new")
        server.replace(family.with_breaking_story(datetime.now(UTC)))
        await _poll_and_publish(instance, "third poll, after one site published a story")
        click.echo(f"the new story: {BREAKING.title}")


async def _poll_and_publish(instance: Instance, what: str) -> None:
    # Every feed, due or not: the addresses are one's own, so no floor holds.
    feeds = await instance.tools.store.run(_enabled)
    reports = await instance.poller.poll_all(feeds)
    publication = await instance.publish()
    changed = (
        f"{counted(publication.changed, 'file')} written" if publication else "nothing to write"
    )
    click.echo(f"{what}: {_tally(reports)}; {changed}")


def _tally(reports: list[PollReport]) -> str:
    outcomes = Counter(report.outcome.value for report in reports)
    words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    return f"{words}; {counted(sum(report.new for report in reports), 'new entry')}"


def _enabled(store: Store) -> tuple[FeedState, ...]:
    return reading.enabled_feeds(store.db)


def _say_where(network: Network, config: Path) -> None:
    current = network.output / "current"
    told = f"""
Look at:
  {current}/index.html              every page, in a browser
  {current}/{PAGE}/headlines.html   what a web server includes in that site's pages
  sqlite3 {network.database} 'SELECT * FROM page_headlines'
  {_program()} -c {config} status"""
    click.echo(printable_lines(told))


def _program() -> str:
    """How the user can call us again from where they stand."""
    beside = Path(sys.executable).with_name("aggregator")
    return "aggregator" if shutil.which("aggregator") or not beside.exists() else str(beside)
