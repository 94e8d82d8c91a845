"""Sightings of titles and summaries -> which say nothing about what is under them.

The caller keeps the sightings; a finding on an item can change when an earlier one turns up, and
the item's matches with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aggregator.similar.rules import WINDOW

BOILERPLATE_LINKS = 3
"""A summary under so many links of one site is a standfirst: Financial Times and New York
Times live pages put one over many articles."""

KEY_LENGTH = 500
"""Characters of a summary that tell it from others."""

OTHER_SUMMARY = 0.5
"""By judgement: summaries whose sets of tokens have a Jaccard index below this are different ones.

A re-sent article keeps its summary or most of it; the next number of a column does not.
"""


@dataclass(frozen=True, slots=True)
class TitleSighting:
    """One article that had a given title key, in one feed.

    `link` is its canonical URL, or its guid where it has none. `at` is when it was published, else
    first seen. `summary` holds the tokens of its summary.
    """

    feed: str
    link: str
    at: datetime
    summary: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SummarySighting:
    """One link of one site that had a given summary."""

    site: str
    link: str


def summary_key(summary: str) -> str:
    """Equal for summaries that begin with the same words; empty for none."""
    return " ".join(summary[:KEY_LENGTH].casefold().split())


def is_recurring(own: TitleSighting, others: Iterable[TitleSighting]) -> bool:
    """The title was there before for something else: `What to know about the report`.

    Under another link more than 72 h earlier, or earlier in the same feed over another summary.
    What comes later does not count: a title used again on Friday does not undo Monday's merge.
    """
    return any(
        own.at - other.at > WINDOW or _is_another_number(own, other)
        for other in others
        if other.link != own.link and (other.at, other.link) < (own.at, own.link)
    )


def is_boilerplate(sightings: Iterable[SummarySighting]) -> bool:
    """Whether one summary, found at these links, is a standfirst.

    Per site: one wire text on three sister sites is what matching is there to find.
    """
    per_site = Counter(sighting.site for sighting in set(sightings))
    return max(per_site.values(), default=0) >= BOILERPLATE_LINKS


def _is_another_number(own: TitleSighting, other: TitleSighting) -> bool:
    if own.feed != other.feed or not own.summary or not other.summary:
        return False
    shared = len(own.summary & other.summary)
    return shared < OTHER_SUMMARY * len(own.summary | other.summary)
