"""Labelled pairs of headlines -> what each rule merges, and what a comparison costs.

    python benchmarks/matching.py --pairs ../shared/pairs/uci_pairs.tsv [--weights counted]

Columns: label, title_a, title_b, perhaps summary_a and summary_b; S same story, P nearly, E same
event, N different. Precision counts S and P as right (of `event`, E too), recall S alone. Costs
are CPU microseconds, medians over the runs. Exits 1 when an N pair is merged.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from aggregator.similar.comparison import compare, compare_weighed, weigh
from aggregator.similar.headline import HeadlineTokens, read_headline
from aggregator.similar.rules import same_event, same_story
from aggregator.similar.weights import BACKGROUND, Weights

LABELS = "SPEN"
WEIGHTS = ("background", "counted")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two headlines, as written and as read, and what a reader says of them."""

    label: str
    texts: tuple[tuple[str, str], tuple[str, str]]
    a: HeadlineTokens
    b: HeadlineTokens


def read_pairs(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [pair_of(row) for row in rows]


def pair_of(row: dict[str, str]) -> Pair:
    one = row["title_a"], row.get("summary_a") or ""
    other = row["title_b"], row.get("summary_b") or ""
    return Pair(row["label"], (one, other), read_headline(*one), read_headline(*other))


def count_weights(pairs: Iterable[Pair]) -> Weights:
    """Document frequencies of the titles at hand, each title once."""
    titles = {tokens.key: tokens.title for pair in pairs for tokens in (pair.a, pair.b)}
    counts = Counter(token for title in titles.values() for token in title)
    return Weights(len(titles), counts)


def count_merges(pairs: Iterable[Pair], weights: Weights) -> dict[str, Counter[str]]:
    """Rule, `all` or `event` -> merges per label."""
    merges: dict[str, Counter[str]] = {name: Counter() for name in ("A", "B", "C", "all", "event")}
    for pair in pairs:
        found = compare(pair.a, pair.b, weights)
        verdict = same_story(found)
        if verdict is not None:
            merges[verdict.rule][pair.label] += 1
            merges["all"][pair.label] += 1
        if same_event(found):
            merges["event"][pair.label] += 1
    return merges


def print_merges(pairs: Sequence[Pair], weights: Weights) -> int:
    """Returns how many N pairs the story rules merge."""
    labels = Counter(pair.label for pair in pairs)
    print("rule   " + "".join(f"{label:>6}" for label in LABELS) + "   precision  recall of S")
    merges = count_merges(pairs, weights)
    for name, merged in merges.items():
        right = merged["S"] + merged["P"] + (merged["E"] if name == "event" else 0)
        count = merged.total()
        precision = f"{right / count:.3f}" if count else "-"
        recall = f"{merged['S'] / labels['S']:.3f}" if labels["S"] else "-"
        cells = "".join(f"{merged[label]:>6}" for label in LABELS)
        print(f"{name:<7}{cells}{precision:>12}{recall:>13}")
    print("pairs  " + "".join(f"{labels[label]:>6}" for label in LABELS))
    return merges["all"]["N"]


def microseconds(work: Callable[[], object], times: int, runs: int) -> float:
    """Median CPU time of one of the `times` things that `work` does."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) / times * 1e6)
    return median(taken)


def print_costs(pairs: Sequence[Pair], weights: Weights, runs: int) -> None:
    texts = [text for pair in pairs for text in pair.texts]
    weighed = [(weigh(pair.a, weights), weigh(pair.b, weights)) for pair in pairs]
    costs = {
        "normalise": (lambda: [read_headline(*text) for text in texts], len(texts)),
        "weigh": (lambda: [weigh(pair.a, weights) for pair in pairs], len(pairs)),
        "compare weighed": (lambda: [compare_weighed(a, b) for a, b in weighed], len(pairs)),
        "compare": (lambda: [compare(p.a, p.b, weights) for p in pairs], len(pairs)),
    }
    print("\nCPU microseconds each")
    for name, (work, times) in costs.items():
        print(f"  {name:<16}{microseconds(work, times, runs):>8.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--weights", choices=WEIGHTS, default=WEIGHTS[0])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.pairs)
    weights = BACKGROUND if arguments.weights == "background" else count_weights(pairs)
    wrong = print_merges(pairs, weights)
    if pairs:
        print_costs(pairs, weights, arguments.runs)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
