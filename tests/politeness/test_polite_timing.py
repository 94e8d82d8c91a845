"""The politeness checklist, D and E: how often, how fast, and when to give up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fetch_servers import redirect
from polite_world import (
    FEED,
    FLOOR,
    HALF_HOUR,
    NOT_MODIFIED,
    START,
    full,
    network_with,
    rss,
    running,
    status,
    world,
)

from aggregator.daemon import spread
from aggregator.model import Outcome
from aggregator.network import RetryScope

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
ETAG = 'ETag: "a"'


@pytest.mark.parametrize(
    ("foreign", "every", "least"), [(False, FLOOR, FLOOR), (True, HOUR, HOUR), (False, HOUR, HOUR)]
)
async def test_P30_no_gap_is_shorter_than_the_floor(
    tmp_path: Path, foreign: bool, every: timedelta, least: timedelta
) -> None:
    """Jitter and fractions of seconds included, tolerance zero."""
    rng = random.Random(30)
    async with world(
        tmp_path, {"a.test/feed": {"every": every}, "foreign": foreign}, floor=least
    ) as found:
        found.serve("a.test/feed", full(FEED, ETAG), NOT_MODIFIED)

        for _ in range(40):
            found.jitter = rng.random()
            await found.step()
            found.now += timedelta(microseconds=rng.randrange(999_999))

        assert min(found.gaps()) >= least


async def test_P31_a_restart_polls_nothing_early(tmp_path: Path) -> None:
    """Nor does a crash loop, or a reload."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full())
        await found.poll()
        network = network_with(found, tmp_path, {"a.test/feed": {}})

        for _ in range(5):
            found.now += 4 * MINUTE
            async with running(found, network):
                await found.poll()

        assert len(found.seen) == 1


async def test_P32_one_in_flight_per_host(tmp_path: Path) -> None:
    """However many feeds it has."""
    async with world(tmp_path, {f"a.test/{n}": {} for n in range(8)}) as found:
        for n in range(8):
            found.serve(f"a.test/{n}", full())

        await found.poll()

        assert (len(found.seen), found.together) == (8, 1)


async def test_P32_starts_at_a_host_are_a_host_delay_apart(tmp_path: Path) -> None:
    """By the real clock, with a delay that is short for the test."""
    delay = timedelta(seconds=0.05)
    feeds = {**{f"a.test/{n}": {} for n in range(3)}, "fetch": {"host_delay": delay}}
    async with world(tmp_path, feeds) as found:
        started = asyncio.get_running_loop().time()

        await found.poll()

        assert asyncio.get_running_loop().time() - started >= 2 * delay.total_seconds()


async def test_P33_rA27_one_url_is_one_fetch(tmp_path: Path) -> None:
    """A feed that moved to where another feed is polled is not polled there twice."""
    feeds: dict[str, object] = {"a.test/feed": {}, "a.test/old": {}}
    async with world(tmp_path, feeds, clean=False) as found:
        found.serve("a.test/feed", full(FEED, ETAG))
        found.serve("a.test/old", redirect("/feed", "301 Moved"))

        await found.poll_until(START + 3 * DAY)

        assert found.row("SELECT count(*) FROM feed_moves WHERE learnt_at IS NOT NULL") == (0,)


async def test_P34_minutes_of_the_hour_are_flat(tmp_path: Path) -> None:
    """Feeds that began in one second are polled in every minute alike a week later."""
    rng = random.Random(34)
    minutes: Counter[int] = Counter()
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), NOT_MODIFIED)
        for _ in range(1500):
            found.jitter = rng.random()
            await found.step()
            minutes[found.now.minute] += 1

        expected = 1500 / 60
        chi_square = sum((minutes[n] - expected) ** 2 / expected for n in range(60))
        assert chi_square < 98.3  # 59 degrees of freedom, one test in a thousand fails
        assert minutes[0] < 2 * expected


