"""The pool: documents go in, values come out, and no process stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop
from fetch_bad import ENDLESS
from shell_build import SOAK
from worker_feeds import GOOD, REQUEST, request

from aggregator.model import Document, Outcome, ParseFailed
from aggregator.parse import read_document
from aggregator.workers.limits import WorkerLimits
from aggregator.workers.pool import WorkerPool
from aggregator.workers.process import Worker, WorkerStartError

HERE = str(Path(__file__).parent)
QUICK = WorkerLimits(seconds=0.3)
WORKERS = 100 if SOAK else 4


@pytest.fixture(name="pool")
async def open_pool() -> AsyncIterator[WorkerPool]:
    """A pool of one worker."""
    async with WorkerPool(1) as pool:
        yield pool


def children() -> set[int]:
    """The worker processes of this process that still run."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = status.read_text().rsplit(")", 1)
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid() and state != "Z" and "python" in name:
            found.add(int(status.parent.name))
    return found


def has_ended(pid: int) -> bool:
    """Whether the process is gone, or waits only for its parent to notice."""
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def descriptors_of(pid: int) -> list[Path]:
    """What a process has open."""
    return list(Path(f"/proc/{pid}/fd").iterdir())


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process point to."""
    return [str(each.readlink()) for each in descriptors_of(pid)]


def variables(pid: int) -> set[bytes]:
    """The names in the environment of a process."""
    found = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {each.partition(b"=")[0] for each in found if each}


def limits_of(pid: int) -> dict[str, str]:
    """The soft limits of a process by their names in /proc."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


async def until_gone(pid: int) -> None:
    """Returns when the process has ended."""
    handle = os.pidfd_open(pid)
    try:
        ended = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(handle, ended.set_result, None)
        async with asyncio.timeout(5):
            await ended
        asyncio.get_running_loop().remove_reader(handle)
    finally:
        os.close(handle)


async def test_an_answer_is_what_the_reader_says(pool: WorkerPool) -> None:
    """Through the pipes nothing is lost: document, failure, known entries."""
    known = read_document(REQUEST)
    assert isinstance(known, Document)

    answers = [await pool.read(each) for each in (REQUEST, request(b""), request(b"{}"))]

    assert answers[0] == known
    assert answers[1:] == [read_document(request(b"")), read_document(request(b"{}"))]


async def test_a_large_document_comes_back_whole(pool: WorkerPool) -> None:
    """Five hundred entries in several frames."""
    item = b"<item><title>T</title><link>https://a.example/%d</link><description>%s</description></item>"
    items = b"".join(item % (n, b"word " * 500) for n in range(500))
    asked = request(b"<rss><channel>" + items + b"</channel></rss>")

    answer = await pool.read(asked)

    assert answer == read_document(asked)


async def test_the_loop_goes_on_while_a_document_is_read(pool: WorkerPool) -> None:
    """Reading happens elsewhere: other tasks get their turns."""
    turns = 0
    reading = asyncio.create_task(pool.read(request(GOOD + b" " * 5_000_000)))

    while not reading.done():
        turns += 1
        await asyncio.sleep(0)

    assert isinstance(reading.result(), Document)
    assert turns > 100


async def test_a_document_that_takes_too_long_costs_one_worker() -> None:
    """Killed at the deadline, said so, and the next document is read by another."""
    async with WorkerPool(1, limits=QUICK) as pool:
        first = await pool.read(REQUEST)
        before = children()
        killed = await pool.read(request(ENDLESS))
        after = await pool.read(REQUEST)

        assert isinstance(first, Document)
        assert killed == ParseFailed(Outcome.PARSER_KILLED, "took longer than 0.3 s")
        assert after == first
        assert not before & children()


async def test_a_worker_that_dies_is_replaced(pool: WorkerPool) -> None:
    """Killed from outside, in the middle of a document."""
    await pool.read(REQUEST)
    (pid,) = children()
    reading = asyncio.create_task(pool.read(request(ENDLESS)))
    await asyncio.sleep(0)

    os.kill(pid, signal.SIGKILL)

    assert await reading == ParseFailed(Outcome.PARSER_KILLED, "the parser died: signal 9")
    assert isinstance(await pool.read(REQUEST), Document)


