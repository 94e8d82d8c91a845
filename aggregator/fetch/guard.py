"""Target, resolved addresses -> the addresses that may be dialled; alone in deciding it.

Decided on what a name resolves to, at the moment of the connection, and the checked literal is
what is dialled: spellings, redirects and changing answers make no difference.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from aggregator.fetch.addresses import Address, AnyNetwork, is_inside, is_public
from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_ADDRESSES
from aggregator.fetch.targets import Target
from aggregator.model import Outcome

_PUBLIC_PORTS = frozenset({80, 443})
_QUAD = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
"""What resolvers take for an IPv4 address (WHATWG URL, "ends in a number")."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows beyond public addresses and the ports 80 and 443."""

    allow_private: tuple[AnyNetwork, ...] = ()
    allow_ports: frozenset[int] = frozenset()


def check_target(target: Target, policy: Policy) -> None:
    """Refuse a port that no address could make right, before any name is looked up."""
    if not policy.allow_private and not _is_open_port(target.port, policy):
        raise _blocked_port()


def choose_addresses(target: Target, answers: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """The first few of `answers`, all of which must be allowed; raises Fault otherwise.

    One bad answer among good ones refuses them all: a mixed answer is how rebinding begins.
    """
    answers = tuple(answers)
    if not answers:
        raise Fault(Outcome.DNS, "the name has no address")
    all_private = True
    for answer in answers:
        address, public = _read(answer)
        private = address is not None and is_inside(address, policy.allow_private)
        if not private and not public:
            raise _blocked_address()
        all_private = all_private and private
    if not all_private and not _is_open_port(target.port, policy):
        raise _blocked_port()
    return answers[:MAX_ADDRESSES]


def choose_proxy(answers: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """Like `choose_addresses`, for the proxy of a feed: its port is the operator's own word."""
    answers = tuple(answers)
    if not answers:
        raise Fault(Outcome.DNS, "the proxy's name has no address")
    if not all(_is_allowed(answer, policy) for answer in answers):
        raise Fault(Outcome.BLOCKED_ADDRESS, "the proxy has an address that is not allowed")
    return answers[:MAX_ADDRESSES]


def check_unresolved(target: Target, policy: Policy) -> None:
    """What can be said of a target whose name a proxy will resolve: an address must be allowed,
    and a spelling that only resolvers take for one is refused."""
    host = target.host
    if _is_literal(host):
        choose_addresses(target, (host,), policy)
    elif _NUMBER_AT_END.fullmatch(host):
        raise _blocked_address()
    elif not _is_open_port(target.port, policy):
        raise _blocked_port()


def _is_literal(host: str) -> bool:
    return ":" in host or _QUAD.fullmatch(host) is not None


def _is_allowed(answer: str, policy: Policy) -> bool:
    address, public = _read(answer)
    return public or (address is not None and is_inside(address, policy.allow_private))


@functools.lru_cache(maxsize=8192)
def _read(answer: str) -> tuple[Address | None, bool]:
    """The address and whether it is public; cached, for the same few come back at every poll."""
    try:
        address = ip_address(answer)
    except ValueError:
        return None, False
    return address, is_public(address)


def _is_open_port(port: int, policy: Policy) -> bool:
    return port in _PUBLIC_PORTS or port in policy.allow_ports


def _blocked_address() -> Fault:
    """The same words for every address, so that an error tells nobody what stands behind a name."""
    return Fault(Outcome.BLOCKED_ADDRESS, "the host has an address outside the public internet")


def _blocked_port() -> Fault:
    return Fault(Outcome.BLOCKED_URL, "the port is not allowed; see fetch.allow_ports")