async def test_P35_what_is_overdue_is_spread(tmp_path: Path) -> None:
    """rR13: after a long stop each feed is polled once, the longest overdue first, over a floor."""
    places = [f"{n}.test/feed" for n in range(30)]
    async with world(tmp_path, {place: {} for place in places}) as found:
        for place in places:
            found.serve(place, full(FEED, ETAG), NOT_MODIFIED)
        await found.poll()
        found.now = START + DAY
        index = found.poller.tools.index

        moved = spread(found.store, FLOOR, index, found.now)
        times = [text for (text,) in found.rows("SELECT next_poll_at FROM feeds ORDER BY id")]
        await found.poll_until(found.now + FLOOR + SECOND)

        assert moved == 30
        assert len(set(times)) == 30
        assert times == sorted(times)
        assert len(found.seen) == 60


async def test_P35_what_is_new_or_a_little_late_is_not_put_off(tmp_path: Path) -> None:
    """A first start polls at once; so does a daemon that was away for a minute."""
    async with world(tmp_path, {"a.test/feed": {}, "b.test/feed": {}}) as found:
        index = found.poller.tools.index
        assert spread(found.store, FLOOR, index, found.now + DAY) == 0
        await found.poll()
        due = found.next_poll_at()
        assert due is not None

        assert spread(found.store, FLOOR, index, due + MINUTE) == 0


@pytest.mark.parametrize(
    ("fields", "least"),
    [
        (["Cache-Control: max-age=7200"], 2 * HOUR),
        (["Cache-Control: max-age=7200", "Age: 3600"], HOUR),
        (
            ["Date: Wed, 25 Nov 2026 12:00:00 GMT", "Expires: Wed, 25 Nov 2026 15:00:00 GMT"],
            3 * HOUR,
        ),
        (["Cache-Control: s-maxage=86400"], HALF_HOUR),
        (["Cache-Control: no-cache"], HALF_HOUR),
        (["Cache-Control: max-age=0"], HALF_HOUR),
        (["Cache-Control: max-age=31536000"], DAY),
    ],
)
@pytest.mark.parametrize("is_304", [False, True])
async def test_P36_freshness_is_not_before(
    tmp_path: Path, fields: list[str], least: timedelta, is_304: bool
) -> None:
    """rA23: max-age less Age, else Expires; never faster, at most a day; on a 304 as well."""
    async with world(tmp_path) as found:
        newer = ("HTTP/1.1 304 Not Modified\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode()
        first = full(FEED, ETAG) if is_304 else full(FEED, ETAG, *fields)
        found.serve("a.test/feed", first, newer)

        await found.steps(3)

        assert least <= found.gaps()[1 if is_304 else 0] < least + 2 * SECOND


@pytest.mark.parametrize(
    ("extra", "least"),
    [
        ("<ttl>90</ttl>", 90 * MINUTE),
        ("<ttl>1</ttl>", HALF_HOUR),
        ("<ttl>525600</ttl>", DAY),
        ("<skipHours><hour>12</hour><hour>13</hour></skipHours>", 2 * HOUR - SECOND),
        ("<skipDays><day>Wednesday</day></skipDays>", 12 * HOUR - SECOND),
        ("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>", DAY),
    ],
)
async def test_P37_the_document_s_own_wishes(tmp_path: Path, extra: str, least: timedelta) -> None:
    """ttl, skipHours, skipDays (GMT): honoured, and no feed blocks itself for more than a day."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(rss("one", extra=extra)))

        await found.steps(2)

        assert least <= found.gaps()[0] <= max(least, HALF_HOUR) + 2 * SECOND


@pytest.mark.parametrize("value", ["7200", "Wed, 25 Nov 2026 14:00:00 GMT"])
@pytest.mark.parametrize("code", ["429 Slow", "503 Busy"])
async def test_P40_P41_P43_retry_after(tmp_path: Path, value: str, code: str) -> None:
    """Nothing before it, in seconds or as a date."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", status(code, f"Retry-After: {value}"), full())

        await found.steps(2)

        assert found.gaps()[0] >= 2 * HOUR - SECOND
        assert found.gaps()[0] < 3 * HOUR


