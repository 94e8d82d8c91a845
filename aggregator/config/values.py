"""The types of single values in feeds.yaml: what each accepts, in words and as JSON Schema.

A value stays as it is written; `build` turns text into durations, sizes and networks. Every check
raises one kind of error, "expected", whose words go on from "found ..., expected ".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from aggregator.config.links import MAX_URL, ascii_host, check_contact, check_url
from aggregator.times import parse_duration

MAX_TEXT = 200
MAX_PATH = 1024

ID_PATTERN = r"[a-z0-9][a-z0-9._-]{0,63}"
_ID = re.compile(ID_PATTERN)
# C0 and C1 controls, line and paragraph separators, lone surrogates.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MAX_FIELD = 1000
# RFC 9110 section 5.6.2; the fields below are the client's own business, or tell who reads.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "range",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
_FIELD_VALUE = re.compile(rf"(?=.{{1,{MAX_FIELD}}}\Z)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
PARAM_PATTERN = r"[A-Za-z0-9_.-]{1,64}"
_PARAM = re.compile(PARAM_PATTERN)
LANGUAGE_PATTERN = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"
_LANGUAGE = re.compile(LANGUAGE_PATTERN)
_SIZE = re.compile(r"([0-9]{1,9})(KiB|MiB)")
_UNITS = {"KiB": 1024, "MiB": 1024 * 1024}


def expected(words: str) -> PydanticCustomError:
    """The error of a value that is not what `words` say."""
    return PydanticCustomError("expected", "{words}", {"words": words})


def parse_size(value: int | str) -> int:
    """A size as it is written -> bytes; raises ValueError on text of another form."""
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ValueError("a whole number and KiB or MiB")
    return int(match[1]) * _UNITS[match[2]]


def whole(lowest: int, highest: int) -> PlainValidator:
    """A whole number within these bounds."""

    def check(value: object) -> int:
        if type(value) is int and lowest <= value <= highest:
            return value
        raise expected(f"a whole number from {lowest} to {highest}")

    return PlainValidator(check)


def duration(shortest: str, longest: str) -> PlainValidator:
    """Text such as `30m` within these bounds."""
    low, high = parse_duration(shortest), parse_duration(longest)

    def check(value: object) -> str:
        try:
            if isinstance(value, str) and low <= parse_duration(value) <= high:
                return value
        except ValueError:
            pass
        words = f"a duration such as 90s, 30m, 12h or 7d, from {shortest} to {longest}"
        raise expected(words)

    return PlainValidator(check)


def size(smallest: str, largest: str) -> PlainValidator:
    """Text such as `5MiB`, or a number of bytes, within these bounds."""
    low, high = parse_size(smallest), parse_size(largest)

    def check(value: object) -> int | str:
        # A bool is an int to isinstance.
        if isinstance(value, int | str) and not isinstance(value, bool):
            with suppress(ValueError):
                if low <= parse_size(value) <= high:
                    return value
        words = f"a size such as 5MiB or 512KiB or a number of bytes, from {smallest} to {largest}"
        raise expected(words)

    return PlainValidator(check)


def no_http2() -> PlainValidator:
    """The only value that is supported."""

    def check(value: object) -> bool:
        if value is False:
            return False
        raise expected("false: HTTP/2 is not supported, feeds are fetched over HTTP/1.1")

    return PlainValidator(check)


def text(words: str, check: Callable[[str], object]) -> PlainValidator:
    """Text that `check` lets pass; the text of its ValueError says more than `words`."""

    def checked(value: object) -> str:
        if not isinstance(value, str):
            raise expected(words)
        try:
            check(value)
        except ValueError as error:
            raise expected(str(error)) from None
        return value

    return PlainValidator(checked)


def _check_id(value: str) -> None:
    if not _ID.fullmatch(value):
        raise ValueError(
            "an id: lower-case letters, digits, dot, dash and underscore, a letter or digit first,"
            " at most 64 characters"
        )


def _check_line(value: str) -> None:
    if not value.strip() or len(value) > MAX_TEXT or _CONTROL.search(value):
        raise ValueError(f"one line of text, 1 to {MAX_TEXT} characters")


def _check_path(value: str) -> None:
    if not value.strip() or len(value) > MAX_PATH or _CONTROL.search(value):
        raise ValueError(f"a path of at most {MAX_PATH} characters")


def _check_argument(value: str) -> None:
    if not value or len(value) > MAX_PATH or "\x00" in value:
        raise ValueError(f"an argument of 1 to {MAX_PATH} characters")


def _check_language(value: str) -> None:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("a language tag such as en or en-AU")


def _check_param(value: str) -> None:
    if not _PARAM.fullmatch(value):
        raise ValueError(
            "the name of a query parameter such as utm_source: letters, digits, dot, dash and"
            " underscore, at most 64 characters"
        )


def _check_timezone(value: str) -> None:
    try:
        ZoneInfo(value)
    # OSError: the name of a directory of zones, such as `America`.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("the name of a time zone such as Australia/Sydney") from None


def _check_host(value: str) -> None:
    try:
        ascii_host(value)
    except ValueError:
        raise ValueError(
            "a host such as example.com, without https:// and without a port"
        ) from None


def _check_cidr(value: str) -> None:
    # A number would be an address to ip_network; only text comes here.
    try:
        ip_network(value)
    except ValueError:
        raise ValueError(
            "a network such as 10.0.0.0/8 or fd00::/8, with no bit set after the prefix"
        ) from None


def _check_header_name(value: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise ValueError("the name of a header field such as X-Api-Key")
    name = value.lower()
    if name in _OURS or name.startswith(("proxy-", "sec-")):
        raise ValueError("the name of a header field that is not the aggregator's own to decide")


def _check_header_value(value: str) -> None:
    name = value.removeprefix("env:")
    if name != value and not _ENV.fullmatch(name):
        raise ValueError("env: and the name of an environment variable, such as env:FEED_KEY")
    if not _FIELD_VALUE.fullmatch(value):
        raise ValueError(f"printable ASCII, 1 to {MAX_FIELD} characters, or env:NAME")


def _check_env(value: str) -> None:
    if not _ENV.fullmatch(value):
        raise ValueError("the name of an environment variable such as FEED_PASSWORD")


def _check_user(value: str) -> None:
    _check_line(value)
    if ":" in value:
        raise ValueError("a user name without a colon (RFC 7617)")


def _check_agent_suffix(value: str) -> None:
    if not _FIELD_VALUE.fullmatch(value) or len(value) > MAX_TEXT:
        raise ValueError(f"printable ASCII, 1 to {MAX_TEXT} characters")


def parse_listen(value: str) -> tuple[str, int]:
    """`127.0.0.1:9180` or `[::1]:9180` -> address and port; raises ValueError."""
    host, colon, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        address = str(IPv6Address(host[1:-1]))
    else:
        address = str(IPv4Address(host))
    if not colon or not re.fullmatch("[0-9]{1,5}", port, re.ASCII) or int(port) > 65535:
        raise ValueError("a port")
    return address, int(port)


def _check_listen(value: str) -> None:
    try:
        parse_listen(value)
    except ValueError:
        raise ValueError("an address and a port such as 127.0.0.1:9180 or [::1]:9180") from None


def _check_fetched_url(value: str) -> None:
    check_url(value)


def _check_callback_url(value: str) -> None:
    check_url(value)
    if "?" in value or not value.isascii():
        raise ValueError("an http(s) URL in ASCII without a query (?...)")


def _check_link(value: str) -> None:
    check_url(value, fragment=True)


_URL_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://", "maxLength": MAX_URL}
)
_LINE_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT})

Id = Annotated[
    str,
    text("an id", _check_id),
    WithJsonSchema({"type": "string", "pattern": f"^{ID_PATTERN}$"}),
]
# A reference is checked against the ids there are, which says more than its form.
Reference = Annotated[
    str,
    text("an id; quote one that looks like a number", str),
    WithJsonSchema({"type": "string"}),
]
Line = Annotated[str, text("text; quote what looks like a number", _check_line), _LINE_SCHEMA]
FilePath = Annotated[
    str,
    text("a path; quote one that looks like a number", _check_path),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_PATH}),
]
FetchedUrl = Annotated[str, text("an http(s) URL", _check_fetched_url), _URL_SCHEMA]
CallbackUrl = Annotated[str, text("an http(s) URL", _check_callback_url), _URL_SCHEMA]
Link = Annotated[str, text("an http(s) URL", _check_link), _URL_SCHEMA]
Contact = Annotated[
    str,
    text("an http(s) URL or mailto: address", check_contact),
    WithJsonSchema(
        {"type": "string", "pattern": "^([Hh][Tt][Tt][Pp][Ss]?://|[Mm][Aa][Ii][Ll][Tt][Oo]:)"}
    ),
]
Host = Annotated[str, text("a host such as example.com", _check_host), _LINE_SCHEMA]
TimezoneName = Annotated[
    str, text("the name of a time zone such as Australia/Sydney", _check_timezone), _LINE_SCHEMA
]
Listen = Annotated[
    str, text("an address and a port such as 127.0.0.1:9180", _check_listen), _LINE_SCHEMA
]
Cidr = Annotated[str, text("a network such as 10.0.0.0/8", _check_cidr), _LINE_SCHEMA]

Argument = Annotated[
    str,
    text("text; quote what looks like a number", _check_argument),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_PATH}),
]
LanguageTag = Annotated[
    str,
    text("a language tag such as en or en-AU", _check_language),
    WithJsonSchema({"type": "string", "pattern": f"^{LANGUAGE_PATTERN}$"}),
]
ParamName = Annotated[
    str,
    text("the name of a query parameter", _check_param),
    WithJsonSchema({"type": "string", "pattern": f"^{PARAM_PATTERN}$"}),
]

DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"})
SIZE_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": "^[0-9]{1,9}(KiB|MiB)$"},
            {"type": "integer", "minimum": 1},
        ]
    }
)


def whole_schema(lowest: int, highest: int) -> WithJsonSchema:
    """`whole` as JSON Schema."""
    return WithJsonSchema({"type": "integer", "minimum": lowest, "maximum": highest})


_TEXT_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1})
HeaderName = Annotated[str, text("the name of a header field", _check_header_name), _TEXT_SCHEMA]
HeaderValue = Annotated[
    str, text("text; quote what looks like a number", _check_header_value), _TEXT_SCHEMA
]
EnvName = Annotated[str, text("the name of an environment variable", _check_env), _TEXT_SCHEMA]
UserName = Annotated[str, text("a user name; quote a number", _check_user), _TEXT_SCHEMA]
AgentSuffix = Annotated[str, text("text; quote a number", _check_agent_suffix), _TEXT_SCHEMA]
NO_HTTP2_SCHEMA = WithJsonSchema({"const": False})
