"""A feed's own fields as written -> `FeedMeta`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from aggregator.model import FeedMeta
from aggregator.parse.raw import RawMeta
from aggregator.text import clean, plain_title
from aggregator.urls import absolute_link

# https://www.rssboard.org/rss-specification: full English names of days.
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_LANGUAGE = 35  # RFC 5646, 4.4.1
_MAX_TTL = timedelta(days=7)


def normalize_meta(raw: RawMeta, base: str) -> FeedMeta:
    """`base` is what relative links stand against."""

    def link(text: str) -> str | None:
        return absolute_link(text, base) if text else None

    return FeedMeta(
        title=plain_title(raw.title.value, raw.title.kind) if raw.title.value else "",
        home=link(raw.home),
        language=clean(raw.language, limit=_MAX_LANGUAGE) or None,
        icon=link(raw.icon),
        ttl=_ttl(raw.ttl),
        skip_hours=frozenset(_hours(raw.skip_hours)),
        skip_days=frozenset(_days(raw.skip_days)),
        hub=link(raw.hub),
        self_url=link(raw.self_url),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _ttl(text: str) -> timedelta | None:
    """Minutes; at most a week, nothing for 0."""
    minutes = _number(text)
    return min(timedelta(minutes=minutes), _MAX_TTL) if minutes else None


def _hours(texts: Iterable[str]) -> Iterable[int]:
    """0-23; 24 is the midnight of RSS 0.91, which counted from 1."""
    for hour in map(_number, texts):
        if hour is not None and hour <= 24:
            yield hour % 24


def _days(texts: Iterable[str]) -> Iterable[int]:
    for text in texts:
        if (day := text.lower()) in _DAYS:
            yield _DAYS.index(day)
