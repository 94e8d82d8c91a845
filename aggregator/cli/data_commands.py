"""The commands that ask and keep the database, one function each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from aggregator.cli import finding, keeping, moving
from aggregator.cli.context import Options
from aggregator.cli.moments import MOMENT
from aggregator.cli.paths import FILE_PATH
from aggregator.export import WRITERS
from aggregator.store.connection import open_reader
from aggregator.store.exporting import KINDS, Wanted
from aggregator.store.searching import MAX_LIMIT, Search
from aggregator.web import serve

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
@click.argument("file", type=FILE_PATH)
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


@click.command()
@click.argument("file", type=FILE_PATH)
@click.option("--until", type=MOMENT, help="Not what came after: 2026-11-24T12:00, or 2h ago.")
@click.pass_obj
def replay(options: Options, file: Path, until: datetime | None) -> int:
    """Make a new database FILE from the archive, as if every poll in it came again.

    Needs `archive:` in feeds.yaml, which is read as it is now. Status 1 when a part of the archive
    is damaged; the rest is in FILE then.
    """
    return keeping.replay_archive(options.network(), file, until=until)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8001, show_default=True)
@click.pass_obj
def web(options: Options, host: str, port: int) -> None:
    """Serve the live database, read-only, with plots and search, to a browser.

    Needs the extra: pip install 'aggregator[web]'. Whoever reaches the address may read all.
    """
    network = options.network()
    open_reader(network.database).conn.close()  # ours, whole and of this version, or an error
    serve(network.database, host=host, port=port, ready=click.echo)


@click.command()
@click.argument("what", type=click.Choice(KINDS))
@click.option(
    "--format", "form", type=click.Choice(tuple(WRITERS)), default="csv", show_default=True
)
@click.option("--since", type=MOMENT, help="First seen then or later: 2026-11-24, or 7d ago.")
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
    moving.export_rows(options.network(), wanted, form=form, target=target)


@click.command("import-opml")
@click.argument("file", type=FILE_PATH)
def import_opml(file: Path) -> None:
    """Print a feeds.yaml for the feeds of an OPML file; folders become blocks."""
    moving.print_imported(file)


@click.command("export-opml")
@click.pass_obj
def export_opml(options: Options) -> None:
    """Print the feeds of feeds.yaml as OPML, a folder for each site."""
    moving.print_opml(options.network())


DATA_COMMANDS: tuple[click.Command, ...] = (
    search,
    backup,
    doctor,
    vacuum,
    replay,
    export,
    import_opml,
    export_opml,
    web,
)
