"""URL text -> `Target`, the address of one GET; alone in knowing which URLs are fetched at all.

The target on the wire is the text as written: no dot segments removed, no case changed, no
escape added or undone. Only what cannot stand in a request line (white space, non-ASCII) is
percent-encoded, once. The fragment is never sent (RFC 9110 section 4.2.5).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from aggregator.fetch.faults import Fault
from aggregator.fetch.httpx_api import ascii_host
from aggregator.fetch.limits import MAX_URL
from aggregator.model import Outcome

_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_QUAD = re.compile(r"[0-9]+(\.[0-9]+){3}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNSENDABLE = re.compile(r"[^\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where one GET goes. `host` is ASCII, lower case, without brackets; `path` is the
    origin-form with the query (RFC 9112 section 3.2.1); `url` is the whole without fragment."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What two targets share when one connection can serve both."""
        return self.scheme, self.host, self.port

    @property
    def origin_url(self) -> str:
        """The origin as a URL, for httpx and logs: without path and query no secret is in it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def parse_target(text: str, malformed: Outcome = Outcome.BLOCKED_URL) -> Target:
    """Raises Fault: BLOCKED_URL for what is refused on purpose, `malformed` for what is no URL."""
    if len(text) > MAX_URL:
        raise Fault(malformed, f"the URL is longer than {MAX_URL} characters")
    if _CONTROL.search(text):
        raise Fault(malformed, "the URL has control characters")
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in _PORTS:
        raise Fault(Outcome.BLOCKED_URL, "only http and https URLs are fetched")
    match = _URL.fullmatch(text)
    if match is None:
        raise Fault(malformed, "not an absolute http or https URL")
    if "@" in match[2]:
        raise Fault(Outcome.BLOCKED_URL, "a URL with a user name or password is not fetched")
    return _build(match, malformed)


@functools.lru_cache(maxsize=8192)
def parse_feed_url(text: str) -> Target:
    """`parse_target`, remembered: the few thousand configured URLs come back at every poll. Not
    for what a server sends, which has no end."""
    return parse_target(text)


def _build(match: re.Match[str], malformed: Outcome) -> Target:
    scheme = match[1].lower()
    host, port = _split_authority(match[2], _PORTS[scheme], malformed)
    path = _quote(match[3], malformed)
    if not path.startswith("/"):
        path = "/" + path  # RFC 9112 section 3.2.1: an empty path is sent as "/"
    origin = Target("", scheme, host, port, path)
    url = f"{origin.origin_url}{path}"
    return Target(url, scheme, host, port, path)


def _split_authority(text: str, default: int, malformed: Outcome) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(text)
    if match is None or not match[1]:
        raise Fault(malformed, "the URL has no usable host")
    port = int(match[2]) if match[2] else default
    if not 0 < port < 65536:
        raise Fault(malformed, "the URL has no usable port")
    return _normal_host(match[1], malformed), port


def _normal_host(host: str, malformed: Outcome) -> str:
    """Lower case and ASCII. Odd spellings of addresses stay names: the guard sees their meaning."""
    try:
        if host.startswith("["):
            return str(_ipv6(host[1:-1]))
        name = host.lower() if host.isascii() else ascii_host(host)
        if _QUAD.fullmatch(name):
            IPv4Address(name)  # refuses leading zeros: octal to some, decimal to others
    except ValueError:
        raise Fault(malformed, "the URL has no usable host") from None
    if len(name) > 254 or not _NAME.fullmatch(name):
        raise Fault(malformed, "the URL has no usable host")
    return name


def _ipv6(text: str) -> IPv6Address:
    if "%" in text:
        raise AddressValueError("a zone has no meaning in a URL")
    return IPv6Address(text)


def _quote(text: str, malformed: Outcome) -> str:
    if not _UNSENDABLE.search(text):
        return text
    try:
        return _UNSENDABLE.sub(
            lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8")), text
        )
    except UnicodeEncodeError:
        raise Fault(malformed, "the URL has characters that are no Unicode text") from None
