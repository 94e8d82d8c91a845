"""How the daemon is -> Prometheus' text form. Labels are ids and words of ours, never URLs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from aggregator.freshness import BlockAge
from aggregator.vitals import LATENESS_BUCKETS_S, Vitals

TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a scrape tells. `complaint` None: healthy."""

    vitals: Vitals
    complaint: str | None
    blocks: tuple[BlockAge, ...]
    states: Mapping[str, int]
    stories: int
    workers: int
    queue: int
    subscriptions: Mapping[str, int] = field(default_factory=dict)


def render(snapshot: Snapshot) -> bytes:
    """One scrape."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(snapshot))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        vitals = self._snapshot.vitals
        polls = CounterMetricFamily(
            "aggregator_polls", "Polls by site and outcome.", labels=["site", "outcome"]
        )
        for (site, outcome), count in sorted(vitals.polls.items()):
            polls.add_metric([site, outcome], count)
        yield polls
        yield _counter("aggregator_new_entries", "New entries.", "site", vitals.new_entries)
        yield _counter("aggregator_documents", "Documents by tier.", "tier", vitals.tiers)
        yield _counter("aggregator_pushes", "Pushes of hubs.", "result", vitals.pushes)
        yield _lateness(vitals)
        yield from self._gauges()
        yield from self._blocks()

    def _gauges(self) -> Iterator[Metric]:
        found, vitals = self._snapshot, self._snapshot.vitals
        plain = {
            "up": ("Healthy: 1, with a complaint: 0.", found.complaint is None),
            "config_ok": ("feeds.yaml was valid when it was last read.", vitals.config_ok),
            "stories": ("Stories stored.", found.stories),
            "wal_bytes": ("Size of the write-ahead log.", vitals.wal_bytes),
            "workers": ("Parser processes.", found.workers),
            "queue": ("Polls under way or waiting for their host.", found.queue),
        }
        for name, (text, value) in plain.items():
            yield GaugeMetricFamily(f"aggregator_{name}", text, value=float(value))
        yield _by_state("aggregator_feeds", "Feeds by state.", found.states)
        yield _by_state("aggregator_subscriptions", "At hubs, by state.", found.subscriptions)

    def _blocks(self) -> Iterator[Metric]:
        labels = ["page", "block"]
        ages = GaugeMetricFamily(
            "aggregator_block_age_seconds", "Age of the newest headline.", labels=labels
        )
        fresh = GaugeMetricFamily(
            "aggregator_block_fresh", "As fresh as `fresh:` wants it.", labels=labels
        )
        for block in self._snapshot.blocks:
            if block.age is not None:
                ages.add_metric([block.page, block.block], block.age.total_seconds())
            if block.objective is not None:
                fresh.add_metric([block.page, block.block], float(block.ok))
        yield ages
        yield fresh


def _counter(name: str, text: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _by_state(name: str, text: str, states: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in sorted(states.items()):
        family.add_metric([state], count)
    return family


def _lateness(vitals: Vitals) -> Metric:
    total, buckets = 0, []
    for limit in (*LATENESS_BUCKETS_S, float("inf")):
        total += vitals.lateness[limit]
        buckets.append(("+Inf" if limit == float("inf") else str(limit), float(total)))
    family = HistogramMetricFamily(
        "aggregator_poll_lateness_seconds", "From a feed's time to the start of its poll."
    )
    family.add_metric([], buckets, sum_value=vitals.lateness_sum_s)
    return family
