"""The `serve:` part of feeds.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load_network
from aggregator.errors import ConfigError
from aggregator.network import ServeSettings

FILE = "network: {name: N}\nsites: {a: {name: A, home: 'https://a.example/'}}\nserve: "


def load(serve: str) -> ServeSettings | None:
    """The settings of a small file."""
    return load_network(FILE + serve, path=Path("/x/feeds.yaml")).network.serve


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:9180", "127.0.0.1", 9180), ("[::1]:0", "::1", 0), ("0.0.0.0:80", "0.0.0.0", 80)],
)
def test_it_listens_at_an_address(listen: str, host: str, port: int) -> None:
    """IPv6 stands in brackets."""
    assert load(f'{{listen: "{listen}"}}') == ServeSettings(host, port)


def test_names_and_a_token_s_variable() -> None:
    """Names are compared in lower-case ASCII."""
    found = load('{listen: "127.0.0.1:1", hosts: [Ops.Example], token_env: TOKEN_2}')

    assert found == ServeSettings("127.0.0.1", 1, frozenset({"ops.example"}), "TOKEN_2")


@pytest.mark.parametrize(
    "listen",
    [
        "localhost:9180",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "::1:80",
        "[1.2.3.4]:5",
        ":80",
    ],
)
def test_anything_else_is_no_place_to_listen(listen: str) -> None:
    """The form is named."""
    with pytest.raises(ConfigError, match="an address and a port such as"):
        load(f'{{listen: "{listen}"}}')


def test_callbacks_have_no_slash_at_their_end() -> None:
    """What is appended begins with one."""
    found = load('{listen: "127.0.0.1:1", callback_url: "https://n.example/websub//"}')

    assert found is not None
    assert found.callback_url == "https://n.example/websub"


@pytest.mark.parametrize(
    "url", ["https://n.example/?x=1", "https://n.example/#x", "https://n.example/é", "/websub"]
)
def test_anything_else_is_no_callback(url: str) -> None:
    """A hub appends a query of its own."""
    with pytest.raises(ConfigError, match="http"):
        load(f'{{listen: "127.0.0.1:1", callback_url: "{url}"}}')


@pytest.mark.parametrize("name", ["2FAST", "A-B", "a b", "x" * 101])
def test_a_variable_has_a_shell_s_name(name: str) -> None:
    """The token itself has no place in the file."""
    with pytest.raises(ConfigError, match="the name of an environment variable"):
        load(f'{{listen: "127.0.0.1:1", token_env: "{name}"}}')
