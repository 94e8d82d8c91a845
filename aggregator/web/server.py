"""A database file -> Datasette over it, read-only, with our pages, on an address of one's own."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from aggregator.errors import UsageError

_HERE = Path(__file__).parent

# suggest_facets off: seven times more requests a second on a live database, measured. A download
# of a database that is being written would not be whole; `aggregator backup` makes one that is.
SETTINGS = {
    "suggest_facets": False,
    "allow_facet": True,
    "allow_download": False,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 100,
    "default_page_size": 50,
    "max_returned_rows": 1000,
}


def build(database: Path) -> Any:
    """A Datasette; raises UsageError when it is not installed."""
    try:
        app = importlib.import_module("datasette.app")
    except ImportError as error:
        raise UsageError("`web` needs Datasette: pip install 'aggregator[web]'") from error
    plugins = importlib.import_module("datasette.plugins").pm
    # Loaded here and not above: without the extra there is no datasette to import.
    plugin = importlib.import_module("aggregator.web.plugin")
    if not plugins.is_registered(plugin):
        plugins.register(plugin, "aggregator")
    return app.Datasette(
        [str(database)],
        metadata=metadata_for(database.stem),
        settings=SETTINGS,
        template_dir=str(_HERE / "templates"),
    )


def metadata_for(name: str) -> dict[str, Any]:
    """What the file beside this one says, about the database of that name."""
    told = yaml.safe_load((_HERE / "metadata.yaml").read_text(encoding="utf-8"))
    database = {"tables": told.pop("tables"), "queries": told.pop("queries")}
    return {**told, "databases": {name: database}}


def serve(database: Path, *, host: str, port: int, ready: Callable[[str], object]) -> None:
    """Until SIGINT or SIGTERM; raises UsageError without Datasette, or when it cannot listen.

    `ready` hears the address once it is listened at.
    """
    datasette = build(database)
    uvicorn = importlib.import_module("uvicorn")
    config = uvicorn.Config(datasette.app(), log_level="warning", lifespan="on")
    try:
        listener = socket.create_server((host, port), family=_family(host))
    except OSError as error:
        raise UsageError(f"{host}, port {port}: cannot listen: {error.strerror}") from error
    with listener:
        ready(f"http://{_shown(host)}:{port}/-/network  (ctrl-C ends it)")
        uvicorn.Server(config).run(sockets=[listener])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
