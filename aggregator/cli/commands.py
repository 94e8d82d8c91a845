"""The commands, one function each."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from aggregator.cli import freshness, running, showing, stories
from aggregator.cli.context import Options
from aggregator.cli.data_commands import DATA_COMMANDS
from aggregator.cli.demo import show_demo
from aggregator.cli.editing import EDITING_COMMANDS
from aggregator.cli.feeds import feeds
from aggregator.cli.moments import MOMENT
from aggregator.cli.paths import FILE_PATH
from aggregator.config import json_schema
from aggregator.control import Message
from aggregator.logs import LogForm, set_up_logging
from aggregator.requests import CHECK_TIMEOUT_S, request

_NOTE = click.option("--note", help="Why, for whoever asks `explain` later.")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group(context_settings={"auto_envvar_prefix": "AGGREGATOR", "max_content_width": 100})
@click.version_option(
    package_name="aggregator", prog_name="aggregator", message="%(prog)s %(version)s"
)
@click.option(
    "-c",
    "--config",
    type=FILE_PATH,
    default=Path("feeds.yaml"),
    show_default=True,
    help="What to poll and what to show.",
)
@click.option("--db", "database", type=FILE_PATH, help="Instead of `database:`.")
@click.option("--out", "output", type=FILE_PATH, help="Instead of `output:`.")
@click.pass_context
def aggregator(
    context: click.Context, config: Path, database: Path | None, output: Path | None
) -> None:
    """Polls the feeds of a family of news sites and publishes blocks of headlines for every page.

    Exit status: 0 ok, 1 `run --once` finished but some feed failed, 2 configuration or usage,
    3 another instance holds the database, 4 storage not writable, 5 database damaged, 6 database
    from a newer version, 70 our bug.
    """
    context.obj = Options(config, database, output)


aggregator.add_command(feeds)


@aggregator.command()
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
        return running.run_once(network)
    return running.run_until_stopped(network, lambda: options.load().network, options.config)


@aggregator.command()
@click.option("--fetch", is_flag=True, help="Also poll every feed once, never within its floor.")
@_AS_JSON
@click.pass_obj
def check(options: Options, fetch: bool, as_json: bool) -> int:
    """Validate feeds.yaml."""
    network = options.network()
    if not fetch:
        showing.show_summary(network, options.config, as_json=as_json)
        return 0
    set_up_logging(quiet=True)
    answer = request(network, {"command": "check"}, timeout=CHECK_TIMEOUT_S)
    return showing.show_check(answer, as_json=as_json)


@aggregator.command()
@click.argument("feed")
@_AS_JSON
@click.pass_obj
def poll(options: Options, feed: str, as_json: bool) -> int:
    """Poll FEED now (its id or URL, or a site for all of its feeds), never within its floor."""
    network = options.network()
    set_up_logging(quiet=True)
    answer = request(network, {"command": "poll", "feed": feed})
    return showing.show_poll(answer, as_json=as_json)


@aggregator.command()
@click.option("--check", is_flag=True, help="Say which blocks are not fresh; status 1 if any.")
@_AS_JSON
@click.pass_obj
def status(options: Options, check: bool, as_json: bool) -> int:
    """Show every feed: last poll, outcome, next poll and why, entries, failures."""
    network = options.network()
    if check:
        return freshness.show_freshness(network, as_json=as_json)
    showing.show_status(network, as_json=as_json)
    return 0


@aggregator.command()
@click.pass_obj
def health(options: Options) -> int:
    """Ask the running daemon how it is; status 1 with the reason when it is not well."""
    # Named, the database is all that is needed: a daemon goes on under a feeds.yaml that is wrong.
    database = options.database or options.network().database
    return showing.show_health(database.absolute())


@aggregator.command()
@click.argument("page")
@click.option("--at", type=MOMENT, help="As they stood then: 2026-11-24T12:00, or 2h ago.")
@_AS_JSON
@click.pass_obj
def headlines(options: Options, page: str, at: datetime | None, as_json: bool) -> None:
    """Print the blocks of PAGE as they are published now."""
    showing.show_headlines(options.network(), page, as_json=as_json, at=at)


@aggregator.command()
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
    showing.show_publication(request(network, message), network)


@aggregator.command()
@click.argument("story", metavar="STORY-OR-URL")
@_AS_JSON
@click.pass_obj
def explain(options: Options, story: str, as_json: bool) -> None:
    """Say why a story is what it is: its entries, the rules, the pages it is on or not."""
    stories.show_story(options.network(), story, as_json=as_json)


@aggregator.command()
@click.argument("a")
@click.argument("b")
@_NOTE
@click.pass_obj
def merge(options: Options, a: str, b: str, note: str | None) -> None:
    """Make two stories, named by number or link, one for good."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "merge", "a": a, "b": b, "note": note}
    stories.show_edit(request(network, message))


@aggregator.command()
@click.argument("entry", type=click.IntRange(1, 2**63 - 1))
@_NOTE
@click.pass_obj
def unmerge(options: Options, entry: int, note: str | None) -> None:
    """Take an entry, by its number in `explain`, out of its story for good."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "unmerge", "entry": entry, "note": note}
    stories.show_edit(request(network, message))


@aggregator.command()
@click.option("--days", type=click.IntRange(1, 36500), help="Only entries first seen so lately.")
@click.pass_obj
def rematch(options: Options, days: int | None) -> None:
    """Settle again which stories the stored entries tell; what editors said holds."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "rematch", "days": days}
    stories.show_rematch(request(network, message, timeout=CHECK_TIMEOUT_S))


@aggregator.command()
def schema() -> None:
    """Print the JSON Schema of feeds.yaml, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


@aggregator.command()
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


for _command in (*DATA_COMMANDS, *EDITING_COMMANDS):
    aggregator.add_command(_command)
