"""JSON Feed -> entries."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from parse_feeds import fail, only, read

from aggregator.model import FeedMeta, Outcome, Tier


def feed(*items: Any, **fields: Any) -> bytes:
    """A JSON Feed 1.1."""
    version = {"version": "https://jsonfeed.org/version/1.1", "title": "News"}
    return json.dumps({**version, **fields, "items": list(items)}).encode()


def test_an_item_gives_every_field_it_has() -> None:
    """JSON Feed 1.1 maps to the fields of an entry, one by one."""
    body = feed(
        {
            "id": 17,
            "url": "https://a.example/1",
            "title": "A &amp; B",
            "summary": "S",
            "content_html": "<p>C</p>",
            "date_published": "2026-11-24T10:00:00Z",
            "date_modified": "2026-11-24T11:00:00Z",
            "authors": [{"url": "https://a.example/ann"}, {"name": "Ann"}],
            "image": "https://a.example/1.jpg",
            "tags": ["Mars", "", 5],
        }
    )

    document = read(body)

    assert document.tier is Tier.JSON
    (entry,) = document.entries
    assert entry.guid == "17"
    assert entry.url == "https://a.example/1"
    assert entry.title == "A & B"
    assert entry.summary == "S"
    assert entry.published_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert entry.author == "Ann"
    assert entry.image_url == "https://a.example/1.jpg"
    assert entry.categories == ("Mars", "5")


def test_version_1_0_is_read_too() -> None:
    """`author` instead of `authors`, and what an item may lack."""
    body = feed(
        {"id": "1", "external_url": "/x", "content_html": "<p>C</p>", "banner_image": "b.png"},
        {"id": True, "title": "T", "content_text": "a < b"},
        "nonsense",
        version="https://jsonfeed.org/version/1",
        author={"name": "Feed"},
    )

    first, second = read(body).entries

    assert (first.url, first.summary) == ("https://feeds.example/x", "C")
    assert first.image_url == "https://feeds.example/dir/b.png"
    assert first.author == "Feed"
    assert (second.guid, second.summary) == (None, "a < b")


def test_the_feed_says_what_it_is() -> None:
    """Every field of the feed's own."""
    body = feed(
        {"id": "1"},
        home_page_url="https://a.example/",
        feed_url="https://a.example/feed.json",
        favicon="https://a.example/f.ico",
        language="en",
        hubs=[{"type": "x"}, {"type": "WebSub", "url": "https://hub.example/"}],
    )

    assert read(body).meta == FeedMeta(
        title="News",
        home="https://a.example/",
        language="en",
        icon="https://a.example/f.ico",
        hub="https://hub.example/",
        self_url="https://a.example/feed.json",
    )


def test_control_characters_in_strings_are_read() -> None:
    """Raw line breaks occur inside strings of real feeds."""
    body = b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"a\nb"}]}'

    assert only(body).title == "a b"


def test_half_a_surrogate_pair_is_replaced() -> None:
    """JSON can write what UTF-8 cannot hold."""
    body = feed({"id": "x", "title": "T"}).replace(b'"x"', rb'"x\ud800"')

    assert only(body).guid == "x?"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param(b'{"items": []}', Outcome.NOT_A_FEED, id="other JSON"),
        pytest.param(b"[1, 2]", Outcome.NOT_A_FEED, id="a list"),
        pytest.param(b'{"version": ', Outcome.NOT_A_FEED, id="broken"),
        pytest.param(b'{"a":' * 100_000, Outcome.TOO_COMPLEX, id="deep"),
    ],
)
def test_other_json_is_no_feed(body: bytes, outcome: Outcome) -> None:
    """JSON that is no JSON Feed is a failure with a name."""
    assert fail(body).outcome is outcome


def test_items_of_another_type_are_none() -> None:
    """`items` that is no list is a feed without entries."""
    body = b'{"version":"https://jsonfeed.org/version/1","items":{"id":"1"}}'

    assert read(body).entries == ()
