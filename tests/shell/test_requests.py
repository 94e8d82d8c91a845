"""What a person may ask for, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import FeedMeta, FeedState, Validators
from aggregator.requests import may_poll

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
URL = "https://a.example/feed"


@pytest.mark.parametrize(
    ("polled", "paused", "may"),
    [
        (None, None, True),
        (4 * MINUTE, None, False),
        (5 * MINUTE, None, True),
        (9 * MINUTE, 1 * MINUTE, False),
        (9 * MINUTE, -1 * MINUTE, True),
    ],
)
def test_P31_a_person_waits_for_floor_and_pause(
    polled: timedelta | None, paused: timedelta | None, may: bool
) -> None:
    """`check --fetch` polls before the time, never within the floor, nor when a server said no."""
    feed = FeedState(
        id=1,
        url=URL,
        site_id="a",
        validators=Validators(),
        body_hash=None,
        failures=0,
        last_polled_at=None if polled is None else NOW - polled,
        has_document=True,
        meta=FeedMeta(),
        paused_until=None if paused is None else NOW + paused,
    )

    assert may_poll(feed, {URL: 5 * MINUTE}, NOW) is may
