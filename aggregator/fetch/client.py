"""FetchRequest -> FetchResult; alone in knowing how the parts of a fetch make one.

What a server, a name or a URL does wrong comes back as a value.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import traceback
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import TypeVar

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
from aggregator.fetch.httpx_api import Response, build_get, build_post, open_client
from aggregator.fetch.inflate import Coding, Inflater, read_coding
from aggregator.fetch.limits import Phases
from aggregator.fetch.links import hub_links
from aggregator.fetch.questions import (
    FORM_FIELD,
    RawField,
    common_fields,
    conditions,
    encode_form,
    own_fields,
    page_fields,
)
from aggregator.fetch.redirects import REDIRECTS, REPEATED, Trail, begin, follow
from aggregator.fetch.resolve import Lookup, Resolver, look_up
from aggregator.fetch.routes import Route, Routes
from aggregator.fetch.statuses import describe, outcome_of
from aggregator.fetch.targets import Target, parse_feed_url, parse_target
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
from aggregator.network import PLAIN_ACCESS, FetchSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

_NO_VALIDATORS = Validators()
_PHASES = Phases()


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
        self._user_agent = user_agent
        self._routes = Routes(settings, tls)
        resolver = Resolver(lookup, phases.dns.total_seconds())
        self._client = open_client(GuardedTransport(resolver, phases))

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """One GET with its redirects. Raises nothing but CancelledError."""
        return await self._guarded(self._follow(request))

    async def post_form(self, url: str, form: Mapping[str, str]) -> FetchFailed | None:
        """One POST of a form, sent on by 307 and 308 alone; None: a 2xx, whose body nobody reads.

        Bounded and guarded like a fetch. Raises nothing but CancelledError.
        """
        return await self._guarded(self._post(url, form))

    async def _guarded(self, work: Coroutine[None, None, T]) -> T | FetchFailed:
        """Whatever goes wrong becomes a value; `fetch.timeout` is for all of it."""
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                return await work
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

    async def look(self, url: str) -> int | FetchFailed:
        """Is the page of a story there: the status of success at the end of its redirects, or why
        there is none. No body is read. Raises nothing but CancelledError."""
        return await self._guarded(self._look(url))

    async def prove_guard(self) -> None:
        """Raises GuardError unless connections pass the guard; stays on this machine."""

        async def probe(target: Target, policy: Policy) -> None:
            route = Route(policy, self._routes.common.trust)
            response = await self._get(target, route, common_fields(self._user_agent, PLAIN_ACCESS))
            await response.aclose()

        await selftest.prove_guard(probe)

    async def aclose(self) -> None:
        """Close every connection. Cancel fetches first: those still under way fail."""
        await self._client.aclose()

    async def _follow(self, request: FetchRequest) -> FetchResult:
        trail = begin(parse_feed_url(request.url))
        origin, owner = trail.target.origin, request.served_by or trail.target.url
        route = self._routes.of(request.access)
        known = sendable_only(request.validators)
        common = common_fields(self._user_agent, request.access)
        own = own_fields(request.access)
        while True:
            sent = known if trail.target.url == owner else _NO_VALIDATORS
            at_home = trail.target.origin == origin
            fields = [*common, *(own if at_home else ()), *conditions(sent)]
            response = await self._get(trail.target, route if at_home else route.away, fields)
            try:
                step = await self._judge(response, trail, sent)
            finally:
                await response.aclose()
            if not isinstance(step, Trail):
                return step
            trail = step

    async def _post(self, url: str, form: Mapping[str, str]) -> FetchFailed | None:
        trail, body = begin(parse_target(url)), encode_form(form)
        fields = [*common_fields(self._user_agent, PLAIN_ACCESS), FORM_FIELD]
        while True:
            target = trail.target
            extensions = self._extensions(target, self._routes.common)
            request = build_post(
                target.origin_url, [_host_field(target), *fields], extensions, body
            )
            response = await self._client.send(request, stream=True, auth=None)
            await response.aclose()
            status = response.status_code
            if status in REPEATED:
                locations = index_fields(response.extensions["fields"]).get("location", ())
                trail = follow(trail, status, locations)
            elif 200 <= status < 300:
                return None
            else:
                return FetchFailed(outcome_of(status), describe(status), status)

    async def _look(self, url: str) -> int | FetchFailed:
        trail = begin(parse_target(url))
        fields = page_fields(self._user_agent)
        while True:
            response = await self._get(trail.target, self._routes.common, fields)
            status, found = response.status_code, index_fields(response.extensions["fields"])
            await response.aclose()
            if status in REDIRECTS:
                trail = follow(trail, status, found.get("location", ()))
            elif 200 <= status < 300:
                return status
            else:
                hints, host = read_hints(found, self._now()), trail.target.host
                return FetchFailed(outcome_of(status), describe(status), status, hints, host=host)

    async def _get(self, target: Target, route: Route, fields: list[RawField]) -> Response:
        extensions = self._extensions(target, route)
        request = build_get(target.origin_url, [_host_field(target), *fields], extensions)
        return await self._client.send(request, stream=True, auth=None)

    def _extensions(self, target: Target, route: Route) -> dict[str, object]:
        return {"target": target, "route": route, "max_wire": self._settings.max_bytes}

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
        host = trail.target.host
        return FetchFailed(outcome_of(status), describe(status), status, hints, host=host)

    async def _read(
        self, response: Response, fields: Fields, trail: Trail, hints: Hints
    ) -> Fetched:
        """The whole body of a 200, or Fault."""
        body, wire_bytes = await read_body(
            response.extensions["body"],
            read_coding(fields.get("content-encoding", ())),
            self._settings.max_decoded,
        )
        hub, self_url = hub_links(fields, trail.target.url)
        return Fetched(
            url=trail.target.url,
            body=body,
            content_type=fields.get("content-type", (None,))[0],
            validators=read_validators(fields),
            hints=hints,
            wire_bytes=wire_bytes,
            moved_to=trail.moved_to,
            hub=hub,
            self_url=self_url,
        )


def _host_field(target: Target) -> RawField:
    return b"Host", target.origin_url.partition("://")[2].encode("ascii")


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
