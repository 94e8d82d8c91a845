"""The made-up family: each document is what it claims to be."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from lxml import etree

from aggregator.demo import stories
from aggregator.demo.config import feeds_yaml
from aggregator.demo.family import Family, build_family
from aggregator.demo.stories import BREAKING, BREAKING_SITE

NOW = datetime(2026, 11, 25, 1, 2, 3, 456789, tzinfo=UTC)
ADDRESSES = {site.id: f"http://127.0.1.{n}:8000" for n, site in enumerate(build_family(NOW).sites)}
ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS1 = "{http://purl.org/rss/1.0/}"


def body_of(site: str, family: Family | None = None) -> bytes:
    family = family or build_family(NOW)
    return next(document.body for document in family.documents if document.site == site)


def test_the_same_moment_gives_the_same_family() -> None:
    """Building twice for one `now` gives equal bytes; the fraction of a second does not count."""
    first, second = build_family(NOW), build_family(NOW.replace(microsecond=0))

    assert first == second


def test_dates_follow_now() -> None:
    """A day later every document is a day younger, and nothing else differs."""
    later = build_family(NOW + timedelta(days=1))

    assert all(
        a.modified - b.modified == timedelta(days=1) and len(a.body) == len(b.body)
        for a, b in zip(later.documents, build_family(NOW).documents, strict=True)
    )


def test_no_story_is_of_the_future() -> None:
    """The newest story of every feed is older than the moment the family was built for."""
    family = build_family(NOW)

    assert all(document.modified < NOW for document in family.documents)


@pytest.mark.parametrize(
    ("site", "root", "item"),
    [
        ("spacedaily", "rss", "channel/item"),
        ("spacewar", "rss", "channel/item"),
        ("seeddaily", "rss", "channel/item"),
        ("terradaily", f"{RDF}RDF", f"{RSS1}item"),
        ("energydaily", f"{ATOM}feed", f"{ATOM}entry"),
    ],
)
def test_xml_feeds_are_well_formed(site: str, root: str, item: str) -> None:
    """A strict parser reads the document, which has the root and five items or more."""
    document = etree.fromstring(body_of(site))

    assert document.tag == root
    assert len(document.findall(item)) >= 5


def test_one_feed_is_a_json_feed() -> None:
    """The JSON feed names its version and gives each item an id, a link, a title and a date."""
    document = json.loads(body_of("marsdaily"))

    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert len(document["items"]) >= 5
    assert all({"id", "url", "title", "date_published"} <= set(i) for i in document["items"])


def test_one_feed_is_broken_on_purpose() -> None:
    """The broken feed has bare ampersands and an HTML entity, and no strict parser reads it."""
    body = body_of("robodaily")

    assert b"fruit & eggs" in body
    assert b"&eacute;" in body
    assert body.count(b"<item>") >= 5
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(body)


def test_one_feed_is_like_the_feed_the_product_was_asked_for() -> None:
    """No guid at all, one pubDate for all items, the zone AEST, links to sister sites."""
    channel = etree.fromstring(body_of("spacedaily")).find("channel")
    assert channel is not None

    dates = {element.text for element in channel.findall("item/pubDate")}
    hosts = {urlsplit(element.text or "").hostname for element in channel.findall("item/link")}

    assert not channel.findall("item/guid")
    assert dates == {"Wed, 25 NOV 2026 10:27:03 AEST"}
    assert hosts == {f"www.{site}.example" for site in ("spacedaily", "terradaily", "marsdaily")}


def test_two_sites_tell_the_same_story() -> None:
    """One link stands in two feeds, with tracking parameters in one of them."""
    slug = b"Mangrove_belt_slows_storm_surge_999.html"

    assert slug + b"</link>" in body_of("terradaily")
    assert slug + b"?utm_source=seeddaily&amp;utm_medium=rss" in body_of("seeddaily")


def test_one_title_has_markup_and_entities() -> None:
    """The Atom title is HTML: a tag and entities once the XML is read."""
    titles = [e.text or "" for e in etree.fromstring(body_of("energydaily")).iter(f"{ATOM}title")]

    assert "Grid store of <em>iron &amp; air</em> passes its &quot;first frost&quot; test" in titles


def test_links_lead_to_sites_of_the_family() -> None:
    """Every link of every feed stands on a host of a site, so that no story is foreign."""
    family = build_family(NOW)

    links = re.findall(
        rb"https?://[a-z0-9.-]+\.example", b"".join(d.body for d in family.documents)
    )

    hosts = {urlsplit(link.decode()).hostname or "" for link in links}
    assert {host.removeprefix("www.") for host in hosts} == {site.host for site in family.sites}


def test_a_breaking_story_changes_one_document() -> None:
    """One feed carries one more story at its top, of the later moment; the rest is as before."""
    family = build_family(NOW)
    later = NOW + timedelta(minutes=7)

    after = family.with_breaking_story(later)

    changed = [b for a, b in zip(family.documents, after.documents, strict=True) if a != b]
    entry = etree.fromstring(changed[0].body).find(f"{ATOM}entry")
    assert [document.site for document in changed] == [BREAKING_SITE]
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == BREAKING.title
    assert entry.findtext(f"{ATOM}published") == "2026-11-25T01:09:03Z"
    assert changed[0].modified == later.replace(microsecond=0)


def test_feeds_yaml_is_a_whole_network() -> None:
    """Every site has its feed at its address and a page; pages name blocks, blocks name sites."""
    family = build_family(NOW)

    config = yaml.safe_load(feeds_yaml(family, ADDRESSES))

    assert list(config["sites"]) == list(config["pages"]) == [site.id for site in family.sites]
    assert {site: entry["feeds"] for site, entry in config["sites"].items()} == {
        document.site: [ADDRESSES[document.site] + document.path] for document in family.documents
    }
    assert {name for page in config["pages"].values() for name in page} <= set(config["blocks"])
    assert {s for block in config["blocks"].values() for s in block["from"]} <= set(ADDRESSES)


def test_spacewar_has_the_page_the_product_was_asked_for() -> None:
    """Four blocks of three, the third of the site's own stories."""
    config = yaml.safe_load(feeds_yaml(build_family(NOW), ADDRESSES))

    page = [config["blocks"][name] for name in config["pages"]["spacewar"]]

    assert [block["limit"] for block in page] == [3, 3, 3, 3]
    assert page[0]["title"] == "Space News from SpaceDaily.example"
    assert page[2]["from"] == ["spacewar"]
    assert page[2]["own"] is True


def test_no_page_has_a_block_that_can_show_nothing() -> None:
    """A block whose only source is the page's own site is left out unless it may show its own."""
    config = yaml.safe_load(feeds_yaml(build_family(NOW), ADDRESSES))

    dead = [
        (page, name)
        for page, names in config["pages"].items()
        for name in names
        if config["blocks"][name]["from"] == [page] and not config["blocks"][name].get("own")
    ]

    assert dead == []


def test_the_readme_shows_what_the_demo_does() -> None:
    """The headlines in README.md are those of the family, the breaking story included."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```\nSpace News")[1].split("...\n```")[0].splitlines()
    titles = {item.title for item in (*stories.SPACEDAILY, *stories.ENERGYDAILY, BREAKING)}

    headlines = [line for line in shown[1:] if line and not line.startswith("24/7")]

    assert len(headlines) == 6
    assert set(headlines) <= titles
