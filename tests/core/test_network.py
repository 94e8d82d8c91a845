"""The network as a whole."""

from __future__ import annotations

from pathlib import Path

from aggregator.network import Feed, Network, Site


def test_feeds_and_owners_come_in_file_order() -> None:
    """Every feed of every site; every host leads to its site."""
    first = Site(
        "a", "A", "https://a.example/", ("a.example",), (Feed("https://a.example/1", "a"),)
    )
    second = Site("b", "B", "https://b.example/", ("b.example", "www.b.example"))
    network = Network("n", None, Path("/db"), Path("/out"), (first, second), ())

    assert network.feeds() == first.feeds
    assert network.owners() == {"a.example": "a", "b.example": "b", "www.b.example": "b"}
