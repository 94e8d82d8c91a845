"""One selection in every format: the same headlines, whatever stands in any field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import feedparser
import html5lib
import pytest
from output_build import NOW, content, headline, parse_strictly
from output_payloads import BAD_LINKS, GOOD_LINKS, PAYLOADS, short
from output_script import dom, is_script, needs_node, run_scripts

from aggregator.model import (
    BlockContent,
    Document,
    DocumentRequest,
    Entry,
    Headline,
    PageContent,
    Story,
)
from aggregator.network import Block, Page, Show
from aggregator.parse import read_document
from aggregator.render import Look, render_page
from aggregator.render.links import with_params
from aggregator.render.printable import one_line
from aggregator.selection import is_link, select_page

ATOM = "{http://www.w3.org/2005/Atom}"
LOOK = Look("Venus Daily", "https://venus.example/", "https://h.example/pub")
LINK = "https://mars.example/?q=1"
ALL = tuple(Show)


def poisoned(field: str, payload: str) -> tuple[PageContent, Look]:
    """A page with everything shown; `field` holds the payload, where it may hold it at all."""
    text, link = f"A{payload}Z", f"https://mars.example/{NO_LINK.sub('%20', payload)}"
    told: dict[str, Any] = {"image_url": "https://mars.example/1.jpg", "shown_at": NOW}
    block: dict[str, Any] = {"title": "Space", "link": LINK}
    look, params = LOOK, (("utm_source", "venus"),)
    match field:
        case "title" | "site_name":
            told[field] = text
        case "url" | "image_url":
            told[field] = link
        case "block title":
            block["title"] = text
        case "block link":
            block["link"] = link
        case "page name":
            look = replace(LOOK, site_name=one_line(text))
        case "page home":
            look = replace(LOOK, home=link)
        case "public url":
            look = replace(LOOK, public_url=link)
        case "param name":
            params = ((text.encode("utf-8", "replace").decode(), "1"),)
        case "param value":
            params = (("utm_source", text.encode("utf-8", "replace").decode()),)
        case _:
            told["title"] = block["title"] = told["site_name"] = text
    filled = BlockContent("space", headlines=(headline(1, **told), headline(2)), show=ALL, **block)
    return PageContent("venus", "venus", (filled,), params), look


FIELDS = (
    *("title", "site_name", "url", "image_url", "block title", "block link", "page name"),
    *("page home", "public url", "param name", "param value", "all texts"),
)


NO_LINK = re.compile("[\\s\x00-\x20\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""What no link may hold: selection lets none through that does."""


def rendered(field: str) -> Iterator[tuple[PageContent, Look, dict[str, str]]]:
    """Every payload in `field`, in every format."""
    for payload in PAYLOADS:
        page, look = poisoned(field, payload)
        files = render_page(page, look)
        yield page, look, {path: body.decode() for path, body in files.items()}


@needs_node
@pytest.mark.parametrize("field", FIELDS)
def test_D01_every_payload_in_every_field_and_format(field: str, tmp_path: Path) -> None:
    """The HTML a browser parses and the DOM the script builds are one; feeds have their items;
    text has its lines; every format gives the texts back."""
    cases = list(rendered(field))
    built = run_scripts([{"script": files["venus/headlines.js"]} for _, _, files in cases])

    assert len(cases) == len(PAYLOADS) >= 120
    for (page, look, files), left in zip(cases, built, strict=True):
        (block,) = page.blocks
        titles = [one_line(told.title) for told in block.headlines]
        links = [with_params(told.url, page.link_params) for told in block.headlines]
        tree = parse_fragment(files["venus/headlines.html"])
        assert left["body"][2][0] == dom(tree.find("section"))
        assert [a.get("href") for a in tree.iter("a")] == [block.link, *links]
        assert ["".join(a.itertext()) for a in tree.iter("a")][1:] == titles
        assert_feeds(files, titles, links, one_line(block.title), look)
        assert files["venus/headlines.txt"].splitlines() == [one_line(block.title), *titles]
        value = json.loads(files["venus/headlines.json"])["blocks"][0]["headlines"]
        assert [told["title"] for told in value] == titles
        assert [told["url"] for told in value] == links
    assert is_script("".join(files["venus/headlines.js"] for *_, files in cases), tmp_path)


