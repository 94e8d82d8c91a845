"""Link header fields -> the hub and the topic they name (RFC 8288, WebSub section 4)."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from aggregator.fetch.faults import Fault
from aggregator.fetch.headers import Fields
from aggregator.fetch.limits import MAX_URL
from aggregator.fetch.targets import parse_target

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s;,="]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s;,="]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;,"]*)))?')


def hub_links(fields: Fields, base: str) -> tuple[str | None, str | None]:
    """The first hub and the one self link, each absolute http(s) or None; `base` is the URL of
    the response. Two different self links name no topic."""
    hubs: list[str] = []
    selves: list[str] = []
    for value in fields.get("link", ()):
        for target, parameters in _LINK.findall(value):
            relations = _relations(parameters)
            url = _absolute(base, target.strip())
            if url is not None and "hub" in relations:
                hubs.append(url)
            if url is not None and "self" in relations:
                selves.append(url)
    return next(iter(hubs), None), selves[0] if len(set(selves)) == 1 else None


def _relations(parameters: str) -> list[str]:
    """Of the first `rel`: further ones are to be ignored (section 3.3)."""
    for name, quoted, plain in _PARAMETER.findall(parameters):
        if name.lower() == "rel":
            return str(quoted or plain).lower().split()
    return []


def _absolute(base: str, target: str) -> str | None:
    """As written where it is absolute already: a topic is compared letter by letter."""
    try:
        url = urljoin(base, target)
        parse_target(url)
    except (Fault, ValueError):
        return None
    return url if url.isascii() and len(url) <= MAX_URL else None
