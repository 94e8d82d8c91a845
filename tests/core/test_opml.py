"""OPML of others -> a feeds.yaml that loads; ours -> what others read; nothing hostile is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lxml import etree

from aggregator import opml
from aggregator.config import load_network
from aggregator.errors import UsageError
from aggregator.network import Feed, Network, Site
from aggregator.opml import MAX_BYTES, MAX_FEEDS, Opml, feeds_yaml, read_opml, write_opml

READER = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>My  feeds</title></head><body>
  <outline text="Space">
    <outline type="rss" text="Daily &amp; more" xmlUrl="https://feeds.service.example/daily"
      htmlUrl="https://www.daily.example/"/>
    <outline text="Deep"><outline type="rss" title="Deep one" xmlUrl="https://deep.example/rss"/></outline>
    <outline type="rss" text="Other" xmlUrl="https://other.example/rss" htmlUrl="about:blank"/>
  </outline>
  <outline text="No feed" url="https://x.example/"/>
  <outline type="rss" text="Daily sport" xmlUrl="https://daily.example/sport.xml"/>
  <outline type="rss" text="Again" xmlUrl="HTTPS://deep.example:443/rss"/>
  <outline type="rss" text="Mail" xmlUrl="mailto:a@b.example"/>
</body></opml>"""


def wrapped(outlines: str) -> bytes:
    """A document with these outlines."""
    return f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()


def test_feeds_folders_and_titles_are_read() -> None:
    """Each feed once, in order; what cannot be polled is named."""
    opml = read_opml(READER)

    assert opml.title == "My feeds"
    assert [(feed.title, feed.folders, feed.home) for feed in opml.feeds] == [
        ("Daily & more", ("Space",), "https://www.daily.example/"),
        ("Deep one", ("Space", "Deep"), None),
        ("Other", ("Space",), None),
        ("Daily sport", (), None),
    ]
    assert len(opml.skipped) == 1
    assert opml.skipped[0].startswith("mailto:a@b.example: expected a URL")


def test_it_becomes_a_feeds_yaml_that_loads() -> None:
    """One site a host, with its home; a folder of several sites is a block."""
    text = feeds_yaml(read_opml(READER))

    network = load_network(text, path=Path("/etc/feeds.yaml")).network
    assert [(site.id, site.name, site.home) for site in network.sites] == [
        ("daily", "Daily & more", "https://www.daily.example/"),
        ("deep", "Deep", "https://deep.example/"),
        ("other", "Other", "https://other.example/"),
    ]
    assert [feed.url for feed in network.sites[0].feeds] == [
        "https://feeds.service.example/daily",
        "https://daily.example/sport.xml",
    ]
    assert yaml.safe_load(text)["blocks"] == {
        "space": {"title": "Space", "from": ["daily", "other"]}
    }


def test_names_become_ids_that_differ() -> None:
    """Of other scripts, alike, or taken."""
    rows = [
        ("a.example", "Headlines"),
        ("a.test", "Headlines"),
        ("münchen.example", "新聞"),
        ("b.example", "新聞"),
    ]
    outlines = "".join(
        f'<outline text="{folder}"><outline text="" xmlUrl="https://{host}/f"/></outline>'
        for host, folder in rows
    )

    content = yaml.safe_load(feeds_yaml(read_opml(wrapped(outlines))))

    assert list(content["sites"]) == ["a", "a-2", "xn-mnchen-3ya", "b"]
    assert list(content["blocks"]) == ["headlines-2", "unnamed"]
    assert content["sites"]["a"]["name"] == "a.example"
    assert content["network"]["name"] == "Imported network"


def test_a_network_goes_out_and_comes_back() -> None:
    """Sites, names, homes and feeds are the same afterwards."""
    sites = tuple(
        Site(
            name,
            f"{name.upper()} & <co>",
            f"https://www.{name}.example/",
            (),
            tuple(Feed(f"https://www.{name}.example/{n}", name) for n in range(2)),
        )
        for name in ("a", "b")
    )
    empty = Site("c", "C", "https://c.example/", ())
    network = Network("The network", None, Path("/d"), Path("/o"), (*sites, empty), ())

    document = write_opml(network, {"https://www.a.example/0": "What it\x01 calls itself"})
    back = load_network(feeds_yaml(read_opml(document)), path=Path("/etc/feeds.yaml")).network

    assert b'text="What it calls itself"' in document
    assert back.name == network.name
    assert [(s.id, s.name, s.home, s.feeds) for s in back.sites] == [
        (s.id, s.name, s.home, s.feeds) for s in sites
    ]
    assert etree.fromstring(document).get("version") == "2.0"


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not OPML"),
        (b"\x00\xff", "not OPML"),
        (b"<opml><body>", "not OPML"),
        (b"<opml>\x00</opml>", "Char 0x0 out of allowed range , line 1, column 7"),
        (b"<html/>", "found <html>"),
        (
            f'<!DOCTYPE opml [<!ENTITY e0 "x">{BOMB}]><opml><body>&e8;</body></opml>'.encode(),
            "DOCTYPE|amplification",
        ),
        ('<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>'.encode("utf-16"), "DOCTYPE"),
        (b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>', "DOCTYPE"),
        (b"<outline>" * 300 + b"</outline>" * 300, "not OPML"),
        (b"x" * (MAX_BYTES + 1), "at most"),
        (
            wrapped(
                "".join(f'<outline xmlUrl="https://a.example/{n}"/>' for n in range(MAX_FEEDS + 1))
            ),
            "at most 5000",
        ),
    ],
    ids=[
        "empty",
        "bytes",
        "cut",
        "control",
        "html",
        "bomb",
        "utf-16",
        "external",
        "deep",
        "large",
        "many",
    ],
)
def test_what_is_not_plain_opml_is_refused(document: bytes, reason: str) -> None:
    """Status 2, with the reason; no entity is expanded, nothing is fetched."""
    with pytest.raises(UsageError, match=reason):
        read_opml(document)


def test_a_long_name_around_many_feeds_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read for each of them, five million characters cost a quarter of a second each time."""
    read = list[str | None]()
    usual = opml._name

    def counting(text: str | None) -> str:
        read.append(text)
        return usual(text)

    monkeypatch.setattr(opml, "_name", counting)
    feeds = "".join(f'<outline xmlUrl="https://a.example/{n}"/>' for n in range(100))

    found = read_opml(wrapped(f'<outline text="{"long " * 1000}">{feeds}</outline>'))

    assert len([text for text in read if text and text.startswith("long")]) == 1
    assert {len(feed.folders[0]) for feed in found.feeds} == {199}


def test_nothing_listed_is_an_empty_network() -> None:
    """The file says so when it is loaded."""
    assert read_opml(b"<opml/>") == Opml("", (), ())
