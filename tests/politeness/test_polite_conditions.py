"""The politeness checklist, A to C: first contact, conditional requests, what is sent."""

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
    Answer,
    full,
    network_with,
    rss,
    running,
    status,
    world,
)

from aggregator.model import Outcome

LAST = "Last-Modified: Tue, 24 Nov 2026 01:02:03 +0000"
ETAG = 'ETag: W/"a\\b"'
BOTH = ('W/"a\\b"', "Tue, 24 Nov 2026 01:02:03 +0000")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_P01_a_new_feed_causes_exactly_one_get(tmp_path: Path) -> None:
    """No second hit: not within a minute, nor before the interval."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full())

        await found.poll()
        for seconds in (1, 30, 60, 300):
            found.now = START + timedelta(seconds=seconds)
            await found.poll()

        assert len(found.seen) == 1


async def test_P02_the_first_request_is_unconditional(tmp_path: Path) -> None:
    """Neither If-None-Match nor If-Modified-Since, of whatever value."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full())

        await found.poll()

        assert found.seen[0].conditions == (None, None)


async def test_P03_rB5_the_second_poll_is_conditional(tmp_path: Path) -> None:
    """The validators of the very first fetch are kept."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG, LAST), NOT_MODIFIED)

        await found.steps(3)

        assert [one.conditions for one in found.seen] == [(None, None), BOTH, BOTH]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (status("404 Not Found"), Outcome.NOT_FOUND),
        (full(b"<html><p>Hello</p></html>"), Outcome.NOT_A_FEED),
        (full(b""), Outcome.EMPTY_BODY),
    ],
)
async def test_P04_what_is_no_feed_is_told(tmp_path: Path, reply: bytes, outcome: Outcome) -> None:
    """The operator sees the outcome and why; nothing is stored of it."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", reply)

        outcomes = await found.steps(1)

        kept = found.row("SELECT last_outcome, last_error, etag, title FROM feeds")
        assert outcomes == [outcome]
        assert kept[0] == outcome
        assert kept[1]
        assert kept[2:] == (None, None)


@pytest.mark.parametrize(
    "value",
    [
        "Tue, 24 Nov 2026 01:02:03 +0000",
        "Fri, 31 Dec 2100 23:59:59 GMT",
        "2026-11-24 01:02:03",
        "whenever",
    ],
)
async def test_P05_last_modified_is_echoed_byte_for_byte(tmp_path: Path, value: str) -> None:
    """Odd, but the server's own."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, f"Last-Modified: {value}"), NOT_MODIFIED)

        await found.steps(2)

        assert found.seen[1].conditions == (None, value)


@pytest.mark.parametrize("value", ['"a"', 'W/"a"', '"a\\b, c"', "unquoted", 'w/"x"'])
async def test_P06_etag_is_echoed_byte_for_byte(tmp_path: Path, value: str) -> None:
    """Quotes and W/ kept."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, f"ETag: {value}"), NOT_MODIFIED)

        await found.steps(2)

        assert found.seen[1].conditions == (value, None)


async def test_P07_both_are_sent(tmp_path: Path) -> None:
    """As a pair."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG, LAST), NOT_MODIFIED)

        await found.steps(2)

        assert found.seen[1].conditions == BOTH


@pytest.mark.parametrize(
    ("etag", "last"), [('"b"', BOTH[1]), (BOTH[0], "Wed, 25 Nov 2026 01:02:03 GMT")]
)
async def test_P08_rB1_the_pair_is_atomic(tmp_path: Path, etag: str, last: str) -> None:
    """One of the two changes: both of the newest answer are sent."""
    async with world(tmp_path) as found:
        newer = full(rss("one", "two"), f"ETag: {etag}", f"Last-Modified: {last}")
        found.serve("a.test/feed", full(FEED, ETAG, LAST), newer, NOT_MODIFIED)

        await found.steps(3)

        assert found.seen[2].conditions == (etag, last)


async def test_P09_new_validators_of_an_old_body_are_kept(tmp_path: Path) -> None:
    """`touch feed.xml`: the body need not be read again, the validators must be stored."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), full(FEED, 'ETag: "b"'), NOT_MODIFIED)

        outcomes = await found.steps(3)

        assert outcomes == [Outcome.OK, Outcome.UNCHANGED, Outcome.NOT_MODIFIED]
        assert found.seen[2].conditions == ('"b"', None)


