"""Secrets from the environment, and nowhere else."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.environment import reveal
from aggregator.errors import UsageError
from aggregator.network import Access, BasicAuth, Feed, Network, Site

ENVIRON = {"KEY": "k-secret", "WORD": "pä:ss", "BAD": "a\nb", "EMPTY": "", "BYTES": "\udcff"}


def network_of(access: Access) -> Network:
    """One feed, asked for with `access`."""
    feed = replace(Feed("https://a.example/feed", "a"), access=access)
    site = Site("a", "A", "https://a.example/", ("a.example",), (feed,))
    return Network("n", None, Path("/db"), Path("/out"), (site,), ())


def test_variables_are_put_in_place() -> None:
    """A header's `env:` value and the password of `auth`; what is written stays."""
    access = Access(headers=(("X-Key", "env:KEY"), ("X-Plain", "p")), auth=BasicAuth("me", "WORD"))

    (feed,) = reveal(network_of(access), ENVIRON).feeds()

    (key, plain, authorization) = feed.access.headers
    assert (key, plain) == (("X-Key", "k-secret"), ("X-Plain", "p"))
    assert b64decode(authorization[1].removeprefix("Basic ")).decode() == "me:pä:ss"
    assert feed.access.auth is None


def test_headers_alone_bring_no_authorization() -> None:
    """Nothing is added to what the file asks for."""
    access = Access(headers=(("X-Key", "env:KEY"),))

    (feed,) = reveal(network_of(access), ENVIRON).feeds()

    assert feed.access.headers == (("X-Key", "k-secret"),)


def test_a_feed_without_secrets_is_left_alone() -> None:
    """The very same value."""
    network = network_of(Access(proxy="http://proxy.example/"))

    assert reveal(network, {}).feeds()[0] is network.feeds()[0]


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Access(headers=(("X", "env:NONE"),)), "NONE, which a feed of a wants, is not set"),
        (Access(headers=(("X", "env:EMPTY"),)), "EMPTY, which a feed of a wants, is not set"),
        (Access(auth=BasicAuth("me", "NONE")), "NONE, which a feed of a wants, is not set"),
        (Access(auth=BasicAuth("me", "BYTES")), "BYTES, which a feed of a wants, is not UTF-8"),
        (Access(headers=(("X", "env:BAD"),)), "BAD holds what no HTTP header can"),
    ],
)
def test_what_is_missing_is_named(access: Access, words: str) -> None:
    """By the variable's name, never its value."""
    with pytest.raises(UsageError, match=words) as caught:
        reveal(network_of(access), ENVIRON)

    assert caught.value.exit_status == 2
    assert "a\nb" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    """A network in a traceback or log line does not tell them."""
    access = Access(headers=(("X-Key", "env:KEY"),), auth=BasicAuth("me", "WORD"))

    shown = repr(reveal(network_of(access), ENVIRON))

    assert "k-secret" not in shown
    assert "Basic" not in shown
