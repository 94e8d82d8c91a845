"""A cut link and a silent name server under the daemon, in a network of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shell_build import SOAK

HERE = Path(__file__).parent
PLACES = [HERE.parents[1], HERE, HERE.parent / "fetch"]


def isolated(what: str, directory: Path, seconds: float) -> dict[str, Any]:
    """What shell_isolated.py prints of a scenario."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    isolate = ["unshare", "-nm" if os.geteuid() == 0 else "-rnm"]
    if subprocess.run([*isolate, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -nm is not permitted here")
    done = subprocess.run(
        [*isolate, sys.executable, HERE / "shell_isolated.py", what, directory, str(seconds)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PLACES))},
        timeout=100 + 4 * seconds,
    )
    assert done.returncode == 0, done.stderr.decode()
    sys.stdout.write(f"\n{done.stdout.decode()}\n")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(3600 if SOAK else 120)
def test_R12_a_cut_link_that_returns(tmp_path: Path) -> None:
    """Pages as they were, every feed failed and polled again once the link is there, no fault."""
    found = isolated("cut", tmp_path, 300 if SOAK else 1)

    assert found["status"] == 0
    assert set(found["failed"]) <= {"connect", "timeout"}
    assert (found["kept"], found["after"], found["faults"]) == (True, True, False)


def test_R11_a_silent_name_server(tmp_path: Path) -> None:
    """Feeds that need none have their polls, the others time out, threads are bounded, and those
    that wait for an answer do not hold up the stop."""
    found = isolated("silent", tmp_path, 60 if SOAK else 1)

    assert found["status"] == 0
    assert found["dead"] == {"timeout": 36}
    assert found["answered"] == 4
    assert found["threads"] < 32 + 16
    assert not found["faults"]
