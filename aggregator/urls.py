"""A link as a feed writes it -> an absolute http(s) URL in one spelling, or None.

Alone in knowing the WHATWG URL Standard (https://url.spec.whatwg.org/), as far as http and https
go: a link must mean to us what it means to the browser of the reader who clicks it. Stricter
than the standard where a URL could only harm: no userinfo, no control or bidi characters, no
host that DNS could not hold, at most 2,048 characters.
"""

from __future__ import annotations

import functools
import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote_to_bytes, urlsplit

import idna

MAX_URL = 2048
_MAX_HOST = 253  # RFC 1035 section 2.3.4, the final dot apart
_MAX_LABEL = 63

_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_TAB_AND_NEWLINES = str.maketrans("", "", "\t\n\r")
# Cc, lone surrogates, and the bidi controls of UAX 9: a link with one of these is a trick.
_REFUSED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_HOST = re.compile(r"[a-z0-9_.-]+")
# What most feeds write is already in our spelling. `.` after a slash and `%2` (of `%2e`) may be
# dot segments, `xn--` needs a look at the label: these take the long way.
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,63}"
    r"/[A-Za-z0-9/_.~!$&'()*+,;=:@%\[\]-]*(?:\?[A-Za-z0-9/?_.~!$&()*+,;=:@%\[\]-]*)?"
)
_PLAIN_HOST = re.compile(r"https?://((?:[a-z0-9_-]+\.)*[a-z0-9_-]+)(?:/|\Z)")
_NOT_PLAIN = re.compile(r"/\.|%2|xn--")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DOT = frozenset({".", "%2e"})
_DOT_DOT = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})
_IPV4_DIGITS = {8: re.compile(r"[0-7]*"), 10: re.compile(r"[0-9]+"), 16: re.compile(r"[0-9a-f]*")}
# The path and query percent-encode sets, with `|`, `^` and, in a query, `\` on top.
_PATH_ENCODED = re.compile(r"[^!#-;=?-Z\[\]_a-z~]")
_QUERY_ENCODED = re.compile(r"[^!#-&(-;=?-Z\[\]_a-z~]")
_FRAGMENT_ENCODED = _PATH_ENCODED


def absolute_link(raw: str, base: str | None) -> str | None:
    """`raw` resolved against `base`, an absolute http(s) URL or None.

    None for anything that is no usable http(s) URL, an empty `raw` included (by the standard it
    would mean `base`, but a feed that leaves a link empty has none). Idempotent.
    """
    if len(raw) <= _MAX_HOST and _PLAIN.fullmatch(raw) and not _NOT_PLAIN.search(raw):
        return raw
    text = raw.strip(_C0_AND_SPACE).translate(_TAB_AND_NEWLINES)
    if not text or len(text) > MAX_URL or _REFUSED.search(text):
        return None
    url = _resolved(text, _parsed_base(base) if base else None)
    return url if url is not None and len(url) <= MAX_URL else None


