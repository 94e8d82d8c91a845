"""A daemon -> its addresses: /healthz, /metrics, POST /poll/<feed id>, and /websub for hubs.

Nothing of a request is trusted: the Host must be one of ours (a page in a browser could be made to
ask, by DNS rebinding), forwarded addresses mean nothing, and no body is read but a hub's.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.errors import StorageError
from aggregator.serve.callbacks import HubPort, callback_routes
from aggregator.serve.metrics import TYPE, Snapshot, render


class Started(StrEnum):
    """What became of a request to poll a feed."""

    STARTED = "started"
    UNKNOWN = "no such feed"
    TOO_SOON = "polled a moment ago, or paused after a 429 or 503: not so soon"
    PAUSED = "nothing is polled now: see /healthz"


class Port(Protocol):
    """What the daemon lets the outside see and do."""

    def complaint(self) -> str | None:
        """Why it is not healthy."""

    async def snapshot(self) -> Snapshot:
        """For a scrape."""

    async def poll(self, feed_id: int) -> Started:
        """Begins a poll; what it brings is published at once."""


# int() of thousands of digits raises, and no row has such a number.
_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)

_STATUS = {
    Started.STARTED: 202,
    Started.UNKNOWN: 404,
    Started.TOO_SOON: 429,
    Started.PAUSED: 503,
}


def build_app(
    port: Port, *, hosts: frozenset[str], token: str | None, hubs: HubPort | None = None
) -> ASGIApp:
    """`hosts` are names in lower case without a port; `token` None: nobody may trigger polls;
    `hubs` None: there are no callbacks."""

    async def healthz(_: Request) -> Response:
        complaint = port.complaint()
        if complaint is None:
            return PlainTextResponse("ok\n")
        return PlainTextResponse(f"{complaint}\n", 503)

    async def metrics(_: Request) -> Response:
        return Response(render(await port.snapshot()), media_type=TYPE)

    async def poll(request: Request) -> Response:
        if token is None:
            return PlainTextResponse("nobody may: serve has no token_env\n", 403)
        if not _is_bearer(request.headers.get("authorization", ""), token):
            # RFC 9110, section 15.5.2: a 401 says how to do better.
            how = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("a bearer token is wanted\n", 401, how)
        named = request.path_params["feed_id"]
        is_number = _NUMBER.fullmatch(named) is not None
        started = await port.poll(int(named)) if is_number else Started.UNKNOWN
        return PlainTextResponse(f"{started}\n", _STATUS[started])

    routes = [_get("/healthz", healthz), _get("/metrics", metrics)]
    routes.append(Route("/poll/{feed_id}", poll, methods=["POST"]))
    if hubs is not None:
        routes.extend(callback_routes(hubs))
    failures = dict.fromkeys((StorageError, ClientDisconnect), _not_now)
    return _only_for(Starlette(routes=routes, exception_handlers=failures), hosts)


async def _not_now(_request: Request, _error: Exception) -> Response:
    """Storage that fails is the tick's to say; who asked tries again."""
    return PlainTextResponse("not now\n", 503)


def _get(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, answer, methods=["GET"])


def _is_bearer(header: str, token: str) -> bool:
    """In constant time."""
    wanted = f"Bearer {token}".encode()
    return hmac.compare_digest(header.encode("latin-1", "replace"), wanted)


def _only_for(app: ASGIApp, hosts: frozenset[str]) -> ASGIApp:
    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        named = [value for name, value in scope["headers"] if name == b"host"]
        if len(named) == 1 and _host(named[0].decode("latin-1")) in hosts:
            await app(scope, receive, send)
        else:
            await PlainTextResponse("not a host of ours\n", 421)(scope, receive, send)

    return guarded


def _host(value: str) -> str:
    """`127.0.0.1:9180` -> `127.0.0.1`, `[::1]:9180` -> `::1`."""
    if value.startswith("["):
        return value[1:].partition("]")[0].lower()
    return value.partition(":")[0].lower()
