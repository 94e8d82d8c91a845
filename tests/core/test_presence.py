"""What the answer of a story's page means."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.model import FetchFailed, Hints, Outcome
from aggregator.presence import CONFIRM_AFTER, Decision, PageCheck, hosts_in_trouble, judge

HOUR = timedelta(hours=1)
EVERY = 6 * HOUR
PAGE = PageCheck(1, "https://a.example/1")
MISSED = PageCheck(1, "https://a.example/1", misses=1)
TAKEN = PageCheck(1, "https://a.example/1", misses=2, override_id=7, is_withdrawn=True)
OVERRULED = PageCheck(1, "https://a.example/1", misses=5, override_id=7, is_overruled=True)

NOT_FOUND = FetchFailed(Outcome.NOT_FOUND, "", 404)
GONE = FetchFailed(Outcome.GONE, "", 410)
TIMEOUT = FetchFailed(Outcome.TIMEOUT, "")
PAUSE = FetchFailed(Outcome.RATE_LIMITED, "", 429, Hints(retry_after=30 * HOUR))

NOTHING, WITHDRAW, RESTORE = Decision


@pytest.mark.parametrize(
    ("check", "answer", "in_trouble", "decision", "misses", "wait"),
    [
        (PAGE, 200, False, NOTHING, 0, EVERY),
        (MISSED, 200, False, NOTHING, 0, EVERY),
        (PAGE, NOT_FOUND, False, NOTHING, 1, CONFIRM_AFTER),
        (MISSED, NOT_FOUND, False, WITHDRAW, 2, EVERY),
        (MISSED, NOT_FOUND, True, NOTHING, 2, 2 * CONFIRM_AFTER),
        (PageCheck(1, "u", misses=50), NOT_FOUND, True, NOTHING, 51, EVERY),
        (PAGE, GONE, True, WITHDRAW, 1, EVERY),
        (TAKEN, NOT_FOUND, False, NOTHING, 3, EVERY),
        (TAKEN, TIMEOUT, False, NOTHING, 2, EVERY),
        (TAKEN, 200, False, RESTORE, 0, EVERY),
        (OVERRULED, GONE, False, NOTHING, 6, EVERY),
        (OVERRULED, 204, False, NOTHING, 0, EVERY),
        (MISSED, TIMEOUT, False, NOTHING, 1, EVERY),
        (PAGE, PAUSE, False, NOTHING, 0, 30 * HOUR),
    ],
)
def test_what_an_answer_means(
    check: PageCheck,
    answer: int | FetchFailed,
    in_trouble: bool,
    decision: Decision,
    misses: int,
    wait: timedelta,
) -> None:
    """Only 404 and 410 speak against a story, only success for it."""
    judged = judge(check, answer, every=EVERY, in_trouble=in_trouble)

    assert (judged.decision, judged.misses, judged.wait) == (decision, misses, wait)


def test_a_withdrawn_story_is_looked_for_daily_at_least() -> None:
    """Else a page that was back would have to wait a month."""
    judged = judge(TAKEN, NOT_FOUND, every=timedelta(days=30), in_trouble=False)

    assert judged.wait == timedelta(days=1)


def test_a_host_is_in_trouble_when_most_of_its_pages_are_missing() -> None:
    """Of three pages at least."""
    answers = [("a", True), ("a", True), ("b", True), ("b", True), ("b", False)]
    answers += [("c", True), ("c", False), ("c", True), ("c", False)]

    assert hosts_in_trouble(answers) == {"a": False, "b": True, "c": False}
