"""One event, one line, nothing that moves a cursor, no secret."""

from __future__ import annotations

import logging

import pytest

from aggregator.logs import LineFormatter, log_event, masked_url, quoted


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


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/feed", "https://a.example/feed"),
        ("https://user:secret@a.example/feed", "https://a.example/feed"),
        ("https://a.example/feed?token=secret&x=1", "https://a.example/feed?token=…&x=…"),
        ("https://a.example/feed#frag", "https://a.example/feed"),
    ],
)
def test_B25_addresses_lose_their_secrets(url: str, shown: str) -> None:
    """User names and query values stay out of logs."""
    assert masked_url(url) == shown
