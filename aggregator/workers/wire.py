"""Requests and answers <-> frames: a length of four bytes, then that many bytes.

A request is one frame: the length of a JSON head, the head, the known fingerprints (eight bytes
each), the body. An answer is several frames of JSON, so that the reader of a long one can do
something else in between: a head, entries a few at a time, an end. Answers come from a process
that read hostile bytes: nothing in them is believed before its type was looked at.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import (
    Document,
    DocumentRequest,
    Entry,
    FeedMeta,
    Outcome,
    ParseFailed,
    SeenEntry,
    Tier,
)
from aggregator.network import FuturePolicy

LENGTH = struct.Struct("!I")
MAX_ANSWER_FRAME = 1024 * 1024
"""Twenty entries with every text at its limit, four bytes a character, are 0.9 MB."""
MAX_ANSWER_FRAMES = 64
READY = b'["ready"]'
_ENTRIES_PER_FRAME = 20


class BadAnswerError(ValueError):
    """A worker's answer is not of the agreed form."""


# ------------------------------------------------------------------ requests


def encode_request(request: DocumentRequest) -> bytes:
    """One frame, its length included."""
    known = array("q", request.known).tobytes()
    head = json.dumps(
        {
            "content_type": request.content_type,
            "url": request.url,
            "now": request.now.isoformat(),
            "timezone": request.timezone,
            "future": request.future,
            "known": len(known),
        }
    ).encode()
    parts = (LENGTH.pack(len(head)), head, known, request.body)
    return LENGTH.pack(sum(map(len, parts))) + b"".join(parts)


def decode_request(frame: bytes) -> DocumentRequest:
    """The inverse of `encode_request`, on a frame without its length."""
    (size,) = LENGTH.unpack_from(frame)
    start = LENGTH.size + size
    head = json.loads(frame[LENGTH.size : start])
    known = array("q", frame[start : start + head["known"]])
    return DocumentRequest(
        body=frame[start + head["known"] :],
        content_type=head["content_type"],
        url=head["url"],
        now=datetime.fromisoformat(head["now"]),
        timezone=head["timezone"],
        future=FuturePolicy(head["future"]),
        known=frozenset(known),
    )


# ------------------------------------------------------------------- answers


def encode_answer(result: Document | ParseFailed, *, retire: bool) -> Iterator[bytes]:
    """Frames with their lengths; `retire` tells the other side that this worker stops now."""
    if isinstance(result, ParseFailed):
        yield _frame(["failed", result.outcome, result.detail])
    else:
        yield _frame(["document", *_document_head(result)])
        for start in range(0, len(result.entries), _ENTRIES_PER_FRAME):
            batch = result.entries[start : start + _ENTRIES_PER_FRAME]
            yield _frame(["entries", [_entry_row(entry) for entry in batch]])
    yield _frame(["end", retire])


def _frame(value: list[Any]) -> bytes:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return LENGTH.pack(len(data)) + data


def _document_head(document: Document) -> list[Any]:
    meta = document.meta
    return [
        document.tier,
        [
            meta.title,
            meta.home,
            meta.language,
            meta.icon,
            None if meta.ttl is None else int(meta.ttl.total_seconds()),
            sorted(meta.skip_hours),
            sorted(meta.skip_days),
            meta.hub,
            meta.self_url,
        ],
        [[entry.position, entry.fingerprint] for entry in document.seen],
        document.truncated,
        document.undated,
        document.skipped,
    ]


def _entry_row(entry: Entry) -> list[Any]:
    return [
        entry.position,
        entry.fingerprint,
        entry.guid,
        entry.url,
        entry.canonical_url,
        entry.title,
        entry.summary,
        entry.author,
        entry.image_url,
        _time_text(entry.published_at),
        _time_text(entry.updated_at),
        _time_text(entry.held_until),
        entry.categories,
    ]


def _time_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def parse_frame(frame: bytes) -> tuple[str, list[Any]]:
    """The kind of an answer's frame and what follows it; raises `BadAnswerError`."""
    try:
        kind, *rest = json.loads(frame)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadAnswerError("not a JSON array") from error
    return _text(kind), rest


def failed_of(rest: list[Any]) -> ParseFailed:
    """What a frame of kind "failed" says; raises `BadAnswerError`."""
    try:
        outcome, detail = rest
        return ParseFailed(Outcome(outcome), _text(detail))
    except ValueError as error:
        raise BadAnswerError("not a failure") from error


def document_of(rest: list[Any], entries: tuple[Entry, ...]) -> Document:
    """What a frame of kind "document" says; raises `BadAnswerError`."""
    try:
        tier, meta, seen, truncated, undated, skipped = rest
        return Document(
            meta=_meta_of(meta),
            tier=Tier(tier),
            entries=entries,
            seen=tuple(SeenEntry(_integer(place), _integer(mark)) for place, mark in seen),
            truncated=_integer(truncated),
            undated=_integer(undated),
            skipped=_integer(skipped),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise BadAnswerError("not a document") from error


def entries_of(rest: list[Any]) -> list[Entry]:
    """What a frame of kind "entries" says; raises `BadAnswerError`."""
    try:
        (rows,) = rest
        return [_entry_of(row) for row in rows]
    except (ValueError, TypeError, OverflowError) as error:
        raise BadAnswerError("not entries") from error


def retires(rest: list[Any]) -> bool:
    """What a frame of kind "end" says; raises `BadAnswerError`."""
    if len(rest) != 1 or not isinstance(rest[0], bool):
        raise BadAnswerError("not an end")
    return rest[0]


def _meta_of(row: Any) -> FeedMeta:
    title, home, language, icon, ttl, hours, days, hub, self_url = row
    return FeedMeta(
        title=_text(title),
        home=_link(home),
        language=_optional_text(language),
        icon=_link(icon),
        ttl=None if ttl is None else timedelta(seconds=_integer(ttl)),
        skip_hours=frozenset(map(_integer, hours)),
        skip_days=frozenset(map(_integer, days)),
        hub=_link(hub),
        self_url=_link(self_url),
    )


def _entry_of(row: Any) -> Entry:
    position, mark, guid, url, key, title, summary, author, image, *dates, categories = row
    published, updated, held = map(_time, dates)
    return Entry(
        position=_integer(position),
        fingerprint=_integer(mark),
        guid=_optional_text(guid),
        url=_link(url),
        canonical_url=_optional_text(key),
        title=_text(title),
        summary=_text(summary),
        author=_optional_text(author),
        image_url=_link(image),
        published_at=published,
        updated_at=updated,
        held_until=held,
        categories=tuple(map(_text, categories)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadAnswerError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _link(value: object) -> str | None:
    link = _optional_text(value)
    if link is not None and not link.startswith(("http://", "https://")):
        raise BadAnswerError("not an absolute http(s) link")
    return link


def _integer(value: object) -> int:
    """SQLite's integers have 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise BadAnswerError("not an integer of 64 bits")
    return value


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise BadAnswerError("a time without zone")
    return moment
