"""Every key of feeds.yaml, given what it does not take: the place and the words of the error."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load_network
from aggregator.errors import ConfigError, Problem

HEAD = """\
network: {name: N}
sites:
  a:
    name: A
    home: https://a.example/
"""


def problems(text: str) -> tuple[Problem, ...]:
    """The problems of a file that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        load_network(text, path=Path("/etc/feeds.yaml"), shown_as="f")
    return caught.value.problems


URL = "an http(s) URL"
DURATION = "a duration such as 90s, 30m, 12h or 7d, from"
SIZE = "a size such as 5MiB or 512KiB or a number of bytes, from 1KiB to 100MiB"

# The value of a key of the one site, `{}` its place -> what was found and expected.
FEED_URLS = {
    "scheme": ("ftp://a.example/", "'ftp://a.example/', expected a URL that starts with http://"),
    "file": ("file:///etc/passwd", "'file:///etc/passwd', expected a URL that starts with http://"),
    "no scheme": ("a.example/feed", "'a.example/feed', expected a URL that starts with http://"),
    "no host": ("http:///feed", "'http:///feed', expected a host such as www.example.com"),
    "user": ("https://bob@a.example/", f"'https://***@a.example/', expected {URL} without user"),
    "password": (
        "https://u:p@a.example/",
        f"'https://***@a.example/', expected {URL} without user",
    ),
    "slash in password": ("https://u:p/p@a.example/", f"'https://***', expected {URL} such as"),
    "fragment": ("https://a.example/#x", f"'https://a.example/#x', expected {URL} without a frag"),
    "empty fragment": ('"https://a.example/#"', f"'https://a.example/#', expected {URL} without a"),
    "space": ("https://a.example/a b", f"'https://a.example/a b', expected {URL} without spaces"),
    "tab": ('"https://a.example/\\t"', f"'https://a.example/\\t', expected {URL} without spaces"),
    "bidi": ('"https://a.example/\\u202E"', f"'https://a.example/\\u202e', expected {URL} without"),
    "backslash": ("https://a.example\\b", f"'https://a.example\\\\b', expected {URL} without"),
    "port": ("https://a.example:99999/", f"'https://a.example:99999/', expected {URL} such as"),
    "brackets": ("http://[::1/", f"'http://[::1/', expected {URL} such as"),
    "zone id": ("'http://[fe80::1%eth0]/'", "'http://[fe80::1%eth0]/', expected a host such as"),
    "label": ("http://a..example/", "'http://a..example/', expected a host such as"),
    "long host": (f"http://{'a.' * 127}example/", "expected a host such as"),
    "bad idna": ("http://аррlе。..example/", "expected a host such as"),
    "short address": ("http://127.1/", "'http://127.1/', expected a host name, or an address of"),
    "hex address": ("http://0x7f000001/", "expected a host name, or an address of four decimal"),
    "number": ("http://2130706433/", "expected a host name, or an address of four decimal"),
    "octal address": ("http://0177.0.0.1/", "expected a host name, or an address of four decimal"),
    "wide digits": ("http://127。0。1/", "expected a host name, or an address of four decimal"),
    "loopback": ("http://127.0.0.1/", "the private address 127.0.0.1, expected a public one or"),
    "private": ("http://10.1.2.3/", "the private address 10.1.2.3, expected a public one or"),
    "metadata": ("http://169.254.169.254/", "the private address 169.254.169.254, expected a publ"),
    "shared": ("http://100.100.100.200/", "the private address 100.100.100.200, expected a public"),
    "any": ("http://0.0.0.0/", "the private address 0.0.0.0, expected a public one or"),
    "multicast": ("http://224.0.0.1/", "the private address 224.0.0.1, expected a public one or"),
    "ipv6": ("http://[fd00:ec2::254]/", "the private address fd00:ec2::254, expected a public one"),
    "mapped": ("http://[::ffff:7f00:1]/", "the private address 127.0.0.1, expected a public one"),
    "odd port": ("http://a.example:8080/", "port 8080, expected 80, 443 or one of fetch.allow_por"),
    "port 0": ("http://a.example:0/", "port 0, expected 80, 443 or one of fetch.allow_ports"),
    "length": (f"http://a.example/{'x' * 2048}", f"expected {URL} of at most 2048 characters"),
    "number for a URL": ("12", "12, expected a URL, or a mapping with the key url"),
    "list for a URL": ("[x]", "a list, expected a URL, or a mapping with the key url"),
}