def parse_fragment(html: str) -> Any:
    """Strictly, but for what a link may hold that an attribute's purist minds."""
    return html5lib.parseFragment(html, namespaceHTMLElements=False)


def assert_feeds(
    files: dict[str, str], titles: list[str], links: list[str], category: str, look: Look
) -> None:
    rss = ElementTree.fromstring(files["venus/headlines.xml"])
    atom = ElementTree.fromstring(files["venus/headlines.atom"])
    feed = json.loads(files["venus/headlines.feed.json"])
    items, entries = rss.findall("channel/item"), atom.findall(f"{ATOM}entry")
    assert [item.findtext("title") for item in items] == titles
    assert [item.findtext("link") for item in items] == links
    assert {item.findtext("category") for item in items} == {category}
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == titles
    leading = [entry.findall(f"{ATOM}link")[0] for entry in entries]
    assert [link.get("href") for link in leading] == links
    assert [item["title"] for item in feed["items"]] == titles
    assert [item["url"] for item in feed["items"]] == links
    assert {item["tags"][0] for item in feed["items"]} == {category}
    assert rss.findtext("channel/title") == feed["title"] == look.site_name
    assert rss.findtext("channel/link") == feed["home_page_url"] == look.home
    own = rss.find(f"channel/{ATOM}link")
    assert own is not None
    assert own.get("href") == f"{look.public_url}/venus/headlines.xml"


@pytest.mark.parametrize("field", FIELDS)
def test_D06_D09_no_file_can_be_taken_for_a_program(field: str) -> None:
    """No directive of SSI, ESI, PHP or ASP in what is included; a script element holds the JSON
    and the script as they are."""
    for _, _, files in rendered(field):
        for path in ("venus/headlines.html", "venus/headlines.json", "venus/headlines.feed.json"):
            assert not re.search(r"<!--|<esi:|<\?|<%", files[path])
        data = files["venus/headlines.js"].partition('({\n  "page"')[2]
        assert data
        assert not re.search("[<>&\u0080-\U0010ffff\x00-\x09\x0b-\x1f\x7f]", data)
        assert not re.search(
            "[<>&\x00-\x09\x0b-\x1f\x7f\u2028\u2029]", files["venus/headlines.json"]
        )


# ------------------------------------------------------- from the document on

ITEM = {
    "title": "<title>{}</title>",
    "link": "<link>https://mars.example/{}</link>",
    "guid": "<guid isPermaLink='false'>{}</guid>",
    "description": "<description>{}</description>",
    "author": "<author>{}</author>",
    "creator": "<dc:creator>{}</dc:creator>",
    "category": "<category>{}</category>",
    "source": "<source url='https://mars.example/'>{}</source>",
    "comments": "<comments>{}</comments>",
    "credit": "<media:credit>{}</media:credit>",
    "content": "<content:encoded>{}</content:encoded>",
    "enclosure": "<enclosure url='https://mars.example/a.jpg' length='1' type='{}'/>",
}
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_with(field: str) -> list[Entry]:
    """A feed with one item for each payload, which stands in `field`."""
    usual = {"title": "Story", "link": "https://mars.example/{n}", "guid": "{n}"}
    items = []
    for n, payload in enumerate(PAYLOADS):
        text = escape(ILLEGAL.sub("", payload), {"'": "&apos;"})
        parts = [
            ITEM[name].replace("{}", text if name == field else value.replace("{n}", str(n)))
            for name, value in {**usual, field: ""}.items()
        ]
        if field != "link":
            parts[1] = f"<link>https://mars.example/{n}</link>"
        items.append(f"<item>{''.join(parts)}</item>")
    body = (
        "<?xml version='1.0'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        " xmlns:media='http://search.yahoo.com/mrss/'"
        " xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>T</title>"
        f"{''.join(items)}</channel></rss>"
    )
    document = read_document(
        DocumentRequest(body.encode(), "application/rss+xml", "https://mars.example/feed", NOW)
    )
    assert isinstance(document, Document)
    return list(document.entries)


