"""What most tests of the store begin with; `pytest_plugins = ["store_fixtures"]` asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_build import network_at, stored

from aggregator.network import Network
from aggregator.store.store import Store


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Two sites, a feed each."""
    return network_at(tmp_path)


@pytest.fixture
def store(network: Network) -> Iterator[Store]:
    """An open store that knows the network."""
    with stored(network) as opened:
        yield opened
