"""Real captures -> how far our readers agree with feedparser, and how much faster they are.

    python benchmarks/parsing.py --corpus ../shared/corpus [--set main|kagi|all] [--runs 5]

The row that answers "end to end, from the body to clean entries, as in operation" is END_TO_END:
new entries are made plain text, links and dates; known ones are read and compared by their
fingerprint. "every entry new" is the same for the first poll of a feed.

Both sides run in this process, interleaved, on the same bytes; times are CPU seconds, medians over
the runs. Every difference is one of the deviations of docs/parsing.md or is printed.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import gc
import io
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import feedparser

from aggregator.model import Document, DocumentRequest, Entry, ParseFailed
from aggregator.network import FuturePolicy
from aggregator.parse import read_document
from aggregator.text import TextKind, plain_title
from aggregator.urls import absolute_link

URL = "https://feed.example/section/feed.xml"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SETS = ("main", "kagi")
FIELDS = ("title", "link", "date")
_KINDS = {"text/html": TextKind.HTML, "application/xhtml+xml": TextKind.XHTML}
_SHARE_NEW = 0.1
END_TO_END = "one in ten new"


@dataclass(frozen=True, slots=True)
class Capture:
    """One document of the corpus."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two sides do not say the same; `deviation` "" means nobody explained it."""

    path: str
    field: str
    ours: str
    theirs: str
    deviation: str


