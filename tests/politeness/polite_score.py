"""What a client did -> what a careful server operator would say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fetch_servers import AGENT


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `at` is by the world's clock, `fields` in order with names as sent."""

    at: datetime
    host: str
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    version: str = "HTTP/1.1"

    def field(self, name: str) -> str | None:
        """The value of a field, None where it was not sent."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    @property
    def conditions(self) -> tuple[str | None, str | None]:
        """If-None-Match and If-Modified-Since."""
        return self.field("If-None-Match"), self.field("If-Modified-Since")


Rule = Callable[[Sequence[Seen]], Iterable[str]]


def get_only(seen: Sequence[Seen]) -> Iterable[str]:
    """P20."""
    return (f"{one.method} {one.target}" for one in seen if one.method != "GET")


def no_additions(seen: Sequence[Seen]) -> Iterable[str]:
    """P21: no cache buster, no fragment, no absolute form."""
    return (one.target for one in seen if "#" in one.target or not one.target.startswith("/"))


def no_tracking(seen: Sequence[Seen]) -> Iterable[str]:
    """P22, P23, P55, rA13: no cookie, referrer, delta request, upgrade."""
    never = {"cookie", "referer", "a-im", "upgrade", "from", "dnt"}
    return (name for one in seen for name, _ in one.fields if name.lower() in never)


def one_honest_name(seen: Sequence[Seen]) -> Iterable[str]:
    """P24."""
    return (str(one.field("User-Agent")) for one in seen if one.field("User-Agent") != AGENT)


def takes_gzip(seen: Sequence[Seen]) -> Iterable[str]:
    """P25."""
    return (one.target for one in seen if "gzip" not in (one.field("Accept-Encoding") or ""))


def sane_conditions(seen: Sequence[Seen]) -> Iterable[str]:
    """P02: neither null nor 1970 nor empty."""
    for one in seen:
        for value in one.conditions:
            if value is not None and (value in ("", "null", "None") or "1970" in value):
                yield f"{one.target}: {value}"


def not_early(seen: Sequence[Seen], floor: timedelta) -> Iterable[str]:
    """P30: the gap between two requests for one URL, tolerance zero."""
    last: dict[tuple[str, str], datetime] = {}
    for one in seen:
        key = (one.host, one.target)
        if key in last and one.at - last[key] < floor:
            yield f"{one.target}: {one.at - last[key]}"
        last[key] = one.at


RULES: tuple[Rule, ...] = (
    get_only,
    no_additions,
    no_tracking,
    one_honest_name,
    takes_gzip,
    sane_conditions,
)


def complaints(seen: Sequence[Seen], *, floor: timedelta) -> list[str]:
    """Everything that rows of the checklist which hold at any time have against a client."""
    found = [f"{rule.__name__}: {what}" for rule in RULES for what in rule(seen)]
    return found + [f"not_early: {what}" for what in not_early(seen, floor)]
