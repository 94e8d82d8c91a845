"""Requests over the unix socket."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from aggregator.control import ControlServer, Message, ask, socket_path
from aggregator.errors import StorageError, UsageError


async def echo(request: Message) -> Message:
    """A handler that says what it heard."""
    if request.get("command") == "refuse":
        raise UsageError("not this one")
    return {"heard": request["command"]}


async def test_a_request_is_answered(tmp_path: Path) -> None:
    """One line each way; the socket is its owner's alone and goes away."""
    database = tmp_path / "aggregator.db"
    server = ControlServer(database, echo)
    await server.start()
    mode = stat.S_IMODE(socket_path(database).stat().st_mode)

    answer = await asyncio.to_thread(ask, database, {"command": "x"}, timeout=5)
    refused = await asyncio.to_thread(ask, database, {"command": "refuse"}, timeout=5)
    await server.close()

    assert mode == 0o600
    assert answer == {"ok": True, "heard": "x"}
    assert refused == {"ok": False, "error": "not this one", "exit_status": 2}
    assert not socket_path(database).exists()


@pytest.mark.parametrize("length", [70_000, 3_000_000])
async def test_a_request_that_is_too_long_is_told_so(tmp_path: Path, length: int) -> None:
    """Also when it does not fit into the socket's buffer: its writer reads the answer."""
    database = tmp_path / "aggregator.db"
    server = ControlServer(database, echo)
    await server.start()

    request: Message = {"command": "x", "note": "y" * length}
    answer = await asyncio.to_thread(ask, database, request, timeout=5)
    await server.close()

    assert answer is not None
    assert answer["exit_status"] == 2
    assert "more than 65536 bytes" in str(answer["error"])


async def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    """A socket's address holds 107 bytes, paths are longer."""
    directory = tmp_path / ("d" * 120)
    directory.mkdir()
    server = ControlServer(directory / "aggregator.db", echo)
    await server.start()

    answer = await asyncio.to_thread(ask, directory / "aggregator.db", {"command": "x"}, timeout=5)
    await server.close()

    assert answer is not None
    assert answer["ok"] is True


def test_without_a_daemon_there_is_no_answer(tmp_path: Path) -> None:
    """Neither without a socket nor with a dead daemon's."""
    database = tmp_path / "aggregator.db"
    assert ask(database, {"command": "x"}, timeout=1) is None

    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(socket_path(database)))
    dead.close()

    assert ask(database, {"command": "x"}, timeout=1) is None


async def test_a_dead_daemon_s_socket_is_replaced(tmp_path: Path) -> None:
    """The caller holds the lock, so nobody listens there."""
    database = tmp_path / "aggregator.db"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(socket_path(database)))
    dead.close()
    server = ControlServer(database, echo)

    await server.start()

    assert await asyncio.to_thread(ask, database, {"command": "x"}, timeout=5) is not None
    await server.close()


async def test_a_stop_is_an_answer_to_what_is_under_way(tmp_path: Path) -> None:
    """In words, at once: neither does the stop wait for it nor is its end a riddle."""
    database, begun = tmp_path / "aggregator.db", asyncio.Event()

    async def hang(_: Message) -> Message:
        begun.set()
        await asyncio.Event().wait()
        return {}

    server = ControlServer(database, hang)
    await server.start()
    asking = asyncio.create_task(asyncio.to_thread(ask, database, {"command": "x"}, timeout=5))
    await begun.wait()

    await server.close()

    assert await asking == {
        "ok": False,
        "error": "the daemon was stopped before it was done",
        "exit_status": 4,
    }


@pytest.mark.parametrize("answer", [b"", b"garbage\n", b"[]\n"])
def test_an_answer_in_no_language_of_ours(tmp_path: Path, answer: bytes) -> None:
    """Is an error with the socket's path, not a traceback."""
    database = tmp_path / "aggregator.db"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(database)))
        listener.listen()

        async def talk() -> None:
            asking = asyncio.to_thread(ask, database, {"command": "x"}, timeout=5)
            task = asyncio.ensure_future(asking)
            peer, _ = await asyncio.to_thread(listener.accept)
            with peer:
                peer.sendall(answer)
            await task

        with pytest.raises(StorageError, match="daemon"):
            asyncio.run(talk())


def test_a_daemon_that_does_not_answer_in_time(tmp_path: Path) -> None:
    """Is given up on."""
    database = tmp_path / "aggregator.db"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(database)))
        listener.listen()

        with pytest.raises(StorageError, match="no answer"):
            ask(database, {"command": "x"}, timeout=0.05)


async def test_a_place_that_cannot_be_listened_at(tmp_path: Path) -> None:
    """Is storage."""
    with pytest.raises(StorageError, match="cannot listen"):
        await ControlServer(tmp_path / "missing" / "aggregator.db", echo).start()
