"""The politeness checklist, F: redirects that are followed, believed, taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fetch_servers import redirect
from polite_world import (
    FEED,
    HALF_HOUR,
    NOT_MODIFIED,
    START,
    World,
    full,
    network_with,
    rss,
    running,
    status,
    world,
)

from aggregator.model import Outcome
from aggregator.store import moves, reading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ETAG = 'ETag: "a"'
NEW, OTHER = "www.a.test/new", "elsewhere.example/feed"


def learnt(found: World) -> list[tuple[str, ...]]:
    """Where feeds are polled instead of at their configured URLs."""
    return found.rows(
        "SELECT url FROM feed_moves"
        " WHERE learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL"
    )


def moved(found: World, to: str = NEW, code: str = "301 Moved") -> None:
    """The configured URL sends its visitors to `to`, which is a feed."""
    found.serve("a.test/feed", redirect(found.url(to), code))
    found.serve(to, full(FEED, ETAG), NOT_MODIFIED)


@pytest.mark.parametrize("code", ["301 Moved", "308 Moved"])
async def test_P50_rA17_a_permanent_redirect_is_learnt(tmp_path: Path, code: str) -> None:
    """After two sightings a day apart the old URL is not asked again; no entry comes twice."""
    async with world(tmp_path) as found:
        moved(found, code=code)

        await found.poll_until(START + DAY)
        before = learnt(found)
        await found.poll_until(START + DAY + HOUR)
        asked = len(found.requests())
        await found.poll_until(START + 3 * DAY)

        assert before == []
        assert learnt(found) == [(found.url(NEW),)]
        assert len(found.requests()) == asked
        assert len(found.requests(NEW)) > asked
        assert found.row("SELECT url FROM feeds") == (found.url(),)
        assert found.row("SELECT count(*) FROM entries") == (1,)


async def test_P50_the_learnt_url_is_asked_conditionally_after_a_restart(tmp_path: Path) -> None:
    """P16: its own validators, from the database."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + DAY + HOUR)
        asked = len(found.requests())
        network = network_with(found, tmp_path, {"a.test/feed": {}})

        async with running(found, network):
            outcomes = await found.steps(1)

        assert outcomes == [Outcome.NOT_MODIFIED]
        assert found.requests(NEW)[-1].conditions == ('"a"', None)
        assert len(found.requests()) == asked


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(full(b"<html>maintenance</html>"), id="P51-html"),
        pytest.param(status("404 Not Found"), id="P51-404"),
        pytest.param(status("410 Gone"), id="410"),
        pytest.param(full(b""), id="empty"),
    ],
)
async def test_P51_rA18_only_a_working_feed_is_learnt(tmp_path: Path, target: bytes) -> None:
    """A 301 to an error or login page is followed and forgotten."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect(found.url(NEW), "301 Moved"))
        found.serve(NEW, target)

        await found.poll_until(START + 3 * DAY)

        assert found.rows("SELECT * FROM feed_moves") == []


async def test_rA18_B26_one_bad_hour_teaches_nothing(tmp_path: Path) -> None:
    """A hijack seen once, then the feed itself, then once more days later: no two in a row."""
    async with world(tmp_path) as found:
        hijack = redirect(found.url(NEW), "301 Moved")
        found.serve(NEW, full(rss("spam")))
        for _ in range(3):
            found.serve("a.test/feed", hijack, full(FEED, ETAG))
            await found.poll_until(found.now + 2 * DAY)

        assert learnt(found) == []
        assert found.rows("SELECT * FROM feed_moves") == []


@pytest.mark.parametrize("code", ["302 Found", "303 See Other", "307 Temporary"])
async def test_P52_rA19_temporary_ones_are_followed_and_not_learnt(
    tmp_path: Path, code: str
) -> None:
    """However long they last."""
    async with world(tmp_path) as found:
        moved(found, code=code)

        await found.poll_until(START + 3 * DAY)

        assert found.rows("SELECT * FROM feed_moves") == []
        assert len(found.requests()) == len(found.requests(NEW))


async def test_P52_of_a_chain_the_leading_permanent_part_is_learnt(tmp_path: Path) -> None:
    """301, 301, 302, 301: the end of the first two."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect("/1", "301 Moved"))
        found.serve("a.test/1", redirect("/2", "308 Moved"))
        found.serve("a.test/2", redirect("/3", "302 Found"))
        found.serve("a.test/3", redirect("/4", "301 Moved"))
        found.serve("a.test/4", full(FEED, ETAG))

        await found.poll_until(START + 2 * DAY)

        assert learnt(found) == [(found.url("a.test/2"),)]


async def test_P53_five_hops_and_no_circle(tmp_path: Path) -> None:
    """Six are too many; a circle ends at once."""
    async with world(tmp_path, {"a.test/0": {}, "b.test/x": {}}) as found:
        for n in range(6):
            found.serve(f"a.test/{n}", redirect(f"/{n + 1}"))
        found.serve("b.test/x", redirect("/y"))
        found.serve("b.test/y", redirect("/x"))

        await found.poll()

        outcomes = found.rows("SELECT DISTINCT last_outcome FROM feeds")
        assert outcomes == [("bad_redirect",)]
        assert len(found.seen) == 8


async def test_P54_an_endless_body_is_cut(tmp_path: Path) -> None:
    """At `max_bytes`; the outcome says so and nothing is stored."""
    async with world(tmp_path, {"a.test/feed": {}, "fetch": {"max_bytes": 2000}}) as found:
        found.serve("a.test/feed", full(b"x" * 5000))

        outcomes = await found.steps(1)

        assert outcomes == [Outcome.TOO_LARGE]


