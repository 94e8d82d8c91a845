"""A time on the command line -> an aware UTC datetime."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import click

from aggregator.times import parse_duration


class Moment(click.ParamType[datetime]):
    """`2026-11-24`, `2026-11-24T12:00`, `2026-11-24T12:00:00Z`, or `7d` for so long ago.

    A day is its beginning; a time without a zone is UTC. What is `to_come` has no `7d`.
    """

    name = "time"

    def __init__(self, *, to_come: bool = False) -> None:
        self._to_come = to_come

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Fails with an example of each form."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            return self._read(text)
        except (ValueError, OverflowError):
            other = "7d for so long ago"
            if self._to_come:
                other = "2026-11-24T12:00:00Z; `--for 12h` says for how long"
            self.fail(f"{text}: expected 2026-11-24, 2026-11-24T12:00, or {other}", param, ctx)

    def _read(self, text: str) -> datetime:
        if not self._to_come:
            with suppress(ValueError):
                return datetime.now(UTC) - parse_duration(text)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


MOMENT = Moment()
MOMENT_TO_COME = Moment(to_come=True)
