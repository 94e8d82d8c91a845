"""Hubs and the daemon: subscriptions, pushes, and what forgers can do (WebSub, W3C 2018)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hub_server import HubServer, get, post, signature
from hub_work import TITLE, AtWork, at_work, rss, until, write_config
from shell_build import aggregator, daemon, stop, wait_for

from aggregator.callback_key import key_path
from aggregator.store import reading
from aggregator.store.store import Store
from aggregator.websub import State

DAY = timedelta(days=1)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """One that serves a feed which names it."""
    with HubServer() as server:
        server.documents["feed"] = rss(server, "Old news"), {}
        yield server


@pytest.fixture
async def work(tmp_path: Path, hub: HubServer) -> AsyncIterator[AtWork]:
    """At work with a friendly hub."""
    async with at_work(write_config(tmp_path, hub)) as started:
        yield started


# ------------------------------------------------------------------- the whole way


def test_a_push_brings_the_headline_to_the_page(tmp_path: Path, hub: HubServer) -> None:
    """A daemon subscribes, is verified, hears, polls and publishes; afterwards it polls seldom."""
    config, log = write_config(tmp_path, hub), tmp_path / "log"
    page = tmp_path / "public/current/a/headlines.txt"
    with daemon(config, log) as process:
        wait_for(lambda: page.exists() and hub.subscribers, seconds=100)
        hub.documents["feed"] = rss(hub, "Old news", TITLE), {}

        assert hub.publish() == [202]

        wait_for(lambda: TITLE in page.read_text(), seconds=10)
        metrics = get(hub.subscribers.popitem()[1].callback.partition("/websub")[0] + "/metrics")[1]
        assert stop(process) == 0
    words = log.read_text()
    assert 'aggregator_pushes_total{result="accepted"} 1.0' in metrics
    assert 'aggregator_subscriptions{state="active"} 1.0' in metrics
    assert re.search(r"INFO hub_asked feed=\S+ hub=\S+/hub$", words, re.MULTILINE)
    assert "INFO subscribed feed=1" in words
    assert "INFO pushed feed=1" in words


async def test_discovery_in_the_header_comes_first(tmp_path: Path, hub: HubServer) -> None:
    """Section 4: Link headers, then the document; both may be relative."""
    with HubServer() as other:
        hub.documents["feed"] = (
            rss(hub, "Old news"),
            {"Link": f'<{other.hub}>; rel="hub", </elsewhere>; rel="self"'},
        )
        async with at_work(write_config(tmp_path, hub)) as work:
            await work.hubs.ask_due()

            (form,) = other.seen.forms

    assert form["hub.topic"] == f"{hub.base}/elsewhere"
    assert hub.seen.forms == []


async def test_a_feed_without_a_hub_is_polled_and_no_more(tmp_path: Path, hub: HubServer) -> None:
    """Nobody is asked."""
    hub.documents["feed"] = rss(hub, "Old news", named=False), {}
    async with at_work(write_config(tmp_path, hub)) as work:
        await work.hubs.ask_due()

    assert hub.seen.forms == []


# -------------------------------------------------------------------- subscribing


async def test_what_a_hub_is_asked(work: AtWork, hub: HubServer, tmp_path: Path) -> None:
    """Section 5.1: a callback nobody can guess, a short secret; neither of them is stored."""
    subscriber = await work.subscribed(hub)
    (form,) = hub.seen.forms
    known = await work.known()

    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == hub.topic()
    assert re.fullmatch(rf"{work.base}/websub/1-[\w-]{{43}}", form["hub.callback"])
    assert len(form["hub.secret"]) == 64
    assert known.state is State.ACTIVE
    assert known.expires_at is not None
    assert timedelta(days=9) < known.expires_at - known.asked_at <= timedelta(days=10)
    assert known.ask_at - known.asked_at == timedelta(days=8)
    place = subscriber.callback.rpartition("/")[2]
    stored = "\n".join(await work.dump())
    assert form["hub.secret"] not in stored
    assert place not in stored
    assert key_path(tmp_path / "aggregator.db").stat().st_mode & 0o777 == 0o600


async def test_a_lease_is_renewed_at_four_fifths(work: AtWork, hub: HubServer) -> None:
    """With the same callback and secret, so that the hub goes on without a gap."""
    await work.subscribed(hub)
    work.clock.moved = 7 * DAY
    await work.hubs.ask_due()
    early = len(hub.seen.forms)
    work.clock.moved = 8 * DAY + timedelta(minutes=1)

    await work.subscribed(hub)

    known = await work.known()
    first, second = hub.seen.forms
    assert early == 1
    assert first == second
    assert known.verified_at is not None
    assert known.verified_at - known.asked_at < timedelta(minutes=1)
    assert known.ask_at - known.asked_at == timedelta(days=8)


async def test_a_hub_that_is_silent_is_asked_ever_later(work: AtWork, hub: HubServer) -> None:
    """A quarter of an hour, twice that, and so on: nothing depends on it."""
    hub.behaviour.verifies = False
    waits = []
    for _ in range(4):
        await work.hubs.ask_due()
        known = await work.known()
        waits.append(known.ask_at - known.asked_at)
        work.clock.moved += waits[-1] + timedelta(seconds=1)

    assert [wait / timedelta(minutes=15) for wait in waits] == [1, 2, 4, 8]
    assert len(hub.seen.forms) == 4


async def test_a_hub_s_error_is_kept(work: AtWork, hub: HubServer) -> None:
    """In words, for `status` and the database."""
    hub.behaviour.answer = 503

    await work.hubs.ask_due()

    assert (await work.known()).error == "unavailable: HTTP status 503 Service Unavailable"


@pytest.mark.parametrize(("status", "arrives"), [(307, True), (308, True), (302, False)])
async def test_a_hub_may_send_us_on(
    work: AtWork, hub: HubServer, status: int, arrives: bool
) -> None:
    """Section 5.1.2: by 307 and 308, with the same form; nothing else repeats a POST."""
    hub.behaviour.answer, hub.behaviour.location = status, "/hub/other"

    await work.hubs.ask_due()
    if arrives:
        await until(lambda: hub.verifications)

    assert len(hub.seen.forms) == 1 + arrives
    assert (await work.known()).state is (State.ACTIVE if arrives else State.ASKED)


def test_a_hub_that_hangs_holds_up_no_stop(tmp_path: Path, hub: HubServer) -> None:
    """Status 0 within ten seconds, and nothing in the log that looks like a fault."""
    hub.behaviour.hangs = True
    with daemon(write_config(tmp_path, hub), tmp_path / "log") as process:
        wait_for(lambda: hub.seen.forms)

        assert stop(process) == 0

    words = (tmp_path / "log").read_text()
    assert not re.search(r"ERROR|WARNING|Traceback", words)


async def test_a_denial_is_noted(work: AtWork, hub: HubServer) -> None:
    """Section 5.2; asked again in a day. What the hub says is cut and cleaned."""
    hub.behaviour.denies = "not\nyou" + "!" * 1000

    await work.hubs.ask_due()
    await until(lambda: hub.verifications)

    known = await work.known()
    assert hub.verifications == [200]
    assert known.state is State.DENIED
    assert (known.error or "").startswith("denied: not you!!!")
    assert len(known.error or "") < 220
    assert timedelta(hours=23) < known.ask_at - known.asked_at <= DAY + timedelta(minutes=1)


async def test_a_key_that_is_gone_means_new_subscriptions(tmp_path: Path, hub: HubServer) -> None:
    """The old callbacks can serve nobody any more."""
    config = write_config(tmp_path, hub)
    async with at_work(config) as work:
        old = await work.subscribed(hub)
    key_path(tmp_path / "aggregator.db").unlink()
    async with at_work(config) as work:
        status = await asyncio.to_thread(hub.push, old, b"<rss/>")
        hub.subscribers.clear()
        new = await work.subscribed(hub)

    assert status == 410
    assert new.callback != old.callback


# ------------------------------------------------------------------------ pushes


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_every_method_of_the_recommendation_signs(
    work: AtWork, hub: HubServer, method: str
) -> None:
    """Section 7.1.1."""
    await work.subscribed(hub)
    hub.behaviour.method = method
    hub.documents["feed"] = rss(hub, "Old news", TITLE), {}

    statuses = await asyncio.to_thread(hub.publish)
    await until(lambda: TITLE in work.page())

    assert statuses == [202]


async def test_polling_slows_while_pushes_arrive_and_recovers(work: AtWork, hub: HubServer) -> None:
    """Six hours between polls; news that no push told of end that at once."""
    await work.subscribed(hub)
    work.clock.moved = DAY  # the feed is known for long enough to have a pace of its own
    hub.documents["feed"] = rss(hub, "Old news", TITLE), {}
    await asyncio.to_thread(hub.publish)
    await until(lambda: TITLE in work.page())
    (pushed,) = await work.instance.tools.store.run(_statuses)
    work.clock.moved += timedelta(hours=6)
    hub.documents["feed"] = rss(hub, "Old news", TITLE, "Found by a poll"), {}

    await work.poll()

    (polled,) = await work.instance.tools.store.run(_statuses)
    known = await work.known()
    assert pushed.why == "pushed, 6h"
    assert polled.why is not None
    assert polled.why.startswith("rate ")
    assert known.missed_at is not None


def _statuses(store: Store) -> tuple[reading.FeedStatus, ...]:
    return reading.feed_statuses(store.db)


async def test_a_stale_cache_is_asked_once_more(work: AtWork, hub: HubServer) -> None:
    """The hub was faster than what is in between: a minute later, not six hours."""
    subscriber = await work.subscribed(hub)

    await asyncio.to_thread(hub.push, subscriber, rss(hub, TITLE))
    await until(lambda: not work.hubs.is_polling)

    (status,) = await work.instance.tools.store.run(_statuses)
    assert status.why == "pushed"
    assert status.next_poll_at is not None
    assert datetime.fromisoformat(status.next_poll_at) - work.instance.tools.clock() <= timedelta(
        minutes=1
    )


async def test_the_floor_holds_for_pushes_too(tmp_path: Path, hub: HubServer) -> None:
    """A feed of the internet that was polled a moment ago is due when its floor is over."""
    async with at_work(write_config(tmp_path, hub)) as work:
        subscriber = await work.subscribed(hub)
        tools = work.instance.tools
        floors = dict.fromkeys(tools.index.floors, timedelta(minutes=5))
        object.__setattr__(tools, "index", replace(tools.index, floors=floors))
        polls = len(hub.seen.gets)

        for number in range(3):
            await asyncio.to_thread(hub.push, subscriber, b"%d" % number)
        await until(lambda: not work.hubs.is_polling)

        (status,) = await tools.store.run(_statuses)
    assert len(hub.seen.gets) == polls
    assert status.why == "pushed"
    assert status.last_polled_at is not None
    assert status.next_poll_at is not None
    wait = datetime.fromisoformat(status.next_poll_at) - datetime.fromisoformat(
        status.last_polled_at
    )
    assert wait == timedelta(minutes=5)


# ------------------------------------------------------------------- scoreboard C13


async def test_C13_a_hub_inside_the_network_is_not_asked(tmp_path: Path, hub: HubServer) -> None:
    """The feed names an address of ours: no connection, and the feed is polled as ever."""
    with HubServer("127.0.0.2") as inside:
        hub.documents["feed"] = rss(inside, "Old news"), {}
        async with at_work(write_config(tmp_path, hub, allowed="127.0.0.1/32")) as work:
            await work.hubs.ask_due()

            known = await work.known()

    assert inside.seen.forms == []
    assert (known.error or "").startswith("blocked_address: ")


async def test_C13_a_hub_cannot_send_us_inside(tmp_path: Path, hub: HubServer) -> None:
    """Every hop of a redirect is guarded."""
    with HubServer("127.0.0.2") as inside:
        hub.behaviour.answer, hub.behaviour.location = 307, inside.hub
        async with at_work(write_config(tmp_path, hub, allowed="127.0.0.1/32")) as work:
            await work.hubs.ask_due()

    assert inside.seen.forms == []
    assert len(hub.seen.forms) == 1


FORGED: dict[str, dict[str, str]] = {
    "topic mismatch": {"hub.mode": "subscribe", "hub.topic": "http://127.0.0.1/other"},
    "unsubscribe": {"hub.mode": "unsubscribe", "hub.topic": "{topic}"},
    "unknown mode": {"hub.mode": "publish", "hub.topic": "{topic}"},
    "denied, other topic": {"hub.mode": "denied", "hub.topic": "http://127.0.0.1/other"},
    "no topic": {"hub.mode": "subscribe"},
}


@pytest.mark.parametrize("asked", FORGED.values(), ids=FORGED)
async def test_C13_a_forged_verification_changes_nothing(
    work: AtWork, hub: HubServer, asked: dict[str, str]
) -> None:
    """404, also for one who knows the callback; nothing of the request comes back."""
    subscriber = await work.subscribed(hub)
    form = {name: value.format(topic=hub.topic()) for name, value in asked.items()}
    before = await work.dump()

    status, body = await asyncio.to_thread(
        get, f"{subscriber.callback}?{urlencode(form | {'hub.challenge': '<script>'})}"
    )

    assert (status, body) == (404, "not asked for\n")
    assert await work.dump() == before


async def test_C13_a_verification_that_nobody_asked_for(work: AtWork, hub: HubServer) -> None:
    """Before the hub was asked, and with a wrong token afterwards."""
    asked = {"hub.mode": "subscribe", "hub.topic": hub.topic(), "hub.challenge": "x"}
    early, _ = await asyncio.to_thread(get, f"{work.base}/websub/1-{'A' * 43}?{urlencode(asked)}")
    await work.subscribed(hub)
    before = await work.dump()

    wrong, _ = await asyncio.to_thread(get, f"{work.base}/websub/1-{'A' * 43}?{urlencode(asked)}")
    other, _ = await asyncio.to_thread(get, f"{work.base}/websub/x?{urlencode(asked)}")

    assert (early, wrong, other) == (404, 404, 404)
    assert await work.dump() == before


async def test_C13_a_replayed_verification_extends_no_lease(work: AtWork, hub: HubServer) -> None:
    """Section 5: a hub may ask again. It is told yes, in plain text, and nothing changes."""
    subscriber = await work.subscribed(hub)
    asked = {
        "hub.mode": "subscribe",
        "hub.topic": hub.topic(),
        "hub.challenge": "<b>x</b>",
        "hub.lease_seconds": "99999999",
    }
    before = await work.dump()

    answer = await asyncio.to_thread(get, f"{subscriber.callback}?{urlencode(asked)}")

    assert answer == (200, "<b>x</b>")
    assert await work.dump() == before


FORGERIES: dict[str, Callable[[bytes, str], dict[str, str]]] = {
    "no signature": lambda body, secret: {},
    "empty": lambda body, secret: {"X-Hub-Signature": ""},
    "wrong secret": lambda body, secret: {"X-Hub-Signature": signature(body, "guess")},
    "of another body": lambda body, secret: {"X-Hub-Signature": signature(b"other", secret)},
    "md5": lambda body, secret: {"X-Hub-Signature": signature(body, secret, "md5")},
    "another method's": lambda body, secret: {
        "X-Hub-Signature": signature(body, secret, "sha1").replace("sha1", "sha256")
    },
    "no method": lambda body, secret: {
        "X-Hub-Signature": signature(body, secret).partition("=")[2]
    },
    "half": lambda body, secret: {"X-Hub-Signature": signature(body, secret)[:39]},
}


@pytest.mark.parametrize("headers", FORGERIES.values(), ids=FORGERIES)
async def test_C13_a_forged_push_changes_nothing(
    work: AtWork, hub: HubServer, headers: Callable[[bytes, str], dict[str, str]]
) -> None:
    """Taken like any other and dropped: no poll, no row, one count."""
    subscriber = await work.subscribed(hub)
    body = rss(hub, TITLE)
    before, gets = await work.dump(), len(hub.seen.gets)

    status = await asyncio.to_thread(
        post, subscriber.callback, body, headers(body, subscriber.secret or "")
    )

    assert status == 202
    assert await work.dump() == before
    assert len(hub.seen.gets) == gets
    assert dict(work.vitals.pushes) == {"unsigned": 1}


async def test_C13_a_replayed_push_is_taken_once(work: AtWork, hub: HubServer) -> None:
    """However often it comes."""
    subscriber = await work.subscribed(hub)
    hub.documents["feed"] = rss(hub, "Old news", TITLE), {}
    await asyncio.to_thread(hub.publish)
    await until(lambda: TITLE in work.page() and not work.hubs.is_polling)
    before, gets = await work.dump(), len(hub.seen.gets)

    statuses = [
        await asyncio.to_thread(hub.push, subscriber, hub.documents["feed"][0]) for _ in range(5)
    ]

    assert statuses == [202] * 5
    assert await work.dump() == before
    assert len(hub.seen.gets) == gets
    assert work.vitals.pushes == {"accepted": 1, "repeated": 5}


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_C13_a_huge_push_is_not_read_to_its_end(
    work: AtWork, hub: HubServer, is_chunked: bool
) -> None:
    """5 MiB, whatever its length is said to be; nothing of it is kept."""
    subscriber = await work.subscribed(hub)
    before = await work.dump()
    path = subscriber.callback.removeprefix(work.base)
    port = int(work.base.rpartition(":")[2])

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length = "Transfer-Encoding: chunked" if is_chunked else "Content-Length: 6000000000"
    writer.write(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n".encode())
    block = b"x" * 65536
    sent = 0
    try:
        while sent < 64 * 1024 * 1024 and not reader.at_eof():
            writer.write(b"10000\r\n%b\r\n" % block if is_chunked else block)
            async with asyncio.timeout(5):
                await writer.drain()
            sent += len(block)
            await asyncio.sleep(0)
    except (ConnectionError, TimeoutError):
        pass
    writer.transport.abort()

    assert sent < 32 * 1024 * 1024
    assert work.vitals.pushes == {"too_large": 1}
    assert await work.dump() == before


@pytest.mark.parametrize("place", ["1-" + "A" * 43, "2-" + "A" * 43, "x", "1", "1-short"])
async def test_C13_a_wrong_token_meets_nobody(work: AtWork, hub: HubServer, place: str) -> None:
    """410, which lets an honest hub forget a subscription of old."""
    await work.subscribed(hub)
    before = await work.dump()

    status = await asyncio.to_thread(post, f"{work.base}/websub/{place}", b"x", {})

    assert status == 410
    assert await work.dump() == before
    assert work.vitals.pushes == {"unknown": 1}


async def test_C13_a_denied_subscription_takes_no_pushes(work: AtWork, hub: HubServer) -> None:
    """Signed as it may be."""
    subscriber = await work.subscribed(hub)
    denied = {"hub.mode": "denied", "hub.topic": hub.topic()}
    await asyncio.to_thread(get, f"{subscriber.callback}?{urlencode(denied)}")
    gets = len(hub.seen.gets)

    status = await asyncio.to_thread(hub.push, subscriber, b"x")

    assert status == 202
    assert len(hub.seen.gets) == gets


def test_without_a_callback_url_no_hub_is_asked(tmp_path: Path, hub: HubServer) -> None:
    """Off unless configured: no key, no route."""
    config = write_config(tmp_path, hub)
    config.write_text(re.sub(r', callback_url: "[^"]*"', "", config.read_text()))
    page = tmp_path / "public/current/a/headlines.txt"
    with daemon(config, tmp_path / "log") as process:
        wait_for(page.exists)
        found = re.search(r"serving host=\S+ port=(\d+)", (tmp_path / "log").read_text())
        assert found is not None
        status, _ = get(f"http://127.0.0.1:{found[1]}/websub/1-{'A' * 43}")
        assert stop(process) == 0

    assert status == 404
    assert hub.seen.forms == []
    assert not key_path(tmp_path / "aggregator.db").exists()
    assert json.loads(aggregator("-c", config, "status", "--json").stdout)[0]["failures"] == 0
