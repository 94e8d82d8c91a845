"""What stands in deploy/ holds what docs/running.md promises."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = (DEPLOY / "aggregator.service").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_the_unit_is_little_exposed() -> None:
    """Under 2 of 10, by systemd's own measure."""
    # Only systemd can judge; CI installs it, and fails a skip.
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")

    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", DEPLOY / "aggregator.service"],
        capture_output=True,
        text=True,
        check=False,
    )

    score = re.search(r"Overall exposure level for aggregator\.service: ([0-9.]+)", done.stdout)
    assert score is not None, done.stderr
    assert float(score[1]) < 2


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "WatchdogSec=60",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Restart=on-failure",
        "RestartPreventExitStatus=2 5 6",
        "TimeoutStopSec=15",
    ],
)
def test_the_unit_speaks_the_daemon_s_language(line: str) -> None:
    """Notifications, the watchdog, reload by SIGHUP, and no restart where it cannot help."""
    assert line in UNIT.splitlines()


@pytest.mark.parametrize(
    "pattern",
    [r"^USER aggregator$", r"^STOPSIGNAL SIGTERM$", r"^HEALTHCHECK ", r"^FROM .* AS build$"],
)
def test_the_image_is_built_in_two_stages_for_nobody_special(pattern: str) -> None:
    """A user of its own, a health check, the signal the daemon knows."""
    assert re.search(pattern, DOCKERFILE, re.MULTILINE)
