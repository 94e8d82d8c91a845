"""Replays real publication times through the polling policy and through others, at one budget.

    sh bin/bench polling_policy --times FILE

FILE is tab-separated with the columns source, published_at, first_seen_at (gzip or not). Every
policy learns from what its own polls return, has the same floor, cap and budget, and is scored by
the time from an item's publication to the poll that returns it. The scale factors of the others
are bisected to the budget on the test period itself, which is hindsight in their favour; the
product's policy steers itself.
"""

from __future__ import annotations

import argparse
import bisect
import csv
import gzip
import heapq
import io
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tabulate import tabulate

from aggregator import policy

FLOOR_S, CAP_S = 15 * 60.0, 4 * 3600.0
BUDGET = 24
WARM_UP_DAYS = 56
DAY_S = 86400.0
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class Replay:
    """Item times (seconds since 1970, sorted) of each source, and the period."""

    items: dict[str, list[float]]
    begin: float
    end: float

    @property
    def test_begin(self) -> float:
        """Items and polls count from here."""
        return self.begin + WARM_UP_DAYS * DAY_S

    @property
    def polls_wanted(self) -> float:
        """The whole budget of the test period."""
        return BUDGET * len(self.items) * (self.end - self.test_begin) / DAY_S


@dataclass(slots=True)
class Score:
    """Delays by source in seconds, and the polls of the test period."""

    delays: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    polls: int = 0

    def row(self, name: str, replay: Replay) -> list[object]:
        """A line of the table, in minutes."""
        every = sorted(delay / 60 for delays in self.delays.values() for delay in delays)
        feeds = [statistics.fmean(delays) / 60 for delays in self.delays.values()]
        days = (replay.end - replay.test_begin) / DAY_S
        return [
            name,
            round(self.polls / days / len(replay.items), 1),
            round(statistics.fmean(every), 1),
            round(every[len(every) // 2], 1),
            round(every[int(len(every) * 0.95)], 1),
            round(statistics.fmean(feeds), 1),
        ]


def read_times(path: Path) -> dict[str, list[float]]:
    """Source -> sorted publication times."""
    data = path.read_bytes()
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    found: dict[str, list[float]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text.decode()), delimiter="\t"):
        found[row["source"]].append(datetime.fromisoformat(row["published_at"]).timestamp())
    return {source: sorted(times) for source, times in found.items()}


def mixed_set(times: dict[str, list[float]]) -> Replay:
    """Sources with at most 60 items a day, at least 60 items on at least 60 days."""
    begin = min(found[0] for found in times.values())
    end = max(found[-1] for found in times.values())
    days = (end - begin) / DAY_S
    kept = {
        source: found
        for source, found in times.items()
        if len(found) <= 60 * days
        and len(found) >= 60
        and len({int(moment // DAY_S) for moment in found}) >= 60
    }
    return Replay(kept, begin, end)


def similar_set(replay: Replay) -> Replay:
    """Those of 3 to 20 items a day."""
    days = (replay.end - replay.begin) / DAY_S
    kept = {s: found for s, found in replay.items.items() if 3 <= len(found) / days <= 20}
    return Replay(kept, replay.begin, replay.end)


# ----------------------------------------------------------- the product's own


def moment_of(seconds: float) -> datetime:
    """As the policy wants it."""
    return datetime.fromtimestamp(seconds, UTC)


def run_product(replay: Replay) -> Score:
    """All feeds together: they share `mu` and the profile, steered each hour."""
    score, rng = Score(), random.Random(20261125)
    start = moment_of(replay.begin)
    state = policy.starting_state(len(replay.items), BUDGET, start)
    rates = {source: policy.FeedRate(start, start) for source in replay.items}
    place = dict.fromkeys(replay.items, 0)
    queue = [(replay.begin + rng.random() * 3600, source) for source in sorted(replay.items)]
    heapq.heapify(queue)
    step_at, polls = replay.begin + 3600, 0
    budget = len(replay.items) * BUDGET / 24
    while queue[0][0] < replay.end:
        at, source = queue[0]
        while at >= step_at:
            state = policy.steered(state, polls=polls, budget=budget, now=moment_of(step_at))
            if policy.is_profile_due(state, moment_of(step_at)):
                profile = policy.network_profile(rates.values())
                state = policy.PolicyState(
                    state.mu, state.polls_per_hour, state.stepped_at, moment_of(step_at), profile
                )
            step_at, polls = step_at + 3600, 0
        polls += 1
        now, found = moment_of(at), replay.items[source]
        until = bisect.bisect_right(found, at, place[source])
        new = found[place[source] : until]
        place[source] = until
        note(score, replay, source, new, at)
        rate = policy.observed(rates[source], [moment_of(moment) for moment in new], now)
        rates[source] = rate
        if policy.is_new(rate):
            wait = policy.START.total_seconds()
        else:
            cap = policy.cap_of(rate, now)
            wait = policy.interval(rate, state, now, cap=cap).total_seconds()
        wait = max(FLOOR_S, wait * (0.9 + 0.2 * rng.random()))
        heapq.heapreplace(queue, (at + wait, source))
    return score


def note(score: Score, replay: Replay, source: str, new: list[float], at: float) -> None:
    """One poll of the test period and what it found."""
    if at >= replay.test_begin:
        score.polls += 1
        score.delays[source].extend(at - item for item in new if item >= replay.test_begin)


# ------------------------------------------------------------------- the others

Rule = Callable[[float, list[float], int, float], float]
"""Now, the source's items, how many of them are seen, the last wait -> the next wait.

The last wait is negative when its poll found something.
"""


def run_rule(replay: Replay, rule: Callable[[str], Rule]) -> Score:
    """Every feed by itself; floor and cap hold for all."""
    score, rng = Score(), random.Random(20261125)
    for source, found in sorted(replay.items.items()):
        wanted, seen, wait = rule(source), 0, 3600.0
        at = replay.begin + rng.random() * 3600
        while at < replay.end:
            until = bisect.bisect_right(found, at, seen)
            note(score, replay, source, found[seen:until], at)
            wait = wanted(at, found, until, wait if until == seen else -wait)
            seen = until
            at += max(FLOOR_S, min(wait, CAP_S))
    return score


def fixed(seconds: float) -> Callable[[str], Rule]:
    """The same wait for ever."""
    return lambda _: lambda at, found, seen, last: seconds


def entry_frequency(factor: float) -> Callable[[str], Rule]:
    """miniflux: by the number of entries of the last week."""

    def rule(at: float, found: list[float], seen: int, last: float) -> float:
        week = found[bisect.bisect_left(found, at - WEEK_S, 0, seen) : seen]
        if len(week) <= 1:
            return DAY_S
        gap = (week[-1] - week[0]) / (len(week) - 1)
        return WEEK_S / (math.ceil(WEEK_S / max(gap, 1.0)) * factor)

    return lambda _: rule


def commafeed(scale: float) -> Callable[[str], Rule]:
    """CommaFeed: half the mean gap of the last items, slower as the newest grows old."""

    def rule(at: float, found: list[float], seen: int, last: float) -> float:
        if seen < 2:
            return CAP_S
        age = at - found[seen - 1]
        for days, part in ((30, 1), (14, 2), (7, 4)):
            if age >= days * DAY_S:
                return CAP_S / part * scale
        listed = found[max(0, seen - 20) : seen]
        gap = (listed[-1] - listed[0]) / (len(listed) - 1)
        return min(gap / 2, CAP_S / 4) * scale

    return lambda _: rule


def aimd(scale: float) -> Callable[[str], Rule]:
    """A quarter longer after nothing new, half as long after news; `scale` moves its limits."""

    def rule(at: float, found: list[float], seen: int, last: float) -> float:
        wait = -last / 2 if last < 0 else last * 1.25
        return max(FLOOR_S * scale, min(wait, 2 * 3600 * scale))

    return lambda _: rule


def oracle(replay: Replay, mu: float) -> Callable[[str], Rule]:
    """Knows each feed's rate and hours from all of its items, those to come included."""
    start = moment_of(replay.begin)
    state = policy.PolicyState(mu, 0.0, start, start)

    def of(source: str) -> Rule:
        bins = [0.0] * policy.BINS
        for moment in map(moment_of, replay.items[source]):
            bins[moment.hour + 24 * (moment.weekday() >= 5)] += 1
        days_s = replay.end - replay.begin
        known = policy.FeedRate(start, start, float(sum(bins)), days_s, tuple(bins))

        def rule(at: float, found: list[float], seen: int, last: float) -> float:
            return policy.interval(known, state, moment_of(at), cap=policy.CAP).total_seconds()

        return rule

    return of


def bisected(
    replay: Replay, rule: Callable[[float], Callable[[str], Rule]], low: float, high: float
) -> Score:
    """The run whose polls are the budget within one in a hundred; `rule` polls less with `high`."""
    score = Score()
    for _ in range(12):
        middle = math.sqrt(low * high)
        score = run_rule(replay, rule(middle))
        ratio = score.polls / replay.polls_wanted
        if abs(ratio - 1) < 0.01:
            break
        low, high = (middle, high) if ratio > 1 else (low, middle)
    return score


def table(name: str, replay: Replay, *, full: bool) -> None:
    """All policies on one set."""
    items = sum(len(found) for found in replay.items.values())
    days = (replay.end - replay.begin) / DAY_S
    each = items / days / len(replay.items)
    print(f"\n{name}: {len(replay.items)} feeds, {each:.2f} items a day each")
    hourly = run_rule(replay, fixed(DAY_S / BUDGET))
    product = run_product(replay)
    rows = [hourly.row("fixed hourly", replay)]
    if full:
        rows += [
            bisected(replay, lambda s: entry_frequency(1 / s), 0.01, 10).row(
                "miniflux entry_frequency, scaled", replay
            ),
            bisected(replay, commafeed, 0.05, 20).row("CommaFeed, scaled", replay),
            bisected(replay, aimd, 0.1, 10).row("AIMD, scaled", replay),
        ]
    rows.append(product.row("the product", replay))
    if full:
        known = bisected(replay, lambda mu: oracle(replay, mu), 1, 20_000)
        rows.append(known.row("oracle: rate and hours known", replay))
    headers = ["policy", "polls/day", "mean", "median", "p95", "feed mean"]
    print(tabulate(rows, headers=headers))
    base, own = rows[0], product.row("", replay)
    print(f"against fixed hourly: item mean {float(str(own[2])) / float(str(base[2])) - 1:+.0%}")


def main() -> None:
    """Prints a table for the mixed set and one for feeds of 3 to 20 items a day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=Path, required=True)
    parser.add_argument("--product-only", action="store_true", help="leave the others out")
    options = parser.parse_args()
    mixed = mixed_set(read_times(options.times))
    table("Mixed", mixed, full=not options.product_only)
    table("3 to 20 items a day", similar_set(mixed), full=not options.product_only)
    print("\nDelays in minutes.", f"Floor {timedelta(seconds=FLOOR_S)}, cap {policy.CAP}.")


if __name__ == "__main__":
    main()