async def test_P55_a_226_that_nobody_asked_for(tmp_path: Path) -> None:
    """A-IM is never sent, so a partial feed is no document."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(rss("one", "two")), status("226 IM Used"))

        outcomes = await found.steps(2)

        assert outcomes == [Outcome.OK, Outcome.HTTP_ERROR]
        assert [one.field("A-IM") for one in found.seen] == [None, None]


async def test_B26_another_domain_wants_the_operator_s_word(tmp_path: Path) -> None:
    """Seen three times in three days and not believed; with the word it is."""
    async with world(tmp_path) as found:
        moved(found, OTHER)
        await found.poll_until(START + 3 * DAY)
        before = learnt(found)

        with found.store.transaction() as db:
            sighting = moves.allow(db, 1, now=found.now)
        await found.step()

        assert before == []
        assert sighting is not None
        assert learnt(found) == [(found.url(OTHER),)]


async def test_rK2_an_internal_target_is_never_stored(tmp_path: Path) -> None:
    """A 301 to an address that is not allowed is refused each time, and stands nowhere."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect("http://10.0.0.1/feed", "301 Moved"))

        await found.poll_until(START + 3 * DAY)

        assert found.row("SELECT last_outcome FROM feeds") == ("blocked_address",)
        assert found.rows("SELECT * FROM feed_moves") == []
        assert "10.0.0.1" not in "\n".join(found.store.db.conn.iterdump())


@pytest.mark.parametrize("code", ["404 Not Found", "410 Gone"])
async def test_an_old_url_that_is_gone_is_not_guessed_about(tmp_path: Path, code: str) -> None:
    """One sighting, then the old address answers 404 or 410: that is what counts."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + HOUR)
        found.serve("a.test/feed", status(code))
        asked = len(found.requests(NEW))

        await found.poll_until(START + 4 * DAY)

        assert learnt(found) == []
        assert len(found.requests(NEW)) == asked


async def test_a_failure_between_two_sightings_is_none(tmp_path: Path) -> None:
    """The server was down for a while: it neither confirms nor denies."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + HOUR)
        found.serve("a.test/feed", status("500 Oops"))
        await found.poll_until(START + 12 * HOUR)
        found.serve("a.test/feed", redirect(found.url(NEW), "301 Moved"))

        await found.poll_until(START + 3 * DAY)

        assert learnt(found) == [(found.url(NEW),)]


async def test_a_move_is_undone_for_good(tmp_path: Path) -> None:
    """The configured URL is asked again, with none of the other's validators; the same redirect
    is not learnt again."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + 2 * DAY)
        found.serve("a.test/feed", redirect(found.url(NEW), "301 Moved"))

        with found.store.transaction() as db:
            left = moves.undo(db, 1, now=found.now)
        asked = len(found.requests())
        await found.poll_until(START + 5 * DAY)

        assert left == found.url(NEW)
        assert learnt(found) == []
        assert len(found.requests()) > asked + 50
        assert {one.conditions for one in found.requests()} == {(None, None)}


async def test_an_undone_move_can_be_allowed_again(tmp_path: Path) -> None:
    """The operator's last word counts."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + 2 * DAY)
        with found.store.transaction() as db:
            moves.undo(db, 1, now=found.now)
            moves.allow(db, 1, now=found.now)

        await found.step()

        assert learnt(found) == [(found.url(NEW),)]


async def test_undo_wakes_a_feed_that_stopped_at_its_new_place(tmp_path: Path) -> None:
    """410 there: never polled again, until the operator takes the move back."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + 2 * DAY)
        found.serve(NEW, status("410 Gone"))
        await found.step()
        stopped = found.next_poll_at()

        with found.store.transaction() as db:
            moves.undo(db, 1, now=found.now)

        assert stopped is None
        assert found.next_poll_at() is not None


async def test_a_second_move_replaces_the_first(tmp_path: Path) -> None:
    """From the learnt place on to a further one, by the same rule."""
    async with world(tmp_path) as found:
        moved(found)
        await found.poll_until(START + 2 * DAY)
        found.serve(NEW, redirect("/newer", "301 Moved"))
        found.serve("www.a.test/newer", full(FEED, ETAG), NOT_MODIFIED)

        await found.poll_until(START + 4 * DAY)

        assert learnt(found) == [(found.url("www.a.test/newer"),)]
        assert found.row("SELECT count(*) FROM feed_moves WHERE replaced_at IS NOT NULL") == (1,)


async def test_another_target_starts_the_count_again(tmp_path: Path) -> None:
    """A redirect that changes its mind every few hours is no direction."""
    async with world(tmp_path) as found:
        found.serve("a.test/one", full(FEED, ETAG))
        found.serve("a.test/two", full(FEED, ETAG))
        for n in range(8):
            target = "/one" if n % 2 else "/two"
            found.serve("a.test/feed", redirect(target, "301 Moved"))
            await found.poll_until(START + (n + 1) * 20 * HOUR)

        assert learnt(found) == []


async def test_status_tells_of_moves(tmp_path: Path) -> None:
    """Sighted since when, then where it is polled."""
    async with world(tmp_path) as found:
        moved(found)
        await found.steps(1)
        (seen,) = reading.feed_statuses(found.store.db)
        await found.poll_until(START + DAY + HALF_HOUR + HALF_HOUR)
        (believed,) = reading.feed_statuses(found.store.db)

        assert (seen.moved_to, seen.move_sighted) == (None, found.url(NEW))
        assert seen.move_sighted_at == "2026-11-25T12:00:00Z"
        assert (believed.moved_to, believed.move_sighted) == (found.url(NEW), None)
