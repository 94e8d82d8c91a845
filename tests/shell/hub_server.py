"""A publisher with a hub on loopback, written for these tests from the WebSub recommendation.

One server: `GET /<name>` gives a document, `POST /hub` takes subscriptions, which it verifies from
a thread of its own, and `publish` distributes a document to whom it has verified.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlencode


@dataclass(frozen=True)
class Subscriber:
    """A subscription that was verified."""

    callback: str
    topic: str
    secret: str | None
    until: float


@dataclass
class Behaviour:
    """How the hub differs from a friendly one."""

    lease: str | None = "864000"
    answer: int = 202
    location: str | None = None
    denies: str | None = None
    verifies: bool = True
    hangs: bool = False
    method: str = "sha256"


@dataclass
class Seen:
    """What reached it."""

    forms: list[dict[str, str]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)


class HubServer:
    """From `__enter__` to `__exit__`."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.behaviour = Behaviour()
        self.seen = Seen()
        self.documents: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.subscribers: dict[tuple[str, str], Subscriber] = {}
        self.verifications: list[int] = []
        self._server = _Server((address, 0), self)
        self.ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self.base = f"http://{address}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._start(self._server.serve_forever, 0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(timeout=10)
        self._server.server_close()

    @property
    def hub(self) -> str:
        """Where subscriptions are taken."""
        return f"{self.base}/hub"

    def topic(self, name: str = "feed") -> str:
        """The address of a document."""
        return f"{self.base}/{name}"

    def accept(self, form: dict[str, str]) -> None:
        """Verifies the subscriber's intent, later and from elsewhere (section 5.3)."""
        if self.behaviour.verifies:
            self._start(self._verify, form)

    def publish(self, name: str = "feed") -> list[int]:
        """The document to every subscriber of it (section 7); the statuses they answer."""
        body, headers = self.documents[name]
        return [
            self.push(one, body, headers.get("Content-Type", "application/xml"))
            for one in self.subscribers.values()
            if one.topic == self.topic(name) and one.until > time.monotonic()
        ]

    def push(self, to: Subscriber, body: bytes, content_type: str = "application/xml") -> int:
        """One content distribution request, signed where there is a secret (section 7.1)."""
        links = f'<{self.hub}>; rel="hub", <{to.topic}>; rel="self"'
        headers = {"Content-Type": content_type, "Link": links}
        if to.secret is not None:
            headers["X-Hub-Signature"] = signature(body, to.secret, self.behaviour.method)
        return post(to.callback, body, headers)

    def _verify(self, form: dict[str, str]) -> None:
        challenge = hashlib.sha256(repr(sorted(form.items())).encode()).hexdigest()
        asked = {"hub.topic": form["hub.topic"]}
        if self.behaviour.denies is not None:
            asked |= {"hub.mode": "denied", "hub.reason": self.behaviour.denies}
        else:
            asked |= {"hub.mode": form["hub.mode"], "hub.challenge": challenge}
            if self.behaviour.lease is not None:
                asked["hub.lease_seconds"] = self.behaviour.lease
        status, answered = get(f"{form['hub.callback']}?{urlencode(asked)}")
        if (status, answered) == (200, challenge):
            until = time.monotonic() + float(self.behaviour.lease or 600)
            self.subscribers[form["hub.callback"], form["hub.topic"]] = Subscriber(
                form["hub.callback"], form["hub.topic"], form.get("hub.secret"), until
            )
        self.verifications.append(status)

    def _start(self, work: object, argument: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=(argument,), daemon=True)
        self._threads.append(thread)
        thread.start()


def signature(body: bytes, secret: str, method: str = "sha256") -> str:
    """The value of X-Hub-Signature."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def get(url: str) -> tuple[int, str]:
    """Status and body; 0 where nobody listens any more."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status."""
    request = urllib.request.Request(url, data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: HubServer) -> None:
        super().__init__(address, _Handler)
        self.owner = owner


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.seen.gets.append(self.path)
        found = owner.documents.get(self.path.strip("/"))
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, {}, b"")
            return
        self._answer(HTTPStatus.OK, {"Content-Type": "application/xml"} | found[1], found[0])

    def do_POST(self) -> None:
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        owner.seen.forms.append(form)
        behaviour = owner.behaviour
        if behaviour.hangs:
            owner.ending.wait(60)
        if behaviour.location is not None and not self.path.endswith("/other"):
            self._answer(behaviour.answer, {"Location": behaviour.location}, b"")
            return
        is_good = form.get("hub.mode") in {"subscribe", "unsubscribe"} and (
            self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            and len(form.get("hub.secret", "")) < 200
            and {"hub.callback", "hub.topic"} <= set(form)
        )
        status = behaviour.answer if is_good else 400
        status = 202 if behaviour.location is not None and is_good else status
        self._answer(status, {"Content-Type": "text/plain"}, b"")
        if status == 202:
            owner.accept(form)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
