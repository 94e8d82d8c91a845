"""A chain of 3xx answers -> the next target, and what of the chain may be learnt.

Redirects are followed here and not by httpx, so that the guard sees every hop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_REDIRECTS
from aggregator.fetch.targets import Target, parse_target
from aggregator.model import Outcome

REDIRECTS = frozenset({301, 302, 303, 307, 308})
REPEATED = frozenset({307, 308})
"""Those after which a POST stays one (RFC 9110 section 15.4)."""

_PERMANENT = frozenset({301, 308})
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Trail:
    """The way so far. `moved_to` is where the leading run of permanent redirects has come to,
    `permanent` whether that run still lasts."""

    target: Target
    seen: tuple[str, ...]
    moved_to: str | None = None
    permanent: bool = True


def begin(target: Target) -> Trail:
    """A trail that has not been redirected yet."""
    return Trail(target, (target.url,))


def follow(trail: Trail, status: int, locations: tuple[str, ...]) -> Trail:
    """One hop further; `locations` are the values of Location. Raises Fault when it leads nowhere.

    RFC 9110 section 15.4; 301 and 308 are the permanent ones.
    """
    if len(trail.seen) > MAX_REDIRECTS:
        raise Fault(Outcome.BAD_REDIRECT, f"more than {MAX_REDIRECTS} redirects")
    if len(set(locations)) != 1:
        raise Fault(Outcome.BAD_REDIRECT, "a redirect without one clear Location")
    target = resolve_location(trail.target, locations[0])
    if target.url in trail.seen:
        raise Fault(Outcome.BAD_REDIRECT, "the redirects go in a circle")
    permanent = trail.permanent and status in _PERMANENT
    return replace(
        trail,
        target=target,
        seen=(*trail.seen, target.url),
        moved_to=target.url if permanent else trail.moved_to,
        permanent=permanent,
    )


def resolve_location(base: Target, location: str) -> Target:
    """The target that a Location (decoded as latin-1) means, seen from `base`.

    RFC 3986 section 5.2, except that only a relative path has its dot segments removed.
    """
    text = _as_text(location).strip(" \t").partition("#")[0]
    if not text:
        raise Fault(Outcome.BAD_REDIRECT, "a redirect without one clear Location")
    target = parse_target(_absolute(base, text), Outcome.BAD_REDIRECT)
    if base.scheme == "https" and target.scheme == "http":
        raise Fault(Outcome.BAD_REDIRECT, "a redirect from https to http")
    return target


def _as_text(location: str) -> str:
    """Raw UTF-8 is read as such; bytes that are none stand for themselves, percent-encoded."""
    raw = location.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _absolute(base: Target, text: str) -> str:
    if _ABSOLUTE.match(text):
        return text
    if text.startswith("//"):
        return f"{base.scheme}:{text}"
    if text.startswith("/"):
        return f"{base.origin_url}{text}"
    if text.startswith("?"):
        return f"{base.origin_url}{base.path.partition('?')[0]}{text}"
    return urljoin(base.url, text)
