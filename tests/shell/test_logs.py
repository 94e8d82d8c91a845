"""One event, one line, nothing that moves a cursor, no secret."""

from __future__ import annotations

import io
import json
import logging
import os
from pathlib import Path

import pytest

from aggregator.logs import (
    JournalFormatter,
    JsonFormatter,
    LineFormatter,
    is_journal,
    log_event,
    masked_url,
    quoted,
)


def line_of(caplog: pytest.LogCaptureFixture) -> str:
    """The last record as a line."""
    return LineFormatter().format(caplog.records[-1])


def test_an_event_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Time, level, event, fields; absent ones are left out."""
    logger = logging.getLogger("aggregator.test")
    with caplog.at_level(logging.INFO):
        log_event(logger, logging.INFO, "poll", site="a", error=None, ms=12)

    time, rest = line_of(caplog).split(" ", 1)
    assert len(time) == 20
    assert rest == "INFO poll site=a ms=12"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("ok", "ok", id="a-word"),
        pytest.param("", '""', id="nothing"),
        pytest.param("two words", '"two words"', id="words"),
        pytest.param('say "x"', '"say \\"x\\""', id="quotes"),
        pytest.param("a=b", '"a=b"', id="equals"),
        pytest.param("x\n2026 INFO fake", '"x\\n2026 INFO fake"', id="P22-a-line-of-its-own"),
        pytest.param("\x1b]8;;http://e\x07x", '"\\x1b]8;;http://e\\x07x"', id="D11-terminal"),
        pytest.param("\x9b31m", '"\\x9b31m"', id="D11-C1"),
        pytest.param("a\u202eb", '"a\\u202eb"', id="D07-direction"),
        pytest.param("\ud800", '"\\ud800"', id="surrogate"),
        pytest.param("é", '"é"', id="letters-stay"),
    ],
)
def test_values_are_data(value: str, shown: str) -> None:
    """Quoted where needed, control characters as escapes."""
    assert quoted(value) == shown


def test_values_are_cut() -> None:
    """500 characters and a sign that there was more."""
    assert quoted("x" * 600) == f'"{"x" * 499}…"'


def test_a_traceback_is_a_field(caplog: pytest.LogCaptureFixture) -> None:
    """Still one line."""
    logger = logging.getLogger("aggregator.test")
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("broke")

    line = line_of(caplog)

    assert "\n" not in line
    assert " ERROR broke traceback=" in line
    assert "ValueError: why" in line


def ping(depth: int) -> None:
    """Fails far down; two functions in turn, as repeated lines are left out of a traceback."""
    if depth == 0:
        raise ValueError("why")
    pong(depth - 1)


def pong(depth: int) -> None:
    """The other one."""
    ping(depth)


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_a_long_traceback_keeps_its_end(
    formatter: logging.Formatter, caplog: pytest.LogCaptureFixture
) -> None:
    """What went wrong is the last of it, however deep it lay; where it began is kept too."""
    try:
        ping(60)
    except ValueError:
        logging.getLogger("aggregator.test").exception("broke")

    line = formatter.format(caplog.records[-1])

    assert len(line) < 5000
    assert "Traceback (most recent call last)" in line
    assert line.rstrip('"}').endswith("ValueError: why")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/feed", "https://a.example/feed"),
        ("https://user:secret@a.example/feed", "https://a.example/feed"),
        ("https://a.example/feed?token=secret&x=1", "https://a.example/feed?token=…&x=…"),
        ("https://a.example/feed?secret", "https://a.example/feed?…"),
        ("https://a.example/feed?x=1&secret&=secret", "https://a.example/feed?x=…&…&=…"),
        ("https://a.example/feed#frag", "https://a.example/feed"),
    ],
)
def test_B25_addresses_lose_their_secrets(url: str, shown: str) -> None:
    """User names and query values stay out of logs."""
    assert masked_url(url) == shown


def test_json_is_for_machines(caplog: pytest.LogCaptureFixture) -> None:
    """Numbers stay numbers; what a feed wrote is escaped and cut; a traceback is a field."""
    logger = logging.getLogger("aggregator.test")
    try:
        raise ValueError("why")
    except ValueError:
        fields = {"ms": 12, "title": "\x1b]8;;\x07\n\u202e" + "x" * 600}
        logger.exception("poll", extra={"fields": fields})

    line = JsonFormatter().format(caplog.records[-1])

    found = json.loads(line)
    assert line.isascii()
    assert line.isprintable()
    assert (found["event"], found["level"], found["ms"]) == ("poll", "error", 12)
    assert len(found["title"]) == 500
    assert "ValueError: why" in found["traceback"]


def test_journald_gets_priorities_and_no_times(caplog: pytest.LogCaptureFixture) -> None:
    """It stamps lines itself."""
    logger = logging.getLogger("aggregator.test")
    with caplog.at_level(logging.INFO):
        log_event(logger, logging.INFO, "poll", site="a")
        log_event(logger, logging.ERROR, "config_invalid")

    lines = [JournalFormatter().format(record) for record in caplog.records[-2:]]

    assert lines == ["<6>poll site=a", "<3>config_invalid"]


def test_journald_is_known_by_its_stream(tmp_path: Path) -> None:
    """The variable alone is inherited by programs whose output goes elsewhere."""
    with (tmp_path / "out").open("w") as output:
        found = os.fstat(output.fileno())

        assert is_journal(output, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        assert not is_journal(output, {"JOURNAL_STREAM": "1:2"})
        assert not is_journal(output, {})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})
