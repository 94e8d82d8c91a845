"""Times and durations as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.times import format_duration, format_time, parse_duration, parse_time


def test_times_are_utc_whole_seconds() -> None:
    """Any zone comes out as Z; fractions are cut."""
    sydney = timezone(timedelta(hours=10))

    assert format_time(datetime(2013, 4, 4, 20, 37, 27, 999, sydney)) == "2013-04-04T10:37:27Z"


def test_naive_times_are_refused() -> None:
    """There is no such thing here."""
    with pytest.raises(ValueError, match="naive"):
        format_time(datetime(2013, 4, 4, tzinfo=UTC).replace(tzinfo=None))


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive_the_round_trip(moment: datetime) -> None:
    """Also those of year 1, whose text other writers cut short (rD11)."""
    assert parse_time(format_time(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    ["2026-11-25", "2026-11-25 01:02:03Z", "2026-11-25T01:02:03+00:00", "2026-13-25T01:02:03Z"],
)
def test_other_forms_of_time_are_refused(text: str) -> None:
    """One form, so that text order is time order."""
    with pytest.raises(ValueError, match=r"form|month"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("0s", timedelta()),
    ],
)
def test_durations(text: str, duration: timedelta) -> None:
    """The four units; and back."""
    assert parse_duration(text) == duration
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    "text", ["", "30", "m", "1.5h", "-5m", "5 m", "5min", "٣d", "1" * 10 + "s"]
)
def test_other_durations_are_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="a whole number and a unit"):
        parse_duration(text)
