"""The command and its subcommands by name; each is loaded from its module when it is named."""

from __future__ import annotations

import gc
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click

from aggregator.cli.context import Options
from aggregator.cli.paths import FILE_PATH

_MODULES = {
    "browsing": ("web",),
    "demo": ("demo",),
    "editing": ("overrides", "pin", "retitle", "withdraw"),
    "feeds": ("feeds",),
    "finding": ("search",),
    "headlines": ("headlines",),
    "health": ("health",),
    "keeping": ("backup", "doctor", "replay", "vacuum"),
    "moving": ("export", "export-opml", "import-opml"),
    "polls": ("check", "poll"),
    "publishing": ("publish",),
    "running": ("run",),
    "schema": ("schema",),
    "status": ("status",),
    "stories": ("explain", "merge", "rematch", "unmerge"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


class _Commands(MutableMapping[str, click.Command]):
    """Known by name alone until they are asked for: to load what polls feeds and renders pages
    takes longer than most commands run, and `health` is asked twice a minute."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module = _load(f"aggregator.cli.{_MODULE_OF[name]}")
            self._loaded[name] = getattr(module, name.replace("-", "_"))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULE_OF)

    def __len__(self) -> int:
        return len(_MODULE_OF)

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("a command stands in a module of its own")

    def __delitem__(self, name: str) -> None:
        raise TypeError("a command stays")


def _load(module: str) -> ModuleType:
    """As `__main__` does: what is imported stays, so nobody looks through it for garbage."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@click.group(
    commands=_Commands(),
    context_settings={
        "auto_envvar_prefix": "AGGREGATOR",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
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
