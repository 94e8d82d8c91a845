"""A time on the command line -> an aware UTC datetime."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from aggregator.times import parse_duration


class Moment(click.ParamType[datetime]):
    """`2026-11-24`, `2026-11-24T12:00`, `2026-11-24T12:00:00Z`, or `7d` for so long ago.

    A day is its beginning; a time without a zone is UTC.
    """

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Fails with an example of each form."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            return datetime.now(UTC) - parse_duration(text)
        except (ValueError, OverflowError):
            pass
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text}: expected 2026-11-24, 2026-11-24T12:00, or 7d for so long ago")


MOMENT = Moment()
