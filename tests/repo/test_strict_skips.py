"""The plugin that fails skipped tests in CI, tried on a small file of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A sample: its skips are what the plugin is tried on.
TESTS = """
import pytest

def test_runs(): pass

@pytest.mark.skip(reason="no nginx here")
def test_marked(): pass

def test_by_itself(): pytest.skip("no strace here")

def test_over_shared(): pytest.skip("no ../shared/corpus beside this checkout")

@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
MODULE = """
import pytest

pytest.skip("no browser here", allow_module_level=True)
"""


def run_pytest(folder: Path, **environment: str) -> str:
    """The closing lines of pytest over `folder`; `CI` is set only by `environment`."""
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "strict_skips"),
            *("-p", "no:cacheprovider", "-p", "no:randomly", "--rootdir", str(folder)),
            *("-c", os.devnull, str(folder)),
        ],
        cwd=ROOT,
        env={**inherited, **environment, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_skip_fails_in_ci(tmp_path: Path) -> None:
    """A skip by mark is an error, by the test itself a failure; ../shared and xfail are neither."""
    (tmp_path / "test_small.py").write_text(TESTS, encoding="utf-8")

    output = run_pytest(tmp_path, CI="true")

    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error" in output
    assert "in CI nothing may be skipped: Skipped: no strace here" in output


def test_a_skipped_module_fails_in_ci(tmp_path: Path) -> None:
    """A module that skips itself as a whole is an error."""
    (tmp_path / "test_module.py").write_text(MODULE, encoding="utf-8")

    output = run_pytest(tmp_path, CI="true")

    assert "1 error" in output
    assert "in CI nothing may be skipped: Skipped: no browser here" in output


@pytest.mark.parametrize("value", [{}, {"CI": ""}])
def test_a_skip_is_a_skip_elsewhere(tmp_path: Path, value: dict[str, str]) -> None:
    """Without CI nothing changes."""
    (tmp_path / "test_small.py").write_text(TESTS, encoding="utf-8")

    output = run_pytest(tmp_path, **value)

    assert "1 passed, 3 skipped, 1 xfailed" in output