@pytest.mark.parametrize(("value", "words"), FEED_URLS.values(), ids=FEED_URLS)
def test_feed_url_is_refused(value: str, words: str) -> None:
    """A URL that must not or cannot be fetched is refused before anything is (rK7, N2, N4)."""
    text = f"{HEAD}    feeds:\n      - {value}\n"

    found = problems(text)

    assert [(p.line, p.column, p.key) for p in found] == [(7, 9, "sites.a.feeds[0]")]
    assert found[0].text.startswith("found ")
    assert words in found[0].text
    assert len(found[0].text) < 200


VALUES = {
    "name number": ("network: {name: 12}", "network.name", "found 12, expected text; quote what"),
    "name blank text": ("network: {name: ' '}", "network.name", "found ' ', expected one line of"),
    "name lines": ('network: {name: "a\\nb"}', "network.name", "found 'a\\nb', expected one line"),
    "name long": (f"network: {{name: {'x' * 201}}}", "network.name", "xx..., expected one line"),
    "no network": ("network: x", "network", "found 'x', expected a mapping of keys"),
    "network list": ("network: [x]", "network", "found a list, expected a mapping of keys"),
    "contact": (
        "network: {name: N, contact: bot}",
        "network.contact",
        "expected a URL that starts",
    ),
    "contact ascii": (
        "network: {name: N, contact: 'https://é.example/'}",
        "network.contact",
        "expected a URL in ASCII",
    ),
    "contact mail": (
        "network: {name: N, contact: 'mailto:bot'}",
        "network.contact",
        "expected a mail address in ASCII",
    ),
    "contact type": (
        "network: {name: N, contact: 1}",
        "network.contact",
        "found 1, expected an http(s) URL or mailto: address",
    ),
    "database": ("database: ''", "database", "found '', expected a path of at most 1024"),
    "output": ("output: true", "output", "found true, expected a path; quote one"),
    "blocks list": ("blocks: [x]", "blocks", "found a list, expected a mapping of ids"),
    "block text": ("blocks: {b: x}", "blocks.b", "found 'x', expected a mapping of keys"),
    "from text": (
        "blocks: {b: {title: T, from: a}}",
        "blocks.b.from",
        "found 'a', expected a list of site ids, or \"*\"",
    ),
    "from nothing": (
        "blocks: {b: {title: T, from: []}}",
        "blocks.b.from",
        "found none, expected at least 1",
    ),
    "from number": (
        "blocks: {b: {title: T, from: [1]}}",
        "blocks.b.from[0]",
        "found 1, expected an id; quote one that looks like a number",
    ),
    "limit 0": (
        "blocks: {b: {title: T, from: [a], limit: 0}}",
        "blocks.b.limit",
        "found 0, expected a whole number from 1 to 100",
    ),
    "limit true": (
        "blocks: {b: {title: T, from: [a], limit: true}}",
        "blocks.b.limit",
        "found true, expected a whole number from 1 to 100",
    ),
    "limit fraction": (
        "blocks: {b: {title: T, from: [a], limit: 1.5}}",
        "blocks.b.limit",
        "found 1.5, expected a whole number from 1 to 100",
    ),
    "max_age": (
        "blocks: {b: {title: T, from: [a], max_age: 5w}}",
        "blocks.b.max_age",
        f"found '5w', expected {DURATION} 1m to 365000d",
    ),
    "own": (
        "blocks: {b: {title: T, from: [a], own: yes}}",
        "blocks.b.own",
        "found 'yes', expected true or false",
    ),
    "page text": (
        "pages: {a: space}",
        "pages.a",
        "found 'space', expected a list of block ids, or a mapping with the key blocks",
    ),
    "page blocks": ("pages: {a: {blocks: x}}", "pages.a.blocks", "found 'x', expected a list"),
    "page number": ("pages: {a: [1]}", "pages.a[0]", "found 1, expected an id; quote one"),
    "fetch text": ("fetch: x", "fetch", "found 'x', expected a mapping of keys"),
    "timeout number": (
        "fetch: {timeout: 30}",
        "fetch.timeout",
        f"found 30, expected {DURATION} 1s to 10m",
    ),
    "timeout long": ("fetch: {timeout: 1h}", "fetch.timeout", "found '1h', expected a duration"),
    "max_bytes": ("fetch: {max_bytes: 5MB}", "fetch.max_bytes", f"found '5MB', expected {SIZE}"),
    "max_bytes small": ("fetch: {max_bytes: 5}", "fetch.max_bytes", f"found 5, expected {SIZE}"),
    "max_bytes true": (
        "fetch: {max_bytes: true}",
        "fetch.max_bytes",
        f"found true, expected {SIZE}",
    ),
    "concurrency": (
        "fetch: {concurrency: 0}",
        "fetch.concurrency",
        "found 0, expected a whole number from 1 to 1000",
    ),
    "cidr host bits": (
        "fetch: {allow_private: [10.0.0.1/8]}",
        "fetch.allow_private[0]",
        "found '10.0.0.1/8', expected a network such as 10.0.0.0/8 or fd00::/8, with no bit",
    ),
    "cidr number": (
        "fetch: {allow_private: [10]}",
        "fetch.allow_private[0]",
        "found 10, expected a network such as 10.0.0.0/8",
    ),
    "port": (
        "fetch: {allow_ports: [0]}",
        "fetch.allow_ports[0]",
        "found 0, expected a whole number from 1 to 65535",
    ),
    "many ports": (
        f"fetch: {{allow_ports: [{'1,' * 101}]}}",
        "fetch.allow_ports",
        "found 101 of them, expected at most 100",
    ),
    "scope": (
        "fetch: {retry_after_scope: site}",
        "fetch.retry_after_scope",
        "found 'site', expected auto, url, host or domain",
    ),
}


