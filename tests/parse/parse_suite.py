"""feedparser's own test files -> what they claim about entries, in our terms."""

from __future__ import annotations

import ast
import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.model import Entry
from aggregator.text import TextKind, plain_text
from aggregator.urls import absolute_link

SUITES = ("pypi-feedparser-6.0.14", "kurtmckee")
URL = "http://127.0.0.1:8097/feed.xml"
_EXPECT = re.compile(rb"Expect:\s*(.+)")
_CLAIM = re.compile(
    r"entries\[(\d+)\]((?:\[(?:'\w+'|\d+)\]|\.[a-z]\w*)+)"
    r"\s*==\s*(u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"|\([\d, ]+\))"
)
_KEYS = {
    "title": "title",
    "title_detail.value": "title",
    "summary": "summary",
    "description": "summary",
    "summary_detail.value": "summary",
    "content.0.value": "content",
    "link": "link",
    "id": "guid",
    "guid": "guid",
    "author": "author",
    "author_detail.name": "author",
    "published_parsed": "published",
    "created_parsed": "published",
    "updated_parsed": "updated",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """`field` of entry `index` is `value`: text, or nine numbers of a UTC time."""

    index: int
    field: str
    value: str | tuple[int, ...]


def suite_files(synthetic: Path) -> Iterator[Path]:
    for suite in SUITES:
        yield from sorted((synthetic / suite).rglob("*.xml"))


def claims_of(body: bytes) -> list[Claim]:
    """What the comment at the head of a test file says of the fields a headline is made of."""
    expect = _EXPECT.search(body)
    if expect is None:
        return []
    claims = []
    for index, path, literal in _CLAIM.findall(expect[1].decode("latin-1")):
        key = ".".join(re.findall(r"\w+", path))
        if key in _KEYS:
            value = ast.literal_eval(literal)
            claims.append(Claim(int(index), _KEYS[key], value))
    return claims


def identified(body: bytes) -> bytes:
    """`body` with an identifier in every entry: ones with a summary alone would be skipped."""
    body = re.sub(rb"(<item(?:\s[^<>]*)?>)", rb'\1<guid isPermaLink="false">filler</guid>', body)
    return re.sub(rb"(<entry(?:\s[^<>]*)?>)", rb"\1<id>filler</id>", body)


def holds(claim: Claim, entry: Entry) -> bool:
    """Whether our entry says the same, in plain text, UTC and absolute links."""
    match claim.field:
        case "link":
            return entry.url == absolute_link(str(claim.value), URL)
        case "guid":
            return (entry.guid or "") == claim.value
        case "published":
            return _moment(claim.value) == entry.published_at
        case "updated":
            # feedparser has one date as `updated` where we have it as the publication.
            return _moment(claim.value) in (entry.updated_at, entry.published_at)
        case field:
            ours = getattr(entry, "summary" if field == "content" else field) or ""
            return _letters(ours) in _readings(str(claim.value))


def _moment(value: object) -> datetime | None:
    assert isinstance(value, tuple)
    return datetime.fromtimestamp(calendar.timegm((*value, 0, 0, 0)[:9]), UTC)


def _readings(value: str) -> set[str]:
    """The plain text of a value that may be text or markup, spaces apart."""
    return {_letters(plain_text(value, kind)) for kind in TextKind} | {_letters(value)}


def _letters(text: str) -> str:
    return "".join(text.split())
