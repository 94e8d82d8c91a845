"""Stories -> those fit to be shown, in the one order that all blocks share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from aggregator.model import Story

# White space, controls, what UTF-8 cannot hold and what XML may not.
_NEVER = r"\s\x00-\x20\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
# Scheme, a host, then anything else.
_LINK = re.compile(rf"https?://[^/?#:@\\{_NEVER}][^{_NEVER}]*", re.IGNORECASE)
_ORDINARY = re.compile(r"[!-~]")


def is_link(url: str) -> bool:
    """Whether `url` may stand in a published file: absolute http(s), no space, no control."""
    return _LINK.fullmatch(url) is not None


def is_visible(title: str) -> bool:
    """Whether a reader sees anything of `title`."""
    return _ORDINARY.search(title) is not None or any(
        unicodedata.category(character)[0] not in "CZ" for character in title
    )


def rank(stories: Iterable[Story]) -> tuple[Story, ...]:
    """The stories that may be shown at all, each site's copy once, in the order of a block.

    Copies of one story stand together, in the order in which they are given.
    """
    fit = {
        (story.id, story.site): story
        for story in stories
        if is_link(story.url) and is_visible(story.title)
    }
    return tuple(sorted(fit.values(), key=place))


def place(story: Story) -> tuple[bool, float, int, int]:
    """The total order of a block: newest first, then place in the document, then id.

    What came undated with a feed's first document is last: it is of any age, and the moment a feed
    was added says nothing about it.
    """
    undated = story.published_at is None and story.backfill
    return (undated, -story.shown_at.timestamp(), story.position, story.id)