def read_captures(corpus: Path, name: str) -> list[Capture]:
    """The documents of one set, in the order of the manifest."""
    with (corpus / "MANIFEST.tsv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["set"] == name]
    return [Capture(row["path"], (corpus / row["path"]).read_bytes()) for row in rows]


def request_for(capture: Capture, known: frozenset[int] = frozenset()) -> DocumentRequest:
    return DocumentRequest(capture.body, None, URL, NOW, future=FuturePolicy.KEEP, known=known)


# ------------------------------------------------------------------ agreement


def compare(capture: Capture) -> tuple[Counter[str], list[Difference]]:
    """How often each field is equal, and every difference with the deviation that explains it."""
    ours = read_document(request_for(capture))
    theirs = parse_with_feedparser(capture.body, {"content-location": URL})
    equal: Counter[str] = Counter()
    if isinstance(ours, ParseFailed):
        return equal, [Difference(capture.path, "count", ours.detail, str(len(theirs.entries)), "")]
    count = len(ours.entries) + ours.truncated + ours.skipped
    if count != len(theirs.entries):
        reason = {"json": "JSON", "repaired": "repair"}.get(ours.tier, "")
        if theirs.entries:
            reason = ""
        found = Difference(capture.path, "count", str(count), str(len(theirs.entries)), reason)
        return equal, [found]
    equal["count"] += 1
    differences = []
    for entry in ours.entries:
        for field, mine, other, reason in _fields(entry, theirs.entries[entry.position], capture):
            if mine == other:
                equal[field] += 1
            else:
                differences.append(Difference(capture.path, field, str(mine), str(other), reason))
    return equal, differences


def _fields(
    entry: Entry, theirs: Any, capture: Capture
) -> Iterator[tuple[str, object, object, str]]:
    detail = theirs.get("title_detail") or {}
    raw = theirs.get("title", "")
    title = plain_title(raw, _KINDS.get(detail.get("type", ""), TextKind.TEXT))
    yield "title", entry.title, title, _why_title(entry.title, raw)
    link = absolute_link(theirs.get("link") or "", URL)
    yield "link", entry.url, link, _why_link(entry.url, link, theirs, capture.body)
    ours, date = _second(entry.published_at), _their_date(theirs)
    yield "date", ours, date, _why_date(ours, date, theirs)


def _why_title(ours: str, raw: str) -> str:
    """UTF-8 read as windows-1252 (Latin-1 where that has holes) comes back when undone."""
    try:
        data = b"".join(_byte(character) for character in raw)
    except UnicodeError:
        return ""
    # feedparser took the second byte of a last "\xd0\xa0" for white space.
    undone = plain_title(data.decode("utf-8", "ignore"))
    return "encoded twice" if undone and undone in (ours, ours[:-1]) else ""


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeError:
        return character.encode("latin-1")


def _why_link(ours: str | None, theirs: str | None, entry: Any, body: bytes) -> str:
    origin = entry.get("feedburner_origlink") or entry.get("pheedo_origlink") or ""
    if ours and ours == absolute_link(origin, URL):
        return "original link"
    if (
        ours
        and theirs
        and theirs.startswith("https://feed.example/")
        and ours.endswith(theirs.removeprefix("https://feed.example"))
    ):
        return "channel base"
    if ours and ours in (entry.get("id"), entry.get("guid")):
        return "id for an empty link"
    if ours and ours.encode() in body.replace(b"&amp;", b"&"):
        return "direct child"
    return ""


def _their_date(entry: Any) -> datetime | None:
    for name in ("published_parsed", "updated_parsed"):
        if entry.get(name):
            try:
                return datetime.fromtimestamp(calendar.timegm(entry[name]), UTC)
            except (ValueError, OverflowError):
                return None
    return None


def _why_date(ours: datetime | None, theirs: datetime | None, entry: Any) -> str:
    raw = entry.get("published") or (entry.get("updated") if "updated" in entry else "") or ""
    if ours is None and theirs is not None and theirs.year < 1990:
        return "before 1990"
    if ours is None and theirs is not None and (theirs - NOW).days > 400:
        return "far future"
    if ours is not None and theirs is None:
        return "more formats"
    zone = raw.split()[-1] if raw.split() else ""
    if ours is not None and zone.isalpha() and len(zone) > 3:
        return "zone names"
    if ours is not None and "/" in raw:
        return "slash dates"
    return ""


def _second(moment: datetime | None) -> datetime | None:
    return moment.replace(microsecond=0) if moment else None


def print_agreement(name: str, captures: Sequence[Capture]) -> None:
    equal: Counter[str] = Counter()
    differences: list[Difference] = []
    for capture in captures:
        found, other = compare(capture)
        equal += found
        differences += other
    print(f"\nAgreement with feedparser, set {name}: {len(captures)} documents")
    print(f"  {'field':<8}{'equal':>8}{'explained':>12}{'unexplained':>13}")
    for field in ("count", *FIELDS):
        reasons = [each.deviation for each in differences if each.field == field]
        open_ = reasons.count("")
        print(f"  {field:<8}{equal[field]:>8}{len(reasons) - open_:>12}{open_:>13}")
    kinds = Counter((each.field, each.deviation) for each in differences if each.deviation)
    for (field, reason), count in sorted(kinds.items()):
        print(f"  {count:>6} x {field}: {reason}")
    for each in differences:
        if not each.deviation:
            print(f"  UNEXPLAINED {each.path} {each.field}")
            print(f"    ours   {each.ours[:120]}\n    theirs {each.theirs[:120]}")


# ---------------------------------------------------------------------- speed


def parse_with_feedparser(body: bytes, headers: dict[str, str] | None = None) -> Any:
    return feedparser.parse(io.BytesIO(body), response_headers=headers or {})


def print_speed(name: str, captures: Sequence[Capture], runs: int) -> None:
    """Four ways of reading and feedparser, each run once per round, in turns."""
    fresh = [request_for(capture) for capture in captures]
    documents = [read_document(request) for request in fresh]
    some = [
        replace(request, known=_marks(doc, _SHARE_NEW))
        for request, doc in zip(fresh, documents, strict=True)
    ]
    none = [
        replace(request, known=_marks(doc, 0.0))
        for request, doc in zip(fresh, documents, strict=True)
    ]
    bodies = [capture.body for capture in captures]
    pairs = [(body, _hash(body)) for body in bodies]
    ways: dict[str, Callable[[], None]] = {
        "feedparser": lambda: _each(parse_with_feedparser, bodies),
        "every entry new": lambda: _each(read_document, fresh),
        END_TO_END: lambda: _each(read_document, some),
        "nothing new": lambda: _each(read_document, none),
        "same body": lambda: _each(lambda pair: _hash(pair[0]) == pair[1], pairs),
    }
    # As a worker does: what was loaded by now is not looked at by any collection.
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, work in ways.items():
            begin = time.process_time()
            work()
            times[way].append(time.process_time() - begin)
    size = sum(map(len, bodies)) / 1e6
    plain = median(times["feedparser"])
    print(f"\nSpeed, set {name}: {len(bodies)} documents, {size:.1f} MB, CPU, median of {runs}")
    print(f"  {'way':<18}{'seconds':>10}{'MB/s':>9}{'ratio':>8}   spread of the ratio")
    for way, spent in times.items():
        each = median(spent)
        ratios = sorted(f / s for f, s in zip(times["feedparser"], spent, strict=True))
        print(
            f"  {way:<18}{each:>10.4f}{size / each:>9.1f}{plain / each:>7.1f}x"
            f"   {ratios[0]:.1f}-{ratios[-1]:.1f}{'   <- end to end' if way == END_TO_END else ''}"
        )
    print("  End to end: new entries made plain text, links and dates, known ones only compared.")


def _each(work: Callable[[Any], object], items: Sequence[Any]) -> None:
    """One after the other, nothing kept, as a worker does it."""
    for item in items:
        work(item)


def _marks(document: Document | ParseFailed, new: float) -> frozenset[int]:
    """The fingerprints of a store that lacks the first `new` of the document's entries."""
    if isinstance(document, ParseFailed):
        return frozenset()
    entries = document.entries
    return frozenset(
        entry.fingerprint for entry in islice(entries, round(len(entries) * new), None)
    )


def _hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


def print_tiers(name: str, captures: Sequence[Capture]) -> None:
    tiers: Counter[str] = Counter()
    for capture in captures:
        document = read_document(request_for(capture))
        tiers[document.outcome if isinstance(document, ParseFailed) else document.tier] += 1
    print(f"\nReaders, set {name}")
    for tier, count in tiers.most_common():
        print(f"  {tier:<14}{count:>5}{count / len(captures):>8.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--set", choices=(*SETS, "all"), default="all")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    for name in SETS if arguments.set == "all" else (arguments.set,):
        captures = read_captures(arguments.corpus, name)
        print_tiers(name, captures)
        print_agreement(name, captures)
        print_speed(name, captures, arguments.runs)


if __name__ == "__main__":
    main()
