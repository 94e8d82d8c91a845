"""Values the output tests are made of, and the oracles they are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib

from aggregator.model import BlockContent, Headline, PageContent, Story
from aggregator.network import Block, Page

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)

Element = Any  # xml.etree.ElementTree.Element, as html5lib builds it


def story(id: int, site: str = "mars", *, age: timedelta = timedelta(), position: int = 0) -> Story:
    """A story shown since `age` before NOW."""
    return Story(
        id=id,
        site=site,
        site_name=f"{site} daily",
        url=f"https://{site}.example/{id}",
        title=f"Story {id}",
        shown_at=NOW - age,
        published_at=NOW - age,
        position=position,
    )


def block(id: str = "space", *sources: str, limit: int = 3, **rules: Any) -> Block:
    return Block(id, f"Block {id}", None, sources or ("mars",), limit=limit, **rules)


def page(*blocks: Block) -> Page:
    return Page("venus", "venus", blocks)


def ids(content: PageContent) -> list[list[int]]:
    """The story ids on a page, block by block."""
    return [[headline.story_id for headline in shown.headlines] for shown in content.blocks]


def headline(id: int = 1, **values: Any) -> Headline:
    usual: dict[str, Any] = {
        "title": f"Story {id}",
        "url": f"https://mars.example/{id}",
        "site": "mars",
        "site_name": "Mars Daily",
        "published_at": NOW,
    }
    return Headline(story_id=id, **{**usual, **values})


def content(
    *headlines: Headline, title: str = "Space news", link: str | None = None
) -> PageContent:
    """A page of one block, with the headlines given."""
    return PageContent("venus", "venus", (BlockContent("space", title, link, headlines),))


def parse_strictly(fragment: str) -> Element:
    """The fragment's tree as a browser builds it; raises on anything a browser would mend."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parseFragment(fragment)


def shape(tree: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element below `tree` with the names of its attributes, in document order."""
    below = list(tree.iter())[1:]
    return [(str(element.tag), tuple(sorted(element.attrib))) for element in below]


def texts(tree: Element, tag: str) -> Iterator[str]:
    """The whole text of every element called `tag`."""
    for element in tree.iter(tag):
        yield "".join(element.itertext())
