"""Redirects on the wire: every hop is guarded, nothing is carried along (B13-B16, B24, C02)."""

from __future__ import annotations

import pytest
from fetch_servers import Script, Talk, answer, by_path, fetcher, once, redirect, serve

from aggregator.model import Fetched, FetchFailed, FetchRequest, NotModified, Outcome, Validators

FEED = b"<rss/>"
KNOWN = Validators('"a"', "t")


async def test_b15_five_redirects_end_well() -> None:
    """The final URL is told, the temporary moves are not learnt."""
    answers = {f"/{number}": redirect(f"/{number + 1}") for number in range(5)}
    answers["/5"] = answer(FEED)

    async with serve(by_path(answers)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url("/0")))

    assert isinstance(result, Fetched)
    assert result.url == server.url("/5")
    assert result.moved_to is None


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        pytest.param({"/0": redirect("/0")}, 1, id="B13-itself"),
        pytest.param({"/0": redirect("/1"), "/1": redirect("/0")}, 2, id="B13-loop"),
        pytest.param(
            {f"/{number}": redirect(f"/{number + 1}") for number in range(7)}, 6, id="B14-six"
        ),
    ],
)
async def test_b13_b14_redirects_that_do_not_end(answers: dict[str, bytes], requests: int) -> None:
    """An error with the status, after a bounded number of requests."""
    async with serve(by_path(answers)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url("/0")))

    assert isinstance(result, FetchFailed)
    assert (result.outcome, result.status) == (Outcome.BAD_REDIRECT, 302)
    assert len(server.seen) == requests


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("", Outcome.BAD_REDIRECT),
        ("//", Outcome.BAD_REDIRECT),
        ("http://[bad", Outcome.BAD_REDIRECT),
        ("http://.example.com/", Outcome.BAD_REDIRECT),
        ("http://a..b/", Outcome.BAD_REDIRECT),
        ("http://" + "a" * 64 + ".example/", Outcome.BAD_REDIRECT),
        ("http://\xff/", Outcome.BAD_REDIRECT),
        ("http://example.com:0/", Outcome.BAD_REDIRECT),
        ("http://example.com:99999/", Outcome.BAD_REDIRECT),
        ("http:ok", Outcome.BAD_REDIRECT),
        ("/" + "x" * 60_000, Outcome.BAD_REDIRECT),
        ("/" + "x" * 100_000, Outcome.PROTOCOL),
        ("javascript:alert(1)", Outcome.BLOCKED_URL),
        ("data:,x", Outcome.BLOCKED_URL),
        ("file:///etc/hostname", Outcome.BLOCKED_URL),
        ("gopher://127.0.0.1/", Outcome.BLOCKED_URL),
        ("ftp://127.0.0.1/", Outcome.BLOCKED_URL),
        ("http://me:secret@127.0.0.1/", Outcome.BLOCKED_URL),
        ("http://10.0.0.1/", Outcome.BLOCKED_ADDRESS),
        ("http://169.254.169.254/latest/", Outcome.BLOCKED_ADDRESS),
        ("http://[::1]/", Outcome.BLOCKED_ADDRESS),
        ("http://[fd00:ec2::254]/", Outcome.BLOCKED_ADDRESS),
        ("http://8.8.8.8:6379/", Outcome.BLOCKED_URL),
    ],
)
async def test_b16_redirect_zoo(location: str, outcome: Outcome) -> None:
    """N1, N6, rK1: each hop is judged like a first URL; none is followed, none escapes."""
    async with serve(once(redirect(location))) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is outcome
    assert len(server.seen) == 1


async def test_b16_a_name_that_cannot_be_decoded_is_only_unknown() -> None:
    """`xn--` labels are never decoded, so a bad one cannot break anything."""
    away = redirect("http://xn--a.invalid/")

    async with serve(once(away)) as server, fetcher(lookup=refuse) as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, FetchFailed)
    assert result.outcome is Outcome.DNS