async def test_P10_a_200_without_etag_clears_it(tmp_path: Path) -> None:
    """The old one is of a document that is no more."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG, LAST), full(rss("two")), full(rss("two")))

        await found.steps(3)

        assert found.seen[2].conditions == (None, None)


async def test_P11_rB6_a_304_updates_validators(tmp_path: Path) -> None:
    """Those it carries; it never takes one away."""
    async with world(tmp_path) as found:
        newer = b'HTTP/1.1 304 Not Modified\r\nETag: "b"\r\n\r\n'
        found.serve("a.test/feed", full(FEED, ETAG, LAST), newer, NOT_MODIFIED)

        await found.steps(4)

        assert [one.conditions for one in found.seen[2:]] == [('"b"', BOTH[1])] * 2


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(status("429 Slow", 'ETag: "x"'), id="429"),
        pytest.param(status("404 Not Found", 'ETag: "x"'), id="404"),
        pytest.param(status("500 Oops", 'ETag: "x"'), id="500"),
        pytest.param(full(b"<html></html>", 'ETag: "x"'), id="html"),
        pytest.param(full(b"\x00" * 20, 'ETag: "x"'), id="rubbish"),
    ],
)
async def test_P12_failures_leave_validators_alone(tmp_path: Path, failure: bytes) -> None:
    """The request after a failure is as conditional as the one before."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG, LAST), failure, NOT_MODIFIED)

        await found.steps(3)

        assert [one.conditions for one in found.seen[1:]] == [BOTH, BOTH]


async def test_P13_never_an_older_value(tmp_path: Path) -> None:
    """Not after a crash either: a poll is stored whole before the next can begin."""
    async with world(tmp_path) as found:
        replies = [full(rss(str(n)), f'ETag: "{n}"') for n in range(5)]
        found.serve("a.test/feed", *replies)
        network = network_with(found, tmp_path, {"a.test/feed": {}})

        for _ in replies:
            async with running(found, network):
                await found.step()

        sent = [one.conditions[0] for one in found.seen]
        assert sent == [None, '"0"', '"1"', '"2"', '"3"']


@pytest.mark.parametrize("pause", [12 * HOUR, DAY, 7 * DAY])
async def test_P14_no_forgetting_on_a_timer(tmp_path: Path, pause: timedelta) -> None:
    """Still conditional after a long time and a restart."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG, LAST), NOT_MODIFIED)
        network = network_with(found, tmp_path, {"a.test/feed": {}})
        await found.steps(2)
        found.now += pause

        async with running(found, network):
            await found.poll()

        assert found.seen[-1].conditions == BOTH


async def test_P15_if_modified_since_is_the_server_s_word_only(tmp_path: Path) -> None:
    """No date of the document, no Date field, no clock of ours."""
    dates = "<lastBuildDate>Tue, 24 Nov 2026 09:00:00 GMT</lastBuildDate>"
    async with world(tmp_path) as found:
        reply = full(rss("one", extra=dates), "Date: Wed, 25 Nov 2026 12:00:00 GMT")
        found.serve("a.test/feed", reply)

        await found.steps(3)

        assert [one.conditions for one in found.seen] == [(None, None)] * 3


async def test_P16_validators_of_a_redirected_feed_survive_a_restart(tmp_path: Path) -> None:
    """They go to the URL that served them, never to the first one."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect(found.url("b.test/feed")))
        found.serve("b.test/feed", full(FEED, ETAG, LAST), NOT_MODIFIED)
        network = network_with(found, tmp_path, {"a.test/feed": {}})
        await found.steps(1)

        async with running(found, network):
            outcomes = await found.steps(1)

        assert outcomes == [Outcome.NOT_MODIFIED]
        assert [one.conditions for one in found.requests("b.test/feed")] == [(None, None), BOTH]
        assert [one.conditions for one in found.requests()] == [(None, None)] * 2


