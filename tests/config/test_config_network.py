"""A feeds.yaml without faults -> the values it describes, and the warnings it deserves."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from textwrap import dedent

import pytest

from aggregator.config import LoadedNetwork, load_network
from aggregator.network import (
    Archive,
    Block,
    Feed,
    FetchSettings,
    FuturePolicy,
    Network,
    Page,
    Retention,
    RetryScope,
    Site,
)

SITES = """\
network: {name: N}
sites:
  a: {name: A, home: https://a.example/}
  b: {name: B, home: https://b.example/}
  c: {name: C, home: https://c.example/}
"""


def load(text: str) -> LoadedNetwork:
    """What a file at /etc/feeds.yaml describes."""
    return load_network(dedent(text), path=Path("/etc/feeds.yaml"), shown_as="f")


def warnings(text: str) -> list[str]:
    """The warnings of a file, as they are printed."""
    return [str(warning) for warning in load(text).warnings]


def test_retention_of_the_network_and_of_a_feed() -> None:
    """A feed's own replaces the network's; an empty one keeps everything."""
    text = """\
        network: {name: N}
        sites:
          a:
            name: A
            home: https://a.example/
            feeds:
              - https://a.example/1
              - {url: "https://a.example/2", retention: {keep: 5}}
              - {url: "https://a.example/3", retention: {}}
        retention: {days: 30, poll_days: 90}
        """

    network = load(text).network

    assert network.retention == Retention(days=30, poll_days=90)
    assert network.retentions() == {
        "https://a.example/2": Retention(keep=5),
        "https://a.example/3": Retention(),
    }
    assert [rule.is_endless for rule in network.retentions().values()] == [False, True]
    assert load(SITES).network.retention.is_endless


def test_the_archive_is_off_unless_its_key_is_there() -> None:
    """An empty one has every default."""
    assert load(SITES).network.archive is None
    assert load(SITES + "\narchive: {}\n").network.archive == Archive()
    written = "\narchive: {max_bytes: 2MiB, days: 3}\ncheck_stories: 6h\n"
    network = load(SITES + written).network
    assert network.archive == Archive(2 * 1024 * 1024, 3)
    assert network.check_stories == timedelta(hours=6)


def test_every_key_reaches_its_value() -> None:
    """Each key of the file stands where `aggregator.network` says."""
    text = """\
        network: {name: N, contact: mailto:bot@example.com}
        database: /var/lib/x.db
        output: out/html
        sites:
          a:
            name: A
            home: HTTPS://a.example
            hosts: [Old-A.example]
            foreign: true
            feeds:
              - https://a.example:8443/Feed?x=%41
              - {url: "http://127.0.0.1:9000/", every: 2h, timezone: Australia/Sydney, future: keep}
          b: {name: B, home: "https://b.example/"}
        blocks:
          x: {title: X, link: "https://x/#top", from: [a], limit: 5, max_age: 7d, per_site: 2}
        pages:
          front: {site: b, blocks: [x]}
        fetch:
          allow_private: [127.0.0.0/8, "::1"]
          allow_ports: [8443, 8080]
          timeout: 90s
          max_bytes: 1MiB
          max_decoded: 2048
          concurrency: 7
          host_delay: 0s
          floor: 1s
          budget: 48
          retry_after_scope: domain
    """

    loaded = load(text)

    block = Block("x", "X", "https://x/#top", ("a",), 5, timedelta(days=7), 2)
    feeds = (
        Feed("https://a.example:8443/Feed?x=%41", "a"),
        Feed(
            "http://127.0.0.1:9000/",
            "a",
            timedelta(hours=2),
            "Australia/Sydney",
            FuturePolicy.KEEP,
        ),
    )
    hosts = ("a.example", "www.a.example", "old-a.example", "www.old-a.example")
    assert loaded.warnings == ()
    assert loaded.network == Network(
        name="N",
        contact="mailto:bot@example.com",
        database=Path("/var/lib/x.db"),
        output=Path("/etc/out/html"),
        sites=(
            Site("a", "A", "HTTPS://a.example", hosts, feeds, True),
            Site("b", "B", "https://b.example/", ("b.example", "www.b.example")),
        ),
        pages=(Page("front", "b", (block,)),),
        fetch=FetchSettings(
            allow_private=(ip_network("127.0.0.0/8"), ip_network("::1")),
            allow_ports=frozenset({8443, 8080}),
            timeout=timedelta(seconds=90),
            max_bytes=1024 * 1024,
            max_decoded=2048,
            concurrency=7,
            host_delay=timedelta(0),
            floor=timedelta(seconds=1),
            budget=48,
            retry_after_scope=RetryScope.DOMAIN,
        ),
    )


def test_defaults() -> None:
    """What is left out has the documented default; relative paths start at the file."""
    network = load(SITES).network

    assert network.database == Path("/etc/aggregator.db")
    assert network.output == Path("/etc/public")
    assert network.contact is None
    assert network.pages == ()
    assert network.feeds() == ()
    assert network.fetch == FetchSettings()


HOSTS = {
    "bare": ("home: https://x.example/", ("x.example", "www.x.example")),
    "www": ("home: https://www.x.example/", ("www.x.example", "x.example")),
    "both": (
        "home: https://x.example/, hosts: [www.x.example, X.example]",
        ("x.example", "www.x.example"),
    ),
    "port": ("home: http://x.example:80/", ("x.example", "www.x.example")),
    "idn": (
        "home: https://münchen.example/",
        ("xn--mnchen-3ya.example", "www.xn--mnchen-3ya.example"),
    ),
    "www of a top level": ("home: https://www.example/", ("www.example",)),
    "address": ("home: http://192.0.2.1/", ("192.0.2.1",)),
    "address 6": ("home: 'http://[2001:DB8::0:1]/'", ("2001:db8::1",)),
    "underscore": ("home: http://a_b.example/", ("a_b.example", "www.a_b.example")),
}


@pytest.mark.parametrize(("keys", "hosts"), HOSTS.values(), ids=HOSTS)
def test_hosts_of_a_site(keys: str, hosts: tuple[str, ...]) -> None:
    """The host of home comes first; every name brings its www. form, in lower-case ASCII."""
    network = load(f"network: {{name: N}}\nsites:\n  x: {{name: X, {keys}}}\n").network

    assert network.sites[0].hosts == hosts


@pytest.mark.parametrize(
    "url",
    [
        "https://A.Example:443/feed",
        "http://a.example:80",
        "https://münchen.example/ö?q=ä",
        "https://8.8.8.8/feed",
        "http://[2606:4700:4700::1111]/feed",
        "http://a.example/a;b?c=[d]&e=%zz",
    ],
)
def test_a_feed_url_stays_as_written(url: str) -> None:
    """No URL is normalised, whatever its spelling."""
    text = f"network: {{name: N}}\nsites:\n  x: {{name: X, home: {url!r}, feeds: [{url!r}]}}\n"

    network = load(text).network

    assert [feed.url for feed in network.feeds()] == [url]
    assert network.sites[0].home == url


@pytest.mark.parametrize(
    ("url", "fetch"),
    [
        ("http://10.1.2.3:8080/", "{allow_private: [10.0.0.0/8]}"),
        ("http://[::1]:8080/", "{allow_private: ['::1/128']}"),
        ("http://[::ffff:10.1.2.3]:8080/", "{allow_private: [10.0.0.0/8]}"),
        ("http://a.example:8443/", "{allow_ports: [8443]}"),
        ("http://localhost:8443/", "{allow_private: [127.0.0.0/8]}"),
    ],
    ids=["IPv4", "IPv6", "mapped", "port", "name that may lead to a private address"],
)
def test_what_fetch_allows_is_allowed(url: str, fetch: str) -> None:
    """A private address that is allowed may have any port; a listed port any host."""
    text = (
        f"{SITES}  d: {{name: D, home: 'https://d.example/', feeds: ['{url}']}}\nfetch: {fetch}\n"
    )

    assert [feed.url for feed in load(text).network.feeds()] == [url]


def test_the_floor_does_not_bind_addresses_of_ones_own() -> None:
    """An interval of a second is nobody else's business."""
    feed = "{url: 'http://127.0.0.1/', every: 1s}"
    text = f"{SITES}  d: {{name: D, home: 'https://d.example/', feeds: [{feed}]}}\n"

    (loaded,) = load(f"{text}fetch: {{allow_private: [127.0.0.0/8]}}\n").network.feeds()

    assert loaded.every == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("every", "keys"),
    [("5m", ""), ("60m", ", foreign: true"), ("30d", "")],
    ids=["floor", "foreign floor", "longest"],
)
def test_an_interval_at_its_bound_is_fine(every: str, keys: str) -> None:
    """The floor itself is not below the floor."""
    feeds = f"feeds: [{{url: 'https://d.example/', every: {every}}}]"

    network = load(f"{SITES}  d: {{name: D, home: 'https://d.example/', {feeds}{keys}}}\n").network

    assert network.feeds()[0].every is not None


SOURCES = {
    "names": ("from: [c, a]", ("c",)),
    "names, own": ("from: [c, a], own: true", ("c", "a")),
    "star": ('from: "*"', ("b", "c")),
    "star in a list": ('from: ["*"]', ("b", "c")),
    "star, own": ('from: "*", own: true', ("a", "b", "c")),
}


@pytest.mark.parametrize(("keys", "sources"), SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("page", ["a: [x]", "a: {blocks: [x]}", "z: {site: a, blocks: [x]}"])
def test_sources_are_settled_for_the_page(page: str, keys: str, sources: tuple[str, ...]) -> None:
    """`"*"` is expanded in file order and the page's own site left out, unless `own`."""
    text = f"{SITES}blocks:\n  x: {{title: X, {keys}}}\npages:\n  {page}\n"

    pages = load(text).network.pages

    assert [(shown.site, shown.blocks[0].sources) for shown in pages] == [("a", sources)]


def test_a_block_differs_from_page_to_page() -> None:
    """The same block has other sources on another site's page."""
    text = f"{SITES}blocks:\n  x: {{title: X, from: [a, b]}}\npages:\n  a: [x]\n  b: [x]\n"

    pages = load(text).network.pages

    assert [page.blocks[0].sources for page in pages] == [("b",), ("a",)]


def test_what_shows_nothing_is_a_warning() -> None:
    """A block without sources, a page without blocks, a block on no page: it loads, with words."""
    text = dedent("""\
        network: {name: N}
        sites:
          a: {name: A, home: "https://a.example/"}
        blocks:
          unused: {title: U, from: [a]}
          own: {title: O, from: [a]}
          all: {title: L, from: "*"}
        pages:
          empty: {site: a, blocks: []}
          a: [own, all]
    """)

    nothing = (
        "can show nothing here: its only source is the page's own site, which it shows with "
        "own: true only"
    )
    assert warnings(text) == [
        "f:5:3: blocks.unused: a block on no page is shown nowhere",
        "f:9:3: pages.empty: a page with no blocks shows nothing",
        f"f:10:7: pages.a[0]: block own {nothing}",
        f"f:10:12: pages.a[1]: block all {nothing}",
    ]


def test_a_warning_names_the_file_as_given() -> None:
    """`shown_as` stands in problems, the path itself when it is not given."""
    text = f"{SITES}pages: {{a: []}}\n"

    named = load_network(text, path=Path("/etc/feeds.yaml"), shown_as="../feeds.yaml")
    unnamed = load_network(text, path=Path("/etc/feeds.yaml"))

    assert [warning.file for warning in named.warnings] == ["../feeds.yaml"]
    assert [warning.file for warning in unnamed.warnings] == ["/etc/feeds.yaml"]


def test_five_thousand_feeds_load() -> None:
    """The largest network there may be is read (F13)."""
    feeds = "".join(f"    - {{url: 'https://f{n}.example/', every: 30m}}\n" for n in range(5000))
    site = "  a:\n    name: A\n    home: https://a.example/\n    feeds:\n"

    network = load(f"network: {{name: N}}\nsites:\n{site}{feeds}").network

    assert len(network.feeds()) == 5000