def refuse(host: str) -> tuple[str, ...]:
    """A resolver that knows no names."""
    raise OSError


async def test_ra11_raw_bytes_in_a_location_are_escaped_once() -> None:
    """UTF-8 and spaces reach the server as percent escapes."""
    answers = {
        "/feed": redirect("/caf\xc3\xa9 one%20two"),
        "/caf%C3%A9%20one%20two": answer(FEED),
    }

    async with serve(by_path(answers)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)


async def test_ra17_a_permanent_move_is_reported() -> None:
    """B26: `moved_to` is told at every poll; believing it is the pipeline's decision."""
    answers = {
        "/feed": redirect("/new", "301 Moved"),
        "/new": redirect("/newer", "308 Moved"),
        "/newer": answer(FEED),
    }

    async with serve(by_path(answers)) as server, fetcher() as client:
        result = await client.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (result.url, result.moved_to) == (server.url("/newer"), server.url("/newer"))


async def test_b24_another_host_sees_no_validators() -> None:
    """P16: a hop gets what identifies us and what we accept, never another URL's validators."""
    async with serve(once(answer(FEED))) as target:
        away = once(redirect(target.url()))

        async with serve(away) as server, fetcher() as client:
            await client.fetch(FetchRequest(server.url(), KNOWN))

    names = [line.partition(b":")[0] for line in target.seen[0].split(b"\r\n")[1:-2]]
    assert b'If-None-Match: "a"' in server.seen[0]
    assert names == [b"Host", b"User-Agent", b"Accept", b"Accept-Encoding"]


async def test_p16_validators_go_to_the_url_that_served_them() -> None:
    """A redirected feed is polled conditionally where its body came from, not at the first hop."""
    answers = [redirect("/new"), answer(FEED, 'ETag: "z"')]
    answers += [redirect("/new"), b"HTTP/1.1 304 Not Modified\r\n\r\n"]
    async with serve(in_turn(answers)) as server, fetcher() as client:
        first = await client.fetch(FetchRequest(server.url()))
        assert isinstance(first, Fetched)

        second = await client.fetch(FetchRequest(server.url(), first.validators, first.url))

    assert isinstance(second, NotModified)
    assert second.url == server.url("/new")
    assert [b"If-None-Match" in head for head in server.seen] == [False, False, False, True]


async def test_p16_validators_of_nobody_in_particular_stay_at_home() -> None:
    """When the redirected body was no feed, the stored validators are still the request URL's."""
    answers = [redirect("/error"), answer(b"<html>", 'ETag: "html"')]
    answers += [redirect("/error"), answer(b"<html>", 'ETag: "html"')]
    async with serve(in_turn(answers)) as server, fetcher() as client:
        await client.fetch(FetchRequest(server.url(), KNOWN))
        await client.fetch(FetchRequest(server.url(), KNOWN))

    assert [b"If-None-Match" in head for head in server.seen] == [True, False, True, False]


async def test_p16_a_feed_that_comes_home_is_asked_at_home() -> None:
    """After a direct 200 the request URL owns the validators again."""
    answers = [redirect("/new"), answer(FEED, 'ETag: "z"'), answer(FEED, 'ETag: "z"')]
    answers += [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
    async with serve(in_turn(answers)) as server, fetcher() as client:
        first = await client.fetch(FetchRequest(server.url()))
        assert isinstance(first, Fetched)
        second = await client.fetch(FetchRequest(server.url(), first.validators, first.url))
        assert isinstance(second, Fetched)

        result = await client.fetch(FetchRequest(server.url(), second.validators, second.url))

    assert isinstance(result, NotModified)
    assert [b"If-None-Match" in head for head in server.seen] == [False, False, False, True]


def in_turn(answers: list[bytes]) -> Script:
    """Answers the requests of all connections together, in turn."""
    rest = list(answers)

    async def script(talk: Talk) -> None:
        while True:
            await talk.request()
            await talk.send(rest.pop(0))

    return script
