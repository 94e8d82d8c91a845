"""No spelling, redirect or answer of a name server reaches this machine (C01-C08, C12).

The fetcher runs in a process of its own, in a network namespace without any way out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fetch_isolated import PUBLIC
from fetch_targets_zoo import SPECIAL_ADDRESSES, SPELLINGS

Report = dict[str, list[dict[str, object]]]

HERE = Path(__file__).parent
UNREADABLE = {"blocked_url", "dns"}
"""How a spelling ends that means nothing to anybody here."""


@pytest.fixture(scope="module")
def report() -> Report:
    """What the isolated process saw."""
    # What leaves loopback runs in a network of its own or not at all; CI fails a skip.
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    isolate = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if subprocess.run([*isolate, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -n is not permitted here")
    done = subprocess.run(
        [*isolate, sys.executable, "-W", "error", str(HERE / "fetch_isolated.py")],
        capture_output=True,
        check=False,
        cwd=HERE.parents[1],
        timeout=100,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: Report = json.loads(done.stdout)
    return found


def outcomes(report: Report, group: str) -> dict[object, object]:
    """Outcome by case."""
    return {row["case"]: row["outcome"] for row in report[group]}


@pytest.mark.parametrize("group", ["direct", "redirected"])
def test_c01_c02_spellings_of_loopback(report: Report, group: str) -> None:
    """Blocked by what the resolver makes of them, or not understood at all."""

    found = outcomes(report, group)

    assert set(found) == set(SPELLINGS)
    assert set(found.values()) <= {"blocked_address", "bad_redirect"} | UNREADABLE
    assert sum(outcome == "blocked_address" for outcome in found.values()) >= 34


def test_c03_c04_special_addresses_from_dns(report: Report) -> None:
    """Every one is refused after a single lookup."""

    found = outcomes(report, "resolved")

    assert found == dict.fromkeys(SPECIAL_ADDRESSES, "blocked_address")
    assert {row["lookups"] for row in report["resolved"]} == {1}


def test_c05_rebinding(report: Report) -> None:
    """The answer that was checked is the one that is dialled; a new one is checked anew."""

    polls = report["flipped"][:2]
    hops = report["flipped"][2:]

    assert [(row["outcome"], row["lookups"]) for row in polls] == [
        ("ok", 1),
        ("blocked_address", 2),
    ]
    assert [(row["outcome"], row["lookups"]) for row in hops] == [("blocked_address", 2)]


def test_c06_mixed_answers(report: Report) -> None:
    """One private address among public ones refuses the name."""

    found = outcomes(report, "mixed")

    assert set(found.values()) == {"blocked_address"}


def test_c07_a_thousand_races(report: Report) -> None:
    """One lookup for each connection, and each private answer is caught."""

    (race,) = report["raced"]

    assert race["lookups"] == 1000
    assert race["requests"] == 500
    assert race["blocked"] == 500


def test_c08_ports(report: Report) -> None:
    """Refused before the name is even looked up."""

    found = outcomes(report, "ported")

    assert set(found.values()) == {"blocked_url"}
    assert {row["lookups"] for row in report["ported"]} == {0}


def test_c12_an_allowed_network_opens_nothing_else(report: Report) -> None:
    """Inside it any port goes; its neighbours and other hosts' ports stay shut."""

    found = outcomes(report, "allowed")

    assert found == {
        "http://127.0.0.1:6380/": "ok",
        "http://127.0.0.2/": "blocked_address",
        f"http://{PUBLIC}:6380/": "blocked_url",
    }


def test_rk5_the_reason_tells_nothing_of_the_target(report: Report) -> None:
    """Every blocked address is refused in the same words."""

    details = {
        row["detail"]
        for group in ("direct", "redirected", "resolved", "mixed", "flipped")
        for row in report[group]
        if row["outcome"] == "blocked_address"
    }

    assert len(details) == 1


def test_no_canary_was_reached(report: Report) -> None:
    """C01-C07: not one connection, by IPv4, IPv6 or a mapped address."""

    (canaries,) = report["canaries"]

    assert canaries["hits"] == 0
