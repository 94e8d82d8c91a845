"""Is the page of a story there: a GET whose body nobody reads, guarded like any other."""

from __future__ import annotations

import pytest
from fetch_servers import Talk, always, answer, by_path, fetcher, redirect, serve

from aggregator.model import FetchFailed, Outcome


@pytest.mark.parametrize("status", ["200 OK", "203 Other", "204 No Content"])
async def test_success_is_the_status(status: str) -> None:
    """Whichever one it is."""
    async with serve(always(answer(b"<p>", status=status))) as server, fetcher() as client:
        assert await client.look(server.url()) == int(status[:3])


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("404 Not Found", Outcome.NOT_FOUND),
        ("410 Gone", Outcome.GONE),
        ("403 Forbidden", Outcome.FORBIDDEN),
        ("429 Slow", Outcome.RATE_LIMITED),
        ("500 Oops", Outcome.SERVER_ERROR),
    ],
)
async def test_failure_has_its_status_and_reason(status: str, outcome: Outcome) -> None:
    """As of a feed; Retry-After too."""
    served = answer(b"no", "Retry-After: 60", status=status)
    async with serve(always(served)) as server, fetcher() as client:
        found = await client.look(server.url())

    assert isinstance(found, FetchFailed)
    assert (found.outcome, found.status) == (outcome, int(status[:3]))
    assert found.hints.retry_after is not None
    assert found.host == "127.0.0.1"


async def test_redirects_are_followed_to_their_end() -> None:
    """A page that moved is there; one that leads to nothing is not; a circle is no answer."""
    pages = {
        "/old": redirect("/new", "301 Moved"),
        "/new": answer(b"here"),
        "/lost": redirect("/nowhere"),
        "/nowhere": answer(b"", status="404 Not Found"),
        "/round": redirect("/round"),
    }
    async with serve(by_path(pages)) as server, fetcher() as client:
        assert await client.look(server.url("/old")) == 200
        lost, circle = [await client.look(server.url(path)) for path in ("/lost", "/round")]

    assert isinstance(lost, FetchFailed)
    assert isinstance(circle, FetchFailed)
    assert (lost.outcome, circle.outcome) == (Outcome.NOT_FOUND, Outcome.BAD_REDIRECT)


async def test_the_body_is_not_read() -> None:
    """However long it is: a page over every limit is there all the same."""

    async def endless(talk: Talk) -> None:
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            await talk.send(b"x" * 65536)

    async with serve(endless) as server, fetcher(max_bytes=1024) as client:
        assert await client.look(server.url()) == 200


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://169.254.169.254/latest", Outcome.BLOCKED_ADDRESS),
        ("http://127.0.0.1/", Outcome.BLOCKED_ADDRESS),
        ("ftp://example.com/x", Outcome.BLOCKED_URL),
        ("http://user:secret@example.com/", Outcome.BLOCKED_URL),
        ("nonsense", Outcome.BLOCKED_URL),
    ],
)
async def test_the_guard_comes_first(url: str, outcome: Outcome) -> None:
    """A story's link comes from a feed: it may point anywhere."""
    async with fetcher(allow_private=()) as client:
        found = await client.look(url)

    assert isinstance(found, FetchFailed)
    assert found.outcome is outcome
    assert "secret" not in found.detail


async def test_what_is_asked_tells_nothing_but_who_asks() -> None:
    """No condition, no cookie, no referrer; a GET, as some servers answer 404 to HEAD."""
    async with serve(always(answer(b"ok"))) as server, fetcher() as client:
        await client.look(server.url("/story?id=1"))

    (head,) = server.seen
    first, *fields = head.decode().rstrip().split("\r\n")
    assert first == "GET /story?id=1 HTTP/1.1"
    assert [field.split(":")[0] for field in fields] == [
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
    ]
