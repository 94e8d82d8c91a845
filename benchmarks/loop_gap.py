"""Every document of a corpus through the workers -> how long the event loop stood still.

    python benchmarks/loop_gap.py --corpus ../shared/corpus [--runs 3]

A timer in the loop asks to be called every millisecond; the gap is what lies between two calls
beyond that. The first row has the loop alone (the machine's own noise), the second four documents
at a time in two workers, as the daemon reads them.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from aggregator.model import Document, DocumentRequest
from aggregator.workers.pool import WorkerPool

NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "https://feed.example/section/feed.xml"
TICK_S = 0.001
WORKERS = 2
AT_ONCE = 4
KINDS = ("real", "synthetic")


class Gaps:
    """Watches the loop between `__aenter__` and `__aexit__`; gaps in milliseconds."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    async def __aenter__(self) -> Gaps:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            self.seen.append((now - last - TICK_S) * 1000)
            last = now

    def row(self, name: str) -> str:
        ordered = sorted(self.seen)
        p999 = ordered[int(len(ordered) * 0.999)]
        return f"  {name:<26}{median(ordered):>8.2f}{p999:>8.2f}{ordered[-1]:>9.2f}"


async def idle(seconds: float) -> Gaps:
    async with Gaps() as gaps:
        await asyncio.sleep(seconds)
    return gaps


async def read_all(bodies: list[bytes], results: Counter[str]) -> Gaps:
    room = asyncio.Semaphore(AT_ONCE)
    async with WorkerPool(WORKERS) as pool:
        # What starts the workers is not part of reading.
        await asyncio.gather(*(pool.read(request(b"<rss/>")) for _ in range(WORKERS)))

        async def read(body: bytes) -> None:
            async with room:
                result = await pool.read(request(body))
            results["read" if isinstance(result, Document) else result.outcome] += 1

        async with Gaps() as gaps:
            await asyncio.gather(*map(read, bodies))
    return gaps


def request(body: bytes) -> DocumentRequest:
    return DocumentRequest(body, None, URL, NOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    files = [path for kind in KINDS for path in (arguments.corpus / kind).rglob("*")]
    bodies = [path.read_bytes() for path in sorted(files) if path.is_file()]
    print(f"{len(bodies)} documents, {sum(map(len, bodies)) / 1e6:.1f} MB; gaps of the loop, ms")
    print(f"  {'':<26}{'median':>8}{'p99.9':>8}{'longest':>9}")
    for _ in range(arguments.runs):
        results: Counter[str] = Counter()
        begin = time.perf_counter()
        gaps = asyncio.run(read_all(bodies, results))
        spent = time.perf_counter() - begin
        print(asyncio.run(idle(spent)).row("loop alone"))
        print(gaps.row("while reading everything"))
    print("  " + "  ".join(f"{name}={count}" for name, count in results.most_common()))


if __name__ == "__main__":
    main()
