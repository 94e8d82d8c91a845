"""Whole polls, as processes: `aggregator run --once` against the usual script.

    python benchmarks/polling.py [--feeds 200] [--runs 3] [--tls] [--ours-only]

Feeds are served on loopback by another process, one address each. Cases: `first` poll of an empty
database; `304`: nothing is new and the server says so; `5 %` of the feeds have a new entry; `200`:
nothing is new, but the server knows no validators. CPU is user and system time of the whole tree of
processes, wall and peak memory (resident, summed over the tree) are those of the run. Runs are
interleaved; medians are printed, and the ratio usual / ours. The first poll is also measured
`unindexed`: without the full-text index, which the usual script does not have either. Headlines are
compared in neither: the entries are older than the window.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from _feed_server import GROUP, address

HERE = Path(__file__).parent
ROOT = HERE.parent
CASES = ("first", "304", "5 %", "200")
SAMPLE_S = 0.05
GOALS = {"first": 10.0, "304": 3.3, "5 %": 4.5, "200": 30.0}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run; seconds and MB."""

    cpu: float
    wall: float
    peak: float


@dataclass
class Server:
    """The process that serves the feeds."""

    process: subprocess.Popen[str]
    base: str
    version: int = 0

    def url(self, number: int) -> str:
        scheme, port = self.base.split()
        return f"{scheme}://{address(number)}:{port}/feed/{number}"

    def tell(self, words: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()


@dataclass
class Contestant:
    """A way to poll, with a directory of its own."""

    name: str
    place: Path
    command: list[str]
    cases: tuple[str, ...] = CASES
    costs: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def clean(self) -> None:
        for path in self.place.iterdir():
            if path.name not in ("feeds.yaml", "urls.txt"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def make_due(self) -> None:
        """Ours polls what is due and nothing else."""
        database = self.place / "aggregator.db"
        if database.exists():
            with closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("UPDATE feeds SET next_poll_at = '2026-01-01T00:00:00Z'")


def run(command: list[str], place: Path) -> Cost:
    started = time.monotonic()
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
        peak = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, tree_memory(process.pid))
            time.sleep(SAMPLE_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed:\n{(place / 'log').read_text()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started, peak)


def tree_memory(root: int) -> float:
    """Resident MB of a process and its children."""
    pages = 0
    for pid in (str(root), *children(root)):
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


@contextmanager
def served(count: int, certificates: Path | None) -> Iterator[Server]:
    command = [sys.executable, str(HERE / "_feed_server.py"), str(count)]
    if certificates is not None:
        command.append(str(certificates))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        plain, tls = process.stdout.readline().split()
        yield Server(process, f"http {plain}" if certificates is None else f"https {tls}")
        process.terminate()


def make_certificates(place: Path, count: int) -> Path:
    """An authority, and a certificate for each group of addresses; returns the authority's."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=bench")
    openssl("req", *key, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=feeds")
    for group in range(-(-count // GROUP)):
        numbers = range(group * GROUP, (group + 1) * GROUP)
        names = ",".join(f"IP:{address(number)}" for number in numbers)
        (place / "names").write_text(f"subjectAltName={names}\n")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        openssl("x509", "-req", "-in", "leaf.csr", "-days", "2", "-out", f"{group}.pem", *signed)
    return place / "ca.pem"


def feeds_yaml(server: Server, count: int, ca_file: Path | None) -> str:
    """Ten feeds a site, four mixed blocks, five pages."""
    trust = "" if ca_file is None else f", ca_file: {ca_file}"
    sites = "".join(
        f"  s{n}:\n    name: Site {n}\n    home: https://site{n}.example/\n    feeds:\n"
        + "".join(
            f"      - {{url: {server.url(feed)}{trust}}}\n"
            for feed in range(10 * n, min(10 * n + 10, count))
        )
        for n in range(-(-count // 10))
    )
    blocks = "".join(f'  b{n}: {{title: Block {n}, from: "*", limit: {n + 2}}}\n' for n in range(4))
    pages = "".join(f"  s{n}: [b0, b1, b2, b3]\n" for n in range(5))
    return (
        "network: {name: Benchmark, contact: https://example.com/bot}\n"
        f"fetch: {{allow_private: [127.0.0.0/8], concurrency: 50}}\n"
        f"sites:\n{sites}blocks:\n{blocks}pages:\n{pages}"
    )


def contestants(place: Path, server: Server, arguments: argparse.Namespace) -> list[Contestant]:
    ours, unindexed, usual = place / "ours", place / "unindexed", place / "usual"
    for directory in (ours, unindexed, usual):
        directory.mkdir()
    ca_file = place / "tls" / "ca.pem" if arguments.tls else None
    for directory in (ours, unindexed):
        (directory / "feeds.yaml").write_text(feeds_yaml(server, arguments.feeds, ca_file))
    urls = "".join(f"{server.url(n)}\n" for n in range(arguments.feeds))
    (usual / "urls.txt").write_text(urls)
    script = [sys.executable, str(HERE / "usual_script.py"), "urls.txt", "usual.db"]
    run_once = ["run", "--once"]
    without = [sys.executable, str(HERE / "_unindexed.py"), *run_once]
    found = [
        Contestant("ours", ours, [sys.executable, "-m", "aggregator", *run_once]),
        Contestant("unindexed", unindexed, without, cases=("first",)),
    ]
    if not arguments.ours_only:
        found.append(Contestant("usual", usual, script + ([str(ca_file)] if ca_file else [])))
    return found


def measure(case: str, who: Contestant, server: Server, count: int) -> None:
    """One run, checked against what the server saw."""
    server.tell("count")
    who.make_due()
    who.costs[case].append(run(who.command, who.place))
    seen = server.tell("count")
    changed = -(-count // 20)
    expected = {
        "first": f"200 {count} 304 0",
        "304": f"200 0 304 {count}",
        "5 %": f"200 {changed} 304 {count - changed}",
        "200": f"200 {count} 304 0",
    }[case]
    if seen != expected:
        sys.exit(f"{who.name}, {case}: the server saw {seen}, expected {expected}")


def play(round_: int, everyone: list[Contestant], server: Server, count: int) -> None:
    """Every case once, by everyone in turn."""
    server.tell("validators")
    for who in everyone:
        who.clean()
        measure("first", who, server, count)
    again = [who for who in everyone if who.cases == CASES]
    for who in again:
        measure("304", who, server, count)
    server.tell(f"version {round_ + 1}")
    for who in again:
        measure("5 %", who, server, count)
    server.tell("bare")
    for who in again:
        who.make_due()
        run(who.command, who.place)  # forgets the validators
        measure("200", who, server, count)


def report(everyone: list[Contestant], arguments: argparse.Namespace) -> None:
    kind = "TLS" if arguments.tls else "plain"
    print(f"{arguments.feeds} feeds, {kind}, medians of {arguments.runs} runs\n")
    print(
        "| case | who | CPU s | wall s | peak MB | usual / this, CPU | goal |\n"
        "|---|---|---|---|---|---|---|"
    )
    usual = everyone[-1] if everyone[-1].name == "usual" else None
    for case in CASES:
        for who in (who for who in everyone if case in who.cases):
            cpu, wall, peak = (median_of(who, case, name) for name in ("cpu", "wall", "peak"))
            ratio = goal = ""
            if usual is not None and who is not usual:
                ratio, goal = f"{median_of(usual, case, 'cpu') / cpu:.1f}", f"{GOALS[case]}"
            print(
                f"| {case} | {who.name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {ratio} | {goal} |"
            )


def median_of(who: Contestant, case: str, name: str) -> float:
    return float(median(getattr(cost, name) for cost in who.costs[case]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tls", action="store_true", help="with certificates made for the run")
    parser.add_argument("--ours-only", action="store_true")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    # As installed: an environment that forbids it would have our modules compiled in every run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as directory:
        place = Path(directory)
        os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")
        certificates = place / "tls" if arguments.tls else None
        if certificates is not None:
            certificates.mkdir()
            make_certificates(certificates, arguments.feeds)
        with served(arguments.feeds, certificates) as server:
            everyone = contestants(place, server, arguments)
            for who in everyone:
                run(who.command, who.place)  # compiles
            for round_ in range(arguments.runs):
                play(round_, everyone, server, arguments.feeds)
            report(everyone, arguments)


if __name__ == "__main__":
    main()
