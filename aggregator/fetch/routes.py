"""How a feed may be reached -> the terms its requests travel on."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.fetch.faults import Fault
from aggregator.fetch.guard import Policy
from aggregator.fetch.targets import Target, parse_target
from aggregator.fetch.tls import open_context
from aggregator.model import Outcome
from aggregator.network import Access, FetchSettings


class Trust:
    """The TLS context of a route, opened when it is first needed: reading the system's
    certificates takes longer than fifty polls without TLS."""

    def __init__(self, ca_file: Path | None = None, context: ssl.SSLContext | None = None) -> None:
        self._ca_file = ca_file
        self._context = context

    def context(self) -> ssl.SSLContext:
        """Raises Fault when `ca_file` cannot be used."""
        if self._context is None:
            try:
                self._context = open_context(self._ca_file)
            except OSError as error:  # ssl.SSLError is one
                raise Fault(Outcome.TLS, "the feed's ca_file cannot be read") from error
        return self._context


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Two requests may share a connection only if they have the very same route: another feed's
    may allow addresses or trust certificates that this one must not.

    `elsewhere` is for redirects to another origin: the feed's own certificates count at home only.
    """

    policy: Policy
    trust: Trust
    proxy: Target | None = None
    elsewhere: Route | None = field(default=None, repr=False)

    @property
    def away(self) -> Route:
        """The route to a foreign origin."""
        return self.elsewhere or self


class Routes:
    """The few routes that a configuration makes, each made once."""

    def __init__(self, settings: FetchSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._made: dict[object, Route] = {}
        self._trusted: dict[Path, Trust] = {}
        policy = Policy(settings.allow_private, settings.allow_ports)
        self.common = Route(policy, Trust(context=tls))

    def of(self, access: Access) -> Route:
        """The same route for the same options."""
        if access.proxy is None and access.ca_file is None and not access.allow_private:
            return self.common
        key = (access.proxy, access.ca_file, access.allow_private)
        if key not in self._made:
            self._made[key] = self._make(access)
        return self._made[key]

    def _make(self, access: Access) -> Route:
        allowed = (*self._settings.allow_private, *access.allow_private)
        policy = Policy(allowed, self._settings.allow_ports)
        proxy = None if access.proxy is None else parse_target(access.proxy)
        away = Route(policy, self.common.trust, proxy)
        if access.ca_file is None:
            return away
        trust = self._trusted.setdefault(access.ca_file, Trust(access.ca_file))
        return Route(policy, trust, proxy, away)
