"""FetchRequest -> FetchResult; alone in knowing how the parts of a fetch make one.

What a server, a name or a URL does wrong comes back as a value.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import traceback
from collections.abc import AsyncIterable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aggregator.fetch import selftest
from aggregator.fetch.faults import Fault
from aggregator.fetch.guard import Policy
from aggregator.fetch.headers import (
    Fields,
    index_fields,
    read_hints,
    read_validators,
    sendable_only,
    update_validators,
)
from aggregator.fetch.httpx_api import Response, build_get, open_client
from aggregator.fetch.inflate import Coding, Inflater, read_coding
from aggregator.fetch.limits import Phases
from aggregator.fetch.provenance import Provenance
from aggregator.fetch.redirects import REDIRECTS, Trail, begin, follow
from aggregator.fetch.resolve import Lookup, Resolver, look_up
from aggregator.fetch.statuses import describe, outcome_of
from aggregator.fetch.targets import Target, parse_feed_url
from aggregator.fetch.tls import open_context
from aggregator.fetch.transport import GuardedTransport
from aggregator.model import (
    Fetched,
    FetchFailed,
    FetchRequest,
    FetchResult,
    Hints,
    NotModified,
    Outcome,
    Validators,
)
from aggregator.network import FetchSettings

log = logging.getLogger(__name__)

_ACCEPT = (
    b"application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_NO_VALIDATORS = Validators()
_PHASES = Phases()


def user_agent(version: str, contact: str | None) -> str:
    """The one honest name for every request: product, version and where to complain."""
    if contact is None:
        return f"aggregator/{version}"
    return f"aggregator/{version} (+{quote(contact, safe=':/?#[]@!$&*+,;=%~')})"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Fetcher:
    """Holds the connections, the resolver and the TLS sessions; one for the whole process.

    `now` stands in for a response's missing Date; `lookup` and `tls` replace the system's resolver
    and certificates.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        user_agent: str,
        now: Callable[[], datetime] = _utc_now,
        lookup: Lookup = look_up,
        tls: ssl.SSLContext | None = None,
        phases: Phases = _PHASES,
    ) -> None:
        self._settings = settings
        self._now = now
        self._policy = Policy(settings.allow_private, settings.allow_ports)
        self._provenance = Provenance()
        self._headers = [
            (b"User-Agent", user_agent.encode("ascii")),
            (b"Accept", _ACCEPT),
            (b"Accept-Encoding", b"gzip, deflate"),
        ]
        resolver = Resolver(lookup, phases.dns.total_seconds())
        self._transport = GuardedTransport(resolver, tls or open_context(), phases)
        self._client = open_client(self._transport)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """One GET with its redirects. Raises nothing but CancelledError."""
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                return await self._follow(request)
        except Fault as fault:
            return FetchFailed(fault.outcome, fault.detail, wire_bytes=fault.wire_bytes)
        except TimeoutError:
            return FetchFailed(Outcome.TIMEOUT, "not finished within fetch.timeout")
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            # Without the message: it may quote the URL.
            kind = type(error).__name__
            log.error("fetch_bug error=%s file=%s line=%s", kind, frame.filename, frame.lineno)
            return FetchFailed(Outcome.INTERNAL_ERROR, f"a bug of ours: {kind}")

    async def prove_guard(self) -> None:
        """Raises GuardError unless connections pass the guard; stays on this machine."""

        async def probe(target: Target, policy: Policy) -> None:
            response = await self._get(target, policy, _NO_VALIDATORS)
            await response.aclose()

        await selftest.prove_guard(probe)

    async def aclose(self) -> None:
        """Close every connection. Cancel fetches first: those still under way fail."""
        await self._client.aclose()

    async def _follow(self, request: FetchRequest) -> FetchResult:
        trail = begin(parse_feed_url(request.url))
        own_url = trail.target.url
        owner = self._provenance.owner_of(request, own_url)
        known = sendable_only(request.validators)
        while True:
            sent = known if trail.target.url == owner else _NO_VALIDATORS
            response = await self._get(trail.target, self._policy, sent)
            try:
                step = await self._judge(response, trail, sent)
            finally:
                await response.aclose()
            if isinstance(step, Trail):
                trail = step
                continue
            if not isinstance(step, FetchFailed):
                self._provenance.learn(request, own_url, step.validators, step.url)
            return step

    async def _get(self, target: Target, policy: Policy, validators: Validators) -> Response:
        origin = target.origin_url
        headers = [(b"Host", origin.partition("://")[2].encode("ascii")), *self._headers]
        if validators.etag is not None:
            headers.append((b"If-None-Match", validators.etag.encode("ascii")))
        if validators.last_modified is not None:
            headers.append((b"If-Modified-Since", validators.last_modified.encode("ascii")))
        extensions = {"target": target, "policy": policy, "max_wire": self._settings.max_bytes}
        return await self._client.send(
            build_get(origin, headers, extensions), stream=True, auth=None
        )

    async def _judge(
        self, response: Response, trail: Trail, sent: Validators
    ) -> FetchResult | Trail:
        """What one response means; a longer trail when it sends us on."""
        status = response.status_code
        fields = index_fields(response.extensions["fields"])
        hints = read_hints(fields, self._now())
        try:
            if status in REDIRECTS:
                return follow(trail, status, fields.get("location", ()))
            if status == 200:
                return await self._read(response, fields, trail, hints)
        except Fault as fault:
            return FetchFailed(fault.outcome, fault.detail, status, hints, fault.wire_bytes)
        if status == 304 and sent != _NO_VALIDATORS:
            kept = update_validators(sent, fields)
            return NotModified(trail.target.url, kept, hints, trail.moved_to)
        if status == 304:
            return FetchFailed(Outcome.PROTOCOL, "a 304 that was not asked for", status, hints)
        return FetchFailed(outcome_of(status), describe(status), status, hints)

    async def _read(
        self, response: Response, fields: Fields, trail: Trail, hints: Hints
    ) -> Fetched:
        """The whole body of a 200, or Fault."""
        body, wire_bytes = await read_body(
            response.extensions["body"],
            read_coding(fields.get("content-encoding", ())),
            self._settings.max_decoded,
        )
        return Fetched(
            url=trail.target.url,
            body=body,
            content_type=fields.get("content-type", (None,))[0],
            validators=read_validators(fields),
            hints=hints,
            wire_bytes=wire_bytes,
            moved_to=trail.moved_to,
        )


async def read_body(
    chunks: AsyncIterable[bytes], coding: Coding, max_decoded: int
) -> tuple[bytes, int]:
    """The decoded body and how many bytes it was on the wire; raises Fault, with that count."""
    inflater = Inflater(coding, max_decoded)
    wire_bytes = 0
    try:
        async for chunk in chunks:
            wire_bytes += len(chunk)
            inflater.feed(chunk)
        return inflater.finish(), wire_bytes
    except Fault as fault:
        raise Fault(fault.outcome, fault.detail, wire_bytes) from None