@pytest.mark.timeout(1200 if SOAK else 120)
async def test_F11_worker_after_worker_is_replaced() -> None:
    """They hang, die, have no memory left or retire, one after the other: the documents between
    are read, and neither a process nor a descriptor stays."""
    limits = WorkerLimits(seconds=0.3, address_bytes=160 * 1024 * 1024, documents=2)
    hungry = b"<rss><channel>" + b"<item><title>T</title></item>" * 300_000 + b"</channel></rss>"
    descriptors: list[int] = []
    started = 0
    async with WorkerPool(1, limits=limits) as pool:
        before: set[int] = set()
        while started < WORKERS:
            answer = await pool.read(REQUEST)
            (pid,) = children()
            started += pid not in before
            before = {pid}
            descriptors.append(len(descriptors_of(os.getpid())))
            reading = asyncio.create_task(pool.read(request((hungry, ENDLESS)[started % 2])))
            await asyncio.sleep(0)
            if started % 4 == 3:
                os.kill(pid, signal.SIGKILL)
            ended = await reading
            assert isinstance(answer, Document)
            assert isinstance(ended, ParseFailed)
        assert pool.running == len(children()) == 0
    assert max(descriptors) == descriptors[0]


async def test_a_worker_without_memory_says_so() -> None:
    """RLIMIT_AS ends it, not the machine."""
    limits = WorkerLimits(address_bytes=160 * 1024 * 1024)
    body = b"<rss><channel>" + b"<item><title>T</title></item>" * 300_000 + b"</channel></rss>"
    async with WorkerPool(1, limits=limits) as pool:
        first = await pool.read(REQUEST)
        killed = await pool.read(request(body))
        after = await pool.read(REQUEST)

    assert isinstance(killed, ParseFailed)
    assert killed.outcome in (Outcome.PARSER_KILLED, Outcome.TOO_COMPLEX)
    assert after == first


async def test_a_cancelled_read_leaves_no_answer_behind(pool: WorkerPool) -> None:
    """The next document gets its own answer, not the one that nobody fetched."""
    await pool.read(REQUEST)
    reading = asyncio.create_task(pool.read(request(ENDLESS)))
    await asyncio.sleep(0)

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert await pool.read(request(b"")) == read_document(request(b""))


async def test_a_read_cancelled_while_its_worker_starts_wastes_none() -> None:
    """The process comes all the same, and is there for the next document."""
    async with WorkerPool(1) as pool:
        reading = asyncio.create_task(pool.read(REQUEST))
        for _ in range(3):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        answer = await pool.read(REQUEST)

        assert isinstance(answer, Document)
        assert len(children()) <= 2
    assert children() == set()


async def test_documents_are_read_in_the_order_they_came(pool: WorkerPool) -> None:
    """First come, first served."""
    finished: list[int] = []

    async def read(number: int) -> None:
        await pool.read(REQUEST)
        finished.append(number)

    await asyncio.gather(*(read(number) for number in range(20)))

    assert finished == list(range(20))


async def test_two_workers_read_at_once() -> None:
    """A document that hangs holds up one worker only."""
    async with WorkerPool(2, limits=WorkerLimits(seconds=1.0)) as pool:
        slow = asyncio.create_task(pool.read(request(ENDLESS)))
        await asyncio.sleep(0)
        quick = [await pool.read(REQUEST) for _ in range(5)]

        assert not slow.done()
        assert all(isinstance(each, Document) for each in quick)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow


async def test_no_worker_is_started_before_it_is_needed() -> None:
    """An idle pool is free."""
    async with WorkerPool(2) as pool:
        before = children()
        await pool.read(REQUEST)
        await pool.read(REQUEST)

        assert before == set()
        assert len(children()) == 1


async def test_closing_leaves_no_process() -> None:
    """Idle, busy and starting workers alike, within a second."""
    pool = WorkerPool(3)
    await pool.read(REQUEST)
    busy = [asyncio.create_task(pool.read(request(ENDLESS))) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)

    async with asyncio.timeout(1):
        await pool.close()

    results = await asyncio.gather(*busy, return_exceptions=True)
    assert children() == set()
    assert all(isinstance(each, ParseFailed | WorkerStartError | RuntimeError) for each in results)
    with pytest.raises(RuntimeError, match="closed"):
        await pool.read(REQUEST)


async def test_a_worker_retires_after_its_documents() -> None:
    """feedparser leaks: every so many documents a fresh process takes over."""
    async with WorkerPool(1, limits=WorkerLimits(documents=2)) as pool:
        seen: set[int] = set()
        for _ in range(5):
            assert isinstance(await pool.read(REQUEST), Document)
            seen |= children()

    assert len(seen) == 3
    assert children() == set()


async def test_a_worker_retires_when_it_has_grown() -> None:
    """Measured after each document."""
    async with WorkerPool(1, limits=WorkerLimits(resident_bytes=1)) as pool:
        answers = [await pool.read(REQUEST) for _ in range(2)]

        assert all(isinstance(each, Document) for each in answers)
        assert children() == set()