@needs_node
@pytest.mark.parametrize("field", ITEM)
def test_D01_a_payload_in_a_feed_is_text_on_the_page(field: str) -> None:
    """From the bytes of a feed through reading and selection to every format."""
    stories = [
        Story(n, "mars", "Mars", entry.url or "", entry.title, NOW, None, n, entry.image_url)
        for n, entry in enumerate(read_with(field))
    ]
    rules = Page("venus", "venus", (Block("space", "S", None, ("mars",), limit=500, show=ALL),))

    page = select_page(rules, stories, now=NOW)
    files = {path: body.decode() for path, body in render_page(page, LOOK).items()}

    shown = page.blocks[0].headlines
    tree = parse_fragment(files["venus/space.html"])
    (left,) = run_scripts([{"script": files["venus/headlines.js"]}])
    assert len(shown) > 100
    assert {element.tag for element in tree.iter()} <= {
        *("DOCUMENT_FRAGMENT", "section", "h2", "ul", "li", "a", "bdi", "img", "span", "time")
    }
    assert left["body"][2][0] == dom(tree.find("section"))
    assert all(is_link(a.get("href")) for a in tree.iter("a"))
    assert_feeds(
        files, [one_line(told.title) for told in shown], [told.url for told in shown], "S", LOOK
    )


# ------------------------------------------------------------------- links


@pytest.mark.parametrize("link", BAD_LINKS, ids=short)
def test_D02_no_format_takes_a_bad_link(link: str) -> None:
    """In all three places a link can stand, with everything shown."""
    for page, _ in (
        (replace_headline(headline(1, url=link)), 0),
        (replace_headline(headline(1, image_url=link)), 0),
        (content(headline(1), link=link), 0),
    ):
        with pytest.raises(ValueError, match="not an http"):
            render_page(page, LOOK)


def replace_headline(told: Headline) -> PageContent:
    page = content(told)
    return replace(page, blocks=(replace(page.blocks[0], show=ALL),))


@pytest.mark.parametrize("link", GOOD_LINKS, ids=short)
def test_D02_parameters_leave_a_link_a_link(link: str) -> None:
    """Added to the query, before the fragment; a second time changes nothing."""
    params = (("utm_source", "a&b=c#d e"), ("x", "é"))

    once = with_params(link, params)

    assert is_link(once)
    assert with_params(once, params) == once
    assert once.partition("#")[0].endswith("utm_source=a%26b%3Dc%23d%20e&x=%C3%A9")
    assert once.partition("#")[2] == link.partition("#")[2]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://a.example/", "https://a.example/?u=1"),
        ("https://a.example/?", "https://a.example/?u=1"),
        ("https://a.example/?a=b", "https://a.example/?a=b&u=1"),
        ("https://a.example/?u=0&a=b&%75=2#f?u=9", "https://a.example/?a=b&u=1#f?u=9"),
        ("https://a.example/?a&&b", "https://a.example/?a&b&u=1"),
    ],
)
def test_a_parameter_of_the_same_name_is_replaced(link: str, expected: str) -> None:
    """The page's value holds; other fields stay as they are written."""
    assert with_params(link, (("u", "1"),)) == expected


def test_without_parameters_a_link_is_as_it_was() -> None:
    """Not even an empty query is lost."""
    assert with_params("https://a.example/?", ()) == "https://a.example/?"


def test_the_parameters_of_a_page_are_in_all_its_files() -> None:
    """But for ids of items, which readers know them by, and the links of block titles."""
    page = replace(content(headline(1), link=LINK), link_params=(("utm_source", "venus"),))

    files = render_page(page, LOOK)

    wanted = "https://mars.example/1?utm_source=venus"
    for path, body in files.items():
        assert path.endswith(".txt") or wanted in body.decode()
    guid = ElementTree.fromstring(files["venus/headlines.xml"]).findtext("channel/item/guid")
    assert guid == json.loads(files["venus/headlines.feed.json"])["items"][0]["id"]
    assert guid == "https://mars.example/1"
    assert f'href="{LINK}"' in files["venus/space.html"].decode()


# ------------------------------------------------------------------- feeds


