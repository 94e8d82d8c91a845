"""POST of a form: what is sent, where it may go, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from fetch_servers import (
    AGENT,
    SETTINGS,
    Script,
    Talk,
    always,
    answer,
    by_path,
    fetcher,
    redirect,
    serve,
)

from aggregator.fetch.limits import Phases
from aggregator.model import Outcome

FORM = {"hub.mode": "subscribe", "hub.topic": "https://a.example/?x=1&y=é"}
BODY = b"hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D%C3%A9"


async def test_a_form_is_sent_as_it_is() -> None:
    """One request: its length, its type, our name, the body."""
    bodies = []

    async def script(talk: Talk) -> None:
        await talk.request()
        bodies.append(await talk.reader.readexactly(len(BODY)))
        await talk.send(answer(b"", status="202 Accepted"))

    async with serve(script) as server, fetcher() as one:
        failed = await one.post_form(server.url("/hub?a=b"), FORM)

    head = server.seen[0].decode().split("\r\n")
    assert failed is None
    assert bodies == [BODY]
    assert head[0] == "POST /hub?a=b HTTP/1.1"
    assert f"Content-Length: {len(BODY)}" in head
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert f"User-Agent: {AGENT}" in head
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_two_redirects_repeat_it(status: str) -> None:
    """Body and all."""
    answers = {"/hub": redirect("/other", status), "/other": answer(b"", status="202 Accepted")}

    async def script(talk: Talk) -> None:
        for _ in range(2):
            head = await talk.request()
            assert await talk.reader.readexactly(len(BODY)) == BODY
            await talk.send(answers[head.split(b" ")[1].decode()])

    async with serve(script) as server, fetcher() as one:
        failed = await one.post_form(server.url("/hub"), FORM)

    assert failed is None
    assert [head.split(b" ")[:2] for head in server.seen] == [
        [b"POST", b"/hub"],
        [b"POST", b"/other"],
    ]


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (always(answer(status="404 Not Found")), Outcome.NOT_FOUND),
        (always(answer(status="500 Oops")), Outcome.SERVER_ERROR),
        (always(redirect("/other")), Outcome.HTTP_ERROR),
        (always(redirect("/other", "303 See Other")), Outcome.HTTP_ERROR),
        (always(redirect("/hub", "307 Temporary Redirect")), Outcome.BAD_REDIRECT),
        (always(redirect("http://10.0.0.1/", "308 Permanent Redirect")), Outcome.BLOCKED_ADDRESS),
        (always(redirect("ftp://a.example/", "307 Temporary Redirect")), Outcome.BLOCKED_URL),
    ],
)
async def test_anything_else_is_a_failure(script: Script, outcome: Outcome) -> None:
    """With its outcome; never an exception."""
    async with serve(script) as server, fetcher() as one:
        failed = await one.post_form(server.url("/hub"), FORM)

    assert failed is not None
    assert failed.outcome is outcome


@pytest.mark.parametrize("url", ["http://10.0.0.1/hub", "http://169.254.169.254/", "http://[::1]/"])
async def test_it_passes_the_guard(url: str) -> None:
    """A hub's address comes from a feed."""
    async with fetcher() as one:
        failed = await one.post_form(url, FORM)

    assert failed is not None
    assert failed.outcome is Outcome.BLOCKED_ADDRESS


@pytest.mark.parametrize("url", ["ftp://a.example/", "http://u:p@a.example/", "nonsense", ""])
async def test_what_is_no_hub_s_address_fails(url: str) -> None:
    """The database may hold what a person put there."""
    async with fetcher() as one:
        failed = await one.post_form(url, FORM)

    assert failed is not None
    assert failed.outcome is Outcome.BLOCKED_URL


async def test_it_ends_in_time() -> None:
    """A hub that says nothing holds nothing up."""

    async def silent(talk: Talk) -> None:
        await talk.request()
        await asyncio.sleep(30)

    phases = Phases(first_byte=timedelta(seconds=0.2))
    async with serve(silent) as server, fetcher(phases=phases) as one:
        failed = await one.post_form(server.url("/hub"), FORM)

    assert failed is not None
    assert failed.outcome is Outcome.TIMEOUT


async def test_gets_and_posts_share_a_connection() -> None:
    """The answer to one is not the other's."""
    script = by_path({"/hub": answer(b"", status="202 Accepted")})
    async with serve(script) as server, fetcher(SETTINGS) as one:
        assert await one.post_form(server.url("/hub"), {}) is None
        assert await one.post_form(server.url("/hub"), {}) is None

    assert server.connections == 1
