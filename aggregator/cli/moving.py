"""`export`, `import-opml` and `export-opml`: data in and out of files that others read."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click
from sqlite_utils import Database

from aggregator.cli.context import Options
from aggregator.cli.moments import MOMENT
from aggregator.cli.paths import FILE_PATH, check_target
from aggregator.config import load_network
from aggregator.errors import ConfigError, StorageError, UsageError
from aggregator.export import WRITERS
from aggregator.given_file import read_given
from aggregator.logs import printable
from aggregator.network import Network
from aggregator.opml import MAX_BYTES, feeds_yaml, read_opml, write_opml
from aggregator.store import reading
from aggregator.store.connection import open_reader
from aggregator.store.exporting import KINDS, Wanted, export_batches, export_columns


@click.command()
@click.argument("what", type=click.Choice(KINDS))
@click.option(
    "--format", "form", type=click.Choice(tuple(WRITERS)), default="csv", show_default=True
)
@click.option(
    "--since", type=MOMENT, help="First seen then or later: 2026-11-24, or 7d for so long ago."
)
@click.option("--site", help="Of this site only.")
@click.option("-o", "--output", "target", type=FILE_PATH, help="A file to make.")
@click.pass_obj
def export(
    options: Options,
    what: str,
    form: str,
    since: datetime | None,
    site: str | None,
    target: Path | None,
) -> None:
    """Write entries or stories as CSV, NDJSON or Parquet, to standard output or a file.

    Parquet needs the extra: pip install 'aggregator[export]'.
    """
    wanted = Wanted(what, since=since, site=site)
    network = options.network()
    if target is not None:
        check_target(target, config=options.config, database=network.database)
    export_rows(network, wanted, form=form, target=target)


@click.command("import-opml")
@click.argument("file", type=FILE_PATH)
def import_opml(file: Path) -> None:
    """Print a feeds.yaml for the feeds of an OPML file; folders become blocks."""
    print_imported(file)


@click.command("export-opml")
@click.pass_obj
def export_opml(options: Options) -> None:
    """Print the feeds of feeds.yaml as OPML, a folder for each site."""
    print_opml(options.network())


def export_rows(network: Network, wanted: Wanted, *, form: str, target: Path | None) -> None:
    """Into `target`, which appears whole or not at all, or to standard output."""
    if wanted.site is not None and wanted.site not in {site.id for site in network.sites}:
        raise UsageError(f"{wanted.site}: no such site in feeds.yaml")
    if target is not None:
        _check_place(target)
    with closing(open_reader(network.database).conn) as connection:
        db = Database(connection)
        columns, batches = export_columns(db, wanted.kind), export_batches(db, wanted)
        if target is None:
            WRITERS[form](batches, columns, sys.stdout.buffer)
            return
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                WRITERS[form](batches, columns, file)
            part.replace(target)
        except OSError as error:
            raise StorageError(f"{target}: cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)


def _check_place(target: Path) -> None:
    """The file is put in the place of what is there: never of a device."""
    if not target.parent.is_dir():
        raise StorageError(f"{target.parent}: no such directory")
    if target.exists() and not target.is_file():
        raise UsageError(f"{target}: not a file; expected the name of one to make")


def print_imported(file: Path) -> None:
    """A feeds.yaml for the OPML; what cannot be polled is said on standard error."""
    try:
        document = read_given(file, limit=MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        opml = read_opml(document)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    text = feeds_yaml(opml)
    for skipped in opml.skipped:
        print(f"left out: {printable(skipped)}", file=sys.stderr)
    try:
        load_network(text, path=Path.cwd() / "feeds.yaml", shown_as="feeds.yaml")
    except ConfigError as error:
        for problem in error.problems:
            print(printable(f"to be corrected: {problem}"), file=sys.stderr)
    click.echo(text.encode(), nl=False)  # UTF-8 wherever it goes, as feeds.yaml is


def print_opml(network: Network) -> None:
    """The network's feeds, with the titles they gave themselves where they have been polled."""
    titles = {}
    if network.database.exists():
        with closing(open_reader(network.database).conn) as connection:
            feeds = reading.enabled_feeds(Database(connection))
            titles = {feed.url: feed.meta.title for feed in feeds}
    click.echo(write_opml(network, titles), nl=False)
