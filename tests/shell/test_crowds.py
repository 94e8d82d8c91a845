"""The daemon among hundreds of feeds, a fifth of what they answer being wrong."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from statistics import median
from subprocess import Popen

import pytest
from crowd_build import Changing, Look, address, look_at, service_manager, write_crowd
from fetch_bad import BAD_SCRIPTS, BOMB, ENDLESS, slam
from fetch_servers import Script, always, answer, once, serve
from hub_work import free_port
from shell_build import SOAK, aggregator, children_of, count, daemon, execute, said, stop, wait_for

from aggregator.serve.listener import CONNECTIONS

WATCHDOG_S = 60.0
"""Of deploy/aggregator.service."""

FAULTS: tuple[Script, ...] = (
    *BAD_SCRIPTS,
    slam,
    once(answer(b"no", status="500 Internal Server Error")),
    once(answer(b"<html>Moved</html>")),
    once(answer(b"<rss><channel><item>")),
    once(answer(b"\x00\xff" * 500)),
) * 20 + (once(answer(ENDLESS)),)

NEWS = 10 if SOAK else 2
R23_S, R23_FEEDS = (1800.0, 200) if SOAK else (5.0, 40)
R23_NEWS = 2
"""Soon more than SQLite's cache may hold (32 MB), so that it does not grow any more."""
C14_CONNECTIONS = 10_000 if SOAK else 300
F01_S, F01_FEEDS = (600.0, 500) if SOAK else (5.0, 50)


async def watched(process: Popen[bytes], seconds: float) -> list[Look]:
    """How it is at forty moments; ends early, and with it the test, when the process does."""
    looks = []
    for _ in range(40):
        await asyncio.sleep(seconds / 40)
        assert process.poll() is None
        looks.append(look_at(process.pid))
    return looks


def tell(line: str) -> None:
    """What `pytest -s` shows, for docs/reliability.md."""
    sys.stdout.write(f"\n{line}\n")


def tell_of(looks: list[Look], database: Path) -> None:
    """Memory and descriptors over time, and how the polls ended."""
    for look in looks[::4]:
        tell(f"{look.memory:.1f} MB, {look.descriptors} descriptors, {look.threads} threads")
    ended = "SELECT outcome, count(*) FROM polls GROUP BY outcome ORDER BY count(*) DESC"
    tell(f"{dict(execute(database, ended))}, {count(database, 'entries')} entries")


def never_answered(database: Path) -> int:
    """Feeds of which no document ever came."""
    return int(execute(database, "SELECT count(*) FROM feeds WHERE last_success_at IS NULL")[0][0])


@pytest.mark.timeout(3600 if SOAK else 120)
async def test_R23_faults_cost_no_memory_and_no_descriptor(tmp_path: Path) -> None:
    """Hours of polls in minutes, a fifth of the answers wrong in one of eleven ways: every feed
    goes on being polled, what the process holds is flat, and it finds no fault with itself."""
    feeds = Changing(R23_NEWS, share=0.2, faults=FAULTS)
    log, database = tmp_path / "log", tmp_path / "aggregator.db"
    async with serve(feeds.talk, host="0.0.0.0") as server:
        urls = [server.url(host=address(number)) for number in range(R23_FEEDS)]
        config = write_crowd(tmp_path, urls, every="5s" if SOAK else "1s")
        with daemon(config, log) as process:
            await asyncio.to_thread(wait_for, lambda: said(log, " INFO poll "))
            looks = await watched(process, R23_S)
            await asyncio.to_thread(wait_for, lambda: never_answered(database) == 0)
            children = children_of(process.pid)
            status = await asyncio.to_thread(stop, process)

    tell_of(looks, database)
    assert status == 0
    assert " ERROR " not in log.read_text()
    assert len(children) <= 2
    assert execute(database, "PRAGMA integrity_check") == [("ok",)]
    if SOAK:
        # The last two quarters, a quarter apart: less than a megabyte in ten minutes.
        before, end = looks[20:30], looks[30:]
        grown = median(look.memory for look in end) - median(look.memory for look in before)
        assert grown < R23_S / 4 / 600
        assert median(look.descriptors for look in end) < 1.2 * max(
            look.descriptors for look in before
        )


async def keep_due(database: Path) -> None:
    """The failing ones, which would be left alone for longer and longer."""
    while True:
        await asyncio.sleep(5)
        await asyncio.to_thread(
            execute,
            database,
            "UPDATE feeds SET next_poll_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
            " WHERE failures > 0",
        )


