"""What the database knows -> the values that a page's template shows. Pure but for the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from aggregator.model import DOCUMENT_OUTCOMES, Outcome
from aggregator.store import insight
from aggregator.store.insight import LATE_MINUTES, Row
from aggregator.store.searching import Search, find_stories
from aggregator.times import format_time, parse_time
from aggregator.web import charts
from aggregator.web.charts import Column

HOURS = 48
DAYS = 30
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AGES = ((1, "under 1 h"), (6, "under 6 h"), (24, "under 1 d"), (168, "under 7 d"))
"""Steps of the age of a block's newest story: hours, and how the legend says it."""

OUTCOMES = ("new document", "nothing new", "no document")

Context = dict[str, Any]


def network_context(db: Database, now: datetime) -> Context:
    """The page of the network: plots of the last days, and how fresh every block is."""
    return {
        "now": format_time(now),
        "states": insight.feed_states(db),
        "polls": _polls_chart(insight.polls_by_hour(db, now=now, hours=HOURS), now),
        "published": _published_chart(insight.published_by_weekday(db, now=now, days=DAYS)),
        "lateness": _lateness_chart(insight.lateness(db, now=now, days=DAYS)),
        "fresh": _freshness(insight.block_freshness(db), now),
        "ages": AGES,
        "headlines": [_linked(row) for row in insight.newest_headlines(db, limit=10)],
        "hours": HOURS,
        "days": DAYS,
    }


def story_context(db: Database, story_id: int) -> Context | None:
    """The page of a story; None: there is none."""
    page = insight.story_page(db, story_id)
    if page is None:
        return None
    return {
        "story": _linked(page.story),
        "entries": [_linked(row) for row in page.entries],
        "merges": page.merges,
        "places": page.places,
        "revisions": page.revisions,
        "overrides": page.overrides,
    }


def find_context(db: Database, words: str) -> Context:
    """The page of a search; any words are safe."""
    hits = find_stories(db, Search(words, limit=50))
    rows: list[Row] = [
        {
            "id": hit.story_id,
            "title": hit.title,
            "url": hit.url,
            "site_name": hit.site_name,
            "at": hit.published_at or hit.first_seen_at,
            "summary": hit.summary,
        }
        for hit in hits
    ]
    return {"words": words, "hits": [_linked(row) for row in rows]}


def _linked(row: Row) -> Context:
    """Rows may come from outside: only an address of the web becomes a link."""
    url = row["url"]
    is_web = isinstance(url, str) and url.startswith(("http://", "https://"))
    return {**row, "href": url if is_web else None}


def _polls_chart(rows: Iterable[Row], now: datetime) -> str:
    counts: dict[str, list[float]] = {}
    for row in rows:
        parts = counts.setdefault(str(row["hour"]), [0, 0, 0])
        parts[_kind(str(row["outcome"]))] += int(row["polls"] or 0)
    columns = []
    for back in range(HOURS - 1, -1, -1):
        moment = now - timedelta(hours=back)
        hour = format_time(moment)[:13]
        parts = counts.get(hour, [0, 0, 0])
        told = ", ".join(f"{part:g} {name}" for part, name in zip(parts, OUTCOMES, strict=True))
        label = f"{moment:%H}:00" if moment.hour % 6 == 0 else ""
        columns.append(Column(label, tuple(parts), f"{hour.replace('T', ' ')}:00 UTC: {told}"))
    title = f"Polls of the last {HOURS} hours by outcome"
    return charts.stacked_columns(columns, names=OUTCOMES, title=title)


def _kind(outcome: str) -> int:
    """Which part of the column; an outcome we do not know is no document."""
    if outcome == Outcome.OK:
        return 0
    return 1 if outcome in DOCUMENT_OUTCOMES else 2


def _published_chart(rows: Iterable[Row]) -> str:
    values = [[0.0] * 24 for _ in WEEKDAYS]
    for row in rows:
        values[int(row["weekday"] or 0)][int(row["hour"] or 0)] += int(row["stories"] or 0)
    hours = [f"{hour:02d}" for hour in range(24)]
    return charts.heatmap(
        WEEKDAYS, hours, values, title="Stories by weekday and hour of their date"
    )


def _lateness_chart(counts: list[int]) -> str:
    steps = [f"under {_span(minutes)}" for minutes in LATE_MINUTES]
    bars = list(zip([*steps, "a day or more"], map(float, counts), strict=True))
    return charts.horizontal_bars(bars, title="Entries by time from their date to our first sight")


def _span(minutes: int) -> str:
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"


def _freshness(rows: Iterable[Row], now: datetime) -> Context:
    """A line for each page, a column for each block that some page shows; None: not on it."""
    found = {(str(row["page"]), str(row["block"])): _block(row, now) for row in rows}
    blocks = sorted({block for _, block in found})
    pages = sorted({page for page, _ in found})
    lines = [(page, [found.get((page, block)) for block in blocks]) for page in pages]
    return {"blocks": blocks, "lines": lines}


def _block(row: Row, now: datetime) -> Context:
    return {
        **row,
        "newest": _age(row["newest_at"], now),
        "changed": _age(row["changed_at"], now),
        "level": _level(row["newest_at"], now),
    }


def _level(at: object, now: datetime) -> int:
    """Which of AGES; one more for older ones and those without a date."""
    if not isinstance(at, str):
        return len(AGES)
    hours = (now - parse_time(at)).total_seconds() / 3600
    return sum(hours >= bound for bound, _ in AGES)


def _age(at: object, now: datetime) -> str:
    """`3 h`; a dash for no date, `to come` for one after now."""
    if not isinstance(at, str):
        return "–"
    seconds = (now - parse_time(at)).total_seconds()
    if seconds < 0:
        return "to come"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return "now"
