"""The network as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from aggregator.network import Feed, FetchSettings, Network, Site


def test_feeds_and_owners_come_in_file_order() -> None:
    """Every feed of every site; every host leads to its site."""
    first = Site(
        "a", "A", "https://a.example/", ("a.example",), (Feed("https://a.example/1", "a"),)
    )
    second = Site("b", "B", "https://b.example/", ("b.example", "www.b.example"))
    network = Network("n", None, Path("/db"), Path("/out"), (first, second), ())

    assert network.feeds() == first.feeds
    assert network.owners() == {"a.example": "a", "b.example": "b", "www.b.example": "b"}


@pytest.mark.parametrize(
    ("url", "foreign", "floor"),
    [
        pytest.param("https://a.example/feed", False, timedelta(minutes=5), id="own-site"),
        pytest.param("https://a.example/feed", True, timedelta(minutes=60), id="foreign"),
        pytest.param("http://127.0.0.9:81/feed", True, timedelta(), id="own-address"),
        pytest.param("http://[::1]/feed", False, timedelta(minutes=5), id="another-address"),
    ],
)
def test_floors(url: str, foreign: bool, floor: timedelta) -> None:
    """P30: five minutes, an hour at foreign sites, none for addresses of one's own."""
    feed = Feed(url, "a")
    site = Site("a", "A", "https://a.example/", ("a.example",), (feed,), foreign=foreign)
    fetch = replace(FetchSettings(), allow_private=(ip_network("127.0.0.0/8"),))
    network = Network("n", None, Path("/db"), Path("/out"), (site,), (), fetch)

    assert network.floors()[feed.url] == floor
