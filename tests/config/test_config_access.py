"""A feed's own options: what they mean, what is refused, and that no secret is quoted."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from aggregator.config import load_network
from aggregator.errors import ConfigError
from aggregator.network import Access, BasicAuth, Feed, RetryScope

HEAD = """\
network: {name: N}
sites:
  a:
    name: A
    home: https://a.example/
    feeds:
      - url: https://a.example/feed
"""


def feed_of(*lines: str) -> Feed:
    """The feed of a file whose feed has these further lines."""
    text = HEAD + "".join(f"        {line}\n" for line in lines)
    (feed,) = load_network(text, path=Path("/etc/feeds.yaml")).network.feeds()
    return feed


def problems_of(*lines: str) -> list[str]:
    """The messages of such a file, without the place."""
    with pytest.raises(ConfigError) as caught:
        feed_of(*lines)
    return [str(problem).partition(": ")[2] for problem in caught.value.problems]


def test_every_option_of_a_feed() -> None:
    """As values, with paths made absolute."""
    feed = feed_of(
        "revalidate: 12h",
        "retry_after_scope: domain",
        'headers: {X-Api-Key: "env:KEY", Accept-Language: en}',
        "auth: {user: me, password_env: WORD}",
        "proxy: http://proxy.example:3128",
        "user_agent_suffix: (member 17)",
        "ca_file: tls/ca.pem",
        "allow_private: [10.1.2.0/24]",
        "http2: false",
    )

    assert feed.revalidate == timedelta(hours=12)
    assert feed.retry_after_scope is RetryScope.DOMAIN
    assert feed.access == Access(
        headers=(("X-Api-Key", "env:KEY"), ("Accept-Language", "en")),
        auth=BasicAuth("me", "WORD"),
        proxy="http://proxy.example:3128",
        user_agent_suffix="(member 17)",
        ca_file=Path("/etc/tls/ca.pem"),
        allow_private=(ip_network("10.1.2.0/24"),),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("http2: true", "expected false: HTTP/2 is not supported"),
        ("proxy: https://proxy.example/", "expected a proxy of the form http://host"),
        ("proxy: socks5://proxy.example/", "expected a URL that starts with http://"),
        ("proxy: http://me:pw@proxy.example/", "expected an http(s) URL without user and password"),
        ("revalidate: 5m", "from 1h to 30d"),
        ("retry_after_scope: site", "expected auto, url, host or domain"),
        ("headers: [a]", "expected a mapping of ids"),
        ("headers: {Host: x}", "not the aggregator's own to decide"),
        ("headers: {cookie: x}", "not the aggregator's own to decide"),
        ("headers: {If-None-Match: x}", "not the aggregator's own to decide"),
        ("headers: {'X Y': x}", "expected the name of a header field such as X-Api-Key"),
        ('headers: {X: "a\\nB: c"}', "expected printable ASCII, 1 to 1000 characters, or env:NAME"),
        ("headers: {X: 'env:9'}", "expected env: and the name of an environment variable"),
        ("headers: {X: 9}", "expected text; quote what looks like a number"),
        ("headers: {X-Key: a, x-key: b}", "a header field twice"),
        ("auth: {user: me}", "auth.password_env: missing; the key is required"),
        ("auth: {user: 'a:b', password_env: P}", "expected a user name without a colon"),
        ("auth: {user: me, password_env: 'p w'}", "expected the name of an environment variable"),
        ("auth: {user: me, password: x}", "unknown key; did you mean password_env?"),
        ("user_agent_suffix: 'ü'", "expected printable ASCII"),
        ("ca_file: ''", "expected a path"),
        ("allow_private: [10.0.0.1/8]", "expected a network such as"),
    ],
)
def test_what_is_refused(line: str, words: str) -> None:
    """With what was expected."""
    assert any(words in problem for problem in problems_of(line))


def test_auth_beside_a_header_of_its_own() -> None:
    """One of them has to go."""
    found = problems_of(
        "auth: {user: me, password_env: P}", "headers: {authorization: 'env:TOKEN'}"
    )

    assert len(found) == 1
    assert "found Authorization beside auth" in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "headers: {X-Key: 'hunter2ü'}",
        "headers: {X-Key: [hunter2]}",
        "auth: {user: 'x:hunter2', password_env: 'hunter2!'}",
        "auth: {user: me, password_env: P, password: hunter2}",
        "headers: {Authorization: 'hunter2', authorization: 'hunter2'}",
    ],
)
def test_B25_no_problem_quotes_a_secret(line: str) -> None:
    """A password that was put in the wrong place is not shown for that."""
    assert "hunter2" not in " ".join(problems_of(line))


def test_c12_a_private_feed_may_allow_itself() -> None:
    """No `fetch.allow_private` is needed, and the floor does not bind it."""
    text = HEAD.replace("https://a.example/feed", "http://10.1.2.3:8080/feed")
    text += "        allow_private: [10.1.2.0/24]\n        every: 5s\n"

    network = load_network(text, path=Path("/etc/feeds.yaml")).network

    assert network.is_own(network.feeds()[0])
    assert network.fetch.allow_private == ()


def test_rA27_duplicate_urls_are_an_error() -> None:
    """In whatever spelling: one fetch for one URL."""
    text = HEAD + "      - HTTPS://A.example:443/feed?\n"

    with pytest.raises(ConfigError, match="expected each feed once"):
        load_network(text, path=Path("/etc/feeds.yaml"))
