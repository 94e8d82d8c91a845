"""When a date is, in whatever form a feed writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.date_fallback import feedparser_date
from aggregator.dates import parse_date, usable_date
from aggregator.zones import named_offset, numeric_offset, zone_of

# Raw date -> UTC, or None.
DATES = {
    "rD1": ("Thu, 03 Sep 15 00:01:01 +0200", "2015-09-02T22:01:01"),
    "rD2": ("2016/6/29 15:07:41", "2016-06-29T15:07:41"),
    "rD3": ("1704103200", "2024-01-01T10:00:00"),
    "rD3-milliseconds": ("1704103200123", "2024-01-01T10:00:00"),
    "rD5-aest": ("Wed, 05 Nov 2025 10:00:00 AEST", "2025-11-05T00:00:00"),
    "rD5-bst": ("Wed, 02 Jul 2025 10:00:00 BST", "2025-07-02T09:00:00"),
    "rD5-cest": ("Wed, 02 Jul 2025 10:00:00 CEST", "2025-07-02T08:00:00"),
    "rD5-est": ("08 Oct 2013 18:30 EST", "2013-10-08T23:30:00"),
    "rD6": ("Fri, 19 Nov 2021 01:45:08 +02:00", "2021-11-18T23:45:08"),
    "rD7": ("Mon, 01 Jan 2024 10:00:00 -0000", "2024-01-01T10:00:00"),
    "rD9": ("Invalid Date", None),
    "rD10-leap": ("Mon, 01 Jan 2024 10:00:60 GMT", "2024-01-01T10:00:59"),
    "rD10-leap-iso": ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
    "rD10-24": ("Mon, 01 Jan 2024 24:00:00 GMT", "2024-01-02T00:00:00"),
    "rD10-24-iso": ("2024-01-01T24:00:00Z", "2024-01-02T00:00:00"),
    "rD10-24-later": ("Mon, 01 Jan 2024 24:00:01 GMT", None),
    "rD10-february": ("2024-02-30T00:00:00Z", None),
    "rD10-february-rfc": ("Fri, 30 Feb 2024 00:00:00 GMT", None),
    "rD11-year-1": ("Mon, 01 Jan 0001 00:00:00 GMT", "0001-01-01T00:00:00"),
    "rD11-before-year-1": ("0001-01-01T00:00:00+02:00", None),
    "rD11-1969": ("1969-01-01T00:00:00Z", "1969-01-01T00:00:00"),
    "rD11-2106": ("2106-02-07T06:28:15Z", "2106-02-07T06:28:15"),
    "after-9999": ("9999-12-31T23:59:59-02:00", None),
    "p5-4": ("Thu, 04 APR 2013 20:37:27 AEST", "2013-04-04T10:37:27"),
    "p5-5-by-s": ("Tue, 10 Jan 2017 20:49:34 GMT+0900 (JST)", "2017-01-10T11:49:34"),
    "p5-5-korea-times": ("Tue, 10 Jan 2017 20:49:34 GMT+9", "2017-01-10T11:49:34"),
    "p5-6": ("2016-05-05T10:00:00-0500", "2016-05-05T15:00:00"),
    "p5-7": ("2020/1/10 14:33:00", "2020-01-10T14:33:00"),
    "p5-8": ("18/01/30 00:00", None),
    "p5-9-month": ("2026-07", "2026-07-01T00:00:00"),
    "p5-9-year": ("2026", "2026-01-01T00:00:00"),
    "p5-10-no-zone": ("27 Nov 2013 20:17:55", "2013-11-27T20:17:55"),
    "p5-10-month-first": ("May 11, 2012 10:01:00 EST", "2012-05-11T15:01:00"),
    "p5-10-full-month": ("Fri, 11 September 2012 10:01:00 GMT", "2012-09-11T10:01:00"),
    "year-2-digits-1999": ("01 Jan 99 00:00 GMT", "1999-01-01T00:00:00"),
    "year-3-digits": ("01 Jan 100 00:00 GMT", "2000-01-01T00:00:00"),
    "sept": ("3 Sept. 2015 10:00 Z", "2015-09-03T10:00:00"),
    "lower-case": ("thu, 03 sep 2015 10:00:00 gmt", "2015-09-03T10:00:00"),
    "hyphens": ("03-Sep-2015 10:00:00", "2015-09-03T10:00:00"),
    "no-time": ("Thu, 03 Sep 2015", "2015-09-03T00:00:00"),
    "white-space": (" Thu,  03 Sep\n2015 10:00:00 GMT ", "2015-09-03T10:00:00"),
    "day-spanish": ("Mié, 03 Sep 2015 10:00:00 +0200", "2015-09-03T08:00:00"),
    "day-german": ("Fr, 06 Jan 2017 11:46:00 +0000", "2017-01-06T11:46:00"),
    "day-russian": ("Вс, 3 Sep 2015 10:00 UTC", "2015-09-03T10:00:00"),
    "day-wrong": ("Mon, 03 Sep 2015 10:00:00 GMT", "2015-09-03T10:00:00"),
    "comment-only": ("03 Sep 2015 10:00:00 EST (Eastern (US))", None),
    "comment": ("03 Sep 2015 10:00:00 EST (Eastern)", "2015-09-03T15:00:00"),
    "number-and-name": ("Wed, 19 Nov 2025 05:30:00 +0530 IST", "2025-11-19T00:00:00"),
    "military": ("03 Sep 2015 10:00:00 A", "2015-09-03T10:00:00"),
    "zone-unknown": ("Fri, 11 May 2012 10:01:00 FOO", None),
    "zone-absurd": ("Fri, 11 Mar 2016 01:15:00 +3000", None),
    "zone-minutes": ("Fri, 11 Mar 2016 01:15:00 +0560", None),
    "zone-short": ("Fri, 11 Mar 2016 01:15:00 -5", "2016-03-11T06:15:00"),
    "month-unknown": ("Fri, 11 Foo 2012 10:01:00 GMT", None),
    "half-day-pm": ("Fri, 11 May 2012 10:01 PM EST", "2012-05-12T03:01:00"),
    "half-day-noon": ("Fri, 11 May 2012 12:01 p.m.", "2012-05-11T12:01:00"),
    "half-day-midnight": ("Friday, May 11th, 2012 at 12:01 am", "2012-05-11T00:01:00"),
    "half-day-absurd": ("Fri, 11 May 2012 13:01 PM", None),
    "minute-absurd": ("Fri, 11 May 2012 10:61 GMT", None),
    "asctime": ("Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06"),
    "date-1": ("Sun Jan 4 16:29:06 PST 2004", "2004-01-05T00:29:06"),
    "perforce": ("Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T12:19:53"),
    "iso-date": ("2016-06-29", "2016-06-29T00:00:00"),
    "iso-no-seconds": ("2016-06-29T15:07Z", "2016-06-29T15:07:00"),
    "iso-no-zone": ("2016-06-29T15:07:41", "2016-06-29T15:07:41"),
    "iso-space": ("2016-06-29 15:07:41 +02:00", "2016-06-29T13:07:41"),
    "iso-lower": ("2016-06-29t15:07:41z", "2016-06-29T15:07:41"),
    "iso-fraction": ("2016-06-29T15:07:41.250Z", "2016-06-29T15:07:41.250000"),
    "iso-comma": ("2016-06-29T15:07:41,250Z", "2016-06-29T15:07:41.250000"),
    "iso-short": ("2016-6-9", "2016-06-09T00:00:00"),
    "iso-basic": ("20160629T150741Z", "2016-06-29T15:07:41"),
    "iso-basic-date": ("20160629", "2016-06-29T00:00:00"),
    "digits-14": ("20160629150741", "2016-06-29T15:07:41"),
    "digits-8": ("12345678", None),
    "digits-9": ("123456789", None),
    "digits-11": ("12345678901", None),
    "digits-arabic": ("٢٠١٦", None),
    "american-slashes": ("06/29/2016 15:07", None),
    "empty": ("", None),
    "long-ends": (" " * 100 + "Thu, 03 Sep 2015 10:00:00 GMT\n", "2015-09-03T10:00:00"),
    "too-long": ("Thu, 03 Sep 2015 10:00:00 GMT" + " " * 100 + "x", None),
}  # fmt: skip

# What the zone of the feed changes: raw, zone of the feed, UTC.
ZONED = {
    "missing": ("27 Nov 2013 20:17:55", "Australia/Sydney", "2013-11-27T09:17:55"),
    "missing-iso": ("2016-06-29T15:07:41", "Europe/Berlin", "2016-06-29T13:07:41"),
    "missing-slash": ("2016/6/29 15:07:41", "Asia/Tokyo", "2016-06-29T06:07:41"),
    "date-only": ("2016-06-29", "Asia/Tokyo", "2016-06-28T15:00:00"),
    "unknown": ("11 May 2012 10:01:00 FOO", "America/New_York", "2012-05-11T14:01:00"),
    "absurd": ("11 Mar 2016 01:15:00 +3000", "Asia/Baghdad", "2016-03-10T22:15:00"),
    "gmt": ("11 May 2012 10:01:00 GMT", "Asia/Tokyo", "2012-05-11T10:01:00"),
    "number": ("11 May 2012 10:01:00 +0100", "Asia/Tokyo", "2012-05-11T09:01:00"),
    "ist-dublin": ("11 Jul 2012 10:00:00 IST", "Europe/Dublin", "2012-07-11T09:00:00"),
    "ist-dublin-winter": ("11 Dec 2012 10:00:00 IST", "Europe/Dublin", "2012-12-11T09:00:00"),
    "ist-israel": ("11 Dec 2012 10:00:00 IST", "Asia/Jerusalem", "2012-12-11T08:00:00"),
    "ist-india": ("11 Dec 2012 10:00:00 IST", "Asia/Kolkata", "2012-12-11T04:30:00"),
    "ist-other": ("11 Dec 2012 10:00:00 IST", "America/New_York", "2012-12-11T04:30:00"),
    "bst-london": ("11 Jul 2012 10:00:00 BST", "Europe/London", "2012-07-11T09:00:00"),
    "bst-dhaka": ("11 Jul 2012 10:00:00 BST", "Asia/Dhaka", "2012-07-11T04:00:00"),
    "cst-china": ("11 Jul 2012 10:00:00 CST", "Asia/Shanghai", "2012-07-11T02:00:00"),
    "cst-chicago": ("11 Jul 2012 10:00:00 CST", "America/Chicago", "2012-07-11T16:00:00"),
    "cst-adelaide": ("11 Jul 2012 10:00:00 CST", "Australia/Adelaide", "2012-07-11T00:30:00"),
    "ast-riyadh": ("11 Jul 2012 10:00:00 AST", "Asia/Riyadh", "2012-07-11T07:00:00"),
    "ast-halifax": ("11 Jan 2012 10:00:00 AST", "America/Halifax", "2012-01-11T14:00:00"),
    "est-sydney": ("11 Jul 2012 10:00:00 EST", "Australia/Sydney", "2012-07-11T00:00:00"),
    "est-sydney-summer": ("11 Jan 2012 10:00:00 EST", "Australia/Sydney", "2012-01-11T00:00:00"),
    "aest-sydney-summer": ("11 Jan 2012 10:00:00 AEST", "Australia/Sydney", "2012-01-11T00:00:00"),
    "est-new-york-summer": ("11 Jul 2012 10:00:00 EST", "America/New_York", "2012-07-11T15:00:00"),
    "own-name": ("11 Jul 2012 10:00:00 SAMT", "Europe/Samara", "2012-07-11T06:00:00"),
    "bad-zone": ("11 Jul 2012 10:00:00", "Mars/Olympus", "2012-07-11T10:00:00"),
    "directory": ("11 Jul 2012 10:00:00", "Europe", "2012-07-11T10:00:00"),
    "outside": ("11 Jul 2012 10:00:00", "../../etc/passwd", "2012-07-11T10:00:00"),
}  # fmt: skip

FOREIGN = {
    "greek": ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00"),
    "greek-unknown-zone": ("Κυρ, 11 Ιούλ 2004 12:00:00 EET", None),
    "greek-unknown-month": ("Κυρ, 11 Ιού 2004 12:00:00 EST", None),
    "hungarian": ("2004-július-13T9:15-05:00", "2004-07-13T14:15:00"),
    "korean": ("2004년 05월 28일  01:31:15", "2004-05-27T16:31:15"),
    "korean-half-day": ("2004-05-25 오후 11:23:17", "2004-05-25T14:23:17"),
    "korean-old": ("1904년 05월 28일  01:31:15", None),
    "unreadable": ("neulich, März", None),
    "rD2": ("2016/6/29 15h07", None),
    "rD3": ("170410320", None),
}

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def utc(text: str | None) -> datetime | None:
    """The aware moment of a table's cell."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


