"""A page and a story that is not on it -> why not, for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from aggregator.network import Block, Network, Page
from aggregator.rights import may_show
from aggregator.times import format_duration, format_time


@dataclass(frozen=True, slots=True)
class CopyState:
    """A story as one site tells it: what decides whether a block may show it."""

    site: str
    is_fit: bool
    agency: str | None
    shown_at: datetime
    held_until: datetime | None


def why_absent(
    page: Page,
    copies: Iterable[CopyState],
    network: Network,
    *,
    now: datetime,
    withdrawn: Collection[str | None] = (),
) -> str:
    """The reason of the block that came nearest to showing it.

    `withdrawn`: the pages it was withdrawn from; None: from all.
    """
    if page.id in withdrawn or None in withdrawn:
        return "withdrawn; `aggregator overrides` says by whom and how long"
    reasons = [
        _why_not(page, block, copy, network, now=now)
        for copy in copies
        for block in page.blocks
        if copy.site in block.sources
    ]
    if not reasons:
        return "no block here shows a site that tells it"
    return max(reasons)[1]


def _why_not(
    page: Page, block: Block, copy: CopyState, network: Network, *, now: datetime
) -> tuple[int, str]:
    """How near it came, and what stopped it."""
    if not copy.is_fit:
        return 0, f"{copy.site}'s copy has no link or no title"
    if not may_show(network.rights, copy.agency, page.site):
        return 1, f"{page.site} has no licence for {copy.agency}"
    if copy.held_until is not None and copy.held_until > now:
        return 2, f"held until {format_time(copy.held_until)}"
    if block.max_age is not None and copy.shown_at < now - block.max_age:
        limit = format_duration(block.max_age)
        return 3, f"too old for block {block.id}: {format_time(copy.shown_at)}, at most {limit}"
    return 4, (
        f"not among the {block.limit} of block {block.id} by its order and rules,"
        " or not published yet"
    )
