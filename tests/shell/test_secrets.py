"""B25: what a feed's password is stands in nothing that is written or printed."""

from __future__ import annotations

import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest
from shell_build import COMMAND, daemon, stop, wait_for

KEY, PASSWORD = "key-hunter2", "pass-hunter3"
BASIC = b64encode(f"me:{PASSWORD}".encode()).decode()
SECRETS = tuple(text.encode() for text in (KEY, PASSWORD, BASIC, "token-hunter4"))
RSS = b"<rss version='2.0'><channel><title>T</title><item><title>One</title></item></channel></rss>"

CONFIG = """\
network: {{name: N}}
fetch: {{allow_private: [127.0.0.0/8]}}
sites:
  a:
    name: A
    home: https://a.example/
    feeds:
      - {{url: "{base}/good", headers: {{X-Api-Key: "env:FEED_KEY"}}}}
      - {{url: "{base}/denied", auth: {{user: me, password_env: FEED_PASSWORD}}}}
      - {{url: "{base}/away", headers: {{X-Api-Key: "env:FEED_KEY"}}}}
      - {{url: "{base}/broken", auth: {{user: me, password_env: FEED_PASSWORD}}}}
blocks: {{b: {{title: B, from: [a], own: true}}}}
pages: {{a: [b]}}
"""


class Handler(BaseHTTPRequestHandler):
    """Answers with what it was sent, wherever that can be put."""

    def do_GET(self) -> None:
        """By path."""
        sent = (self.headers.get("X-Api-Key", ""), self.headers.get("Authorization", ""))
        cast(Server, self.server).seen.append((self.path, *sent))
        if self.path.startswith("/good"):
            self._answer(200, RSS)
        elif self.path == "/away":
            port = cast(Server, self.server).server_port
            self._answer(302, b"", ("Location", f"http://127.0.0.2:{port}/far"))
        elif self.path == "/denied":
            self._answer(401, " ".join(sent).encode(), ("WWW-Authenticate", sent[1]))
        elif self.path == "/broken":
            self._answer(200, b"<html>" + sent[1].encode() + b"</html>")
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes, *fields: tuple[str, str]) -> None:
        self.send_response(status, self.headers.get("Authorization"))
        for name, value in (("Content-Length", str(len(body))), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """On every loopback address."""

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), Handler)
        self.seen: list[tuple[str, str, str]] = []


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that echoes secrets."""
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def config(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A feeds.yaml that names the variables, which are set."""
    monkeypatch.setenv("FEED_KEY", KEY)
    monkeypatch.setenv("FEED_PASSWORD", PASSWORD)
    path = tmp_path / "work" / "feeds.yaml"
    path.parent.mkdir()
    path.write_text(CONFIG.format(base=f"http://127.0.0.1:{server.server_port}"))
    return path


def run(config: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A command with the environment of this test."""
    return subprocess.run(
        [*COMMAND, "-c", str(config), *words], capture_output=True, timeout=60, check=False
    )


def leaks(directory: Path, *outputs: bytes) -> list[str]:
    """Where a secret stands; nobody has the database open any more."""
    files = {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    files |= {f"output {number}": text for number, text in enumerate(outputs)}
    return [name for name, text in files.items() if any(secret in text for secret in SECRETS)]


def test_B25_no_command_and_no_file_tells_a_secret(config: Path, server: Server) -> None:
    """Not of a feed that works, is refused, is sent away, or answers with the secret itself."""
    done = run(config, "run", "--once", "--verbose")
    others = [run(config, "status"), run(config, "status", "--json"), run(config, "check")]
    others += [
        run(config, "headlines", "a"),
        run(config, "publish"),
        run(config, "check", "--fetch"),
    ]

    outputs = [text for one in (done, *others) for text in (one.stdout, one.stderr)]
    assert done.returncode == 1
    assert ("/good", KEY, "") in server.seen
    assert ("/denied", "", f"Basic {BASIC}") in server.seen
    assert ("/far", "", "") in server.seen
    assert leaks(config.parent, *outputs) == []


def test_B25_the_daemon_logs_none(config: Path, server: Server, tmp_path: Path) -> None:
    """Its log, its files, its socket's answers."""
    log = tmp_path / "work" / "log"
    with daemon(config, log) as process:
        wait_for(lambda: len(server.seen) >= 5)
        wait_for(lambda: log.read_bytes().count(b" poll ") >= 4)
        assert stop(process) == 0

    assert b"outcome=forbidden" in log.read_bytes()
    assert leaks(config.parent) == []


def test_a_missing_variable_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 2, nothing touched; commands that fetch nothing do not ask for it."""
    monkeypatch.delenv("FEED_KEY")

    done = run(config, "run", "--once")

    assert done.returncode == 2
    assert b"FEED_KEY, which a feed of a wants, is not set" in done.stderr
    assert list(config.parent.iterdir()) == [config]
    assert run(config, "check").returncode == 0


def test_the_daemon_needs_no_variable_of_the_command_beside_it(
    config: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its service manager gave it the secrets; an editor's shell has none."""
    log = tmp_path / "work" / "log"
    with daemon(config, log) as process:
        wait_for(lambda: log.read_bytes().count(b" poll ") >= 4)
        monkeypatch.delenv("FEED_KEY")

        done = run(config, "withdraw", "1")

        assert (done.returncode, done.stderr) == (0, b"")
        assert b"One" in done.stdout
        assert stop(process) == 0
    assert run(config, "withdraw", "1").returncode == 2


def test_B25_values_in_a_query_stay_out_of_logs(config: Path, tmp_path: Path) -> None:
    """A token in a feed's URL is no secret to the database, but to logs and messages it is."""
    text = config.read_text().replace("/broken", "/broken?token=token-hunter4")
    config.write_text(text.replace("/good", "/good?token-hunter4"))

    done = run(config, "run", "--once", "--verbose")
    others = [
        run(config, *words)
        for words in (
            ["status"],
            ["status", "--json"],
            ["check", "--fetch", "--json"],
            ["poll", "a", "--json"],
            ["explain", "1"],
            ["explain", "1", "--json"],
        )
    ]
    log = tmp_path / "work" / "log"
    with daemon(config, log) as process:
        wait_for((config.parent / "aggregator.db.sock").exists)
        stop(process)

    assert b"hunter4" not in done.stdout + done.stderr + log.read_bytes()
    for other in others:
        assert b"/good?" in other.stdout
        assert b"hunter4" not in other.stdout + other.stderr
    published = [path for path in (config.parent / "public").rglob("*") if path.is_file()]
    assert not any(b"hunter4" in path.read_bytes() for path in published)