async def test_workers_that_do_not_start_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three attempts with waits between them, then our own exception, not a feed's."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    async with WorkerPool(1) as pool:
        with pytest.raises(WorkerStartError, match="does not start: exit status 1"):
            await pool.read(REQUEST)

        assert children() == set()


async def test_a_worker_that_starts_for_ever_is_given_up() -> None:
    """No answer within the time for a start."""
    async with WorkerPool(1, limits=WorkerLimits(start_seconds=0.0)) as pool:
        with pytest.raises(WorkerStartError, match="signal 9"):
            await pool.read(REQUEST)


async def test_a_program_that_is_not_there_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The interpreter was moved while the daemon ran."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")

    async with WorkerPool(1) as pool:
        with pytest.raises(WorkerStartError, match="No such file"):
            await pool.read(REQUEST)


async def test_a_process_that_is_no_worker_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Something else answers at its start."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nprintf '\\000\\000\\000\\002hi'\nexec cat\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))

    async with WorkerPool(1) as pool:
        with pytest.raises(WorkerStartError):
            await pool.read(REQUEST)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(rb"\000\000\000\003[1]", id="wrong kind"),
        pytest.param(rb"\377\377\377\377", id="too long"),
        pytest.param(rb"\000\000\000\010[\"odd\",1]\000\000\000\015[\"end\",false]", id="unknown"),
    ],
)
async def test_nonsense_from_a_worker_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes
) -> None:
    """A worker that was taken over can say anything; it is killed."""
    program = tmp_path / "program"
    ready = rb"\000\000\000\011[\"ready\"]"
    program.write_bytes(
        b"#!/bin/sh\nprintf '%s'\nhead -c 1 >/dev/null\nprintf '%s'\nexec cat >/dev/null\n"
        % (ready.replace(b'\\"', b'"'), answer.replace(b'\\"', b'"'))
    )
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))

    async with WorkerPool(1) as pool:
        result = await pool.read(REQUEST)

        assert isinstance(result, ParseFailed)
        assert result.outcome is Outcome.PARSER_KILLED
        assert "nonsense" in result.detail


async def test_workers_end_with_their_parent() -> None:
    """The end of its input is the end of a worker: a parent that dies leaves none."""
    code = (
        "import asyncio, os\n"
        "from worker_feeds import REQUEST\n"
        "from aggregator.workers.pool import WorkerPool\n"
        "async def main():\n"
        "    pool = WorkerPool(1)\n"
        "    await pool.read(REQUEST)\n"
        "    (worker,) = pool._all\n"
        "    print(worker._process.pid, flush=True)\n"
        "    os._exit(1)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": HERE},
    )

    output, _ = await parent.communicate()
    pid = int(output)

    with contextlib.suppress(ProcessLookupError):  # it may have been quicker
        await until_gone(pid)
    assert has_ended(pid)


async def test_a_worker_has_pipes_and_nothing_else(pool: WorkerPool, tmp_path: Path) -> None:
    """No file of ours is open in it, and no variable of ours is set."""
    with (tmp_path / "secret").open("wb") as secret:
        os.set_inheritable(secret.fileno(), True)
        await pool.read(REQUEST)
        (pid,) = children()

        targets, names = open_files(pid), variables(pid)

    assert not any("secret" in target for target in targets)
    assert names <= {b"PYTHONPATH", b"LC_ALL", b"PYTHONDONTWRITEBYTECODE"}


async def test_a_worker_has_limits(pool: WorkerPool) -> None:
    """Address space, open files, core dumps, as the kernel sees them."""
    await pool.read(REQUEST)
    (pid,) = children()

    limits = limits_of(pid)

    assert limits["Max address space"] == str(512 * 1024 * 1024)
    assert limits["Max open files"] == "32"
    assert limits["Max core file size"] == "0"
    assert int(limits["Max cpu time"]) <= 10


def test_it_works_under_uvloop() -> None:
    """The daemon's loop: read, kill at the deadline, read again, close."""

    async def main() -> list[Document | ParseFailed]:
        async with WorkerPool(1, limits=QUICK) as pool:
            return [await pool.read(each) for each in (REQUEST, request(ENDLESS), REQUEST)]

    first, killed, again = _run_in_uvloop(main())

    assert first == again == read_document(REQUEST)
    assert isinstance(killed, ParseFailed)
    assert children() == set()


def _run_in_uvloop(
    main: Coroutine[Any, Any, list[Document | ParseFailed]],
) -> list[Document | ParseFailed]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def test_killing_twice_is_no_error() -> None:
    """A worker may be gone already when it is dropped."""
    worker = await Worker.spawn(WorkerLimits())

    await worker.kill()
    await worker.kill()

    assert worker.ending() == "signal 9"
