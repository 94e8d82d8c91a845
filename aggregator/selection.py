"""Page and its candidate stories -> PageContent: which headlines each block shows, in what order.

Alone in knowing what makes a story fit to be shown and how the blocks of a page share stories.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.model import BlockContent, Headline, PageContent, Story
from aggregator.network import Block, Page

# Scheme, a host, then anything but white space, controls and what UTF-8 cannot hold.
_LINK = re.compile(
    r"https?://[^\s/?#:@\\\x00-\x20\x7f-\x9f\ud800-\udfff][^\s\x00-\x20\x7f-\x9f\ud800-\udfff]*",
    re.IGNORECASE,
)


def select_page(page: Page, stories: Iterable[Story], *, now: datetime) -> PageContent:
    """The page with its blocks filled, in the page's order; no story appears twice on it.

    Every story given is eligible by date: the caller holds back those whose time has not come.
    Stories without an http(s) link or without a visible character in their title are left out.
    A block that finds nothing stays, with no headlines. The order of `stories` does not matter;
    how many of them are needed is `depth`.
    """
    candidates = _candidates(page, stories)
    shown: set[int] = set()
    blocks = []
    for block in page.blocks:
        chosen = _fill(block, candidates, shown, now=now)
        shown.update(story.id for story in chosen)
        headlines = tuple(_headline(story) for story in chosen)
        blocks.append(BlockContent(block.id, block.title, block.link, headlines))
    return PageContent(page.id, page.site, tuple(blocks))


def depth(page: Page) -> int:
    """How many of each owner's first stories `select_page` must be given to be exact.

    First in the order of a block (newest first, then position, then id), among the stories fit
    to be shown. The blocks of a page take no more than this together, so an owner's next story
    could only be shown after all of these were.
    """
    return sum(max(block.limit, 0) for block in page.blocks)


def is_link(url: str) -> bool:
    """Whether `url` may stand in a published file: absolute http(s), no space, no control."""
    return _LINK.fullmatch(url) is not None


def _candidates(page: Page, stories: Iterable[Story]) -> list[Story]:
    """The copies any block of the page could show, each once, in the order of a block.

    Of equal place the one given first comes first.
    """
    sources = {source for block in page.blocks for source in block.sources}
    fit = {
        (story.id, story.site): story
        for story in stories
        if story.site in sources and _is_fit(story)
    }
    return sorted(fit.values(), key=_place)


def _is_fit(story: Story) -> bool:
    return is_link(story.url) and any(
        unicodedata.category(character)[0] not in "CZ" for character in story.title
    )


def _place(story: Story) -> tuple[float, int, int]:
    """The total order of a block: newest first, then place in the document, then id."""
    return (-story.shown_at.timestamp(), story.position, story.id)


def _fill(
    block: Block, candidates: Sequence[Story], shown: set[int], *, now: datetime
) -> list[Story]:
    """Up to `limit` stories in the order of a block.

    The cap per site is kept while it leaves the block full. If it does not, the first stories
    over the cap take the places left; all of them then stand in the order of a block, so that a
    story over the cap may come before one under it.
    """
    oldest = None if block.max_age is None else now - block.max_age
    sources = frozenset(block.sources)
    taken: Counter[str] = Counter()
    within: list[Story] = []
    over: list[Story] = []
    chosen: set[int] = set()
    for story in candidates:
        if len(within) >= block.limit or (oldest is not None and story.shown_at < oldest):
            break
        if story.site not in sources or story.id in shown or story.id in chosen:
            continue
        chosen.add(story.id)
        if block.per_site is not None and taken[story.site] >= block.per_site:
            over.append(story)
            continue
        taken[story.site] += 1
        within.append(story)
    return sorted(within + over[: max(block.limit - len(within), 0)], key=_place)


def _headline(story: Story) -> Headline:
    image = story.image_url
    return Headline(
        story_id=story.id,
        title=story.title,
        url=story.url,
        site=story.site,
        site_name=story.site_name,
        published_at=story.published_at,
        image_url=image if image is not None and is_link(image) else None,
    )
