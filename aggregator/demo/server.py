"""A family -> its feeds over HTTP on loopback, one address per site, as a plain web server does it.

One thread accepts for all addresses and each request has a thread of its own; every connection
serves one request. Linux answers on all of 127.0.0.0/8 without set-up, which this rests on.
"""

from __future__ import annotations

import gzip
import hashlib
import selectors
import socket
import socketserver
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aggregator.demo.family import Family, FeedDocument

_TRIES = 20  # at finding a port that is free on every address


class FamilyServer:
    """Serves `family` from `start()` to `stop()`, or as a context manager. Starts once."""

    def __init__(self, family: Family) -> None:
        self._shelf = _Shelf(family)
        self._sites = tuple(site.id for site in family.sites)
        self._servers: tuple[_SiteServer, ...] = ()
        self._ending = ExitStack()

    @property
    def addresses(self) -> dict[str, str]:
        """Site id -> `http://127.0.1.N:PORT`, without a path; empty before `start`."""
        return {
            site: f"http://{server.server_name}:{server.server_port}"
            for site, server in zip(self._sites, self._servers, strict=False)
        }

    def start(self) -> None:
        """Answers from when this returns. Raises OSError when loopback cannot be bound."""
        self._servers = _bind_all(self._shelf, self._sites)
        bell, ear = socket.socketpair()
        thread = threading.Thread(target=self._accept, args=(ear,), name="demo", daemon=True)
        thread.start()
        # Undone from the last to the first: ring, wait for the thread, then close what it used.
        for opened in (ear, bell):
            self._ending.callback(opened.close)
        for server in self._servers:
            self._ending.callback(server.server_close)
        self._ending.callback(thread.join)
        self._ending.callback(bell.send, b"!")

    def stop(self) -> None:
        """Ends once the requests in hand are answered; nothing stays open."""
        self._ending.close()

    def replace(self, family: Family) -> None:
        """Serves the documents of `family`, which has the same sites, from the next request on."""
        self._shelf.replace(family)

    def requests(self) -> Mapping[int, int]:
        """How many requests were answered so far, by HTTP status."""
        return self._shelf.counts()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self, ear: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(ear, selectors.EVENT_READ)
            for server in self._servers:
                selector.register(server, selectors.EVENT_READ, server)
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    key.data.handle_request()


@dataclass(frozen=True, slots=True)
class _Representation:
    """One document ready to be sent."""

    document: FeedDocument
    etag: str
    gzipped: bytes


class _Shelf:
    """What is served now and what was asked so far; shared by all threads."""

    def __init__(self, family: Family) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._found: dict[tuple[str, str], _Representation] = {}
        self.replace(family)

    def replace(self, family: Family) -> None:
        found = {
            (document.site, document.path): _Representation(
                document=document,
                etag=f'"{hashlib.sha256(document.body).hexdigest()[:32]}"',
                gzipped=gzip.compress(document.body, mtime=0),
            )
            for document in family.documents
        }
        with self._lock:
            self._found = found

    def find(self, site: str, path: str) -> _Representation | None:
        with self._lock:
            return self._found.get((site, path))

    def count(self, status: int) -> None:
        with self._lock:
            self._counts[int(status)] += 1

    def counts(self) -> Mapping[int, int]:
        with self._lock:
            return dict(self._counts)


class _SiteServer(ThreadingHTTPServer):
    """One site on one address."""

    timeout = 0
    daemon_threads = False  # so that closing waits for the answers in hand

    def __init__(self, address: tuple[str, int], site: str, shelf: _Shelf) -> None:
        super().__init__(address, _Handler)
        self.site = site
        self.shelf = shelf

    def server_bind(self) -> None:
        """Without the look-up of the host's full name that `HTTPServer` makes of every address."""
        socketserver.TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; the rest goes to stderr with its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo"
    sys_version = ""
    timeout = 2.0
    server: _SiteServer

    def do_GET(self) -> None:
        found = self.server.shelf.find(self.server.site, self.path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"Not found\n")
            return
        headers = {
            "ETag": found.etag,
            "Last-Modified": format_datetime(found.document.modified, usegmt=True),
            "Vary": "Accept-Encoding",
        }
        if _matches(self.headers.get("If-None-Match", ""), found.etag):
            self._answer(HTTPStatus.NOT_MODIFIED, headers, b"")
            return
        headers["Content-Type"] = found.document.content_type
        body = found.document.body
        if _accepts_gzip(self.headers.get("Accept-Encoding", "")):
            headers["Content-Encoding"] = "gzip"
            body = found.gzipped
        self._answer(HTTPStatus.OK, headers, body)

    def do_HEAD(self) -> None:
        self._answer(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET"}, b"")

    def _answer(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes) -> None:
        self.server.shelf.count(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the terminal belongs to the command that started the server."""


def _bind_all(shelf: _Shelf, sites: tuple[str, ...]) -> tuple[_SiteServer, ...]:
    for _ in range(_TRIES - 1):
        try:
            return _bind(shelf, sites)
        except OSError:  # the port of the first address was taken on another one
            continue
    return _bind(shelf, sites)


def _bind(shelf: _Shelf, sites: tuple[str, ...]) -> tuple[_SiteServer, ...]:
    with ExitStack() as opened:
        servers: list[_SiteServer] = []
        for number, site in enumerate(sites, start=1):
            port = servers[0].server_port if servers else 0
            server = _SiteServer((f"127.0.1.{number}", port), site, shelf)
            opened.callback(server.server_close)
            servers.append(server)
        opened.pop_all()
    return tuple(servers)


def _matches(if_none_match: str, etag: str) -> bool:
    """The weak comparison of RFC 9110, section 13.1.2."""
    if if_none_match.strip() == "*":
        return True
    candidates = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return etag in candidates


def _accepts_gzip(accept_encoding: str) -> bool:
    for coding in accept_encoding.split(","):
        name, _, weight = coding.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
