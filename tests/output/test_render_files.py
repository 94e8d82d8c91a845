"""The published files of a page: which there are and what stands in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from output_build import content, headline

from aggregator.model import BlockContent, PageContent
from aggregator.render import render_page
from aggregator.render.printable import one_line, printable_page

EMPTY = BlockContent("energy", "Energy news", None)
SPACE = BlockContent(
    "space",
    "Space News from SpaceDaily.com",
    "https://www.spacedaily.com/",
    (headline(1, title="Maven stays silent"), headline(2, title="Asteroid mining studied")),
)
EARTH = BlockContent("earth", "24/7 News Coverage", None, (headline(3, title="Ice & fire"),))
PAGE = PageContent("spacewar", "spacewar", (SPACE, EMPTY, EARTH))


def test_a_page_has_seven_files_of_its_own_and_three_a_block() -> None:
    """headlines and every block, as HTML, JSON and text; the page as feeds and a script too."""
    files = render_page(PAGE)

    assert set(files) == {
        *(f"spacewar/headlines.{kind}" for kind in ("xml", "atom", "feed.json", "js")),
        *(
            f"spacewar/{stem}.{kind}"
            for stem in ("headlines", "space", "energy", "earth")
            for kind in ("html", "json", "txt")
        ),
    }


def test_the_text_of_a_page_is_its_blocks_with_a_blank_line_between() -> None:
    """A title, its headlines one a line; a block without headlines is left out."""
    files = render_page(PAGE)

    assert files["spacewar/headlines.txt"].decode() == (
        "Space News from SpaceDaily.com\n"
        "Maven stays silent\n"
        "Asteroid mining studied\n"
        "\n"
        "24/7 News Coverage\n"
        "Ice & fire\n"
    )
    assert files["spacewar/earth.txt"] == b"24/7 News Coverage\nIce & fire\n"


def test_the_html_of_a_block_is_one_labelled_section() -> None:
    """Classes with a prefix, no id, no style, no script; the title leads where the block says."""
    files = render_page(PAGE)

    assert files["spacewar/space.html"].decode() == (
        '<section class="hl-block" data-block="space"'
        ' aria-label="Space News from SpaceDaily.com">\n'
        '<h2 class="hl-title"><a href="https://www.spacedaily.com/" rel="noopener noreferrer">'
        "<bdi>Space News from SpaceDaily.com</bdi></a></h2>\n"
        '<ul class="hl-list">\n'
        '<li class="hl-item" data-site="mars"><a href="https://mars.example/1"'
        ' rel="noopener noreferrer"><bdi>Maven stays silent</bdi></a></li>\n'
        '<li class="hl-item" data-site="mars"><a href="https://mars.example/2"'
        ' rel="noopener noreferrer"><bdi>Asteroid mining studied</bdi></a></li>\n'
        "</ul>\n"
        "</section>\n"
    )


def test_a_title_without_a_link_is_no_link() -> None:
    """The heading holds the bare title."""
    html = render_page(PAGE)["spacewar/earth.html"].decode()

    assert '<h2 class="hl-title"><bdi>24/7 News Coverage</bdi></h2>' in html


def test_the_html_of_a_page_is_that_of_its_blocks() -> None:
    """One after the other, so that a page and its blocks can be styled alike."""
    files = render_page(PAGE)

    assert files["spacewar/headlines.html"] == (
        files["spacewar/space.html"] + files["spacewar/earth.html"]
    )


def test_a_block_without_headlines_is_an_empty_file() -> None:
    """An include of it finds a file and shows nothing; no titled empty box."""
    files = render_page(PageContent("spacewar", "spacewar", (EMPTY,)))

    assert {path: files[path] for path in files if path.endswith((".html", ".txt"))} == {
        "spacewar/headlines.html": b"",
        "spacewar/headlines.txt": b"",
        "spacewar/energy.html": b"",
        "spacewar/energy.txt": b"",
    }


def test_the_json_of_a_page_is_the_contract() -> None:
    """Every key, in its order; a block without headlines has an empty list; absent is null."""
    told = headline(7, title="Ä", published_at=None, image_url="https://mars.example/7.jpg")
    page = PageContent(
        "p", "venus", (BlockContent("space", "Space", "https://s.example/", (told,)), EMPTY)
    )

    text = render_page(page)["p/headlines.json"].decode()

    assert list(json.loads(text, object_pairs_hook=list)) == [
        ("page", "p"),
        ("site", "venus"),
        (
            "blocks",
            [
                [
                    ("id", "space"),
                    ("title", "Space"),
                    ("link", "https://s.example/"),
                    (
                        "headlines",
                        [
                            [
                                ("story_id", 7),
                                ("title", "Ä"),
                                ("url", "https://mars.example/7"),
                                ("site", "mars"),
                                ("site_name", "Mars Daily"),
                                ("published_at", None),
                                ("image_url", "https://mars.example/7.jpg"),
                            ]
                        ],
                    ),
                ],
                [("id", "energy"), ("title", "Energy news"), ("link", None), ("headlines", [])],
            ],
        ),
    ]
    assert text.endswith("}\n")
    assert "Ä" in text


def test_the_json_of_a_block_is_its_member_of_the_page() -> None:
    """One shape for both."""
    files = render_page(PAGE)

    members = json.loads(files["spacewar/headlines.json"])["blocks"]

    assert [json.loads(files[f"spacewar/{block.id}.json"]) for block in PAGE.blocks] == members


def test_times_are_utc_in_whole_seconds() -> None:
    """Whatever the zone of the value, the text is RFC 3339 in UTC."""
    moment = datetime(2026, 11, 25, 11, 2, 3, 999, tzinfo=timezone(timedelta(hours=10)))

    files = render_page(content(headline(1, published_at=moment)))

    (shown,) = json.loads(files["venus/space.json"])["headlines"]
    assert shown["published_at"] == "2026-11-25T01:02:03Z"


def test_rH10_the_same_page_is_the_same_bytes() -> None:
    """Nothing but the page decides, in particular no clock."""
    again = PageContent("spacewar", "spacewar", tuple(PAGE.blocks))

    assert render_page(PAGE) == render_page(again)


def test_no_clock_stands_in_a_file() -> None:
    """Equal headlines of different years give equal HTML and text, and the same script."""
    old, new = (
        render_page(content(headline(1, published_at=datetime(year, 1, 1, tzinfo=UTC))))
        for year in (1999, 2026)
    )

    assert {path for path in old if old[path] != new[path]} == {
        "venus/headlines.json",
        "venus/headlines.feed.json",
        "venus/headlines.xml",
        "venus/headlines.atom",
        "venus/space.json",
    }


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param((SPACE, SPACE), id="twice"),
        pytest.param((BlockContent("headlines", "X", None),), id="the name of the page's file"),
    ],
)
def test_two_blocks_under_one_name_are_refused(blocks: tuple[BlockContent, ...]) -> None:
    """One would overwrite the other, so it is an error of ours, not a file."""
    page = PageContent("p", "venus", blocks)

    with pytest.raises(ValueError, match="under one name"):
        render_page(page)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        (" a \t\r\n b ", "a b"),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f", "a b c d e f"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("Win\u202egnp.exe", "Wingnp.exe"),
        ("\u2066\u2067a\u2069", "a"),
        ("a\ud800b\ufffec\ufdd0d\U0010ffffe", "abcde"),
        ("a \x00 b", "a b"),
        ("a" + "\u200b" * 500 + "b", "a\u200bb"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("10\u00a0000\u202f%", "10\u00a0000\u202f%"),
        ("\u05e9\u05dc\u05d5\u05dd\u200f!", "\u05e9\u05dc\u05d5\u05dd\u200f!"),
    ],
)
def test_D07_a_text_is_one_printable_line(raw: str, expected: str) -> None:
    """Line ends, controls, surrogates and direction overrides go; letters and typography stay."""
    assert one_line(raw) == expected


def test_a_printable_page_is_left_as_it_is() -> None:
    """Nothing is changed that need not be."""
    assert printable_page(PAGE) == PAGE
