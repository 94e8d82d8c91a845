"""What hubs send -> a subscription confirmed or ended, a feed polled: GET, POST /websub/<place>.

Nothing that a hub sends is shown, stored or parsed. A body goes through the signature's check chunk
by chunk and is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.websub import Seal

PUSH_LIMIT = 5 * 1024 * 1024
"""Bytes of a push."""

# The challenge is sent back: no browser may take it for a page.
_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


class Pushed(StrEnum):
    """What became of a push."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    UNSIGNED = "unsigned"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Door:
    """A callback of ours; `secret` None: the hub was given none."""

    feed_id: int
    secret: str | None


class HubPort(Protocol):
    """What the daemon lets hubs do."""

    async def door(self, place: str) -> Door | None:
        """None: no callback of ours."""

    async def confirm(self, door: Door, topic: str, lease: str) -> bool:
        """Was this asked for?"""

    async def deny(self, door: Door, topic: str, reason: str) -> bool:
        """The hub's no; False: it was for something else."""

    async def push(self, door: Door, digest: bytes) -> Pushed:
        """A push that is the hub's own; `digest` is of its body."""

    def count(self, pushed: Pushed) -> None:
        """One more of these."""


def callback_routes(port: HubPort) -> list[Route]:
    """Both methods of a callback."""

    async def intent(request: Request) -> Response:
        door = await port.door(request.path_params["place"])
        return _no() if door is None else await _answer_intent(port, door, request)

    async def push(request: Request) -> Response:
        door = await port.door(request.path_params["place"])
        if door is None:
            port.count(Pushed.UNKNOWN)
            # Section 7: the hub may end the subscription.
            return PlainTextResponse("no such subscription\n", 410)
        return await _take_push(port, door, request)

    return [
        Route("/websub/{place}", intent, methods=["GET"]),
        Route("/websub/{place}", push, methods=["POST"]),
    ]


async def _answer_intent(port: HubPort, door: Door, request: Request) -> Response:
    """Sections 5.2 and 5.3."""
    asked = request.query_params
    topic, challenge = asked.get("hub.topic", ""), asked.get("hub.challenge", "")
    match asked.get("hub.mode"):
        case "subscribe" if challenge:
            if await port.confirm(door, topic, asked.get("hub.lease_seconds", "")):
                return PlainTextResponse(challenge, headers=_SAFE)
        case "denied":
            if await port.deny(door, topic, asked.get("hub.reason", "")):
                return PlainTextResponse("noted\n")
        case _:
            pass  # we never ask to be unsubscribed: leases end
    return _no()


async def _take_push(port: HubPort, door: Door, request: Request) -> Response:
    """Section 7; a wrong signature is not told from a right one."""
    seal = None
    if door.secret is not None:
        seal = Seal(request.headers.get("x-hub-signature"), door.secret)
    body, size = blake2b(digest_size=16), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > PUSH_LIMIT:
            port.count(Pushed.TOO_LARGE)
            return PlainTextResponse("too large\n", 413, headers={"Connection": "close"})
        body.update(chunk)
        if seal is not None:
            seal.update(chunk)
    holds = seal is None or seal.holds()
    port.count(await port.push(door, body.digest()) if holds else Pushed.UNSIGNED)
    return PlainTextResponse("taken\n", 202)


def _no() -> Response:
    return PlainTextResponse("not asked for\n", 404)
