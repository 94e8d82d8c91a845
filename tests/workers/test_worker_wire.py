"""Frames: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from worker_feeds import REQUEST

from aggregator.model import Document, Entry, FeedMeta, Outcome, ParseFailed, SeenEntry, Tier
from aggregator.network import FuturePolicy
from aggregator.workers.wire import (
    LENGTH,
    MAX_ANSWER_FRAME,
    MAX_ANSWER_FRAMES,
    BadAnswerError,
    decode_request,
    document_of,
    encode_answer,
    encode_request,
    entries_of,
    failed_of,
    parse_frame,
    retires,
)

MOMENT = datetime(2026, 11, 24, 10, 0, 0, 5, tzinfo=UTC)
ENTRY = Entry(
    position=0,
    fingerprint=-(2**63),
    guid="g",
    url="https://a.example/1",
    canonical_url="https://a.example/1",
    title="T’",
    summary="S",
    author="A",
    image_url="https://a.example/1.jpg",
    published_at=MOMENT,
    updated_at=MOMENT,
    held_until=MOMENT,
    categories=("C", "D"),
)
BARE = Entry(1, 2**63 - 1, None, None, None, "")
META = FeedMeta(
    title="News",
    home="https://a.example/",
    language="en",
    icon="https://a.example/i.ico",
    ttl=timedelta(minutes=90),
    skip_hours=frozenset({0, 1}),
    skip_days=frozenset({6}),
    hub="https://hub.example/",
    self_url="https://a.example/feed",
)
DOCUMENT = Document(META, Tier.STRICT, (ENTRY, BARE), (SeenEntry(2, 7),), 1, 2, 3)


def frames_of(result: Document | ParseFailed, *, retire: bool = False) -> list[bytes]:
    """The frames of an answer, without their lengths."""
    frames = list(encode_answer(result, retire=retire))
    for frame in frames:
        assert LENGTH.unpack_from(frame)[0] == len(frame) - LENGTH.size
    return [frame[LENGTH.size :] for frame in frames]


def test_a_request_survives_the_way() -> None:
    """Every field, the body byte for byte."""
    asked = replace(
        REQUEST,
        body=bytes(range(256)),
        content_type="text/xml; charset=ü",
        timezone="Australia/Sydney",
        future=FuturePolicy.CLAMP,
        known=frozenset({0, -1, 2**63 - 1, -(2**63)}),
    )

    frame = encode_request(asked)

    assert LENGTH.unpack_from(frame)[0] == len(frame) - LENGTH.size
    assert decode_request(frame[LENGTH.size :]) == asked


@pytest.mark.parametrize("document", [DOCUMENT, Document(FeedMeta(), Tier.JSON, ())])
def test_a_document_survives_the_way(document: Document) -> None:
    """Every field of document, meta and entries."""
    head, *batches, end = (parse_frame(frame) for frame in frames_of(document, retire=True))

    entries = [entry for kind, rest in batches for entry in entries_of(rest)]

    assert (head[0], end[0], {kind for kind, _ in batches} <= {"entries"}) == (
        "document",
        "end",
        True,
    )
    assert document_of(head[1], tuple(entries)) == document
    assert retires(end[1]) is True


def test_a_failure_survives_the_way() -> None:
    """Outcome and words."""
    failure = ParseFailed(Outcome.MALFORMED, "XML’s fault")

    head, end = (parse_frame(frame) for frame in frames_of(failure))

    assert failed_of(head[1]) == failure
    assert retires(end[1]) is False


def test_the_largest_answer_fits() -> None:
    """Five hundred entries with every text at its limit, four bytes a character."""
    wide = "\U0001f680"
    url = "https://a.example/" + "x" * 2030
    entry = replace(
        ENTRY,
        guid=wide * 512,
        url=url,
        canonical_url=url,
        image_url=url,
        title=wide * 300,
        summary=wide * 2000,
        author=wide * 200,
        categories=(wide * 100,) * 20,
    )

    frames = frames_of(replace(DOCUMENT, entries=(entry,) * 500))

    assert max(map(len, frames)) < MAX_ANSWER_FRAME
    assert len(frames) <= MAX_ANSWER_FRAMES


@pytest.mark.parametrize("frame", [b"", b"{}", b"[]", b"[1]", b"\xff", b"[" * 100_000, b"nul"])
def test_frames_of_another_form_are_refused(frame: bytes) -> None:
    """Not JSON, not an array, not a kind."""
    with pytest.raises(BadAnswerError):
        parse_frame(frame)


@pytest.mark.parametrize("rest", [[], ["x", "y"], ["ok"], ["ok", 1], [[], ""], ["ok", "a", "b"]])
def test_failures_of_another_form_are_refused(rest: list[Any]) -> None:
    """An outcome of the enum and a text."""
    with pytest.raises(BadAnswerError):
        failed_of(rest)


def row() -> list[Any]:
    """An entry as it is on the wire."""
    (_, (rows,)) = parse_frame(frames_of(DOCUMENT)[1])
    (first, _) = rows
    return list(first)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "0"),
        (0, True),
        (0, 1.5),
        (1, 2**63),
        (1, None),
        (2, 5),
        (3, "javascript:alert(1)"),
        (3, 5),
        (4, []),
        (5, None),
        (6, {}),
        (7, 1),
        (8, "//a.example/x"),
        (9, "2026-11-24T10:00:00"),
        (9, "soon"),
        (10, 17),
        (11, []),
        (12, [1]),
        (12, None),
    ],
)
def test_entries_of_another_form_are_refused(place: int, value: object) -> None:
    """Every field has its type; links are http(s), times have a zone, integers 64 bits."""
    broken = row()
    broken[place] = value

    with pytest.raises(BadAnswerError):
        entries_of([[broken]])


@pytest.mark.parametrize("rest", [[], [5], [[5]], [[[]]], [["x"]], [None]])
def test_lists_of_entries_of_another_form_are_refused(rest: list[Any]) -> None:
    """A list of rows, each of thirteen fields."""
    with pytest.raises(BadAnswerError):
        entries_of(rest)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "fast"),
        (1, []),
        (1, None),
        (2, [[1]]),
        (2, [["a", 1]]),
        (2, 5),
        (3, "1"),
        (4, None),
        (5, 2**64),
    ],
)
def test_documents_of_another_form_are_refused(place: int, value: object) -> None:
    """Tier, meta, seen entries and three counts."""
    _, rest = parse_frame(frames_of(DOCUMENT)[0])
    rest[place] = value

    with pytest.raises(BadAnswerError):
        document_of(rest, ())


@pytest.mark.parametrize(
    ("place", "value"), [(0, 5), (1, "ftp://x"), (4, 2**62), (5, "12"), (6, 1)]
)
def test_meta_of_another_form_is_refused(place: int, value: object) -> None:
    """The feed's own fields are looked at like those of its entries."""
    _, rest = parse_frame(frames_of(DOCUMENT)[0])
    rest[1][place] = value

    with pytest.raises(BadAnswerError):
        document_of(rest, ())


@pytest.mark.parametrize("rest", [[], [1], [None], [True, True]])
def test_ends_of_another_form_are_refused(rest: list[Any]) -> None:
    """One truth value."""
    with pytest.raises(BadAnswerError):
        retires(rest)


def test_half_a_surrogate_pair_does_not_stop_an_answer() -> None:
    """Readers leave none; if one did, it would cost a character, not the worker."""
    frames = frames_of(replace(DOCUMENT, entries=(replace(BARE, title="a\ud800b"),)))

    assert json.loads(frames[1])[1][0][5] == "a?b"
