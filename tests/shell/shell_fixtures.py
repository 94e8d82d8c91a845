"""A made-up family for commands; `pytest_plugins = ["shell_fixtures"]` asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from road_build import write_family
from shell_build import aggregator

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer


@pytest.fixture
def server() -> Iterator[FamilyServer]:
    """The family on loopback."""
    with FamilyServer(build_family(datetime.now(UTC))) as started:
        yield started


@pytest.fixture
def config(tmp_path: Path, server: FamilyServer) -> Path:
    """The family's feeds.yaml; nothing is polled yet."""
    return write_family(tmp_path, server)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[FamilyServer]:
    """One for all tests of a module."""
    with FamilyServer(build_family(datetime.now(UTC))) as started:
        yield started


@pytest.fixture
def polled(tmp_path: Path, shared_server: FamilyServer) -> Path:
    """The family's feeds.yaml after one `run --once`."""
    return _polled(tmp_path, shared_server)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, shared_server: FamilyServer) -> Path:
    """The same, one for all tests of a module."""
    return _polled(tmp_path_factory.mktemp("settled"), shared_server)


def _polled(directory: Path, server: FamilyServer) -> Path:
    config = write_family(directory, server)
    assert aggregator("-c", config, "run", "--once").returncode == 0
    return config
