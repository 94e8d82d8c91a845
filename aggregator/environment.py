"""A network and the environment -> the network with its secrets in place.

feeds.yaml names environment variables; what they hold is put in here, when the program starts to
work, and never shown, logged or stored.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

from aggregator.errors import UsageError
from aggregator.network import Access, Feed, Network


class SecretError(UsageError):
    """A variable that feeds.yaml names is missing here or cannot be sent; a running daemon may
    well have it."""


ENV = "env:"
_SENDABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def reveal(network: Network, environ: Mapping[str, str]) -> Network:
    """Raises SecretError, which names the variable, when one is missing or cannot be sent."""
    sites = tuple(
        replace(site, feeds=tuple(_with_secrets(feed, environ) for feed in site.feeds))
        for site in network.sites
    )
    return replace(network, sites=sites)


def _with_secrets(feed: Feed, environ: Mapping[str, str]) -> Feed:
    access = feed.access
    if not access.headers and access.auth is None:
        return feed
    headers = [(name, _value(value, feed, environ)) for name, value in access.headers]
    if access.auth is not None:
        password = read_variable(access.auth.password_env, f"a feed of {feed.site}", environ)
        pair = f"{access.auth.user}:{password}".encode()
        headers.append(("Authorization", f"Basic {b64encode(pair).decode()}"))
    return replace(feed, access=_settled(access, headers))


def _settled(access: Access, headers: list[tuple[str, str]]) -> Access:
    return replace(access, headers=tuple(headers), auth=None)


def _value(written: str, feed: Feed, environ: Mapping[str, str]) -> str:
    if not written.startswith(ENV):
        return written
    name = written.removeprefix(ENV)
    value = read_variable(name, f"a feed of {feed.site}", environ)
    if not _SENDABLE.fullmatch(value):
        raise SecretError(f"the environment variable {name} holds what no HTTP header can")
    return value


def read_variable(name: str, whose: str, environ: Mapping[str, str]) -> str:
    """What the variable holds; `whose` says who wants it. Raises SecretError, as `reveal` does."""
    value = environ.get(name)
    if not value:
        raise SecretError(f"the environment variable {name}, which {whose} wants, is not set")
    if any("\ud800" <= character <= "\udfff" for character in value):  # as Python reads such bytes
        raise SecretError(f"the environment variable {name}, which {whose} wants, is not UTF-8")
    return value
