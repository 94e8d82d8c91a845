"""Messages to the service manager, and when the daemon says it lives."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.notify import BEAT, Notifier
from aggregator.pauses import Pause
from aggregator.vitals import LATE_TICK_S, Vitals


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A listening manager, and what NOTIFY_SOCKET would say."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0", 1))
        listener.settimeout(5)
        yield listener, name


def test_a_message_arrives(manager: tuple[socket.socket, str]) -> None:
    """Through a path or an abstract name, one datagram each."""
    listener, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"})

    notifier.send(BEAT)
    notifier.reloading(1.5)
    notifier.status("running")

    assert [listener.recv(99) for _ in range(3)] == [
        b"WATCHDOG=1",
        b"RELOADING=1\nMONOTONIC_USEC=1500000",
        b"STATUS=running",
    ]
    assert notifier.watchdog_s == 60.0


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "@nobody-listens"])
def test_without_a_manager_nothing_happens(name: str) -> None:
    """No error, no waiting."""
    Notifier({"NOTIFY_SOCKET": name}).send(BEAT)


@pytest.mark.parametrize("text", ["", "0", "-5", "soon"])
def test_no_beats_are_wanted(text: str) -> None:
    """Without a sensible WATCHDOG_USEC."""
    assert Notifier({"WATCHDOG_USEC": text}).watchdog_s is None


def test_R19_it_beats_only_while_ticks_end() -> None:
    """Not before the first, and not two intervals after the last."""
    vitals = Vitals(started_s=100.0)
    before = vitals.is_beating(101.0, 1.0)
    vitals.tick_s = 102.0

    assert not before
    assert vitals.is_beating(104.0, 1.0)
    assert not vitals.is_beating(104.5, 1.0)


def test_a_complaint_says_why() -> None:
    """The first thing that is wrong; None when nothing is."""
    vitals = Vitals(started_s=100.0)
    starting = vitals.complaint(101.0)
    vitals.tick_s = 102.0
    well, late = vitals.complaint(103.0), vitals.complaint(103.0 + LATE_TICK_S)
    vitals.output = Pause("output", "no room")
    output = vitals.complaint(103.0)
    vitals.storage = Pause().while_short("1 byte free", 1.0)

    assert starting == "starting: no tick yet"
    assert well is None
    assert late is not None
    assert late.startswith("tick: none for")
    assert output == "output: no room"
    assert vitals.complaint(103.0) == "disk_full: 1 byte free"