@functools.lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The lower-case host of an absolute http(s) URL, "" if it has none.

    Without port, without the final dot of a fully qualified name and without the brackets of an
    IPv6 address.
    """
    # Every link of an entry asks, and nearly all are written so: a sixth of the time.
    if plain := _PLAIN_HOST.match(url):
        return plain[1]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host.removesuffix(".") if parts.scheme in _DEFAULT_PORTS else ""


# ------------------------------------------------------------------ resolving


_Base = tuple[str, str, str, str]  # scheme, authority, path, query with its "?"


@lru_cache(maxsize=256)
def _parsed_base(base: str) -> _Base | None:
    """The parts of a base URL; its userinfo is dropped, lest every link be refused for it."""
    match = _SCHEME.match(base)
    if match is None:
        return None
    head = match[0] + "//"
    authority, rest = _split_authority(base[len(match[0]) :].lstrip("/\\"))
    url = absolute_link(head + authority.rpartition("@")[2] + rest, None)
    if url is None:
        return None
    parts = urlsplit(url)
    return parts.scheme, parts.netloc, parts.path, f"?{parts.query}" if parts.query else ""


def _resolved(text: str, base: _Base | None) -> str | None:
    """WHATWG 4.4, "scheme start state" up to "path state", for special schemes only."""
    scheme, rest = _split_scheme(text)
    if scheme and scheme not in _DEFAULT_PORTS:
        return None
    slashes = len(rest) - len(rest.lstrip("/\\"))
    if slashes < 2 and base is not None and scheme in ("", base[0]):
        return _relative(rest, base)
    if not scheme:
        if base is None or slashes < 2:
            return None
        scheme = base[0]
    authority, rest = _split_authority(rest[slashes:])
    host = _authority(authority, scheme)
    return None if host is None else f"{scheme}://{host}{_tail(rest)}"


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    return (match[1].lower(), text[match.end() :]) if match else ("", text)


def _split_authority(text: str) -> tuple[str, str]:
    end = _AUTHORITY_END.search(text)
    return (text[: end.start()], text[end.start() :]) if end else (text, "")


def _relative(rest: str, base: _Base) -> str:
    """WHATWG 4.4, "relative state"."""
    scheme, authority, path, query = base
    if rest[:1] == "#" or not rest:
        tail = f"{path}{query}{_encoded(_FRAGMENT_ENCODED, rest)}"
    elif rest[0] == "?":
        tail = path + _query_and_fragment(rest)
    elif rest[0] in "/\\":
        tail = _tail(rest)
    else:
        tail = _tail(path[: path.rfind("/") + 1] + rest)
    return f"{scheme}://{authority}{tail}"


def _tail(rest: str) -> str:
    """Everything after the authority, in our spelling; the path starts with a slash."""
    end = next((at for at, char in enumerate(rest) if char in "?#"), len(rest))
    return _path(rest[:end]) + _query_and_fragment(rest[end:])


def _path(path: str) -> str:
    """WHATWG 4.4, "path state": backslashes are slashes, dot segments are gone."""
    segments = path.replace("\\", "/").removeprefix("/").split("/")
    kept: list[str] = []
    for number, segment in enumerate(segments, 1):
        lowered = segment.lower()
        if lowered in _DOT_DOT:
            del kept[-1:]
        elif lowered not in _DOT:
            kept.append(segment)
            continue
        if number == len(segments):
            kept.append("")
    return "/" + _encoded(_PATH_ENCODED, "/".join(kept))


def _query_and_fragment(rest: str) -> str:
    query, mark, fragment = rest.partition("#")
    return _encoded(_QUERY_ENCODED, query) + mark + _encoded(_FRAGMENT_ENCODED, fragment)


def _encoded(encoded: re.Pattern[str], text: str) -> str:
    return encoded.sub(_percent_encoded, text)


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


# ----------------------------------------------------------------------- host


def _authority(authority: str, scheme: str) -> str | None:
    """`host` or `host:port`, the default port left out; None with userinfo or a bad port."""
    if "@" in authority:
        return None
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    if port and not (port.isascii() and port.isdigit() and len(port) < 10 and int(port) < 65536):
        return None
    known = _host(host)
    if known is None or not port or int(port) == _DEFAULT_PORTS[scheme]:
        return known
    return f"{known}:{int(port)}"


@lru_cache(maxsize=4096)
def _host(raw: str) -> str | None:
    """WHATWG 3.5, "host parsing": ASCII, lower case; addresses in their canonical form."""
    if raw.startswith("["):
        return _ipv6(raw)
    name = _ascii_name(unquote_to_bytes(raw).decode("utf-8", "replace")) if raw else None
    if name is None:
        return None
    last = name.removesuffix(".").rpartition(".")[2]
    if last.isdigit() or _ipv4_number(last) is not None:
        return _ipv4(name.removesuffix("."))
    return name


def _ascii_name(name: str) -> str | None:
    """UTS 46 (non-transitional), then IDNA 2008 for the labels that need it."""
    if len(name) > 4 * _MAX_HOST:  # before idna: its cost grows with the length
        return None
    try:
        mapped = name.lower() if name.isascii() else _mapped(name)
        labels = [_ascii_label(label) for label in mapped.removesuffix(".").split(".")]
    except (idna.IDNAError, UnicodeError):
        return None
    joined = ".".join(labels)
    if len(joined) > _MAX_HOST or not all(0 < len(label) <= _MAX_LABEL for label in labels):
        return None
    if not _HOST.fullmatch(joined):
        return None
    return joined + "." if mapped.endswith(".") else joined


def _mapped(name: str) -> str:
    return idna.uts46_remap(name, std3_rules=False, transitional=False)


def _ascii_label(label: str) -> str:
    if not label.isascii():
        return idna.alabel(label).decode("ascii")
    if label.startswith("xn--"):
        idna.ulabel(label)  # raises for one that stands for nothing
    return label


def _ipv4(name: str) -> str | None:
    """WHATWG 3.5, "IPv4 parser": octal, hexadecimal and short forms; what `inet_aton` takes."""
    numbers = [_ipv4_number(part) for part in name.split(".")]
    if len(numbers) > 4:
        return None
    value = 0
    for place, number in enumerate(numbers, 1):
        room = 256 ** (5 - len(numbers)) if place == len(numbers) else 256
        if number is None or number >= room:
            return None
        value = value * room + number
    return ".".join(str(byte) for byte in value.to_bytes(4, "big"))


def _ipv4_number(part: str) -> int | None:
    digits, radix = part, 10
    if part.startswith("0x"):
        digits, radix = part[2:], 16
    elif len(part) > 1 and part[0] == "0":
        digits, radix = part[1:], 8
    if not _IPV4_DIGITS[radix].fullmatch(digits):
        return None
    return int(digits or "0", radix)


def _ipv6(raw: str) -> str | None:
    """An address in brackets in the form of RFC 5952; no zone id, no dotted quad at its end."""
    if not raw.endswith("]") or "%" in raw:
        return None
    try:
        packed = IPv6Address(raw[1:-1]).packed
    except AddressValueError:
        return None
    groups = [f"{packed[at] << 8 | packed[at + 1]:x}" for at in range(0, 16, 2)]
    return f"[{_shortened(groups)}]"


def _shortened(groups: list[str]) -> str:
    """RFC 5952 section 4.2: the first of the longest runs of zeros becomes `::`.

    By hand, because what str() makes of an IPv4-mapped address differs between Python versions.
    """
    start, length = 0, 1
    for at in range(8):
        run = 0
        while at + run < 8 and groups[at + run] == "0":
            run += 1
        if run > length:
            start, length = at, run
    if length == 1:
        return ":".join(groups)
    return ":".join(groups[:start]) + "::" + ":".join(groups[start + length :])
