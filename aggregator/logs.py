"""Events -> lines: one event, one line, `key=value`, on standard output.

Whatever a feed or a server wrote is data here: control characters are escaped, fields are cut, and
addresses lose their user names and query values.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

FIELD_LIMIT = 500
_PLAIN = re.compile(r"[\w.:/@+,%*~?&\[\]-]+", re.ASCII)
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def log_event(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Logs `event` (a fixed word) with its fields; None values are left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    logger.log(level, "%s", event, extra={"fields": present})


def set_up_logging(*, verbose: bool = False, quiet: bool = False) -> None:
    """Sends every record to standard output as lines; libraries speak from WARNING on.

    `quiet` is for commands that print an answer of their own: nothing below WARNING.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logging.getLogger("aggregator").setLevel(level)
    # It warns whenever a tick takes longer than its second, which is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class LineFormatter(logging.Formatter):
    """`2026-11-25T01:02:03Z INFO poll feed=... outcome=ok`; a traceback is one field."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without a newline at its end."""
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        fields: Mapping[str, object] = getattr(record, "fields", {})
        parts = [f"{moment:%Y-%m-%dT%H:%M:%SZ}", record.levelname, printable(record.getMessage())]
        parts += [f"{name}={quoted(str(value))}" for name, value in fields.items()]
        if record.exc_info:
            parts.append(f"traceback={quoted(self.formatException(record.exc_info), limit=4000)}")
        return " ".join(parts)


def quoted(text: str, *, limit: int = FIELD_LIMIT) -> str:
    """A value for `key=value`: in quotes unless it is one plain word."""
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if _PLAIN.fullmatch(text):
        return text
    escaped = printable(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def printable(text: str) -> str:
    """Control and direction characters as escapes: nothing moves the cursor or ends the line."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def masked_url(url: str) -> str:
    """An address fit for a log: no user name, no query values; `url` is from the configuration."""
    parts = urlsplit(url)
    query = "&".join(f"{pair.partition('=')[0]}=…" for pair in parts.query.split("&") if pair)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
