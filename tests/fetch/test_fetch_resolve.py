"""Looking names up in bounded time and threads (security 0.10, C05)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_LOOKUPS
from aggregator.fetch.resolve import Lookup, Resolver, look_up
from aggregator.model import Outcome


class Names:
    """A resolver whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.go = threading.Event()

    def __call__(self, host: str) -> tuple[str, ...]:
        self.calls.append(host)
        if host.startswith("slow"):
            self.go.wait(10)
        if host.startswith("dead"):
            raise OSError("no such name")
        return ("192.0.2.1",)


@asynccontextmanager
async def resolver(lookup: Lookup, timeout: float = 5) -> AsyncIterator[Resolver]:
    """One that is closed again."""
    made = Resolver(lookup, timeout)
    try:
        yield made
    finally:
        made.close()


async def test_an_answer() -> None:
    """The addresses in the order of the answer."""
    async with resolver(lambda host: ("192.0.2.2", "192.0.2.1")) as names:
        answer = await names.resolve("feed.test")

    assert answer == ("192.0.2.2", "192.0.2.1")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "10.0.0.255", "0.0.0.0"])
async def test_literal_addresses_are_not_looked_up(host: str) -> None:
    """They cost no thread."""
    lookup = Names()

    async with resolver(lookup) as names:
        answer = await names.resolve(host)

    assert answer == (host,)
    assert lookup.calls == []


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "127.0.0.1.", "1.2.3.4.5"])
async def test_odd_spellings_are_the_systems_to_read(host: str) -> None:
    """They are names to us."""
    lookup = Names()

    async with resolver(lookup) as names:
        await names.resolve(host)

    assert lookup.calls == [host]


async def test_one_lookup_per_name_at_a_time() -> None:
    """Whoever asks meanwhile waits for the same answer."""
    lookup = Names()

    async with resolver(lookup) as names:
        waiting = [asyncio.ensure_future(names.resolve("slow.test")) for _ in range(5)]
        await asyncio.sleep(0)
        lookup.go.set()
        answers = await asyncio.gather(*waiting)

    assert lookup.calls == ["slow.test"]
    assert answers == [("192.0.2.1",)] * 5


async def test_answers_are_not_kept() -> None:
    """The next connection asks again: how long an answer is good for is not ours to say."""
    lookup = Names()

    async with resolver(lookup) as names:
        for _ in range(2):
            await names.resolve("feed.test")

    assert lookup.calls == ["feed.test"] * 2


async def test_a_cancelled_waiter_takes_nobody_along() -> None:
    """The lookup goes on for the others."""
    lookup = Names()

    async with resolver(lookup) as names:
        one, two = (asyncio.ensure_future(names.resolve("slow.test")) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
        lookup.go.set()
        answer = await two

    assert one.cancelled()
    assert answer == ("192.0.2.1",)


async def test_an_answer_that_nobody_waited_for_is_thrown_away() -> None:
    """It would be older than the connection it is for."""
    lookup = Names()

    async with resolver(lookup) as names:
        waiter = asyncio.ensure_future(names.resolve("slow.test"))
        await asyncio.sleep(0)
        waiter.cancel()
        lookup.go.set()
        await asyncio.sleep(0.05)
        await names.resolve("slow.test")

    assert lookup.calls == ["slow.test"] * 2


async def test_dead_names_are_remembered() -> None:
    """A name without an address is not asked for again for a while."""
    lookup = Names()

    async with resolver(lookup) as names:
        for _ in range(3):
            with pytest.raises(Fault) as caught:
                await names.resolve("dead.test")
            assert caught.value.outcome is Outcome.DNS

    assert lookup.calls == ["dead.test"]


async def test_silent_name_servers() -> None:
    """A lookup that takes too long is a timeout, at once the next time."""
    lookup = Names()

    async with resolver(lookup, timeout=0.05) as names:
        for _ in range(2):
            with pytest.raises(Fault) as caught:
                await names.resolve("slow.test")
            assert caught.value.outcome is Outcome.TIMEOUT
        lookup.go.set()

    assert lookup.calls == ["slow.test"]


async def test_many_dead_names_leave_room_for_a_healthy_one() -> None:
    """Security 0.10: twelve silent names stopped a pool of six threads; here they do not."""
    lookup = Names()

    async with resolver(lookup) as names:
        slow = [
            asyncio.ensure_future(names.resolve(f"slow{number}.test"))
            for number in range(MAX_LOOKUPS - 1)
        ]
        await asyncio.sleep(0)
        answer = await asyncio.wait_for(names.resolve("feed.test"), 2)
        lookup.go.set()
        await asyncio.gather(*slow)

    assert answer == ("192.0.2.1",)


async def test_lookups_that_never_started_are_dropped() -> None:
    """With every thread held, those who gave up waiting do not queue for ever."""
    lookup = Names()

    async with resolver(lookup, timeout=0.05) as names:
        waiting = [names.resolve(f"slow{number}.test") for number in range(MAX_LOOKUPS + 5)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        lookup.go.set()
        await asyncio.sleep(0.05)

    assert all(isinstance(result, Fault) for result in results)
    assert len(lookup.calls) == MAX_LOOKUPS


async def test_an_empty_answer_is_an_answer() -> None:
    """What it means is for the guard to say."""
    async with resolver(lambda host: ()) as names:
        answer = await names.resolve("feed.test")

    assert answer == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost"])
def test_the_systems_resolver(host: str) -> None:
    """Names and odd spellings come back as literals, without duplicates."""

    answer = look_up(host)

    assert answer
    assert set(answer) <= {"127.0.0.1", "::1"}
    assert len(set(answer)) == len(answer)


@pytest.mark.parametrize("host", ["a..b", ".x", "a" * 64 + ".invalid", "xn--a.invalid"])
def test_names_that_cannot_be(host: str) -> None:
    """An OSError like any unknown name, not an error about Unicode."""

    with pytest.raises(OSError, match=r".*"):
        look_up(host)
