"""PageContent as selected -> PageContent whose texts and links may stand in any format.

Feeds and feeds.yaml are cleaned where they come in. What is done here holds whatever came in:
every text is one line, and no text reaches beyond its own place.
"""

from __future__ import annotations

import re
from dataclasses import replace

from aggregator.model import BlockContent, Headline, PageContent
from aggregator.selection import is_link

# Controls that are no white space, lone surrogates and noncharacters: no format can hold them all.
# The bidirectional embeddings, overrides and isolates too: one that is left open turns round the
# text after it, and a headline stands in an element or on a line of its own anyway.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)

# All that str.splitlines takes for the end of a line, and the tab. No-break and thin spaces are
# typography and stay.
_SPACE = re.compile("[\t-\r\x1c-\x20\x85\u2028\u2029]+")

# One joiner has a meaning in Persian, Hindi and emoji; a run of them hides text.
_INVISIBLE_RUN = re.compile("([\u200b-\u200d\u2060\ufeff])[\u200b-\u200d\u2060\ufeff]+")


def one_line(text: str) -> str:
    """`text` without line ends, controls or direction marks that reach beyond it; idempotent."""
    kept = _SPACE.sub(" ", _UNPRINTABLE.sub("", text))
    return _INVISIBLE_RUN.sub(r"\1", kept).strip()


def printable_page(content: PageContent) -> PageContent:
    """The same page, its texts made fit to print.

    Raises ValueError for a link that is not http(s) (`selection` lets none through, feeds.yaml
    neither), and for two blocks that would be published under one name.
    """
    names = ["headlines", *(block.id for block in content.blocks)]
    if len(set(names)) < len(names):
        raise ValueError(f"page {content.page}: two blocks under one name")
    return replace(content, blocks=tuple(_printable_block(block) for block in content.blocks))


def _printable_block(block: BlockContent) -> BlockContent:
    return replace(
        block,
        title=one_line(block.title),
        link=None if block.link is None else _checked(block.link),
        headlines=tuple(_printable_headline(headline) for headline in block.headlines),
    )


def _printable_headline(headline: Headline) -> Headline:
    image = headline.image_url
    return replace(
        headline,
        title=one_line(headline.title),
        site_name=one_line(headline.site_name),
        url=_checked(headline.url),
        image_url=None if image is None else _checked(image),
    )


def _checked(url: str) -> str:
    if not is_link(url):
        raise ValueError(f"not an http(s) link: {url!r}")
    return url