async def test_P16_a_third_url_gets_none(tmp_path: Path) -> None:
    """The redirect leads elsewhere now."""
    async with world(tmp_path) as found:
        found.serve(
            "a.test/feed", redirect(found.url("b.test/feed")), redirect(found.url("c.test/feed"))
        )
        found.serve("b.test/feed", full(FEED, ETAG, LAST))
        found.serve("c.test/feed", full(rss("two")))

        await found.steps(2)

        assert found.requests("c.test/feed")[0].conditions == (None, None)


async def test_P20_get_only(tmp_path: Path) -> None:
    """Never a HEAD first, whatever the answers."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(), status("405 No"), status("500 Oops"))

        await found.steps(3)

        assert {one.method for one in found.seen} == {"GET"}


@pytest.mark.parametrize(
    "place", ["a.test/", "a.test/Feed.XML?a=B&&c", "a.test/x/../y", "a.test/%7Ez/", "a.test/q?"]
)
async def test_P21_the_url_exactly_as_configured(tmp_path: Path, place: str) -> None:
    """No slash, escape or query more or less."""
    async with world(tmp_path, {place: {}}) as found:
        found.serve(place, full())

        await found.steps(2)

        assert [f"{one.host}{one.target}" for one in found.seen] == [place] * 2


async def test_P22_no_cookie_ever(tmp_path: Path) -> None:
    """Not after Set-Cookie, on redirects or later polls."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect("/two\r\nSet-Cookie: a=b"))
        found.serve("a.test/two", full(FEED, "Set-Cookie: c=d"))

        await found.steps(2)

        assert [one.field("Cookie") for one in found.seen] == [None] * 4


async def test_P23_no_referer(tmp_path: Path) -> None:
    """Nobody learns who sent us."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect(found.url("b.test/feed")))
        found.serve("b.test/feed", full())

        await found.steps(2)

        assert [one.field("Referer") for one in found.seen] == [None] * 4


async def test_P24_one_honest_user_agent(tmp_path: Path) -> None:
    """Product, version, contact; the same at every hop and poll."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", redirect("/two"), full())
        found.serve("a.test/two", full())

        await found.steps(2)

        names = {one.field("User-Agent") for one in found.seen}
        assert names == {"aggregator/0.1.0 (+https://example.com/bot)"}


async def test_P26_nothing_inside_a_feed_is_fetched(tmp_path: Path) -> None:
    """N8: no icon, image, site page, enclosure, hub or item."""
    async with world(tmp_path) as found:
        links = (
            f"<link>{found.url('a.test/home')}</link>"
            f"<image><url>{found.url('a.test/icon.png')}</url></image>"
            f"<item><title>x</title><link>{found.url('a.test/item')}</link>"
            f'<enclosure url="{found.url("a.test/sound")}" type="audio/mpeg"/></item>'
        )
        found.serve("a.test/feed", full(rss("one", extra=links)))

        await found.steps(2)

        assert {one.target for one in found.seen} == {"/feed"}


async def test_P27_one_poll_is_one_request(tmp_path: Path) -> None:
    """Also for a name with several addresses: they are tried one after the other."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), NOT_MODIFIED)

        await found.steps(4)

        polls = found.row("SELECT count(*) FROM polls")
        assert (len(found.seen), *polls) == (4, 4)


async def test_rA15_a_304_changes_nothing_but_the_feed_s_row(tmp_path: Path) -> None:
    """Title, entries and stories stay as the last document made them."""
    tables = ("entries", "stories", "entry_keys")
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), NOT_MODIFIED)
        await found.step()
        before = [found.rows(f"SELECT * FROM {table}") for table in tables]
        meta = found.row("SELECT title, home, etag, body_hash FROM feeds")

        await found.steps(3)

        assert [found.rows(f"SELECT * FROM {table}") for table in tables] == before
        assert found.row("SELECT title, home, etag, body_hash FROM feeds") == meta


async def test_rB2_a_200_with_an_old_etag_is_read(tmp_path: Path) -> None:
    """The body decides, not what the server says of it."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), full(rss("one", "two"), ETAG))

        await found.steps(2)

        assert found.row("SELECT count(*) FROM entries") == (2,)


def _stuck(body: bytes) -> Answer:
    """304 to everything that is conditional."""
    return lambda one: NOT_MODIFIED if one.conditions != (None, None) else full(body, ETAG)