@pytest.mark.timeout(3600 if SOAK else 120)
async def test_F01_F14_bombs_delay_nobody_and_raise_no_false_alarm(tmp_path: Path) -> None:
    """A fifth of the feeds are bombs, however often they fail: the others have their polls, and
    beats never stop for as long as the service manager waits for one."""
    feeds, log, database = Changing(NEWS), tmp_path / "log", tmp_path / "aggregator.db"
    async with (
        serve(feeds.talk, host="0.0.0.0") as good,
        serve(always(BOMB), host="0.0.0.0") as bad,
    ):
        urls = [
            (good if number % 5 else bad).url(host=address(number)) for number in range(F01_FEEDS)
        ]
        config = write_crowd(tmp_path, urls, every="10s" if SOAK else "1s")
        with (
            service_manager(tmp_path / "notify") as beats,
            daemon(config, log, env=beats.env) as process,
        ):
            await asyncio.to_thread(wait_for, lambda: said(log, " INFO poll "))
            bombing = asyncio.create_task(keep_due(database))
            looks = await watched(process, F01_S)
            await asyncio.to_thread(wait_for, lambda: never_answered(database) == F01_FEEDS // 5)
            bombing.cancel()
            status = await asyncio.to_thread(stop, process)

    tell_of(looks, database)
    gaps = feeds.gaps()
    tell(
        f"{len(gaps)} gaps: half {gaps[len(gaps) // 2]:.1f} s, 99 of 100 within"
        f" {gaps[len(gaps) * 99 // 100]:.1f} s, longest {gaps[-1]:.1f} s"
    )
    tell(f"{len(beats.heard)} beats, the longest time without one {beats.longest:.1f} s")
    assert status == 0
    odd = "last_outcome NOT IN ('ok', 'not_modified', 'too_large')"
    assert execute(database, f"SELECT count(*) FROM feeds WHERE {odd}") == [(0,)]
    assert beats.longest < WATCHDOG_S
    if SOAK:
        assert gaps[len(gaps) * 99 // 100] < 15


async def visit(port: int, gate: asyncio.Semaphore) -> bool:
    """A connection that says nothing for two seconds; was it dropped?"""
    async with gate:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            return True
        try:
            await asyncio.wait_for(reader.read(), 2)
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        finally:
            writer.transport.abort()
        return True


@pytest.mark.timeout(600 if SOAK else 120)
async def test_C14_connections_cost_nobody_a_poll(tmp_path: Path) -> None:
    """Thousands of them, five hundred at once: all but a few are dropped at once, descriptors are
    bounded, feeds are polled meanwhile, and afterwards it answers."""
    feeds, log, port = Changing(NEWS), tmp_path / "log", free_port()
    async with serve(feeds.talk, host="0.0.0.0") as server:
        urls = [server.url(host=address(number)) for number in range(50)]
        serving = f"serve: {{listen: '127.0.0.1:{port}'}}\n"
        config = write_crowd(tmp_path, urls, every="1s", more=serving)
        with daemon(config, log) as process:
            await asyncio.to_thread(wait_for, lambda: len(feeds.asked) == 50)
            before, polls = look_at(process.pid), {h: len(t) for h, t in feeds.asked.items()}
            gate, begin = asyncio.Semaphore(500), asyncio.get_running_loop().time()
            flood = asyncio.gather(*(visit(port, gate) for _ in range(C14_CONNECTIONS)))
            looks = []
            while not flood.done():
                looks.append(look_at(process.pid))
                await asyncio.wait((flood,), timeout=0.2)
            seconds = asyncio.get_running_loop().time() - begin
            await asyncio.to_thread(
                wait_for, lambda: all(len(feeds.asked[h]) > n for h, n in polls.items())
            )
            health = await asyncio.to_thread(aggregator, "-c", config, "health")
            status = await asyncio.to_thread(stop, process)

    most, gaps = max(look.descriptors for look in looks), feeds.gaps()
    tell(
        f"{C14_CONNECTIONS} in {seconds:.0f} s, {sum(flood.result())} dropped; descriptors"
        f" {before.descriptors}, at most {most}; longest gap of a feed {gaps[-1]:.1f} s"
    )
    assert (health.returncode, status) == (0, 0)
    assert sum(flood.result()) >= (C14_CONNECTIONS / 2 if SOAK else 1)
    assert most < before.descriptors + 4 * CONNECTIONS
    assert " ERROR " not in log.read_text()
