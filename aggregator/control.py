"""A command beside a running daemon -> the daemon, over a unix socket next to the database.

One request a connection: a line of JSON `{"command": ...}` each way. The answer is
`{"ok": true, ...}` or `{"ok": false, "error": ..., "exit_status": ...}`. Only the owner of the
database may connect (mode 0600).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from aggregator.errors import AggregatorError, StorageError, UsageError

REQUEST_LIMIT = 64 * 1024
ANSWER_LIMIT = 4 * 1024 * 1024
REQUEST_TIMEOUT_S = 5.0
CONNECTIONS = 16
CLOSE_S = 1.0

Message = dict[str, object]
Handler = Callable[[Message], Awaitable[Message]]


def socket_path(database: Path) -> Path:
    """Where the daemon of `database` listens."""
    return Path(f"{database}.sock")


class ControlServer:
    """Listens from `start` to `close`; `handler` answers one request at a time per connection."""

    def __init__(self, database: Path, handler: Handler) -> None:
        self._path = socket_path(database)
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """The caller holds the database's lock, so a socket found here is a dead daemon's."""
        try:
            self._path.unlink(missing_ok=True)
            listener = _bound_socket(self._path)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=listener, limit=REQUEST_LIMIT
            )
        except OSError as error:
            raise StorageError(f"{self._path}: cannot listen: {error.strerror}") from error

    async def close(self) -> None:
        """Stops listening, ends what is under way with an answer, and removes the socket."""
        if self._server is not None:
            self._server.close()
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_S)
        # Its disk may have turned read-only: the stop goes on, and the next start removes it.
        with contextlib.suppress(OSError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            if len(self._under_way) <= CONNECTIONS:
                answer = await self._answer(reader)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # the command did not wait for its answer
        finally:
            self._under_way.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> Message:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                line = await _read_line(reader)
            request = json.loads(line) if line is not None else None
        except (TimeoutError, ValueError):
            return _refused("not a request")
        if line is None:
            return _refused(f"a request of more than {REQUEST_LIMIT} bytes; expected a shorter one")
        if not isinstance(request, dict):
            return _refused("not a request")
        try:
            return {"ok": True, **await self._handler(request)}
        except AggregatorError as error:
            return _failed(error)
        except asyncio.CancelledError:  # by `close`
            return _failed(StorageError("the daemon was stopped before it was done"))


async def _read_line(reader: asyncio.StreamReader) -> bytes | None:
    """None: longer than the limit. It is read to its end all the same: who still writes when the
    socket is closed gets no answer."""
    try:
        return await reader.readuntil()
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        while (some := await reader.read(REQUEST_LIMIT)) and b"\n" not in some:
            pass
        return None


def _refused(why: str) -> Message:
    return _failed(UsageError(why))


def _failed(error: AggregatorError) -> Message:
    return {"ok": False, "error": str(error), "exit_status": error.exit_status}


def ask(database: Path, request: Message, *, timeout: float) -> Message | None:
    """The daemon's answer, or None when no daemon listens; waits `timeout` seconds at most.

    Raises StorageError when the daemon does not answer in time or not in our language.
    """
    path = socket_path(database)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            with _short_path(path) as short:
                connection.connect(short)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise StorageError(f"{path}: cannot connect: {error.strerror}") from error
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(_read_all(connection))
        except (OSError, ValueError) as error:
            raise StorageError(f"{path}: no answer from the daemon: {error}") from error
    if not isinstance(answer, dict):
        raise StorageError(f"{path}: the daemon's answer is not understood")
    return answer


def _read_all(connection: socket.socket) -> bytes:
    answer = bytearray()
    while chunk := connection.recv(65536):
        answer += chunk
        if len(answer) > ANSWER_LIMIT:
            raise ValueError("the answer is too long")
    if not answer:
        raise ValueError("the connection was closed; its log may say why")
    return bytes(answer)


def _bound_socket(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            with _short_path(path) as short:
                listener.bind(short)
        finally:
            os.umask(before)
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _short_path(path: Path) -> Iterator[str]:
    """A socket's address holds 107 bytes; a longer path is reached through its directory."""
    if len(os.fsencode(path)) < 108:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
