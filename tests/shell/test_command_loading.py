"""Commands are loaded when they are named, and only with what they need."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from itertools import chain
from pathlib import Path

import click
import pytest

import aggregator.cli
from aggregator.cli.commands import aggregator as program

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"

_LOADED_BY = """
import sys
from aggregator.cli.commands import aggregator

try:
    aggregator.main(sys.argv[1:], standalone_mode=False)
finally:
    print(*sys.modules)
"""


def defined() -> set[str]:
    """The names of the commands that the modules of the command line define, those in groups
    left out."""
    modules = [
        import_module(f"aggregator.cli.{found.name}")
        for found in pkgutil.iter_modules(aggregator.cli.__path__)
    ]
    commands = {
        value for module in modules for value in vars(module).values() if _is_command(value)
    }
    groups = [command for command in commands if isinstance(command, click.Group)]
    inner = set(chain.from_iterable(group.commands.values() for group in groups))
    return {command.name for command in commands - inner if command.name}


def _is_command(value: object) -> bool:
    return isinstance(value, click.Command) and value is not program


@pytest.mark.parametrize("name", sorted(program.commands))
def test_every_name_has_its_command(name: str) -> None:
    """The command found under a name is the one that calls itself so."""
    assert program.commands[name].name == name


def test_every_command_has_a_name() -> None:
    """No command is defined that the program does not know."""
    assert defined() == set(program.commands)


def test_commands_are_no_place_to_write_to() -> None:
    """What is not in the table cannot be slipped in, nor taken out."""
    with pytest.raises(TypeError, match="module of its own"):
        program.add_command(click.Command("other"))
    with pytest.raises(TypeError, match="stays"):
        del program.commands["run"]


def test_a_misspelt_command_is_guessed() -> None:
    """Names are known though nothing is loaded."""
    with pytest.raises(click.UsageError) as error:
        program.main(["statsu"], standalone_mode=False)

    assert "'status'" in error.value.format_message()


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["health"], {"httpx", "sqlite_utils", "uvicorn"}),
        (["status"], {"httpx", "uvicorn"}),
        (["headlines", "a"], {"httpx", "uvicorn"}),
    ],
)
def test_a_command_loads_what_it_needs(
    arguments: list[str], unneeded: set[str], tmp_path: Path
) -> None:
    """What asks a running daemon or the database loads nothing that polls or serves."""
    given = ["-c", str(SHIPPED), "--db", str(tmp_path / "none.db"), *arguments]
    done = subprocess.run(
        [sys.executable, "-c", _LOADED_BY, *given],
        capture_output=True,
        text=True,
        timeout=60,
    )

    loaded = set(done.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert not loaded & unneeded