@pytest.mark.parametrize(("revalidate", "entries"), [(None, 1), (12 * HOUR, 2)])
async def test_rB3_a_stuck_304_ends_when_the_operator_says_so(
    tmp_path: Path, revalidate: timedelta | None, entries: int
) -> None:
    """`revalidate: 12h` asks without conditions twice a day; off by default."""
    feeds = {"a.test/feed": {"revalidate": revalidate, "every": HOUR}}
    async with world(tmp_path, feeds) as found:
        found.serve("a.test/feed", _stuck(FEED))
        await found.steps(2)
        found.serve("a.test/feed", _stuck(rss("one", "two")))

        await found.poll_until(START + DAY)

        plain = [one for one in found.seen if one.conditions == (None, None)]
        assert found.row("SELECT count(*) FROM entries") == (entries,)
        assert len(plain) == (1 if revalidate is None else 2)


async def test_rB9_a_late_item_with_an_older_date_is_stored(tmp_path: Path) -> None:
    """Identity decides, not the clock."""
    dated = (
        "<item><title>{0}</title><guid>{0}</guid>"
        "<pubDate>Wed, 25 Nov 2026 {1}:00 GMT</pubDate></item>"
    )
    noon, eleven = dated.format("noon", "12:00"), dated.format("eleven", "11:00")
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(rss(extra=noon)), full(rss(extra=noon + eleven)))

        await found.steps(2)

        assert found.rows("SELECT guid FROM entries ORDER BY id") == [("noon",), ("eleven",)]


async def test_rB10_rB11_a_counter_in_the_document_updates_nothing_shown(tmp_path: Path) -> None:
    """lastBuildDate and a time stamp in a description change with every answer."""
    template = (
        "<lastBuildDate>{0}</lastBuildDate>"
        "<item><title>T</title><guid>g</guid><link>https://a.test/1</link>{1}</item>"
    )
    build_dates = [full(rss(extra=template.format(n, ""))) for n in range(3)]
    stamps = [
        full(rss(extra=template.format(n, f"<description>x?t={n}</description>"))) for n in range(3)
    ]
    async with world(tmp_path) as found:
        found.serve("a.test/feed", *build_dates, *stamps)

        await found.steps(3)
        told = found.rows("SELECT * FROM stories")
        updates = found.row("SELECT sum(updated_entries) FROM polls")
        await found.steps(3)

        assert updates == (0,)
        assert found.rows("SELECT * FROM stories") == told


async def test_rB13_freshness_is_the_newest_entry_s_age(tmp_path: Path) -> None:
    """A CDN that serves a stale copy for ever succeeds at every poll, and is stale all the same."""
    date = "<pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate>"
    old = f"<item><title>x</title><guid>g</guid>{date}</item>"
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(rss(extra=old), "Age: 9999", ETAG), NOT_MODIFIED)

        await found.steps(3)

        health = found.row("SELECT newest_entry_at, failures FROM feed_health")
        assert health == ("2026-01-01T00:00:00Z", 0)


async def test_B27_a_body_that_switches_keeps_its_items(tmp_path: Path) -> None:
    """Feed, HTML page, feed: no item goes, none comes twice."""
    async with world(tmp_path) as found:
        feed = rss("one", "two")
        found.serve("a.test/feed", full(feed), full(b"<html></html>"), full(feed), full(feed))

        outcomes = await found.steps(4)

        assert outcomes == [
            Outcome.OK,
            Outcome.NOT_A_FEED,
            Outcome.UNCHANGED,
            Outcome.UNCHANGED,
        ]
        assert found.row("SELECT count(*), count(DISTINCT guid) FROM entries") == (2, 2)


async def test_P48_recovery_is_at_once(tmp_path: Path) -> None:
    """After many failures: the first answer is conditional and the spacing normal again."""
    async with world(tmp_path) as found:
        found.serve("a.test/feed", full(FEED, ETAG), *[status("500 No")] * 6, NOT_MODIFIED)

        await found.steps(10)

        assert found.seen[7].conditions[0] == BOTH[0]
        assert found.gaps()[6] > 8 * HOUR
        assert all(HALF_HOUR <= gap < HALF_HOUR + timedelta(seconds=2) for gap in found.gaps()[7:])
