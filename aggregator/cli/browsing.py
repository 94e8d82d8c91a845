"""`web`: the database in a browser."""

from __future__ import annotations

import click

from aggregator.cli.context import Options
from aggregator.store.connection import open_reader
from aggregator.web import serve


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
