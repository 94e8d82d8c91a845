"""Header fields of a response -> validators and hints; alone in knowing what they mean.

Names are lower case, values are decoded as latin-1, so that every byte survives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from aggregator.fetch.limits import MAX_VALIDATOR
from aggregator.model import Hints, Validators

Fields = Mapping[str, tuple[str, ...]]

_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{MAX_VALIDATOR}}}")
_SECONDS = re.compile(r"[0-9]+")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATES = (
    # The three forms of RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime.
    re.compile(rf"\w+, (?P<day>[0-9]{{1,2}}) (?P<month>\w{{3}}) (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(rf"\w+, (?P<day>[0-9]{{2}})-(?P<month>\w{{3}})-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(rf"\w+ (?P<month>\w{{3}}) +(?P<day>[0-9]{{1,2}}) {_TIME} (?P<year>[0-9]{{4}})"),
)
_LONGEST_WAIT = timedelta(days=7)
_LONGEST_FRESHNESS = timedelta(hours=24)
_ZERO = timedelta()


def index_fields(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, tuple[str, ...]]:
    """Every value of every name, in order."""
    fields: dict[str, tuple[str, ...]] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        fields[name] = (*fields.get(name, ()), raw_value.decode("latin-1"))
    return fields


def is_sendable(value: str) -> bool:
    """Printable ASCII of a sane length: what may be stored and echoed in a request header."""
    return _PRINTABLE.fullmatch(value) is not None


def sendable_only(validators: Validators) -> Validators:
    """Those that can be sent; the database may hold what an older version or a person put there."""
    etag, last_modified = validators.etag, validators.last_modified
    return Validators(
        etag if etag is not None and is_sendable(etag) else None,
        last_modified if last_modified is not None and is_sendable(last_modified) else None,
    )


def read_validators(fields: Fields) -> Validators:
    """Those of a 200, byte for byte; a junk or contradictory one counts as absent."""
    return Validators(_one_sendable(fields, "etag"), _one_sendable(fields, "last-modified"))


def update_validators(sent: Validators, fields: Fields) -> Validators:
    """Those to keep after a 304: the ones it carries replace the sent ones (RFC 9111 3.2)."""
    new = read_validators(fields)
    return Validators(new.etag or sent.etag, new.last_modified or sent.last_modified)


def read_hints(fields: Fields, now: datetime) -> Hints:
    """When the server would like the next request; `now` stands in for a missing Date."""
    return Hints(_retry_after(fields, now), _fresh_for(fields, now))


def parse_http_date(text: str) -> datetime | None:
    """One of the three forms of RFC 9110 section 5.6.7, None for anything else."""
    match = next(filter(None, (form.fullmatch(text.strip()) for form in _DATES)), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:  # RFC 9110: more than 50 years ahead means the past century
        year += 2000 if year < 77 else 1900
    try:
        return datetime(
            year,
            _MONTHS[match["month"].lower()],
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            min(int(match["second"]), 59),  # 60 is a leap second
            tzinfo=UTC,
        )
    except (KeyError, ValueError):
        return None


def _retry_after(fields: Fields, now: datetime) -> timedelta | None:
    """Seconds or an HTTP-date (RFC 9110 section 10.2.3); a past date is zero."""
    if "retry-after" not in fields:
        return None
    text = fields["retry-after"][0].strip()
    if _SECONDS.fullmatch(text):
        return _seconds(text, _LONGEST_WAIT)
    until = parse_http_date(text)
    return None if until is None else _clamp(until - _sent_at(fields, now), _LONGEST_WAIT)


def _fresh_for(fields: Fields, now: datetime) -> timedelta | None:
    """Lifetime less age in a private cache (RFC 9111 section 4.2): s-maxage is not for us."""
    directives = _directives(fields)
    if "no-cache" in directives or "no-store" in directives:
        return _ZERO
    if "max-age" in directives:
        max_age = directives["max-age"]
        if not _SECONDS.fullmatch(max_age):
            return _ZERO  # RFC 9111 section 4.2.1: invalid means stale
        return _clamp(_seconds(max_age) - _age(fields), _LONGEST_FRESHNESS)
    if "expires" in fields:
        expires = _first_date(fields, "expires")
        # RFC 9111 section 5.3: an invalid date, "0" above all, is in the past.
        if expires is None:
            return _ZERO
        return _clamp(expires - _sent_at(fields, now), _LONGEST_FRESHNESS)
    return None


def _directives(fields: Fields) -> dict[str, str]:
    """Cache-Control by name; of a repeated directive the first counts (RFC 9111 4.2.1)."""
    if "cache-control" not in fields:
        return {}
    found: dict[str, str] = {}
    for part in ",".join(fields["cache-control"]).split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _age(fields: Fields) -> timedelta:
    text = fields.get("age", ("",))[0].strip()
    return _seconds(text) if _SECONDS.fullmatch(text) else _ZERO


def _sent_at(fields: Fields, now: datetime) -> datetime:
    """By the server's own clock, which its other dates are meant by, when it says so."""
    return _first_date(fields, "date") or now


def _first_date(fields: Fields, name: str) -> datetime | None:
    return parse_http_date(fields.get(name, ("",))[0])


def _seconds(digits: str, most: timedelta = timedelta(days=36500)) -> timedelta:
    """At most `most`: ten digits and more overflow a timedelta sooner or later."""
    return min(timedelta(seconds=int(digits[-10:])), most) if len(digits) <= 10 else most


def _clamp(duration: timedelta, most: timedelta) -> timedelta:
    return max(_ZERO, min(duration, most))


def _one_sendable(fields: Fields, name: str) -> str | None:
    values = set(fields.get(name, ()))
    value = values.pop() if len(values) == 1 else ""
    return value if is_sendable(value) else None
