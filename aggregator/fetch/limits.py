"""The bounds of one fetch that feeds.yaml does not set; docs/fetching.md lists them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Phases:
    """How long each part of a fetch may take, inside the total of `FetchSettings.timeout`."""

    dns: timedelta = timedelta(seconds=3)
    connect: timedelta = timedelta(seconds=5)
    first_byte: timedelta = timedelta(seconds=10)


MAX_URL = 8000
"""Characters; what RFC 9110 section 4.1 asks every recipient to support."""

MAX_HEAD_BYTES = 64 * 1024
"""Status line and header fields, those of 1xx responses and trailers included."""

MAX_HEADERS = 200
MAX_INFORMATIONAL = 10
MAX_REDIRECTS = 5
MAX_ADDRESSES = 4
"""Addresses of one name that are dialled, one after the other."""

MAX_LOOKUPS = 32
"""Threads that wait for name servers: six dead names must not stop all others."""

NEGATIVE_TTL = timedelta(seconds=60)
MAX_IDLE = 32
IDLE_TTL = timedelta(seconds=15)
"""Long enough for the next feed of the same host. Servers close after 5 s (Apache) to 75 s (nginx);
one that was faster costs the one retry there is."""

MAX_VALIDATOR = 512
"""Bytes of an ETag or Last-Modified that is kept; longer ones are not sent back."""

MAX_MEMBERS = 1000
"""Members of one gzip body; 64 KiB each (the usual block) is far above `max_decoded`."""
