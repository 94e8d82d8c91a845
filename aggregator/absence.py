"""A page and a story -> which rule shows it there, or which one keeps it out of each block.

Nothing is judged here a second time: the selection itself is asked what it would show without a
rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.editors import Override, OverrideKind
from aggregator.model import BlockContent, PageContent, Story
from aggregator.network import Block, Filter, Network, Page
from aggregator.rights import may_show
from aggregator.selection import has_words, select_page
from aggregator.times import format_duration, format_time


@dataclass(frozen=True, slots=True)
class CopyState:
    """A story as one site tells it: what decides whether any block may show it."""

    site: str
    is_fit: bool
    is_gone: bool
    agency: str | None
    shown_at: datetime
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What the next publication chooses from, and what it goes by; all copies of the story asked
    about are among `stories`. `fresh_at`: as `select_pages` takes it."""

    stories: tuple[Story, ...] = ()
    overrides: tuple[Override, ...] = ()
    fresh_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A story on a page of the network, as a publication at `now` would have it."""

    story_id: int
    page: Page
    network: Network
    offer: Offer
    now: datetime


def ask(story_id: int, page: Page, network: Network, offer: Offer, *, now: datetime) -> Question:
    """The question, with no more of the offer than bears on it: it is gone through many times."""
    rules = [*page.blocks, *(b.fallback for b in page.blocks if b.fallback is not None)]
    sources = {source for rule in rules for source in rule.sources}
    stories = tuple(story for story in offer.stories if story.site in sources)
    return Question(story_id, page, network, replace(offer, stories=stories), now)


def why_shown(asked: Question, block_id: str) -> str:
    """How it comes that the story stands in the block."""
    content = next((b for b in _select(asked).blocks if b.id == block_id), None)
    if content is None or not _place(content, asked.story_id):
        return "until the next publication"
    if any(_is_pinned(asked, word, block_id) for word in asked.offer.overrides):
        return "pinned"
    if content.state.fallback is not None:
        return f"by the rules of block {content.state.fallback}, which stands in"
    if content.state.relaxed:
        return f"by its order, in a block where {', '.join(content.state.relaxed)} gave way"
    return "by its order and rules"


def why_absent(asked: Question, copies: Iterable[CopyState]) -> str:
    """What keeps the story out of each block that could show it."""
    if any(_is_withdrawn(asked, word) for word in asked.offer.overrides):
        return "withdrawn; `aggregator overrides` says since when and how long"
    for content in _select(asked).blocks:
        if _place(content, asked.story_id):
            return f"block {content.id} has it from the next publication on"
    told, reasons = list(copies), []
    for block in asked.page.blocks:
        here = {copy: _fault(asked, copy) for copy in told if copy.site in block.sources}
        free = next((copy for copy, fault in here.items() if fault is None), None)
        if free is not None:
            reasons.append(f"block {block.id}: {_kept_out(asked, block, free.shown_at)}")
        elif here:
            reasons.append(f"block {block.id}: {', '.join(map(str, here.values()))}")
    return "; ".join(reasons) or "no block here shows a site that tells it"


def _fault(asked: Question, copy: CopyState) -> str | None:
    """Why no block of the page may show the copy; None: one may."""
    if not copy.is_fit:
        return f"{copy.site}'s copy has no link or no title"
    if copy.is_gone:
        return f"the page that {copy.site}'s copy links to is gone"
    if not may_show(asked.network.rights, copy.agency, asked.page.site):
        return f"{asked.page.site} has no licence for {copy.agency}"
    if copy.held_until is not None and copy.held_until > asked.now:
        return f"held until {format_time(copy.held_until)}"
    return None


def _kept_out(asked: Question, block: Block, shown_at: datetime) -> str:
    """The rule without which the block would show the story, which counts from `shown_at`."""
    rules = dict(_without_one_rule(block, shown_at))
    for rule, lifted in rules.items():
        if _place_in(asked, block, lifted):
            return f"kept out by {rule}"
    place = _place_in(asked, block, replace(block, limit=len(asked.offer.stories)))
    if place > block.limit:
        return f"place {place} by its order; limit is {block.limit}"
    if place:
        return "kept out by variety: another story tells of its event"
    told = replace(asked, offer=replace(asked.offer, overrides=()))
    if _place_in(told, block, block):
        return "kept out by what editors withdrew or pinned"
    return f"kept out by several rules together: {', '.join((*rules, 'limit'))}"


def _without_one_rule(block: Block, shown_at: datetime) -> Iterator[tuple[str, Block]]:
    """Each rule of the block that may keep a story out, and the block without it."""
    if block.max_age is not None:
        age = f"max_age {format_duration(block.max_age)} (it is of {format_time(shown_at)})"
        yield age, replace(block, max_age=None)
    if block.include is not None:
        yield "include", replace(block, include=None)
    if block.exclude != Filter():
        yield "exclude", replace(block, exclude=Filter())
    if block.language is not None:
        yield f"language {block.language}", replace(block, language=None)
    if block.per_site is not None:
        yield f"per_site {block.per_site}", replace(block, per_site=None)
    if block.stale_after is not None:
        yield f"stale_after {format_duration(block.stale_after)}", replace(block, stale_after=None)


def _place_in(asked: Question, block: Block, instead: Block) -> int:
    """Where the story would stand if `instead` were there for `block`; 0: nowhere in it."""
    blocks = tuple(instead if known.id == block.id else known for known in asked.page.blocks)
    content = _select(replace(asked, page=replace(asked.page, blocks=blocks)))
    return next(_place(found, asked.story_id) for found in content.blocks if found.id == block.id)


def _place(content: BlockContent, story_id: int) -> int:
    """From 1; 0: not there."""
    ids = [headline.story_id for headline in content.headlines]
    return ids.index(story_id) + 1 if story_id in ids else 0


def _select(asked: Question) -> PageContent:
    return select_page(
        asked.page,
        asked.offer.stories,
        now=asked.now,
        overrides=asked.offer.overrides,
        fresh_at=asked.offer.fresh_at,
        rights=asked.network.rights,
    )


def _is_withdrawn(asked: Question, word: Override) -> bool:
    if word.kind is not OverrideKind.WITHDRAW or word.words is None:
        return word.kind is OverrideKind.WITHDRAW and _is_meant(asked, word)
    titles = [told.title for told in asked.offer.stories if told.id == asked.story_id]
    is_named = all(has_words(title, [word.words]) for title in titles)
    return bool(titles) and is_named and word.page in (None, asked.page.id)


def _is_pinned(asked: Question, word: Override, block_id: str) -> bool:
    is_here = word.kind is OverrideKind.PIN and word.value in (None, block_id)
    return is_here and _is_meant(asked, word)


def _is_meant(asked: Question, word: Override) -> bool:
    return asked.story_id in word.story_ids and word.page in (None, asked.page.id)
