"""How many at once, and how many of them slow."""

from __future__ import annotations

import asyncio

from aggregator.slots import Slots


class Crowd:
    """Fetches that last until they are told to end."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.inside: set[str] = set()
        self.were_slow: set[str] = set()
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, *names: str, is_slow: bool = False) -> None:
        """Each asks for a slot."""
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks.append(asyncio.create_task(self._stay(name, is_slow)))

    async def _stay(self, name: str, is_slow: bool) -> None:
        async with self.slots.take(is_slow=is_slow) as slot:
            self.inside.add(name)
            await self.ends[name].wait()
            if slot.was_slow:
                self.were_slow.add(name)
        self.inside.discard(name)

    async def settle(self) -> set[str]:
        """Who is inside once nobody moves any more."""
        for _ in range(10):
            await asyncio.sleep(0)
        return set(self.inside)

    async def end(self, *names: str) -> set[str]:
        """These leave; who is inside then."""
        for name in names:
            self.ends[name].set()
        return await self.settle()

    async def go_home(self) -> None:
        """All of them."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_no_more_than_there_are() -> None:
    """The fifth waits for one of four."""
    crowd = Crowd(Slots(4))

    crowd.send("a", "b", "c", "d", "e")
    before, after = await crowd.settle(), await crowd.end("a")

    await crowd.go_home()
    assert before == {"a", "b", "c", "d"}
    assert after == {"b", "c", "d", "e"}


async def test_the_known_slow_have_half() -> None:
    """Whoever comes after them and is not slow goes past."""
    crowd = Crowd(Slots(4))

    crowd.send("s1", "s2", "s3", "s4", is_slow=True)
    crowd.send("a", "b", "c")
    before, after = await crowd.settle(), await crowd.end("s1")

    await crowd.go_home()
    assert before == {"s1", "s2", "a", "b"}
    assert after == {"s2", "a", "b", "c"}


async def test_who_turns_slow_counts() -> None:
    """Two that nobody knew hold the half; the known wait until one has gone."""
    crowd = Crowd(Slots(4, slow_after=0.0))
    crowd.send("a", "b")
    await crowd.settle()
    await asyncio.sleep(0.01)

    crowd.send("s", is_slow=True)
    before, after = await crowd.settle(), await crowd.end("a")

    await crowd.go_home()
    assert before == {"a", "b"}
    assert after == {"b", "s"}
    assert crowd.were_slow == {"a"}


async def test_one_slot_is_for_everyone() -> None:
    """Half of one would be none."""
    crowd = Crowd(Slots(1))

    crowd.send("s", is_slow=True)

    assert await crowd.settle() == {"s"}
    await crowd.go_home()


async def test_who_gives_up_waiting_leaves_no_hole() -> None:
    """Cancelled in line, or in the moment of its turn: the next one comes in."""
    crowd = Crowd(Slots(2))
    crowd.send("s1", "s2", "s3", "s4", is_slow=True)
    await crowd.settle()
    crowd.tasks[1].cancel()
    await crowd.settle()

    crowd.ends["s1"].set()
    await asyncio.sleep(0)
    crowd.tasks[2].cancel()

    assert await crowd.settle() == {"s4"}
    await crowd.go_home()


async def test_a_reload_changes_how_many() -> None:
    """More come in at once; with fewer nobody is thrown out, and nobody comes in too early."""
    slots = Slots(2)
    crowd = Crowd(slots)
    crowd.send("a", "b", "c", "d", "e")
    first = await crowd.settle()

    slots.resize(4)
    more = await crowd.settle()
    slots.resize(1)
    fewer = await crowd.end("a", "b", "c")
    last = await crowd.end("d")

    await crowd.go_home()
    assert (first, more) == ({"a", "b"}, {"a", "b", "c", "d"})
    assert (fewer, last) == ({"d"}, {"e"})
