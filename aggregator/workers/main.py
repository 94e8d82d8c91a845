"""Requests on standard input -> answers on standard output, until the input ends.

Run by the pool as `python -P -m aggregator.workers.main LIMITS`. It opens nothing, knows no
network and no database, and may be killed at any time.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from pathlib import Path
from typing import BinaryIO

from aggregator.model import Document, Outcome, ParseFailed
from aggregator.parse import read_document
from aggregator.workers.limits import EXIT_MEMORY, WorkerLimits
from aggregator.workers.wire import LENGTH, READY, decode_request, encode_answer


def main(arguments: list[str]) -> int:
    """The exit status: 0 at the end of the input or of this worker's time."""
    try:
        return _work(WorkerLimits.from_argument(arguments[0]))
    except BrokenPipeError:
        # The pool is gone; so is the reason to live. Closing the answers says so once more.
        return 0


def _work(limits: WorkerLimits) -> int:
    with os.fdopen(os.dup(1), "wb") as answers:
        # Whatever a library prints must not get between the frames.
        os.dup2(2, 1)
        _limit_process(limits)
        # Modules live as long as the process: no collection need look at them again.
        gc.freeze()
        answers.write(LENGTH.pack(len(READY)) + READY)
        answers.flush()
        try:
            _serve(sys.stdin.buffer, answers, limits)
        except MemoryError:
            return EXIT_MEMORY
    return 0


def _serve(requests: BinaryIO, answers: BinaryIO, limits: WorkerLimits) -> None:
    for count in range(1, limits.documents + 1):
        head = requests.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        (size,) = LENGTH.unpack(head)
        frame = requests.read(size)
        if len(frame) < size:
            return
        _limit_cpu(limits)
        result = _read(frame)
        retire = count == limits.documents or _resident_bytes() > limits.resident_bytes
        for answer in encode_answer(result, retire=retire):
            answers.write(answer)
        answers.flush()
        if retire:
            return


def _read(frame: bytes) -> Document | ParseFailed:
    try:
        return read_document(decode_request(frame))
    except RecursionError:
        return ParseFailed(Outcome.TOO_COMPLEX, "nested too deeply")


def _limit_process(limits: WorkerLimits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_AS, limits.address_bytes)
    _limit(resource.RLIMIT_NOFILE, limits.files)


def _limit(kind: int, most: int) -> None:
    """The operator may have allowed less, which cannot be raised."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _limit_cpu(limits: WorkerLimits) -> None:
    """Each document has its own budget on top of what this process has used (SIGXCPU kills)."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + limits.cpu_seconds, hard))


def _resident_bytes() -> int:
    """Memory held now, where the system says so (Linux); 0 elsewhere."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
