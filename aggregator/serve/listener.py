"""An application -> a socket that answers with it, bounded in connections, header and time.

uvicorn serves it on the daemon's own loop and never sees a signal: those are the daemon's.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.errors import StorageError

CONNECTIONS = 64
HEADER_BYTES = 16 * 1024
LIFE_S = 10.0
"""Of a connection: whoever sends a byte a second does not keep one for longer."""

STOP_S = 1


class _Protocol(H11Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvicorn asks for less than a protocol may be given; what TCP makes is always the former.
        connection = cast("asyncio.Transport", transport)
        super().connection_made(connection)
        if len(self.connections) > CONNECTIONS:
            connection.abort()
        else:
            asyncio.get_running_loop().call_later(LIFE_S, connection.abort)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield


class Listener:
    """Listens from `start` to `close`."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._place = host, port
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                loop="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=CONNECTIONS + 1,
                h11_max_incomplete_event_size=HEADER_BYTES,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=STOP_S,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """The port, also where 0 was asked for. Raises StorageError when the place is taken."""
        host, port = self._place
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(CONNECTIONS)
            listening.setblocking(False)
        except OSError as error:
            listening.close()
            raise StorageError(f"{host}:{port}: cannot listen: {error.strerror}") from error
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        return int(listening.getsockname()[1])

    async def close(self) -> None:
        """Lets requests under way end, for a second at most."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task