def test_rH11_feeds_are_what_they_say() -> None:
    """A feed reader finds no fault, and the items, times and addresses are those of the page."""
    page = content(headline(1), headline(2, published_at=None, shown_at=NOW - timedelta(days=1)))

    for path, version in (("headlines.xml", "rss20"), ("headlines.atom", "atom10")):
        body = render_page(page, LOOK)[f"venus/{path}"]
        found = feedparser.parse(body)
        assert (found.bozo, found.version) == (False, version)
        assert [item.link for item in found.entries] == [
            told.url for told in page.blocks[0].headlines
        ]
        assert found.feed.title == "Venus Daily"
        assert f"https://h.example/pub/venus/{path}" in [link.href for link in found.feed.links]
        assert found.entries[0].published_parsed[:6] == (2026, 11, 25, 1, 2, 3)
        assert "published" not in found.entries[1]


def test_rD19_machine_and_human_time_are_one_instant() -> None:
    """In HTML, as far as the block shows times."""
    page = replace_headline(headline(1, published_at=NOW))

    html = render_page(page)["venus/space.html"].decode()

    assert '<time class="hl-time" datetime="2026-11-25T01:02:03Z">25 Nov 2026, 01:02 UTC' in html


def test_a_block_shows_only_what_it_has() -> None:
    """No date, no image: neither an element nor a word for them."""
    page = replace_headline(headline(1, published_at=None))

    files = render_page(page)

    (item,) = parse_strictly(files["venus/space.html"].decode()).iter("li")
    assert [child.tag for child in item] == ["a", "span"]


def test_feeds_of_an_unknown_place_do_not_name_themselves() -> None:
    """Without a public URL and a home there is still a sound feed."""
    files = render_page(content())

    rss = ElementTree.fromstring(files["venus/headlines.xml"])
    atom = ElementTree.fromstring(files["venus/headlines.atom"])
    assert rss.find(f"channel/{ATOM}link") is None
    assert atom.findall(f"{ATOM}link") == []
    assert atom.findtext(f"{ATOM}id") == "urn:x-headlines/venus/headlines.atom"
    assert atom.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    assert json.loads(files["venus/headlines.feed.json"]) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "venus",
        "items": [],
    }


# ------------------------------------------------------------------- script

TWO = PageContent(
    "venus",
    "venus",
    (
        BlockContent("a", "A", None, (headline(1),)),
        BlockContent("b", "B", LINK, (headline(2),)),
        BlockContent("c", "C", None),
    ),
)


@needs_node
@pytest.mark.parametrize(
    ("attributes", "where", "in_body", "in_slot"),
    [
        pytest.param({}, "body", ["a", "b"], [], id="before the script"),
        pytest.param({"data-block": "b"}, "body", ["b"], [], id="one block"),
        pytest.param({"data-block": "x"}, "body", [], [], id="no such block"),
        pytest.param({"data-target": "slot"}, "head", [], ["a", "b"], id="into an element"),
        pytest.param({"data-target": "slot"}, "late", [], ["a", "b"], id="one that comes later"),
        pytest.param({"data-target": "x"}, "body", [], [], id="no such element"),
        pytest.param({}, "head", [], [], id="in the head without a target"),
        pytest.param({}, "module", [], [], id="no script element"),
    ],
)
def test_the_script_puts_blocks_where_it_is_told(
    attributes: dict[str, str], where: str, in_body: list[str], in_slot: list[str]
) -> None:
    """And nowhere else; an empty block is left out."""
    script = render_page(TWO)["venus/headlines.js"].decode()

    (left,) = run_scripts([{"script": script, "attributes": attributes, "where": where}])

    body = {node[0]: node for node in left["body"][2]}
    sections = [node[1]["data-block"] for node in left["body"][2] if node[0] == "section"]
    assert sections == in_body
    assert [node[1]["data-block"] for node in body["div"][2]] == in_slot
    assert [node[0] for node in left["head"][2]] in ([], ["script"])


def test_the_script_has_nothing_that_writes_markup() -> None:
    """No markup as text, no evaluation, no request."""
    script = render_page(TWO)["venus/headlines.js"].decode()

    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|\.write|eval|Function\(", script)
    assert not re.search(r"fetch|XMLHttp|import|cookie|localStorage|window", script)
