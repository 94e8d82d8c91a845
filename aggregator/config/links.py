"""URLs and hosts of the file -> what they name: checked, compared, never rewritten.

`check_*` raise ValueError whose text says what was expected.
"""

from __future__ import annotations

import functools
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

Address = IPv4Address | IPv6Address
AddressNetwork = IPv4Network | IPv6Network

MAX_URL = 2048

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# 127.1, 0x7f000001, 2130706433: resolvers take these for addresses (WHATWG URL, "ends in a
# number"), so only the form with four decimal numbers is let through.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_UNFIT = re.compile(r"[\s\\]")
_MAIL = re.compile(r"mailto:[!-~]+@[!-~]+")


def check_url(text: str, *, fragment: bool = False) -> None:
    """An http(s) URL that may be fetched or linked to; `fragment`: may it hold one."""
    if not text.isprintable() or _UNFIT.search(text):
        raise ValueError("an http(s) URL without spaces, control characters and backslashes")
    if len(text) > MAX_URL:
        raise ValueError(f"an http(s) URL of at most {MAX_URL} characters")
    parts = _split(text)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("a URL that starts with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("an http(s) URL without user and password")
    ascii_host(parts.hostname or "")
    if not fragment and "#" in text:
        raise ValueError("an http(s) URL without a fragment (#...)")


def check_contact(text: str) -> None:
    """A URL or mail address that can stand in an HTTP header."""
    if text.lower().startswith("mailto:"):
        if not _MAIL.fullmatch(text) or len(text) > MAX_URL:
            raise ValueError("a mail address in ASCII, such as mailto:bot@example.com")
        return
    check_url(text, fragment=True)
    if not text.isascii():
        raise ValueError("a URL in ASCII, since it goes into the User-Agent")


@functools.lru_cache(maxsize=16384)
def ascii_host(host: str) -> str:
    """The lower-case ASCII form of a host name or address (IPv6 without brackets)."""
    wanted = "a host such as www.example.com"
    if len(host) > 253:
        raise ValueError(wanted)
    try:
        if ":" in host and "%" not in host:
            return str(IPv6Address(host))
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
        if _ENDS_IN_A_NUMBER.fullmatch(name):
            wanted = "a host name, or an address of four decimal numbers such as 192.0.2.1"
            return str(IPv4Address(name))
    except ValueError:
        raise ValueError(wanted) from None
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise ValueError(wanted)
    return name


def url_host(url: str) -> str:
    """The host of a checked URL, in the form of `ascii_host`."""
    return ascii_host(_split(url).hostname or "")


def url_port(url: str) -> int:
    """The port of a checked URL, the default one where none is written."""
    parts = _split(url)
    return _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port


def same_feed_key(url: str) -> tuple[str, ...]:
    """Equal for two checked URLs that name one feed whatever the server does.

    Scheme and host in any case, the default port, an empty path and an empty query say nothing;
    the rest is the server's own business.
    """
    parts = _split(url)
    return (parts.scheme, url_host(url), str(url_port(url)), parts.path or "/", parts.query)


def literal_address(url: str) -> Address | None:
    """The address a checked URL has for a host, None for a name.

    An IPv4 address mapped into IPv6 is the IPv4 one. What a name stands for, and the other
    tunnels, only the guard at connect time can tell.
    """
    try:
        address = ip_address(url_host(url))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: Address) -> bool:
    """Is it an address of the Internet, rather than of a host or network of its own."""
    return address.is_global and not address.is_multicast


def is_in(address: Address | None, networks: tuple[AddressNetwork, ...]) -> bool:
    """Is `address` one of `networks`; None is in none."""
    return address is not None and any(address in network for network in networks)


@functools.lru_cache(maxsize=16384)
def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises on a port that is no number up to 65535
    except ValueError:
        raise ValueError("an http(s) URL such as https://www.example.com/feed.xml") from None
    return parts
