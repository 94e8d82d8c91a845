"""What response fields mean: validators and hints (B17, B18, P05-P11, P36, rA23, rB6, rB7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.fetch.headers import (
    Fields,
    index_fields,
    is_sendable,
    parse_http_date,
    read_hints,
    read_validators,
    update_validators,
)
from aggregator.model import Hints, Validators

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
LATER = "Wed, 25 Nov 2026 01:03:03 GMT"  # a minute after NOW
WEEK = timedelta(days=7)
DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
ZERO = timedelta()


def test_fields_keep_every_value_and_byte() -> None:
    """Names are folded to lower case, values are latin-1, repeats stay in order."""
    raw = [(b"ETag", b'"\xe9"'), (b"X", b"1"), (b"etag", b"2")]

    fields = index_fields(raw)

    assert fields == {"etag": ('"\xe9"', "2"), "x": ("1",)}


@pytest.mark.parametrize(
    ("value", "sendable"),
    [
        pytest.param('"abc"', True, id="strong"),
        pytest.param('W/"a b"', True, id="weak"),
        pytest.param("no quotes", True, id="unquoted"),
        pytest.param("x" * 512, True, id="longest"),
        pytest.param("x" * 513, False, id="too-long"),
        pytest.param("", False, id="empty"),
        pytest.param('"\xe9"', False, id="latin-1"),
        pytest.param('"a\r\nX: 1"', False, id="line-break"),
        pytest.param('"a"\n', False, id="line-end"),
    ],
)
def test_only_short_printable_validators_are_kept(value: str, sendable: bool) -> None:
    """What could break the next request never gets stored, and is not sent if it was."""
    fields = {"etag": (value,), "last-modified": (value,)}

    validators = read_validators(fields)

    assert is_sendable(value) is sendable
    assert validators == (Validators(value, value) if sendable else Validators())


@pytest.mark.parametrize(
    ("etags", "kept"),
    [
        pytest.param(('"a"', '"a"'), '"a"', id="same-twice"),
        pytest.param(('"a"', '"b"'), None, id="rB7-two-different"),
    ],
)
def test_contradictory_validators_are_dropped(etags: tuple[str, ...], kept: str | None) -> None:
    """Two different ETags are none; they are never joined."""
    fields = {"etag": etags}

    validators = read_validators(fields)

    assert validators.etag == kept


def test_validators_are_kept_byte_for_byte() -> None:
    """An odd Last-Modified is the server's business (P05)."""
    fields = {"last-modified": ("Yesterday, about noon +0200",)}

    validators = read_validators(fields)

    assert validators == Validators(None, "Yesterday, about noon +0200")


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        pytest.param({}, Validators('"a"', "t"), id="absent-stays"),
        pytest.param({"etag": ('"b"',)}, Validators('"b"', "t"), id="new-etag"),
        pytest.param({"last-modified": ("u",)}, Validators('"a"', "u"), id="new-date"),
        pytest.param({"etag": ("\xe9",)}, Validators('"a"', "t"), id="junk-stays"),
    ],
)
def test_304_updates_validators(fields: Fields, kept: Validators) -> None:
    """Present ones replace, absent ones stay (P11, rB6)."""
    sent = Validators('"a"', "t")

    updated = update_validators(sent, fields)

    assert updated == kept


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        pytest.param("120", timedelta(seconds=120), id="seconds"),
        pytest.param(" 0 ", ZERO, id="zero"),
        pytest.param("999999999", WEEK, id="rA23-years"),
        pytest.param("9" * 400, WEEK, id="hundreds-of-digits"),
        pytest.param(LATER, MINUTE, id="date"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", WEEK, id="year-9999"),
        pytest.param("Tue, 24 Nov 2026 01:02:03 GMT", ZERO, id="past"),
        pytest.param("-1", None, id="negative"),
        pytest.param("9e99", None, id="float"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("soon", None, id="word"),
        pytest.param("", None, id="empty"),
        pytest.param("١٢", None, id="other-digits"),
    ],
)
def test_retry_after_zoo(value: str, wait: timedelta | None) -> None:
    """B18: seconds or a date, junk is nothing, never negative, at most a week."""
    fields = {"retry-after": (value,)}

    hints = read_hints(fields, NOW)

    assert hints == Hints(retry_after=wait)


