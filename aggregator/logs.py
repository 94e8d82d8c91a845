"""Events -> lines: one event, one line, `key=value` or JSON, on standard output.

Under journald, which stamps each line itself, a line begins with its priority instead of the time.

Whatever a feed or a server wrote is data here: control characters are escaped, fields are cut, and
addresses lose their user names and query values.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

FIELD_LIMIT = 500
TRACEBACK_LIMIT = 4000

# sd-daemon(3).
_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
_PLAIN = re.compile(r"[\w.:/@+,%*~?&\[\]-]+", re.ASCII)
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class LogForm(StrEnum):
    """For people, or for machines."""

    TEXT = "text"
    JSON = "json"


def log_event(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Logs `event` (a fixed word) with its fields; None values are left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    logger.log(level, "%s", event, extra={"fields": present})


def set_up_logging(
    *, verbose: bool = False, quiet: bool = False, form: LogForm = LogForm.TEXT
) -> None:
    """Sends every record to standard output as lines; libraries speak from WARNING on.

    `quiet` is for commands that print an answer of their own: nothing below WARNING.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(form, sys.stdout))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logging.getLogger("aggregator").setLevel(level)
    # It warns whenever a tick takes longer than its second, which is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _formatter(form: LogForm, output: TextIO) -> logging.Formatter:
    if form is LogForm.JSON:
        return JsonFormatter()
    return JournalFormatter() if is_journal(output, os.environ) else LineFormatter()


def is_journal(output: TextIO, environment: Mapping[str, str]) -> bool:
    """Does `output` go to journald? JOURNAL_STREAM names its device and inode (systemd.exec(5))."""
    try:
        found = os.fstat(output.fileno())
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class LineFormatter(logging.Formatter):
    """`2026-11-25T01:02:03Z INFO poll feed=... outcome=ok`; a traceback is one field."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without a newline at its end."""
        return f"{_time(record)} {record.levelname} {self.words(record)}"

    def words(self, record: logging.LogRecord) -> str:
        """The event and its fields."""
        parts = [printable(record.getMessage())]
        parts += [f"{name}={quoted(str(value))}" for name, value in _fields(record).items()]
        if record.exc_info:
            found = shortened(self.formatException(record.exc_info))
            parts.append(f"traceback={quoted(found, limit=TRACEBACK_LIMIT)}")
        return " ".join(parts)


class JournalFormatter(LineFormatter):
    """`<6>poll feed=... outcome=ok`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; journald takes the priority off and knows the time."""
        return f"<{_PRIORITIES.get(record.levelno, 6)}>{self.words(record)}"


class JsonFormatter(logging.Formatter):
    """`{"time": ..., "level": "info", "event": "poll", ...}`; numbers stay numbers."""

    def format(self, record: logging.LogRecord) -> str:
        """One object on one line, in ASCII: control characters are escapes."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage()[:FIELD_LIMIT],
        }
        for name, value in _fields(record).items():
            plain = isinstance(value, bool | int | float)
            line[name] = value if plain else str(value)[:FIELD_LIMIT]
        if record.exc_info:
            line["traceback"] = shortened(self.formatException(record.exc_info))
        return json.dumps(line)


def _time(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields: Mapping[str, object] = getattr(record, "fields", {})
    return fields


def quoted(text: str, *, limit: int = FIELD_LIMIT) -> str:
    """A value for `key=value`: in quotes unless it is one plain word."""
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if _PLAIN.fullmatch(text):
        return text
    escaped = printable(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def shortened(traceback: str) -> str:
    """At most `TRACEBACK_LIMIT` characters, most of them from the end: what went wrong, and where,
    stands there."""
    if len(traceback) <= TRACEBACK_LIMIT:
        return traceback
    start = TRACEBACK_LIMIT // 4
    return f"{traceback[:start]}…{traceback[start + 1 - TRACEBACK_LIMIT :]}"


def printable(text: str) -> str:
    """Control and direction characters as escapes: nothing moves the cursor or ends the line."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def printable_lines(text: str) -> str:
    """`printable`, line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))


def masked_url(url: str) -> str:
    """An address fit for a log: no user name, no query values; `url` is from the configuration.

    What stands in the query without `=` is a value: `?token` may be all that a feed asks for.
    """
    parts = urlsplit(url)
    query = "&".join(_masked_pair(pair) for pair in parts.query.split("&") if pair)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}=…" if equals else "…"