@pytest.mark.parametrize(("line", "key", "words"), VALUES.values(), ids=VALUES)
def test_value_is_refused(line: str, key: str, words: str) -> None:
    """A value of the wrong type or outside its bounds: one message, at the value."""
    sites = HEAD.split("\n", 1)[1]
    network = "" if line.startswith("network") else "network: {name: N}\n"
    text = f"{network}{sites}{line}\n"

    found = [problem for problem in problems(text) if problem.key == key]

    assert len(found) == 1
    assert words in found[0].text
    last = text.split("\n")[found[0].line - 1]
    assert last == line
    assert last[: found[0].column - 1].endswith((": ", "[", "{"))


SITE_KEYS = {
    "home": ("home: nowhere", "home", "found 'nowhere', expected a URL that starts with"),
    "home user": ("home: 'https://u:p@a.example/'", "home", "found 'https://***@a.example/'"),
    "hosts": ("hosts: a.example", "hosts", "found 'a.example', expected a list"),
    "host URL": ("hosts: ['https://a.example']", "hosts[0]", "expected a host such as example.com"),
    "host port": ("hosts: ['a.example:80']", "hosts[0]", "expected a host such as example.com"),
    "host number": ("hosts: [1]", "hosts[0]", "found 1, expected a host such as example.com"),
    "foreign": ("foreign: 1", "foreign", "found 1, expected true or false"),
    "feeds": ("feeds: 'https://a.example/'", "feeds", "expected a list"),
    "every": (
        "feeds: [{url: 'https://b.example/', every: 31d}]",
        "feeds[0].every",
        f"found '31d', expected {DURATION} 1s to 30d",
    ),
    "every number": (
        "feeds: [{url: 'https://b.example/', every: 30}]",
        "feeds[0].every",
        f"found 30, expected {DURATION} 1s to 30d",
    ),
    "every below the floor": (
        "feeds: [{url: 'https://b.example/', every: 4m}]",
        "feeds[0].every",
        "found 4m, expected at least fetch.floor (5m)",
    ),
    "timezone": (
        "feeds: [{url: 'https://b.example/', timezone: Mars/Olympus}]",
        "feeds[0].timezone",
        "found 'Mars/Olympus', expected the name of a time zone such as Australia/Sydney",
    ),
    "timezone directory": (
        "feeds: [{url: 'https://b.example/', timezone: America}]",
        "feeds[0].timezone",
        "found 'America', expected the name of a time zone",
    ),
    "timezone path": (
        "feeds: [{url: 'https://b.example/', timezone: ../../etc/passwd}]",
        "feeds[0].timezone",
        "expected the name of a time zone",
    ),
    "future": (
        "feeds: [{url: 'https://b.example/', future: drop}]",
        "feeds[0].future",
        "found 'drop', expected hold, clamp or keep",
    ),
}