async def test_P40_whole_seconds_are_rounded_up(tmp_path: Path) -> None:
    """The answer came a quarter past a second; the stored time has no fractions."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", status("429 Slow", "Retry-After: 3600"), full())

        await found.steps(2)

        assert HOUR <= found.gaps()[0] <= HOUR + SECOND


async def test_rA23_an_absurd_retry_after_is_clipped(tmp_path: Path) -> None:
    """Seven days, not thirty years."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", status("429 Slow", "Retry-After: 999999999"), full())

        await found.steps(2)

        assert 7 * DAY <= found.gaps()[0] < 7 * DAY + 2 * SECOND


@pytest.mark.parametrize("code", ["429 Slow", "403 Forbidden"])
async def test_P42_rA25_slower_each_time(tmp_path: Path, code: str) -> None:
    """Without Retry-After: twice the wait at least, longer in a row; a 403 may mean the same."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(), status(code))

        await found.steps(5)

        gaps = found.gaps()
        assert gaps[1] >= 2 * HALF_HOUR
        assert gaps[1] < gaps[2] < gaps[3]


async def test_rA25_the_alarm_differs(tmp_path: Path) -> None:
    """A 403 is `forbidden` and failing, a 429 `rate_limited` and paused."""
    async with world(tmp_path, {"a.test/feed": {}, "b.test/feed": {}}) as found:
        found.serve("a.test/feed", status("403 Forbidden"))
        found.serve("b.test/feed", status("429 Slow", "Retry-After: 999999"))

        await found.poll()

        rows = found.rows("SELECT last_outcome, paused_until IS NULL FROM feeds ORDER BY id")
        assert rows == [("forbidden", 1), ("rate_limited", 0)]


PLACES = ("a.test/1", "a.test/2", "b.a.test/3", "c.test/4")


@pytest.mark.parametrize(
    ("code", "scope", "waiting"),
    [
        pytest.param("429 Slow", RetryScope.AUTO, {0, 1}, id="P44-429-host"),
        pytest.param("503 Busy", RetryScope.AUTO, {0}, id="rA21-503-url"),
        pytest.param("429 Slow", RetryScope.URL, {0}, id="url"),
        pytest.param("503 Busy", RetryScope.HOST, {0, 1}, id="host"),
        pytest.param("429 Slow", RetryScope.DOMAIN, {0, 1, 2}, id="rA22-domain"),
        pytest.param("404 Not Found", RetryScope.DOMAIN, set(), id="no-pause"),
    ],
)
@pytest.mark.parametrize("per_feed", [False, True])
async def test_P44_who_waits(
    tmp_path: Path, code: str, scope: RetryScope, waiting: set[int], per_feed: bool
) -> None:
    """rA21, rA22: one answer, the feeds it holds back, in the transaction of that poll."""
    first = {"retry_after_scope": scope} if per_feed else {}
    fetch = {} if per_feed else {"retry_after_scope": scope}
    feeds = {**{place: {} for place in PLACES}, "a.test/1": first, "fetch": fetch}
    async with world(tmp_path, feeds) as found:
        for place in PLACES:
            found.serve(place, full(rss(place), ETAG), NOT_MODIFIED)
        await found.poll()
        found.serve("a.test/1", status(code, "Retry-After: 90000"))
        found.now = START + HALF_HOUR + 2 * SECOND
        (one,) = [feed for feed in found.due() if feed.url == found.url("a.test/1")]

        (report,) = await found.poller.poll_all([one])

        until = found.now + timedelta(seconds=90_000)
        held = {
            place
            for place, name in enumerate(PLACES)
            if (at := found.next_poll_at(name)) is not None and at >= until
        }
        paused = found.row("SELECT count(*) FROM feeds WHERE paused_until IS NOT NULL")
        assert held == (waiting or {0})
        assert paused == (len(waiting),)
        assert {feed_id - 1 for feed_id in report.paused} == waiting - {0}


async def test_P44_feeds_in_line_for_the_host_go_back(tmp_path: Path) -> None:
    """They were due with the one that was told to wait; their turn does not come."""
    async with world(tmp_path, {f"a.test/{n}": {} for n in range(6)}) as found:
        found.serve("a.test/0", status("429 Slow", "Retry-After: 3600"))
        for n in range(1, 6):
            found.serve(f"a.test/{n}", full())

        reports = await found.poll()

        assert [report.outcome for report in reports] == [Outcome.RATE_LIMITED]
        assert len(found.seen) == 1
        assert found.next_poll_at() == START.replace(microsecond=0) + HOUR + SECOND


async def test_P44_the_host_that_answered_is_meant(tmp_path: Path) -> None:
    """The 429 comes from where a redirect led: feeds of that host wait."""
    async with world(tmp_path, {"a.test/1": {}, "b.test/2": {}, "a.test/3": {}}) as found:
        found.serve("a.test/1", redirect(found.url("b.test/x")))
        found.serve("b.test/x", status("429 Slow", "Retry-After: 90000"))
        (first, *_) = found.due()

        (report,) = await found.poller.poll_all([first])

        assert report.paused == {2}


async def test_P44_a_pause_outlives_another_feed_s_success(tmp_path: Path) -> None:
    """A poll of the domain that was under way meanwhile does not end the others' wait."""
    async with world(tmp_path, {"a.test/1": {}, "b.a.test/2": {}}) as found:
        found.serve("b.a.test/2", full())
        (_, second) = found.due()
        until = "2026-11-26T00:00:00Z"
        found.store.db.conn.execute(
            "UPDATE feeds SET paused_until = ?, next_poll_at = ?", [until, until]
        )

        await found.poller.poll_all([second])

        assert found.rows("SELECT next_poll_at, paused_until FROM feeds") == [(until, until)] * 2


