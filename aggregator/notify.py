"""What the daemon is doing -> its service manager, by systemd's notification protocol.

`NOTIFY_SOCKET` names a datagram socket: a path, or `@` and an abstract name (sd_notify(3)).
Without one every call does nothing. A manager that does not listen is never waited for.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
BEAT = "WATCHDOG=1"


class Notifier:
    """Sends to the socket that `environment` names; `watchdog_s` None: no beats are wanted."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environment)

    def send(self, *lines: str) -> None:
        """One message of `NAME=value` lines."""
        if self._address is None:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        # The manager may have gone, or be slower than we are: neither is our trouble.
        with socket.socket(socket.AF_UNIX, kind) as channel, contextlib.suppress(OSError):
            channel.sendto("\n".join(lines).encode(), self._address)

    def reloading(self, monotonic_s: float) -> None:
        """`READY` must follow when the reload is over."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_s * 1e6)}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self.send(f"STATUS={text}")


def _address(name: str) -> str | None:
    if name.startswith("@"):
        return f"\0{name[1:]}"
    return name if name.startswith("/") else None


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None
