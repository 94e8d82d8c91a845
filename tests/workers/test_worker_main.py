"""The worker's own side, run in this process on pipes made of memory, and what it imports."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from worker_feeds import REQUEST, request

from aggregator.workers.limits import WorkerLimits
from aggregator.workers.wire import encode_request, parse_frame

HEAVY = (
    *("httpx", "httpcore", "pydantic", "click", "apscheduler", "sqlite_utils", "jinja2", "yaml"),
    *("sqlite3", "uvloop"),
)


def run(code: str, *arguments: str) -> str:
    """The output of a Python program."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_a_worker_loads_nothing_of_the_daemon() -> None:
    """Its start stays cheap, and a hostile document finds no network library in it."""
    code = "import sys, aggregator.workers.main; print(' '.join(sys.modules))"

    loaded = set(run(code).split())

    assert not loaded & set(HEAVY)


USUAL = WorkerLimits()


def talk(data: bytes, limits: WorkerLimits = USUAL) -> tuple[list[bytes], int]:
    """The frames a worker writes for an input, and its exit status."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "aggregator.workers.main", limits.to_argument()],
        input=data,
        capture_output=True,
        check=False,
    )
    output = io.BytesIO(done.stdout)
    frames = []
    while size := output.read(4):
        frames.append(output.read(int.from_bytes(size, "big")))
    return frames, done.returncode


@pytest.mark.parametrize("data", [b"", b"\0\0", encode_request(REQUEST)[:-1]])
def test_the_end_of_the_input_is_the_end(data: bytes) -> None:
    """Nothing, half a length, half a request: a parent that is gone."""
    frames, status = talk(data)

    assert [parse_frame(frame)[0] for frame in frames] == ["ready"]
    assert status == 0


def test_requests_are_answered_one_after_the_other() -> None:
    """Ready, then a document and a failure, each with its end."""
    frames, status = talk(encode_request(REQUEST) + encode_request(request(b"")))

    kinds = [parse_frame(frame)[0] for frame in frames]
    assert kinds == ["ready", "document", "entries", "end", "failed", "end"]
    assert status == 0


def test_it_stops_after_its_last_document() -> None:
    """The second request is for another worker."""
    frames, status = talk(encode_request(REQUEST) * 2, WorkerLimits(documents=1))

    assert [parse_frame(frame) for frame in frames][-1] == ("end", [True])
    assert sum(parse_frame(frame)[0] == "end" for frame in frames) == 1
    assert status == 0


def test_limits_survive_the_command_line() -> None:
    """What the pool asks for is what the worker gets."""
    limits = WorkerLimits(seconds=1.5, documents=7)

    assert WorkerLimits.from_argument(limits.to_argument()) == limits


@pytest.mark.parametrize("data", [b"", encode_request(REQUEST)], ids=["at once", "at an answer"])
def test_a_pool_that_is_gone_is_the_end(data: bytes) -> None:
    """Nobody reads the answers of a worker whose daemon was killed: it goes without a word."""
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "aggregator.workers.main", WorkerLimits().to_argument()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stderr is not None
    if data:
        size = int.from_bytes(worker.stdout.read(4), "big")
        worker.stdout.read(size)
    worker.stdout.close()
    worker.stdin.write(data)
    worker.stdin.close()

    said = worker.stderr.read()
    worker.stderr.close()

    assert (worker.wait(timeout=30), said) == (0, b"")