@pytest.mark.parametrize(("raw", "moment"), DATES.values(), ids=DATES)
def test_dates(raw: str, moment: str | None) -> None:
    """In UTC, whatever the form; None rather than a guess."""
    assert parse_date(raw) == utc(moment)


@pytest.mark.parametrize(("raw", "timezone", "moment"), ZONED.values(), ids=ZONED)
def test_the_zone_of_the_feed(raw: str, timezone: str, moment: str) -> None:
    """It is the meaning of a zone that is missing, unknown or ambiguous, and of no other."""
    assert parse_date(raw, timezone=timezone) == utc(moment)


@pytest.mark.parametrize(("raw", "moment"), FOREIGN.values(), ids=FOREIGN)
def test_feedparser_is_asked_last(raw: str, moment: str | None) -> None:
    """For the three languages it knows, and never for a form on which it invents a date."""
    assert parse_date(raw) is None
    assert parse_date(raw, fallback=feedparser_date) == utc(moment)


def test_the_fallback_takes_no_long_text() -> None:
    """Also when it is asked alone."""
    assert feedparser_date("é" * 101) is None


@pytest.mark.parametrize(
    ("moment", "usable"),
    [
        pytest.param(datetime(1989, 12, 31, 23, 59, 59, tzinfo=UTC), False, id="1989"),
        pytest.param(datetime(1990, 1, 1, tzinfo=UTC), True, id="1990"),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), False, id="rD11-year-1"),
        pytest.param(NOW + timedelta(days=21), True, id="rD13"),
        pytest.param(NOW + timedelta(days=400), True, id="400-days"),
        pytest.param(NOW + timedelta(days=400, seconds=1), False, id="later"),
    ],
)
def test_usable_dates(moment: datetime, usable: bool) -> None:
    """1990 up to 400 days ahead; anything else is a broken clock."""
    assert usable_date(moment, now=NOW) == (moment if usable else None)


