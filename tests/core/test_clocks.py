"""Clocks that part, and pauses that grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.clocks import Reading, jump
from aggregator.pauses import FIRST_S, LONGEST_S, Pause

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("wall", "passed_s", "expected"),
    [
        pytest.param(timedelta(seconds=1), 1.0, timedelta(), id="a-second"),
        pytest.param(HOUR, 3600.0, timedelta(), id="a-busy-hour"),
        pytest.param(timedelta(seconds=50), 1.0, timedelta(), id="slewed"),
        pytest.param(HOUR, 0.0, HOUR, id="R10-ahead"),
        pytest.param(-HOUR, 0.0, -HOUR, id="R10-back"),
        pytest.param(-24 * HOUR, 0.0, -24 * HOUR, id="R10-a-day-back"),
        pytest.param(timedelta(days=12 * 365), 0.0, timedelta(days=12 * 365), id="R10-2038"),
    ],
)
def test_a_jump_is_what_time_does_not_explain(
    wall: timedelta, passed_s: float, expected: timedelta
) -> None:
    """More than a minute either way."""
    assert jump(Reading(NOW, 10.0), Reading(NOW + wall, 10.0 + passed_s)) == expected


def test_R3_a_pause_doubles_with_each_failure() -> None:
    """Up to ten minutes; what cannot be stored is not downloaded again and again."""
    pause, lengths = Pause(), []
    for _ in range(8):
        pause = pause.after_failure("storage", "no", 100.0)
        lengths.append(pause.length_s)

    assert lengths[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert lengths[-1] == LONGEST_S
    assert pause.is_on(100.0)
    assert not pause.is_on(100.0 + LONGEST_S)


def test_well_storage_is_no_pause() -> None:
    """And a full disk is looked at again at once."""
    full = Pause().while_short("1 byte free", 5.0)

    assert not Pause().is_on(0.0)
    assert (full.reason, full.is_on(5.0)) == ("disk_full", False)
