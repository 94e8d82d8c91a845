"""A date in Greek, Hungarian or Korean -> an aware UTC datetime, by feedparser's handlers.

Apart from `dates`, because importing feedparser takes longer than everything else there.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta

from feedparser.datetimes.greek import _parse_date_greek
from feedparser.datetimes.hungarian import _parse_date_hungarian
from feedparser.datetimes.korean import _parse_date_nate, _parse_date_onblog

MAX_RAW = 100
_PLAUSIBLE_YEARS = range(1990, 2100)
# One by one: asked all together, its ISO 8601 handler comes first and makes the first of the
# current month of `2004년 05월 28일`, as it does of slash dates (feedparser #75).
_HANDLERS = (_parse_date_onblog, _parse_date_nate, _parse_date_greek, _parse_date_hungarian)
# It knows these zones, and takes any other for UTC.
_KNOWN_ZONE = re.compile(r".*(?:[+-]\d\d:?\d\d|GMT|UTC?|Z|[ECMP][SD]T|:\d\d)", re.ASCII)


def feedparser_date(raw: str) -> datetime | None:
    """None unless `raw` is of a form on which feedparser 6.0.14 is right."""
    if raw.isascii() or len(raw) > MAX_RAW or not _KNOWN_ZONE.fullmatch(raw):
        return None
    for handler in _HANDLERS:
        try:
            parsed = handler(raw)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            continue
        if parsed is not None and parsed[0] in _PLAUSIBLE_YEARS:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=timegm(parsed))
    return None