@pytest.mark.parametrize(
    "reply", [status("500 Oops"), status("404 Not Found"), full(b"<html/>"), b"junk"]
)
async def test_P45_no_retry_and_growing_gaps(tmp_path: Path, reply: bytes) -> None:
    """One request a poll, each gap at least the last, a day at most."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", reply)

        outcomes = await found.steps(10)

        assert len(found.seen) == len(outcomes) == 10
        assert found.gaps() == sorted(found.gaps())
        assert found.gaps()[-1] <= DAY + 2 * SECOND


async def test_P46_410_stops(tmp_path: Path) -> None:
    """No further request, whatever happens to the process."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(), status("410 Gone"))
        network = network_with(found, tmp_path, {"a.test/feed": {}})
        await found.steps(2)
        found.now += 365 * DAY

        async with running(found, network):
            await found.poll()

        assert found.next_poll_at() is None
        assert len(found.seen) == 2
        assert found.row("SELECT state FROM feed_health") == ("gone",)


@pytest.mark.parametrize("code", ["404 Not Found", "403 Forbidden", "401 Unauthorized"])
async def test_P47_decay_to_daily(tmp_path: Path, code: str) -> None:
    """For ever, and the operator is told why."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", status(code))

        await found.steps(12)

        why = found.row("SELECT last_error FROM feeds")
        assert why == (f"HTTP status {code}",)
        assert all(DAY <= gap < DAY + 2 * SECOND for gap in found.gaps()[-4:])


async def test_rA26_the_feeds_of_a_host_are_not_fetched_in_one_second(tmp_path: Path) -> None:
    """Twenty feeds, one host, all due: one after the other, host_delay apart."""
    delay = timedelta(seconds=0.02)
    feeds = {**{f"a.test/{n}": {} for n in range(20)}, "fetch": {"host_delay": delay}}
    async with world(tmp_path, feeds) as found:
        started = asyncio.get_running_loop().time()

        await found.poll()

        assert found.together == 1
        assert asyncio.get_running_loop().time() - started >= 19 * delay.total_seconds()


async def test_rA26_next_polls_are_spread(tmp_path: Path) -> None:
    """By jitter, which only ever delays."""
    rng = random.Random(26)
    async with world(tmp_path, {f"{n}.test/feed": {} for n in range(50)}) as found:
        for n in range(50):
            found.serve(f"{n}.test/feed", full(rss(str(n))))
        found.poller.tools = replace(found.poller.tools, jitter=rng.random)

        await found.poll()

        times = [text for (text,) in found.rows("SELECT next_poll_at FROM feeds")]
        assert len(set(times)) > 30
        assert min(times) >= "2026-11-25T12:30:01Z"
