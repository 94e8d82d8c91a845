"""A date as a feed writes it -> an aware UTC datetime, or None.

Alone in knowing how dates look: RFC 822 as feeds stretch it, RFC 3339 and W3CDTF, and the
handful of other forms that real feeds showed. Reads no clock: a part that is missing is never
filled in from today, except by the first of the month or year and by midnight.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.zones import named_offset, numeric_offset, zone_of

MAX_RAW = 100
_EARLIEST_YEAR = 1990
_HORIZON = timedelta(days=400)

_MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september",
         "october", "november", "december"), 1
    )
    for name in (name, name.title())
    for length in (3, len(name))
} | {"sept": 9}  # fmt: skip

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?(?![a-z]))?"
)
# A name, or a number that may have a name before or after it: `GMT+9`, `+0530 IST`.
_ZONE = r"(?:(?P<zone>(?:gmt|utc|ut|z)? ?[+-]\d{1,2}:?(?:\d\d)?|[a-z]{1,5})(?: ?[a-z]{1,5})?)"
_CLOCK = rf"(?:,? ?(?:at )?{_TIME}(?: ?{_ZONE})?)?"
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>[a-z]{3,9})", r"(?P<year>\d{4})"


def _form(*pattern: str) -> re.Pattern[str]:
    return re.compile("".join(pattern), re.ASCII | re.IGNORECASE)


# RFC 822 section 5 with the year of RFC 2822, as nearly all feeds write it.
_RFC_822 = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d\d?) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d)"
    r" ([A-Za-z]{1,5}|[+-]\d{4})",
    re.ASCII,
)
_FORMS = (
    # Any day name, in any language, or none: `Mié, 3 Sept. 15 00:01 GMT+9`, `03-Sep-2015`.
    _form(r"[^\d]{0,20}?", _DAY, "[ -]", _MONTH, r"\.?,?[ -](?P<year>\d{2,4})", _CLOCK),
    # `May 11, 2012 10:01:00 EST`, `Friday, May 11th, 2012 at 10:01 am`.
    _form(r"(?:[^\d ]{2,12} )?", _MONTH, r"\.? ", _DAY, "(?:st|nd|rd|th)?,? ", _YEAR, _CLOCK),
    # C asctime and date(1): `Sun Jan 4 16:29:06 2004`, `Sun Jan 4 16:29:06 PST 2004`.
    _form("[a-z]{3,9},? ", _MONTH, " ", _DAY, " ", _TIME, "(?: ", _ZONE, ")? ", _YEAR),
    # RFC 3339 and W3CDTF, parts left out, and its relatives: `2016/6/29 15:07:41`.
    _form(
        "(?:[a-z]{3,9}, )?", _YEAR, r"(?P<sep>[-/.])(?P<month>\d{1,2})",
        "(?:(?P=sep)", _DAY, "(?:[t ] ?", _TIME, "(?: ?", _ZONE, ")?)?)?",
    ),
    # ISO 8601, basic format: `20160629T150741Z`.
    _form(
        _YEAR, r"(?P<month>\d\d)(?P<day>\d\d)",
        r"(?:t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?: ?", _ZONE, ")?)?",
    ),
    _form(_YEAR),
)  # fmt: skip
_COMMENT = re.compile(r"\([^()]*\)")
_UNIX = re.compile(r"(\d{10})(\d{3})?", re.ASCII)

Fallback = Callable[[str], datetime | None]


def parse_date(
    raw: str, *, timezone: str | None = None, fallback: Fallback | None = None
) -> datetime | None:
    """The moment `raw` names, in UTC; None when it names none for sure, or over 100 characters.

    `timezone` (an IANA name) is the meaning of a missing or unknown zone name, and decides an
    ambiguous one; without it a missing zone is UTC and an unknown name is no date. A leap second
    is the second before it, 24:00 is midnight of the next day. `fallback` is asked last
    (`date_fallback.feedparser_date`, for those who have it anyway).
    """
    raw = raw.strip()
    if len(raw) > MAX_RAW:
        return None
    zone = zone_of(timezone) if timezone else None
    try:
        if raw[10:11] == "T":
            return _iso(raw, zone)
        match = _RFC_822.fullmatch(raw)
        if match is not None:
            return _rfc_822(match, zone)
    except (ValueError, OverflowError):
        pass  # 24:00, a leap second, a lower-case z, or no date at all
    try:
        return _irregular(raw, zone, fallback)
    except (ValueError, OverflowError):
        return None


def usable_date(moment: datetime, *, now: datetime) -> datetime | None:
    """`moment`, or None when it is before 1990 or more than 400 days after `now`.

    Design, "Dates": such a date says that the clock or the template of the site is broken.
    """
    if moment.year < _EARLIEST_YEAR or moment - now > _HORIZON:
        return None
    return moment


# --------------------------------------------------------------- the two that count


def _iso(raw: str, zone: ZoneInfo | None) -> datetime | None:
    moment = datetime.fromisoformat(raw)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    return moment.astimezone(UTC)


def _rfc_822(match: re.Match[str], zone: ZoneInfo | None) -> datetime | None:
    day, month, year, hour, minute, second, written = match.groups()
    local = datetime(
        int(year), _month(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC
    )
    return _shifted(local, written, zone)


def _shifted(local: datetime, written: str | None, zone: ZoneInfo | None) -> datetime | None:
    """The moment when clocks of the written zone show `local` (labelled UTC, but not meant so)."""
    if written:
        name = written.upper()
        offset = named_offset(name, local, zone) if name.isalpha() else numeric_offset(name)
        if offset is not None:
            return local - offset
        if zone is None:
            return None
    return local.replace(tzinfo=zone).astimezone(UTC) if zone is not None else local


# -------------------------------------------------------------------- the rest


def _irregular(raw: str, zone: ZoneInfo | None, fallback: Fallback | None) -> datetime | None:
    text = " ".join(_COMMENT.sub(" ", raw).split()).rstrip(",")
    unix = _UNIX.fullmatch(text)
    if unix is not None:
        return datetime.fromtimestamp(int(unix[1]), UTC)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _assembled(match.groupdict(), zone)
    return fallback(text) if fallback is not None else None


def _assembled(part: dict[str, str | None], zone: ZoneInfo | None) -> datetime | None:
    """The moment of a matched form; raises ValueError for one that is not in the calendar."""
    year, month, day = part["year"] or "", part.get("month"), part.get("day")
    midnight = datetime(_year(year), _month(month) if month else 1, int(day or 1), tzinfo=UTC)
    return _shifted(midnight + _time_of_day(part), part.get("zone"), zone)


def _year(digits: str) -> int:
    """RFC 2822 section 4.3: 00-49 is this century, 50-99 and three digits count from 1900."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < 50 else 1900)


def _month(text: str) -> int:
    """1-12; raises ValueError for a name that is no month's."""
    number = _MONTHS.get(text) or _MONTHS.get(text.lower())
    return int(text) if number is None else number


def _time_of_day(part: dict[str, str | None]) -> timedelta:
    """Since midnight; raises ValueError beyond 24:00:00, :59 and the leap second."""
    hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
    half = part.get("half")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a half day")
        hour = hour % 12 + (12 if half in "pP" else 0)
    if minute > 59 or second > 60 or (hour, minute, second) > (24, 0, 0):
        raise ValueError("no time of day")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
