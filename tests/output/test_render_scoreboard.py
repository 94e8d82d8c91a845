"""Rows of the scoreboard D that no other test is named after: D03, D08, D15, and rH9's alias."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

import feedparser
import html5lib
import pytest
from output_build import NOW, block, content, headline, ids, page, story
from output_payloads import MARKUP, PAYLOADS, short

from aggregator.model import Document, DocumentRequest
from aggregator.network import Network, Show, Site
from aggregator.parse import read_document
from aggregator.render import Look, render_page
from aggregator.selection import select_page
from aggregator.stories import Member, tell_story

LOOK = Look("Venus Daily", "https://venus.example/", "https://h.example/pub")
BYPASSES = [
    "<!--><img src=x onerror=alert(1)>-->",
    "<img src=x onerror=alert(1)//",
    '<form action="javascript:alert(1)"><button>x</button></form>',
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    '<img src="javascript:alert(1)">',
    "</div></div>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<noscript><p title="</noscript><img src=x onerror=1>">',
    "<svg><set attributeName=href to=javascript:1>",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=alert(1)>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<b><i>",
    '<div style="width:100%;height:100%" class=admin id=content>x</div>',
    *MARKUP,
]
FEED = "<rss version='2.0'><channel><title>T</title><item><link>https://mars.example/1</link>{}{}"
ENDS = "</item></channel></rss>"


def summary_of(element: str) -> str:
    """What is stored of an item whose description is `element`."""
    body = FEED.format("<title>Mars</title>", f"<description>{element}</description>") + ENDS
    found = read_document(DocumentRequest(body.encode(), "text/xml", "https://mars.example/", NOW))
    assert isinstance(found, Document), found
    return found.entries[0].summary


@pytest.mark.parametrize("payload", [p for p in BYPASSES if "\x00" not in p], ids=short)
def test_D03_a_summary_is_text(payload: str) -> None:
    """Escaped once, as CDATA, and inside other markup: shown as a browser shows it when it is
    text, nothing in it is an element; reading the text again adds none."""
    legal = "".join(c for c in payload if c >= " ")
    for element in (
        escape(legal),
        f"<![CDATA[{legal}]]>",
        escape(f"<p>A <b>b</b>{legal}</p>"),
    ):
        text = summary_of(element)

        tree = html5lib.parseFragment(escape(text), namespaceHTMLElements=False)
        assert list(tree) == []
        assert "onerror" not in text or "<img" not in text.partition("onerror")[0]
        assert "<script" not in text.lower()


@pytest.mark.parametrize("payload", ["]]></title></item><item><title>x", *PAYLOADS], ids=short)
def test_D08_no_title_breaks_a_feed(payload: str) -> None:
    """Characters XML has no place for, `]]>`, four bytes, U+FFFE: expat is content, and there are
    as many items as headlines."""
    title = f"A{payload}\ufffe\U0001f680\x0b]]>Z"
    told = content(headline(1, title=title, site_name=title), headline(2), title=title)

    files = render_page(told, LOOK)

    for path in ("venus/headlines.xml", "venus/headlines.atom"):
        expat.ParserCreate().Parse(files[path], True)
        tree = ElementTree.fromstring(files[path])
        names = [node.tag.rpartition("}")[2] for node in tree.iter()]
        assert names.count("item") + names.count("entry") == 2
        assert "\U0001f680" in files[path].decode()
    assert len(json.loads(files["venus/headlines.feed.json"])["items"]) == 2


@pytest.mark.parametrize("show", [(), tuple(Show)], ids=["plain", "everything"])
def test_D15_validators_are_content(show: tuple[Show, ...]) -> None:
    """The HTML without one error of the strict parser, the feeds for expat and for a reader."""
    told = content(
        headline(1, title="R & D <b>", image_url="https://mars.example/1.jpg", shown_at=NOW),
        headline(2, published_at=None),
        title='24/7 "News"',
        link="https://mars.example/?a=1&b=2",
    )
    told = replace(told, blocks=tuple(replace(one, show=show) for one in told.blocks))

    files = render_page(told, LOOK)

    for path in ("venus/headlines.html", "venus/space.html"):
        html5lib.HTMLParser(strict=True).parseFragment(files[path].decode())
    for path, version in (("venus/headlines.xml", "rss20"), ("venus/headlines.atom", "atom10")):
        expat.ParserCreate().Parse(files[path], True)
        found = feedparser.parse(files[path])
        assert (found.bozo, found.version, len(found.entries)) == (False, version, 2)


@pytest.mark.parametrize(
    "link",
    [
        "https://venus.example/1",
        "https://www.venus.example/1",
        "https://venus-archive.example/1",
        "https://www.venus-archive.example/1",
    ],
)
def test_rH9_a_story_on_an_alias_of_the_own_site_is_its_own(link: str) -> None:
    """The sister's feed brought it; the page's own hosts hold its link, so the page leaves it."""
    hosts = tuple(
        prefix + host
        for host in ("venus.example", "venus-archive.example")
        for prefix in ("", "www.")
    )
    sites = (
        Site("venus", "Venus", "https://venus.example/", hosts),
        Site("mars", "Mars", "https://mars.example/", ("mars.example",)),
    )
    network = Network("N", None, Path("/db"), Path("/out"), sites, ())
    member = Member(1, 1, "mars", link, "Told by Mars", None, NOW, NOW, None)

    owner = tell_story(1, [member], owners=network.owners()).site_id

    assert owner == "venus"
    shown = select_page(page(block("a", "mars")), [story(1, owner), story(2, "mars")], now=NOW)
    assert ids(shown) == [[2]]
