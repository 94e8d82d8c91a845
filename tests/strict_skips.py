"""A pytest plugin for CI: a skipped test is a failed one there.

`bin/test` skips what needs a program that is absent. CI installs those programs, so a skip there
is a test that quietly stopped running. Those over ../shared stay skips: not every checkout has
that folder beside it. Loaded with `-p strict_skips`, this folder being on PYTHONPATH (a library may
bring a package `tests` of its own); does nothing unless CI is set.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

_ALLOWED = "../shared"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test that skipped itself or is marked to be skipped."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fails a module that skips itself as a whole."""
    report = yield
    _judge(report)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    # The reason of a skip stands third in the tuple (path, line, reason); xfail has no tuple.
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if _ALLOWED not in reason:
            report.outcome = "failed"
            report.longrepr = f"{report.nodeid}: in CI nothing may be skipped: {reason}"
