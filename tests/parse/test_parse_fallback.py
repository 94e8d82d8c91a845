"""What feedparser understands -> the same raw items the other readers give."""

from __future__ import annotations

from datetime import UTC, datetime

from parse_feeds import read, rss

from aggregator.model import Entry, Tier

ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="en">
<title>News</title><link rel="alternate" type="text/html" href="https://a.example/"/>
<link rel="self" href="https://a.example/atom.xml"/>
<entry><title type="text/html" mode="escaped">A &amp;lt;b&amp;gt; &lt;i&gt;c&lt;/i&gt;</title>
<id>tag:1</id><link rel="alternate" type="text/html" href="https://a.example/1"/>
<created>2026-11-24T09:00:00Z</created><modified>2026-11-24T11:00:00Z</modified>
<author><name>Ann</name><email>ann@a.example</email></author>
<content type="text/html" mode="escaped">&lt;p&gt;Some &lt;b&gt;text&lt;/b&gt;&lt;/p&gt;</content>
</entry></feed>"""


def fallback(item: str) -> Entry:
    """The entry feedparser finds in a document with overlapping elements."""
    document = read(rss(f"<b><i></b></i>{item}"))
    assert document.tier is Tier.FEEDPARSER
    return document.entries[0]


def test_atom_0_3_is_read_by_feedparser() -> None:
    """An old format nobody else here reads."""
    document = read(ATOM_03.encode())

    (entry,) = document.entries
    assert document.tier is Tier.FEEDPARSER
    assert document.meta.title == "News"
    assert document.meta.home == "https://a.example/"
    assert document.meta.self_url == "https://a.example/atom.xml"
    assert entry.title == "A <b> c"
    assert (entry.guid, entry.url) == ("tag:1", "https://a.example/1")
    assert entry.published_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (entry.author, entry.summary) == ("Ann", "Some text")


def test_an_rss_item_gives_every_field_it_has() -> None:
    """The same item, strict and broken, is the same entry."""
    item = (
        "<title>Title &amp;amp; more</title><link>https://a.example/1</link><guid>tag:1</guid>"
        "<description>&lt;p&gt;Some &lt;b&gt;text&lt;/b&gt;&lt;/p&gt;</description>"
        "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"
        "<author>ann@a.example (Ann Author)</author><category>Mars</category>"
        '<enclosure url="https://a.example/1.jpg" type="image/jpeg"/>'
    )
    (strict,) = read(rss(item)).entries

    found = fallback(item)

    assert (found.title, found.url, found.guid) == (strict.title, strict.url, strict.guid)
    assert (found.summary, found.author) == (strict.summary, strict.author)
    assert (found.published_at, found.updated_at) == (strict.published_at, strict.updated_at)
    assert (found.categories, found.image_url) == (strict.categories, strict.image_url)


def test_pictures_are_found_in_all_their_places() -> None:
    """media:thumbnail, media:content that is a picture, an enclosure that is one."""
    thumbnail = fallback('<title>T</title><media:thumbnail url="https://a.example/t.jpg"/>')
    content = fallback(
        '<title>T</title><media:content url="https://a.example/v.mp4" type="video/mp4"/>'
        '<media:content url="https://a.example/c.jpg" type="image/jpeg"/>'
    )
    medium = fallback('<title>T</title><media:content url="https://a.example/m" medium="image"/>')
    none = fallback('<title>T</title><enclosure url="https://a.example/a.mp3" type="audio/mpeg"/>')

    assert thumbnail.image_url == "https://a.example/t.jpg"
    assert content.image_url == "https://a.example/c.jpg"
    assert medium.image_url == "https://a.example/m"
    assert none.image_url is None


def test_content_stands_in_for_a_missing_summary() -> None:
    """content:encoded alone, with its type."""
    entry = fallback(
        "<title>T</title><content:encoded>&lt;p&gt;A&lt;/p&gt;&lt;p&gt;B&lt;/p&gt;</content:encoded>"
    )

    assert entry.summary == "A B"


def test_an_update_of_its_own_is_kept() -> None:
    """atom:updated beside pubDate."""
    entry = fallback(
        "<title>T</title><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"
        "<atom:updated>2026-11-24T11:00:00Z</atom:updated>"
    )

    assert entry.updated_at == datetime(2026, 11, 24, 11, tzinfo=UTC)


def test_relative_links_stand_against_the_home_page() -> None:
    """The rule of the other readers holds for this one."""
    body = rss(
        "<b><i></b></i><title>T</title><link>/1</link>",
        channel="<link>https://www.example.org/</link>",
    )

    (entry,) = read(body).entries

    assert entry.url == "https://www.example.org/1"