def test_retry_after_counts_from_the_servers_own_date() -> None:
    """A server with a wrong clock means its own clock."""
    fields = {
        "retry-after": ("Mon, 01 Jan 2001 00:01:00 GMT",),
        "date": ("Mon, 01 Jan 2001 00:00:00 GMT",),
    }

    hints = read_hints(fields, NOW)

    assert hints.retry_after == MINUTE


@pytest.mark.parametrize(
    ("fields", "fresh_for"),
    [
        pytest.param({}, None, id="nothing-said"),
        pytest.param({"cache-control": ("public",)}, None, id="nothing-about-time"),
        pytest.param({"cache-control": ("public, MAX-AGE=60",)}, MINUTE, id="max-age"),
        pytest.param({"cache-control": ('max-age="60"',)}, MINUTE, id="quoted"),
        pytest.param({"cache-control": ("public", "max-age=60")}, MINUTE, id="two-fields"),
        pytest.param({"cache-control": ("max-age=60, max-age=5",)}, MINUTE, id="first-counts"),
        pytest.param({"cache-control": ("s-maxage=60",)}, None, id="shared-caches-only"),
        pytest.param({"cache-control": ("max-age=60",), "age": ("20",)}, MINUTE * 2 / 3, id="age"),
        pytest.param({"cache-control": ("max-age=60",), "age": ("x",)}, MINUTE, id="junk-age"),
        pytest.param({"cache-control": ("max-age=60",), "age": ("99",)}, ZERO, id="older"),
        pytest.param({"cache-control": ("max-age=31536000",)}, DAY, id="rA23-a-year"),
        pytest.param({"cache-control": ("max-age=" + "9" * 99,)}, DAY, id="huge"),
        pytest.param({"cache-control": ("max-age=0",)}, ZERO, id="zero"),
        pytest.param({"cache-control": ("max-age=-5",)}, ZERO, id="negative-is-stale"),
        pytest.param({"cache-control": ("max-age=9e99",)}, ZERO, id="junk-is-stale"),
        pytest.param({"cache-control": ("no-cache, max-age=60",)}, ZERO, id="no-cache"),
        pytest.param({"cache-control": ("no-store",)}, ZERO, id="no-store"),
        pytest.param({"expires": (LATER,)}, MINUTE, id="expires"),
        pytest.param({"expires": ("0",)}, ZERO, id="expires-0"),
        pytest.param({"expires": ("Fri, 31 Dec 9999 23:59:59 GMT",)}, DAY, id="expires-9999"),
        pytest.param({"expires": ("Fri, 1 Jan 1999 23:59:59 GMT",)}, ZERO, id="expired"),
        pytest.param({"expires": (LATER,), "date": (LATER,)}, ZERO, id="expires-less-date"),
        pytest.param({"expires": (LATER,), "date": ("junk",)}, MINUTE, id="junk-date"),
        pytest.param({"expires": ("0",), "cache-control": ("max-age=60",)}, MINUTE, id="both"),
    ],
)
def test_freshness(fields: Fields, fresh_for: timedelta | None) -> None:
    """P36: max-age less Age, else Expires less Date, for a private cache, at most a day."""

    hints = read_hints(fields, NOW)

    assert hints == Hints(fresh_for=fresh_for)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-27 08:49:37 GMT", datetime(2027, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Sun, 31 Feb 2024 08:49:37 GMT", None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
    ],
)
def test_http_dates(text: str, moment: datetime | None) -> None:
    """The three forms of RFC 9110 and nothing else."""

    found = parse_http_date(text)

    assert found == moment
