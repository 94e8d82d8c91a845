"""A feed's hub -> a subscription and what is done with it next. Pure.

WebSub, W3C Recommendation of 23 January 2018: a subscriber asks a hub for a topic, the hub asks
back whether that was meant, then posts to the callback whenever the topic changes, for as long as
the lease lasts. Here a push is a reason to poll and nothing else: what is shown comes from the
feed's own address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(days=10)
"""What is asked for; a hub decides."""

SHORTEST_LEASE = timedelta(minutes=10)
LONGEST_LEASE = timedelta(days=30)
RENEW_AT = 0.8
FIRST_RETRY = timedelta(minutes=15)
LONGEST_RETRY = timedelta(days=1)
GRACE = timedelta(minutes=15)
"""News that a poll finds so long after a push, or sooner, is that push's."""

TRUSTED_FOR = timedelta(days=7)
"""After the last push: a hub may die without a word."""

PUSHED_INTERVAL = timedelta(hours=6)
"""Of a feed whose pushes arrive: four polls a day see that nothing was missed."""

REASON_LIMIT = 200
METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""Section 7.1.1 of the recommendation; most hubs still sign with the first."""

_SIGNATURE = re.compile(r"([a-z0-9]{1,10})=([0-9a-fA-F]{1,128})")
_PLACE = re.compile(r"([0-9]{1,18})-([A-Za-z0-9_-]{43})")
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class State(StrEnum):
    """How far a subscription has come."""

    ASKED = "asked"
    ACTIVE = "active"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Topic:
    """What to ask which hub for: the feed's self link, or its address where it has none."""

    hub: str
    url: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is stored of one feed's.

    `ask_at` is the only gate: when the hub is asked again, be it to renew or because it did not
    answer. `nonce` and a key of ours make callback and secret. `pushed_at` is the last push,
    `missed_at` when a poll last found news that no push had told of.
    """

    topic: Topic
    nonce: str
    state: State
    asked_at: datetime
    ask_at: datetime
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    failures: int = 0
    pushed_at: datetime | None = None
    missed_at: datetime | None = None
    error: str | None = None


def is_due(known: Subscription | None, topic: Topic, now: datetime) -> bool:
    """Is the hub to be asked now? A feed that changes hubs all the time is held to one an hour."""
    if known is None:
        return True
    if known.topic != topic:
        return now - known.asked_at >= timedelta(hours=1)
    return known.ask_at <= now


def asked(known: Subscription | None, topic: Topic, nonce: str, now: datetime) -> Subscription:
    """The hub is being asked; `nonce` serves where there is no subscription to go on with.

    Unless it verifies, it is asked again: after a quarter of an hour, then ever later. A lease that
    is being renewed stays in force.
    """
    if known is None or known.topic != topic:
        return Subscription(topic, nonce, State.ASKED, now, now + FIRST_RETRY, failures=1)
    retry = min(FIRST_RETRY * (1 << min(known.failures, 10)), LONGEST_RETRY)
    state = State.ACTIVE if known.state is State.ACTIVE else State.ASKED
    return replace(
        known, state=state, asked_at=now, ask_at=now + retry, failures=known.failures + 1
    )


def refused(known: Subscription, why: str) -> Subscription:
    """The hub did not take the request; `known` itself when it was verified meanwhile."""
    return replace(known, error=_words(why)) if known.failures else known


def is_wanted(known: Subscription, topic_url: str) -> bool:
    """Is a hub that asks whether this was meant to be told yes?"""
    waits = known.failures > 0
    return known.topic.url == topic_url and (waits or known.state is State.ACTIVE)


def verified(known: Subscription, lease: str, now: datetime) -> Subscription:
    """The hub's question was answered; `lease` is its `hub.lease_seconds`.

    A hub may ask again at any time (section 5): that is answered too and changes nothing.
    """
    if known.failures == 0:
        return known
    length = _lease(lease)
    return replace(
        known,
        state=State.ACTIVE,
        verified_at=now,
        expires_at=now + length,
        ask_at=now + length * RENEW_AT,
        failures=0,
        error=None,
    )


def denied(known: Subscription, reason: str, now: datetime) -> Subscription:
    """The hub does not want to, or no longer; asked again in a day."""
    words = _words(reason) or "no reason given"
    return replace(
        known,
        state=State.DENIED,
        expires_at=None,
        ask_at=now + LONGEST_RETRY,
        failures=0,
        error=f"denied: {words}",
    )


def pushed(known: Subscription, now: datetime) -> Subscription:
    """The hub told of a change."""
    return replace(known, pushed_at=now)


def news_found(known: Subscription, now: datetime) -> Subscription:
    """A poll brought news; `known` itself where a push had told of them, or none ever came."""
    if known.pushed_at is None or now - known.pushed_at <= GRACE:
        return known
    return replace(known, missed_at=now)


def is_alive(known: Subscription, now: datetime) -> bool:
    """Do pushes arrive, so that polls need only see that they do?"""
    if known.state is not State.ACTIVE or known.pushed_at is None:
        return False
    if known.expires_at is None or known.expires_at <= now:
        return False
    if now - known.pushed_at > TRUSTED_FOR:
        return False
    return known.missed_at is None or known.missed_at < known.pushed_at


def _lease(text: str) -> timedelta:
    """What a hub grants, within reason; one that does not say is taken at our word."""
    if not re.fullmatch(r"[0-9]{1,12}", text):
        return LEASE
    return min(max(timedelta(seconds=int(text)), SHORTEST_LEASE), LONGEST_LEASE)


def _words(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text)[:REASON_LIMIT].strip()


# ------------------------------------------------------------ callback and secret


def place_of(key: bytes, feed_id: int, nonce: str) -> str:
    """The last part of the callback: unguessable without `key`, and nothing of it is stored."""
    mac = hmac.new(key, f"place {feed_id} {nonce}".encode(), hashlib.sha256).digest()
    return f"{feed_id}-{urlsafe_b64encode(mac).rstrip(b'=').decode('ascii')}"


def feed_of(place: str) -> int | None:
    """Whose callback `place` claims to be; None: nobody's."""
    match = _PLACE.fullmatch(place)
    return None if match is None else int(match[1])


