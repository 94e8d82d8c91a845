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


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Two requests may share a connection only if they have the very same route: another feed's
    may allow addresses or trust certificates that this one must not.

    `elsewhere` is for redirects to another origin: the feed's own certificates count at home only.
    """

    policy: Policy
    tls: ssl.SSLContext
    proxy: Target | None = None
    elsewhere: Route | None = field(default=None, repr=False)

    @property
    def away(self) -> Route:
        """The route to a foreign origin."""
        return self.elsewhere or self


class Routes:
    """The few routes that a configuration makes, each made once."""

    def __init__(self, settings: FetchSettings, tls: ssl.SSLContext) -> None:
        self._settings = settings
        self._made: dict[object, Route] = {}
        self._contexts: dict[Path, ssl.SSLContext] = {}
        self.common = Route(Policy(settings.allow_private, settings.allow_ports), tls)

    def of(self, access: Access) -> Route:
        """Raises Fault when `ca_file` cannot be used."""
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
        away = Route(policy, self.common.tls, proxy)
        if access.ca_file is None:
            return away
        return Route(policy, self._trusting(access.ca_file), proxy, away)

    def _trusting(self, ca_file: Path) -> ssl.SSLContext:
        if ca_file not in self._contexts:
            try:
                self._contexts[ca_file] = open_context(ca_file)
            except OSError as error:  # ssl.SSLError is one
                raise Fault(Outcome.TLS, "the feed's ca_file cannot be read") from error
        return self._contexts[ca_file]
