"""Sightings of a permanent redirect -> is it to be believed.

One misconfigured hour must not move a feed, so a move is learnt when 301 or 308 have led to one
and the same working feed twice, at least a day apart, with nothing else in between. To another
registrable domain it is learnt only when the operator says so: whoever takes over a server for a
day would take over the feed for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.domains import is_same_domain
from aggregator.model import Fetched, FetchResult, NotModified

APART = timedelta(hours=24)
SIGHTINGS = 2


@dataclass(frozen=True, slots=True)
class Sighting:
    """A redirect of one feed to `url`, as often as it was seen in a row.

    `allowed`: the operator wants it, whatever the domain. `undone`: the operator does not.
    """

    url: str
    first_at: datetime
    count: int
    allowed: bool = False
    undone: bool = False


def is_learnt(sighting: Sighting, *, configured_url: str, now: datetime) -> bool:
    """Is `sighting.url` to be polled from now on, in place of `configured_url`."""
    if sighting.undone or sighting.count < SIGHTINGS or now - sighting.first_at < APART:
        return False
    return sighting.allowed or is_same_domain(sighting.url, configured_url)


def sighted_url(result: FetchResult) -> str | None:
    """Where a fetch was sent for good; only an answer that brought a document, or said that it
    has not changed, shows anything. 302, 303 and 307 never do (RFC 9110 section 15.4)."""
    return result.moved_to if isinstance(result, Fetched | NotModified) else None
