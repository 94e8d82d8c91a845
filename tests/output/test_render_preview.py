"""The preview of all pages, for people."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest
from output_build import NOW, content, headline, shape
from output_payloads import PAYLOADS, short

from aggregator.model import BlockContent, BlockState, FeedHealth, PageContent, Relaxation
from aggregator.network import Network, Show, Site
from aggregator.render import render_page, render_preview

VENUS = Site("venus", "Venus Daily", "https://www.venus.example/", ("venus.example",))
EMPTY = BlockContent("energy", "Energy news", None)


def network(*sites: Site, name: str = "Planets") -> Network:
    return Network(name, None, Path("/db"), Path("/public"), sites or (VENUS,), ())


def preview(*pages: PageContent, of: Network | None = None) -> str:
    return render_preview(of or network(), pages, generated_at=NOW).decode()


def test_the_preview_shows_the_very_markup_of_the_files() -> None:
    """What people look at is what readers get, under a label that no other page's block has."""
    page = content(headline(1), headline(2), link="https://mars.example/")

    html = preview(page)

    markup = render_page(page)["venus/headlines.html"].decode()
    own = markup.replace('aria-label="Space news"', 'aria-label="Space news, Venus Daily"')
    assert own != markup
    assert own in html


def test_the_preview_links_every_file_of_a_page() -> None:
    """Relative links, beside each other in one generation, and the manifest."""
    page = PageContent("venus", "venus", (content(headline(1)).blocks[0], EMPTY))

    html = preview(page)

    linked = set(re.findall(r'href="([^":#]+)"', html))
    assert linked == {*render_page(page), "manifest.json"}


def test_the_preview_says_how_to_include_a_page() -> None:
    """The line for a server-side include, as text."""
    html = preview(content(headline(1)))

    assert '&lt;!--# include virtual="/venus/headlines.html" --&gt;' in html


def test_the_preview_leads_to_every_page() -> None:
    """One anchor for each, by the site's name, with the number of its headlines."""
    pages = [content(headline(1)), PageContent("other", "nowhere", ())]

    tree = html5lib.parse(preview(*pages), namespaceHTMLElements=False)

    links = {a.get("href"): "".join(a.itertext()) for a in tree.find(".//nav").iter("a")}
    assert links == {"#page-venus": "Venus Daily 1 headline", "#page-other": "other 0 headlines"}
    assert {a.get("id") for a in tree.iter("article")} == {"page-venus", "page-other"}


def test_an_empty_block_is_named_as_one() -> None:
    """The reader of a page does not see it, the editor does."""
    html = preview(PageContent("venus", "venus", (EMPTY,)))

    assert "Energy news" in html
    assert "readers do not see this block" in html


def test_a_page_without_blocks_and_a_network_without_pages_say_so() -> None:
    """No blank sheet."""
    assert "This page has no blocks" in preview(PageContent("venus", "venus", ()))
    assert "No pages are configured" in preview()


def test_the_time_is_that_of_the_publication() -> None:
    """For people and for machines; the only part that differs between two moments."""
    first = preview(content(headline(1)))
    later = render_preview(
        network(), [content(headline(1))], generated_at=NOW + timedelta(days=1)
    ).decode()

    assert '<time datetime="2026-11-25T01:02:03Z">25 Nov 2026, 01:02 UTC</time>' in first
    assert later.replace("2026-11-26", "2026-11-25").replace("26 Nov", "25 Nov") == first


def test_the_preview_asks_for_nothing_else() -> None:
    """No script, and a policy under which no file could be loaded."""
    tree = html5lib.parse(preview(content(headline(1))), namespaceHTMLElements=False)

    assert not [element for element in tree.iter() if element.get("src")]
    assert not list(tree.iter("script"))
    assert [link.get("href") for link in tree.iter("link")] == ["data:,"]
    assert "default-src 'none'" in preview()


def test_the_preview_has_a_line_of_health_for_every_feed() -> None:
    """State, last answer, and why there was none; no query, which may hold a key."""
    health = [
        FeedHealth("venus", "https://u:p@venus.example/feed?key=secret", "failing", NOW, "a <b>"),
        FeedHealth("gone", "https://gone.example/", "ok", None, None),
    ]

    html = render_preview(network(), [], generated_at=NOW, health=health).decode()

    lines = re.findall(r"<li><span class=.state.*</li>", html)
    shown = ["".join(html5lib.parseFragment(line).itertext()) for line in lines]
    assert shown == [
        "failing Venus Daily venus.example/feed?… last answer 25 Nov 2026, 01:02 UTC a <b>",
        "ok gone gone.example/ last answer never",
    ]
    assert "1 not well" in html
    assert "secret" not in html


@pytest.mark.parametrize(
    ("state", "remark"),
    [
        (BlockState(fallback="nothing"), "Stale: none of its sources has answered for too long."),
        (BlockState(fallback="energy"), "Stale: block energy stands in for space."),
        (
            BlockState(relaxed=(Relaxation.PER_SITE, Relaxation.MAX_AGE)),
            "Gave way so that it has enough headlines: per_site, max_age.",
        ),
    ],
)
def test_the_preview_remarks_on_how_a_block_came_to_be(state: BlockState, remark: str) -> None:
    """For editors; readers' files do not have it."""
    page = content(headline(1))
    page = replace(page, blocks=(replace(page.blocks[0], state=state),))

    assert f'<p class="remark">{remark}</p>' in preview(page)
    assert not [path for path, body in render_page(page).items() if remark in body.decode()]


def test_the_preview_shows_no_image() -> None:
    """It asks for nothing; the rest of the block is as readers get it."""
    page = content(headline(1, image_url="https://mars.example/1.jpg"))
    page = replace(page, blocks=(replace(page.blocks[0], show=(Show.IMAGE, Show.SITE)),))

    html = preview(page)

    assert "<img" not in html
    assert '<span class="hl-site"><bdi>Mars Daily</bdi></span>' in html


@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D01_hostile_texts_add_nothing_to_the_preview(payload: str) -> None:
    """Network, site and block names and headlines are text, and the document is sound."""
    text = f"A{payload}Z"
    site = Site("venus", text, "https://www.venus.example/", ("venus.example",))
    benign = Site("venus", "x", "https://www.venus.example/", ("venus.example",))
    hostile = preview(content(headline(1, title=text), title=text), of=network(site, name=text))

    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(hostile)

    expected = html5lib.parse(
        preview(content(headline(1)), of=network(benign)), namespaceHTMLElements=False
    )
    assert shape(tree) == shape(expected)
