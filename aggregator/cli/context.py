"""The options that commands share, and the network they are to work on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from aggregator.config import LoadedNetwork
from aggregator.config_file import read_network
from aggregator.logs import printable
from aggregator.network import Network

AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@dataclass(frozen=True, slots=True)
class Options:
    """`-c`, `--db` and `--out`; None: as the file says."""

    config: Path
    database: Path | None
    output: Path | None

    def load(self) -> LoadedNetwork:
        """Raises ConfigError."""
        return read_network(self.config, database=self.database, output=self.output)

    def network(self) -> Network:
        """The network; warnings go to standard error. Raises ConfigError."""
        loaded = self.load()
        for warning in loaded.warnings:
            print(printable(f"warning: {warning}"), file=sys.stderr)
        return loaded.network
