"""What the page of a story answered -> does what links there stay, go or come back, and when to
ask again.

A 410 says it for sure. A 404 counts once it was seen twice, and not while most of what else is
asked of that host is missing as well: a site in trouble answers 404 for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from aggregator.model import FetchFailed, Outcome

CONFIRM_AFTER = timedelta(minutes=15)
"""Between the first 404 and the second look, twice as long after each further one."""

LONGEST = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=7)
"""A page that was gone for so long is not asked for any more."""

_FEW = 2
"""Of so few pages of a host nothing can be said about the host."""


@dataclass(frozen=True, slots=True)
class PageCheck:
    """A page to ask for. `misses`: how often in a row it was missing; `is_withdrawn`: for that;
    `is_overruled`: an editor has taken that back."""

    story_id: int
    url: str
    misses: int = 0
    override_id: int | None = None
    is_withdrawn: bool = False
    is_overruled: bool = False


class Decision(StrEnum):
    """What becomes of the copies of the story that link to the page."""

    NOTHING = "nothing"
    WITHDRAW = "withdraw"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`wait` is until the next look."""

    decision: Decision
    misses: int
    wait: timedelta


def judge(
    check: PageCheck, answer: int | FetchFailed, *, every: timedelta, in_trouble: bool
) -> Judgement:
    """`answer` is a status of success or why there is none; `in_trouble`: the host of the page."""
    usual = min(every, LONGEST) if check.is_withdrawn else every
    if isinstance(answer, int):
        decision = Decision.RESTORE if check.is_withdrawn else Decision.NOTHING
        return Judgement(decision, 0, every)
    if answer.outcome not in (Outcome.NOT_FOUND, Outcome.GONE):
        asked = answer.hints.retry_after or timedelta()
        return Judgement(Decision.NOTHING, check.misses, max(usual, min(asked, GIVE_UP_AFTER)))
    misses = check.misses + 1
    if check.is_withdrawn or check.is_overruled:
        return Judgement(Decision.NOTHING, misses, usual)
    if answer.outcome is Outcome.GONE or (misses > 1 and not in_trouble):
        return Judgement(Decision.WITHDRAW, misses, usual)
    return Judgement(Decision.NOTHING, misses, min(every, CONFIRM_AFTER * 2 ** min(misses - 1, 9)))


def hosts_in_trouble(answers: Iterable[tuple[str, bool]]) -> Mapping[str, bool]:
    """Host -> were more than half of its pages missing when they were asked for last.

    `answers`: the host of a page, and whether it was missing.
    """
    found: dict[str, list[bool]] = {}
    for host, is_missing in answers:
        found.setdefault(host, []).append(is_missing)
    return {
        host: len(pages) > _FEW and sum(pages) * 2 > len(pages) for host, pages in found.items()
    }
