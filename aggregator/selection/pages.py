"""Pages, stories and an editor's overrides -> the pages with their blocks filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from aggregator.editors import Override, OverrideKind
from aggregator.model import BlockContent, BlockState, Headline, PageContent, Story
from aggregator.network import NOTHING, Block, Page
from aggregator.rights import Rights, licensed
from aggregator.selection.blocks import Filling, fill
from aggregator.selection.fitness import is_link, is_visible, rank
from aggregator.selection.words import has_words

SPARE = 50
"""Stories of a site that variety may pass over before a page could be shown too few."""

FILTER_WINDOW = 500
"""How many of a site's newest stories a block with a filter looks at."""

_NEVER: Mapping[str, datetime] = MappingProxyType({})
_ALL_RIGHTS: Rights = MappingProxyType({})


def depth(page: Page) -> int:
    """How many of each owner's first stories the page must be given.

    First in the order of a block, among those fit to be shown. The blocks of a page take no more
    than the sum of their limits together; the rest is for what rules pass over, and within that
    exact. A filter looks at `FILTER_WINDOW` stories of a site.
    """
    blocks = [*page.blocks, *(b.fallback for b in page.blocks if b.fallback is not None)]
    filtered = any(block.is_filtered for block in blocks)
    return sum(max(block.limit, 0) for block in blocks) + (FILTER_WINDOW if filtered else SPARE)


def select_page(
    page: Page,
    stories: Iterable[Story],
    *,
    now: datetime,
    overrides: Iterable[Override] = (),
    fresh_at: Mapping[str, datetime] = _NEVER,
    rights: Rights = _ALL_RIGHTS,
) -> PageContent:
    """`select_pages` for one page."""
    (content,) = select_pages(
        (page,), stories, now=now, overrides=overrides, fresh_at=fresh_at, rights=rights
    )
    return content


def select_pages(
    pages: Iterable[Page],
    stories: Iterable[Story],
    *,
    now: datetime,
    overrides: Iterable[Override] = (),
    fresh_at: Mapping[str, datetime] = _NEVER,
    rights: Rights = _ALL_RIGHTS,
) -> tuple[PageContent, ...]:
    """Every page with its blocks filled, in the page's order; no story appears twice on one.

    Every story given is eligible by date: the caller holds back those whose time has not come.
    Stories without an http(s) link or without a visible character in their title are left out.
    A block that finds nothing stays, with no headlines. The order of `stories` and `overrides`
    does not matter, but for copies of one story: a block shows the first that suits it, the page's
    own only when there is no other. `fresh_at`: site -> when a feed of it last gave a document.
    What the page's site has no licence for (`rights`) is not there for it.
    """
    ranked = rank(stories)
    words = sorted(overrides, key=lambda override: override.id)
    return tuple(
        _page(page, licensed(ranked, rights, page.site), words, fresh_at, now) for page in pages
    )


def _page(
    page: Page,
    ranked: Sequence[Story],
    overrides: Sequence[Override],
    fresh_at: Mapping[str, datetime],
    now: datetime,
) -> PageContent:
    heard = [o for o in overrides if o.page in (None, page.id)]
    settled = {block.id: _in_force(block, fresh_at, now) for block in page.blocks}
    sources = {source for block in settled.values() if block for source in block.sources}
    told = _own_last([story for story in ranked if story.site in sources], page.site)
    candidates = _edited(told, heard)
    pins = _pins(settled, candidates, heard)
    pinned = {story.id for stories in pins.values() for story in stories}
    shown: set[int] = set()
    blocks = []
    for block in page.blocks:
        rule, pins_here = settled[block.id], pins[block.id]
        taken = shown | (pinned - {story.id for story in pins_here})
        filling = Filling()
        if rule is not None:
            filling = fill(rule, candidates, taken=taken, pinned=pins_here, now=now)
        shown |= {story.id for story in filling.stories}
        blocks.append(_content(block, rule, filling, fresh_at))
    return PageContent(page.id, page.site, tuple(blocks), page.link_params)


def _own_last(candidates: list[Story], site: str) -> list[Story]:
    """Of the copies of one story, which stand together, the page's own last."""
    ordered: list[Story] = []
    for story in candidates:
        before = len(ordered)
        while before and ordered[before - 1].id == story.id and ordered[before - 1].site == site:
            before -= 1
        ordered.insert(before, story)
    return ordered


def _in_force(block: Block, fresh_at: Mapping[str, datetime], now: datetime) -> Block | None:
    """The block itself, or what stands in its place; None: nothing."""
    if not _is_stale(block, fresh_at, now):
        return block
    if block.fallback is None or _is_stale(block.fallback, fresh_at, now):
        return None
    return block.fallback


def _is_stale(block: Block, fresh_at: Mapping[str, datetime], now: datetime) -> bool:
    confirmed = _confirmed(block, fresh_at)
    return (
        block.stale_after is not None
        and confirmed is not None
        and now - confirmed > block.stale_after
    )


def _confirmed(block: Block, fresh_at: Mapping[str, datetime]) -> datetime | None:
    return max((fresh_at[site] for site in block.sources if site in fresh_at), default=None)


def _edited(candidates: list[Story], overrides: Sequence[Override]) -> list[Story]:
    """With new titles, without what is withdrawn; a word withdrawn may stand in either title."""
    if not overrides:
        return candidates
    titles: dict[int, str] = {}
    gone: set[int] = set()
    words: list[str] = []
    for override in overrides:
        if override.kind is OverrideKind.RETITLE:
            titles |= dict.fromkeys(override.story_ids, override.value or "")
        elif override.kind is OverrideKind.WITHDRAW:
            gone |= override.story_ids
            words += [] if override.words is None else [override.words]
    left = [s for s in candidates if s.id not in gone and not has_words(s.title, words)]
    retitled = [replace(s, title=titles[s.id]) if s.id in titles else s for s in left]
    return [s for s in retitled if is_visible(s.title) and not has_words(s.title, words)]


def _pins(
    settled: Mapping[str, Block | None], candidates: Sequence[Story], overrides: Sequence[Override]
) -> dict[str, list[Story]]:
    """Block id -> the stories pinned to it, the latest first; each in one block only."""
    pins: dict[str, list[Story]] = {id: [] for id in settled}
    wanted = [o for o in reversed(overrides) if o.kind is OverrideKind.PIN]
    if not wanted:
        return pins
    copies: dict[int, list[Story]] = {}
    for story in candidates:
        copies.setdefault(story.id, []).append(story)
    placed: set[int] = set()
    for override in wanted:
        for story_id in sorted(override.story_ids & copies.keys() - placed):
            for id, rule in settled.items():
                meant = override.value in (None, id)
                if rule is None or not meant or len(pins[id]) >= rule.limit:
                    continue
                fitting = [copy for copy in copies[story_id] if copy.site in rule.sources]
                if fitting:
                    pins[id].append(fitting[0])
                    placed.add(story_id)
                    break
    return pins


def _content(
    block: Block, rule: Block | None, filling: Filling, fresh_at: Mapping[str, datetime]
) -> BlockContent:
    told = block if rule is None else rule
    stand_in = None if rule is block else NOTHING if rule is None else rule.id
    return BlockContent(
        id=block.id,
        title=told.title,
        link=told.link,
        headlines=tuple(_headline(story) for story in filling.stories),
        show=told.show,
        state=BlockState(_confirmed(block, fresh_at), filling.relaxed, stand_in),
    )


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
        shown_at=story.shown_at,
    )