@pytest.mark.parametrize(("line", "key", "words"), SITE_KEYS.values(), ids=SITE_KEYS)
def test_value_of_a_site_is_refused(line: str, key: str, words: str) -> None:
    """The same for the keys of a site and its feeds."""
    head = "network: {name: N}\nsites:\n  a:\n    name: A\n"
    home = "" if line.startswith("home") else "    home: https://a.example/\n"

    found = problems(f"{head}{home}    {line}\n")

    assert [problem.key for problem in found] == [f"sites.a.{key}"]
    assert words in found[0].text


KEYS = {
    "top": ("databse: x.db", "databse", "unknown key; did you mean database?"),
    "unlike any": ("zzz: 1", "zzz", "unknown key; expected one of network, database, output,"),
    "blank": ("zzz:", "zzz", "unknown key; expected one of network, database, output,"),
    "network": ("network: {nme: N}", "network.nme", "unknown key; did you mean name?"),
    "site": ("sites: {b: {hots: []}}", "sites.b.hots", "unknown key; did you mean hosts?"),
    "feed": (
        "sites: {b: {feeds: [{evry: 1h}]}}",
        "sites.b.feeds[0].evry",
        "unknown key; did you mean every?",
    ),
    "block": ("blocks: {b: {form: [a]}}", "blocks.b.form", "unknown key; did you mean from?"),
    "page": ("pages: {a: {block: []}}", "pages.a.block", "unknown key; did you mean blocks?"),
    "fetch": ("fetch: {max_byte: 1}", "fetch.max_byte", "unknown key; did you mean max_bytes?"),
    "serve": ("serve: {zzz: 1}", "serve.zzz", "unknown key; expected one of listen, "),
    "archive": (
        "archive: {keep: 7d}",
        "archive.keep",
        "unknown key; expected one of max_bytes, days",
    ),
    "retention": ("retention: {dys: 1}", "retention.dys", "unknown key; did you mean days?"),
    "feed's retention": (
        "sites: {b: {feeds: [{retention: {zzz: 1}}]}}",
        "sites.b.feeds[0].retention.zzz",
        "unknown key; expected one of days, ",
    ),
    "secret": (
        "'https://u:p@a.example/': 1",
        "'https://***@a.example/'",
        "unknown key; expected one of network,",
    ),
}


@pytest.mark.parametrize(("line", "key", "words"), KEYS.values(), ids=KEYS)
def test_unknown_key_is_an_error(line: str, key: str, words: str) -> None:
    """An unknown key is named where it stands, with the key that was meant or those there are."""
    found = [problem for problem in problems(line + "\n") if problem.key == key]

    assert found[0].text.startswith(words)
    last = "'https" if key.startswith("'") else key.split(".")[-1]
    assert line[found[0].column - 1 :].startswith(last)
