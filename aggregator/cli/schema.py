"""`schema`: feeds.yaml for editors."""

from __future__ import annotations

import json

import click

from aggregator.config import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of feeds.yaml, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))