def is_place(place: str, key: bytes, feed_id: int, nonce: str) -> bool:
    """In constant time."""
    wanted = place_of(key, feed_id, nonce)
    return hmac.compare_digest(place.encode("utf-8", "replace"), wanted.encode("ascii"))


def secret_of(key: bytes, feed_id: int, nonce: str) -> str:
    """What the hub signs with; 64 characters of the 199 that are allowed."""
    return hmac.new(key, f"secret {feed_id} {nonce}".encode(), hashlib.sha256).hexdigest()


def subscription_form(topic: Topic, callback: str, secret: str | None) -> dict[str, str]:
    """The parameters of section 5.1."""
    form = {
        "hub.callback": callback,
        "hub.mode": "subscribe",
        "hub.topic": topic.url,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
    }
    return form if secret is None else {**form, "hub.secret": secret}


class Seal:
    """A push's signature, checked over the raw body as it arrives.

    `header` is X-Hub-Signature, None where there is none.
    """

    def __init__(self, header: str | None, secret: str) -> None:
        match = _SIGNATURE.fullmatch((header or "").strip())
        known = match is not None and match[1] in METHODS
        self._claimed = match[2].lower() if match is not None and known else ""
        method = match[1] if match is not None and known else "sha256"
        self._mac = hmac.new(secret.encode("ascii"), digestmod=method)

    def update(self, chunk: bytes) -> None:
        """More of the body."""
        self._mac.update(chunk)

    def holds(self) -> bool:
        """Is it the hub's? In constant time."""
        return hmac.compare_digest(self._mac.hexdigest(), self._claimed)