def test_zone_tables() -> None:
    """The three ways to an offset, each with its unknown."""
    zone = zone_of("America/New_York")

    assert zone_of("") is None
    assert numeric_offset("UTC +5:30") == timedelta(hours=5, minutes=30)
    assert numeric_offset("five") is None
    assert named_offset("JST", NOW, None) == timedelta(hours=9)
    assert named_offset("FOO", NOW, None) is None
    assert named_offset("FOO", NOW, zone) is None


PIECES = st.sampled_from(
    ["Mon, ", "01", "1", "31", " ", "-", "/", ":", "T", "Z", "Jan", "February", "2024", "24", "60",
     "99", "10:00:00", "+0200", "-2359", "GMT", "EST", "AM", "pm", ".5", "(x)", "2004년", "오후",
     "Κυρ, ", "Ιούλ", "0001", "9999", "\ud800", "٣"]
)  # fmt: skip
RAW = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)


@settings(max_examples=300, deadline=None)
@given(RAW, st.sampled_from([None, "Australia/Sydney", "nowhere"]))
def test_dates_never_raise(raw: str, timezone: str | None) -> None:
    """None or an aware moment in UTC, for any text and any zone."""
    moment = parse_date(raw, timezone=timezone, fallback=feedparser_date)

    assert moment is None or moment.tzinfo is UTC


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=-2_208_988_800, max_value=4_102_444_800))
def test_written_dates_are_read_back(seconds: int) -> None:
    """RFC 822, RFC 3339 and asctime: what we write in them is what we read."""
    moment = datetime.fromtimestamp(seconds, UTC)

    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%SZ", "%a %b %d %H:%M:%S %Y"):
        assert parse_date(moment.strftime(form)) == moment
