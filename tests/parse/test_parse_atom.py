"""Atom 1.0 -> entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from parse_feeds import atom, only, read

from aggregator.model import FeedMeta, Tier

LINK = '<link href="https://a.example/1"/>'


def test_an_entry_gives_every_field_it_has() -> None:
    """RFC 4287 maps to the fields of an entry, one by one."""
    body = atom(
        '<id>tag:1</id><title type="html">A &amp;lt;b&amp;gt; &lt;i&gt;c&lt;/i&gt;</title>'
        '<link href="https://a.example/1"/><summary>Plain &lt; text</summary>'
        "<published>2026-11-24T10:00:00Z</published><updated>2026-11-24T11:00:00Z</updated>"
        '<author><name>Ann</name></author><category term="m" label="Mars"/><category term="x"/>'
        "<dc:subject>s</dc:subject>"
        '<link rel="enclosure" type="image/png" href="https://a.example/1.png"/>'
    )

    entry = only(body)

    assert entry.guid == "tag:1"
    assert entry.title == "A <b> c"
    assert entry.url == "https://a.example/1"
    assert entry.summary == "Plain < text"
    assert entry.published_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert entry.author == "Ann"
    assert entry.categories == ("Mars", "x", "s")
    assert entry.image_url == "https://a.example/1.png"


def test_it_is_read_by_the_strict_reader() -> None:
    """Atom 1.0 needs no help."""
    assert read(atom(LINK)).tier is Tier.STRICT


@pytest.mark.parametrize(
    ("links", "url"),
    [
        ('<link rel="self" href="https://a.example/s"/><link href="https://a.example/p"/>', "p"),
        (
            '<link type="application/pdf" href="https://a.example/d.pdf"/>'
            '<link type="text/html" href="https://a.example/p"/>',
            "p",
        ),
        ('<link type="application/pdf" href="https://a.example/d.pdf"/>', "d.pdf"),
        ("<link>https://a.example/p</link>", "p"),
        ('<link href=""/><id>https://a.example/id</id>', "id"),
        ('<content src="https://a.example/c"/>', "c"),
        ('<link rel="related" href="https://a.example/r"/><id>tag:1</id>', None),
    ],
)
def test_the_link_is_an_alternate_page(links: str, url: str | None) -> None:
    """rel alternate or none, pages before other types, then content elsewhere, then the id."""
    expected = f"https://a.example/{url}" if url else None

    assert only(atom("<title>T</title>" + links)).url == expected


@pytest.mark.parametrize(
    ("construct", "title"),
    [
        ("<title>A &amp;amp; B</title>", "A & B"),
        ('<title type="">T</title>', "T"),
        ('<title type="text/plain">T</title>', "T"),
        ('<title type="html">&lt;b&gt;T&lt;/b&gt;</title>', "T"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A &lt;b&gt; <i>c</i>'
            "</div></title>",
            "A <b> c",
        ),
        ('<title type="xhtml">Bare</title>', "Bare"),
        ("<title>A <i>b</i></title>", "A b"),
        ('<title type="image/png">aGk=</title><title>T</title>', "T"),
        ('<title type="application/octet-stream">aGk=</title>', ""),
    ],
)
def test_a_text_construct_is_read_by_its_type(construct: str, title: str) -> None:
    """RFC 4287, 3.1: text, html, xhtml without its div; other types are no text."""
    assert only(atom(LINK + construct)).title == title


def test_content_stands_in_for_a_missing_summary() -> None:
    """The summary comes first; content is cut down to one."""
    with_both = only(atom(f"{LINK}<content>C</content><summary>S</summary>"))
    with_one = only(atom(f'{LINK}<content type="html">&lt;p&gt;C&lt;/p&gt;</content>'))

    assert (with_both.summary, with_one.summary) == ("S", "C")


def test_a_long_xhtml_content_is_read_as_far_as_needed() -> None:
    """A book of paragraphs gives the summary its first ones give."""
    paragraphs = "<p>word word</p>" * 5_000
    body = atom(
        f'{LINK}<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'
        "</content>"
    )

    summary = only(body).summary

    assert summary.startswith("word word word")
    assert 1900 < len(summary) <= 2000


@pytest.mark.parametrize(
    ("entry", "author"),
    [
        ("<author><name>Entry</name></author>", "Entry"),
        ("<source><author><name>Source</name></author></source>", "Source"),
        ("<source/>", "Feed"),
        ("", "Feed"),
        ("<author><email>ann@a.example</email></author>", "ann@a.example"),
        ("<dc:creator>Creator</dc:creator>", "Creator"),
    ],
)
def test_the_author_is_inherited(entry: str, author: str) -> None:
    """RFC 4287, 4.1.2: the entry's, else its source's, else the feed's."""
    body = atom(LINK + entry, feed="<author><name>Feed</name></author>")

    assert only(body).author == author


@pytest.mark.parametrize(
    ("dates", "published", "updated"),
    [
        ("<updated>2026-11-23T00:00:00Z</updated>", 23, 23),
        ("<published>2026-11-22T00:00:00Z</published>", 22, None),
        ("<dc:date>2026-11-21T00:00:00Z</dc:date>", 21, None),
        ("<dcterms:modified>2026-11-20T00:00:00Z</dcterms:modified>", 20, 20),
    ],
)
def test_the_update_stands_in_for_the_publication(
    dates: str, published: int, updated: int | None
) -> None:
    """`updated` is mandatory in Atom, `published` is not."""
    entry = only(atom(LINK + dates))

    assert entry.published_at is not None
    assert entry.published_at.day == published
    assert (entry.updated_at and entry.updated_at.day) == updated


def test_the_feed_says_what_it_is() -> None:
    """Every field of the feed's own."""
    body = atom(
        LINK,
        attributes='xml:lang="en"',
        feed=(
            '<title type="html">All &amp;amp; News</title><link href="/"/><icon>/i.ico</icon>'
            '<link rel="self" href="feed.xml"/><link rel="hub" href="https://hub.example/"/>'
        ),
    )

    meta = read(body).meta

    assert meta == FeedMeta(
        title="All & News",
        home="https://feeds.example/",
        language="en",
        icon="https://feeds.example/i.ico",
        ttl=None,
        hub="https://hub.example/",
        self_url="https://feeds.example/dir/feed.xml",
    )
    assert meta.ttl != timedelta(0)


def test_a_thumbnail_in_a_group_is_the_image() -> None:
    """YouTube keeps its pictures in media:group."""
    body = atom(
        f'{LINK}<media:group><media:thumbnail url="https://a.example/t.jpg"/></media:group>'
    )

    assert only(body).image_url == "https://a.example/t.jpg"


def test_links_of_another_kind_are_no_image() -> None:
    """An enclosure is a picture only by its type."""
    body = atom(f'{LINK}<link rel="enclosure" type="audio/mpeg" href="https://a.example/a.mp3"/>')

    assert only(body).image_url is None
