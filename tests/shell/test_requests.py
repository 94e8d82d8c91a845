"""What a person may ask for, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.config_file import read_network
from aggregator.instance import open_instance
from aggregator.model import FeedMeta, FeedState, Validators
from aggregator.requests import feed_numbered, feeds_named, may_poll

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


async def test_a_number_is_a_feed_s_whatever_sites_are_called(tmp_path: Path) -> None:
    """A site may be called `2`: POST /poll/2 and a hub's push mean the feed alone."""
    config = tmp_path / "feeds.yaml"
    config.write_text(
        """
network: {name: N}
sites:
  "2": {name: A, home: "https://a.example/", feeds: ["https://a.example/1", "https://a.example/2"]}
"""
    )
    async with open_instance(read_network(config).network) as instance:
        named = await feeds_named(instance, "2")
        numbered = await feed_numbered(instance, 2)
        unknown = await feed_numbered(instance, 3)

    assert [feed.id for feed in named] == [1, 2]
    assert numbered is not None
    assert numbered.url == "https://a.example/2"
    assert unknown is None
