"""A block's rule and candidates in order -> the stories it shows, and which rules gave way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Relaxation, Story
from aggregator.network import Block, Filter, Order
from aggregator.selection.fitness import place
from aggregator.selection.words import has_words


@dataclass(frozen=True, slots=True)
class Filling:
    """What a block shows, in its order."""

    stories: tuple[Story, ...] = ()
    relaxed: tuple[Relaxation, ...] = ()


def fill(
    block: Block,
    candidates: Sequence[Story],
    *,
    taken: Collection[int],
    pinned: Sequence[Story] = (),
    now: datetime,
) -> Filling:
    """Up to `limit` stories: those `pinned` first, then by the block's rules.

    `candidates` are in the order of `rank`; ids in `taken` are others'. Rules give way one after
    the other while the block is too short; what comes in so stands in its place among the others.
    """
    hand = _Hand(block, pinned)
    able = _Able(block, candidates, taken)
    oldest = None if block.max_age is None else now - block.max_age
    hand.take(_in_turn(block, hand.strict(able.since(oldest))), block.limit)
    wanted = block.limit if block.minimum is None else min(block.minimum, block.limit)
    others = (story for story in able.since(oldest) if not hand.repeats_event(story))
    hand.relax(Relaxation.PER_SITE, others, wanted)
    hand.relax(Relaxation.VARIETY, able.since(oldest), wanted)
    if block.minimum is not None:
        hand.relax(Relaxation.MAX_AGE, able.since(None), wanted)
    return hand.filling()


class _Able:
    """The candidates that may stand in a block at all; most blocks need only the first few."""

    def __init__(self, block: Block, candidates: Sequence[Story], taken: Collection[int]) -> None:
        self._block = block
        self._sources = frozenset(block.sources)
        self._candidates = candidates
        self._taken = taken

    def since(self, oldest: datetime | None) -> Iterator[Story]:
        """Those that are not older, in their order; of one story the first copy that suits."""
        last = None
        for story in self._candidates:
            young = oldest is None or story.shown_at >= oldest
            free = young and story.site in self._sources and story.id not in self._taken
            if free and story.id != last and _suits(self._block, story):
                last = story.id
                yield story


def _suits(block: Block, story: Story) -> bool:
    """Language, words and categories."""
    return (
        (block.language is None or _speaks(story.language, block.language))
        and (block.include is None or _passes(story, block.include))
        and not _passes(story, block.exclude)
    )


def _speaks(spoken: str | None, wanted: str) -> bool:
    """`en` is spoken by `en` and `en-AU`; what says no language speaks none."""
    return spoken is not None and f"{spoken.lower()}-".startswith(f"{wanted.lower()}-")


def _passes(story: Story, rule: Filter) -> bool:
    if has_words(story.title, rule.words):
        return True
    wanted = {name.casefold() for name in rule.categories}
    return any(name.casefold() in wanted for name in story.categories)


def _in_turn(block: Block, stories: Iterator[Story]) -> Iterable[Story]:
    """In the order in which the block takes them."""
    if block.order is Order.NEWEST:
        return stories
    return _mixed(list(stories))


def _mixed(stories: Sequence[Story]) -> list[Story]:
    """The first of each site, newest first, then the second of each, and so on."""
    had: Counter[str] = Counter()
    turns = []
    for story in stories:
        turns.append((had[story.site], place(story), story))
        had[story.site] += 1
    return [story for _, _, story in sorted(turns, key=lambda turn: turn[:2])]


class _Hand:
    """The stories taken so far; lives for one `fill`."""

    def __init__(self, block: Block, pinned: Sequence[Story]) -> None:
        self._block = block
        self._pinned = tuple(pinned[: block.limit])
        self._taken: dict[int, Story] = {story.id: story for story in self._pinned}
        self._relaxed: list[Relaxation] = []

    def repeats_event(self, story: Story) -> bool:
        """Does the block tell of the event already?"""
        return story.event is not None and any(
            story.event == other.event for other in self._taken.values()
        )

    def strict(self, stories: Iterable[Story]) -> Iterator[Story]:
        """Those that no rule keeps out, given the pinned ones."""
        sites = Counter(story.site for story in self._pinned)
        events = {story.event for story in self._pinned} - {None}
        cap = self._block.per_site
        for story in stories:
            if story.id in self._taken or story.event in events:
                continue
            if cap is None or sites[story.site] < cap:
                sites[story.site] += 1
                if story.event is not None:
                    events.add(story.event)
                yield story

    def take(self, stories: Iterable[Story], wanted: int) -> int:
        """Takes what is not taken yet until there are `wanted`; how many came."""
        before = len(self._taken)
        if before < wanted:
            for story in stories:
                self._taken.setdefault(story.id, story)
                if len(self._taken) >= wanted:
                    break
        return len(self._taken) - before

    def relax(self, rule: Relaxation, stories: Iterable[Story], wanted: int) -> None:
        """Takes from stories that `rule` kept out, and remembers that it gave way."""
        if self.take(stories, wanted):
            self._relaxed.append(rule)

    def filling(self) -> Filling:
        """Pinned ones first, the others in the block's order."""
        free = [s for s in self._taken.values() if s not in self._pinned]
        mixed = self._block.order is Order.MIX
        ordered = _mixed(sorted(free, key=place)) if mixed else sorted(free, key=place)
        return Filling((*self._pinned, *ordered), tuple(self._relaxed))
