"""What every reader of a document hands on: items and feed as written, before any cleaning.

Values are text after XML (or JSON) decoding, exactly once, white space at the ends taken off;
an absent value is "". Nothing is resolved, stripped of markup or understood as a date yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, overload

from aggregator.text import TextKind

MAX_ENTRIES = 500
"""What is kept of one document (security.md 4.7), the newest."""

MAX_RAW_TITLE = 4 * 1024
MAX_RAW_SUMMARY = 16 * 1024
"""More of a text is not even looked at: a summary that needs eight times its length for markup
shows what it can."""


class RawText(NamedTuple):
    """A text construct and how it is written."""

    value: str = ""
    kind: TextKind = TextKind.TEXT


class RawEntry(NamedTuple):
    """One item as written (a NamedTuple: half the cost of a frozen dataclass, 500 times a feed).

    `links` are candidates, best first. `base` is the xml:base in force for them, "" if it is the
    feed's. `updated` is also the second choice for a date of publication.
    """

    guid: str = ""
    links: tuple[str, ...] = ()
    title: RawText = RawText()
    summary: RawText = RawText()
    author: str = ""
    published: str = ""
    updated: str = ""
    image: str = ""
    categories: tuple[str, ...] = ()
    base: str = ""


class RawMeta(NamedTuple):
    """The feed's own fields as written.

    `base` is what its links stand against: xml:base, else (RSS) an absolute channel link; "" means
    the address of the document.
    """

    title: RawText = RawText()
    home: str = ""
    language: str = ""
    icon: str = ""
    ttl: str = ""
    skip_hours: tuple[str, ...] = ()
    skip_days: tuple[str, ...] = ()
    hub: str = ""
    self_url: str = ""
    base: str = ""


class RawFeed(NamedTuple):
    """A document as written; `entries` in document order."""

    meta: RawMeta
    entries: Sequence[RawEntry]


class LazyEntries(Sequence[RawEntry]):
    """The entries of a document that has more than are kept: each is read when it is asked for."""

    def __init__(self, count: int, read: Callable[[int], RawEntry]) -> None:
        self._count = count
        self._read = read

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> RawEntry: ...

    @overload
    def __getitem__(self, place: slice) -> list[RawEntry]: ...

    def __getitem__(self, place: int | slice) -> RawEntry | list[RawEntry]:
        places = range(self._count)[place]
        if isinstance(places, int):
            return self._read(places)
        return [self._read(each) for each in places]
