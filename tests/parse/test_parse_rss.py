"""RSS of every version -> entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from parse_feeds import NAMESPACES, only, read, rss

from aggregator.model import FeedMeta, Tier

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
LINK = "<link>https://a.example/1</link>"


def test_an_item_gives_every_field_it_has() -> None:
    """RSS 2.0 maps to the fields of an entry, one by one."""
    body = rss(
        "<title>Title</title><link>https://a.example/1</link><guid>tag:1</guid>"
        "<description>&lt;p&gt;Some &lt;b&gt;text&lt;/b&gt;&lt;/p&gt;</description>"
        "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"
        "<atom:updated>2026-11-24T11:00:00Z</atom:updated>"
        "<author>ann@a.example (Ann Author)</author><category>Mars</category>"
        '<enclosure url="https://a.example/1.jpg" type="image/jpeg"/>'
    )

    entry = only(body)

    assert entry.title == "Title"
    assert entry.url == "https://a.example/1"
    assert entry.canonical_url is not None
    assert entry.guid == "tag:1"
    assert entry.summary == "Some text"
    assert entry.published_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert entry.author == "Ann Author"
    assert entry.categories == ("Mars",)
    assert entry.image_url == "https://a.example/1.jpg"
    assert entry.position == 0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            f'<rdf:RDF {RDF} xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"/>'
            f'<item rdf:about="tag:1"><title>T</title>{LINK}</item></rdf:RDF>',
            id="1.0",
        ),
        pytest.param(
            f'<rdf:RDF {RDF} xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel/>'
            f"<item><title>T</title>{LINK}</item></rdf:RDF>",
            id="0.90",
        ),
        pytest.param(
            f'<rss version="0.91"><channel><item><title>T</title>{LINK}</item></channel></rss>',
            id="0.91",
        ),
        pytest.param(
            '<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel>'
            f"<item><title>T</title>{LINK}</item></channel></rss>",
            id="userland namespace",
        ),
        pytest.param(
            f'<rss version="2.0"><channel/><channel><item><title>T</title>{LINK}</item></channel>'
            "</rss>",
            id="second channel",
        ),
        pytest.param(
            f'<rss version="2.0"><item><title>T</title>{LINK}</item></rss>', id="no channel"
        ),
    ],
)
def test_every_version_is_read_by_the_strict_reader(body: str) -> None:
    """RSS 0.90 to 2.0, items in the channel or beside it."""
    document = read(body.encode())

    assert document.tier is Tier.STRICT
    assert [(entry.title, entry.url) for entry in document.entries] == [
        ("T", "https://a.example/1")
    ]


def test_rdf_about_is_the_guid_of_rss_1() -> None:
    """RSS 1.0 identifies an item by rdf:about."""
    body = (
        f'<rdf:RDF {RDF} xmlns="http://purl.org/rss/1.0/">'
        '<item rdf:about="https://a.example/about"><title>T</title></item></rdf:RDF>'
    )

    entry = only(body.encode())

    assert entry.guid == "https://a.example/about"
    assert entry.url is None


def test_only_direct_children_are_read() -> None:
    """A related article inside an item has a link and a title of its own (rbc.ru)."""
    body = rss(
        "<media:content><title>Picture</title><link>https://b.example/</link></media:content>"
        f"<title>T</title>{LINK}"
    )

    entry = only(body)

    assert (entry.title, entry.url) == ("T", "https://a.example/1")


def test_an_item_inside_an_item_is_one_of_its_own() -> None:
    """Illegally nested items (PCMag) are all kept, the outer one first."""
    body = rss("<title>Outer</title><item><title>Inner</title></item>")

    titles = [entry.title for entry in read(body).entries]

    assert titles == ["Outer", "Inner"]


def test_empty_elements_swallow_nothing() -> None:
    """A self-closing element is empty, and the one after it is whole (NYTimes, golem.de)."""
    body = rss(f"<title/><dc:creator/><description/><pubDate>2026-11-24T10:00:00Z</pubDate>{LINK}")

    entry = only(body)

    assert (entry.title, entry.author, entry.summary) == ("", None, "")
    assert entry.published_at == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_markup_in_a_title_is_not_lost() -> None:
    """Inline elements of a title give their text."""
    body = rss("<title>Effect of <i>L. plantarum</i> on mice</title>")

    assert only(body).title == "Effect of L. plantarum on mice"


@pytest.mark.parametrize(
    ("elements", "summary"),
    [
        ("<description> </description><content:encoded>C</content:encoded>", "C"),
        ("<description>D</description><content:encoded>C</content:encoded>", "D"),
        ("<description><p>a &lt;b&gt;</p><p>c</p></description>", "a <b> c"),
        ('<body xmlns="http://www.w3.org/1999/xhtml"><p>B</p></body>', "B"),
        ("<itunes:summary>I</itunes:summary>", "I"),
        ("<media:description>of the picture</media:description>", ""),
    ],
)
def test_the_summary_is_the_description_else_content(elements: str, summary: str) -> None:
    """description, then content:encoded and others; media:description is the picture's."""
    assert only(rss(LINK + elements)).summary == summary


@pytest.mark.parametrize(
    ("elements", "author"),
    [
        ("<author>ann@a.example (Ann)</author>", "Ann"),
        ("<author>Ann &lt;ann@a.example&gt;</author>", "Ann"),
        ("<author>&lt;ann@a.example&gt;</author>", "ann@a.example"),
        ("<author>ann@a.example ()</author>", "ann@a.example"),
        ("<author>ann@a.example</author>", "ann@a.example"),
        ("<author>Ann (Oslo)</author>", "Ann (Oslo)"),
        ("<author>Ann</author><dc:creator>Bea</dc:creator>", "Bea"),
        ("<dc:creator/><author>Ann</author>", "Ann"),
        ("<author><name>Ann</name><title>Editor</title></author>", "Ann"),
        ("<atom:author><atom:name>Ann</atom:name></atom:author>", "Ann"),
        ("<itunes:author>Ann</itunes:author>", "Ann"),
        ("<author><name/></author>", None),
        ("", None),
    ],
)
def test_the_author_is_a_name(elements: str, author: str | None) -> None:
    """dc:creator, author, atom:author, itunes:author; a name rather than an address."""
    assert only(rss(LINK + elements)).author == author


@pytest.mark.parametrize(
    ("elements", "published", "updated"),
    [
        ("<pubDate>P</pubDate>", 24, None),
        ("<dc:date>D</dc:date>", 23, None),
        ("<pubDate>P</pubDate><dc:date>D</dc:date>", 24, 23),
        ("<atom:published>P</atom:published>", 24, None),
        ("<atom:updated>D</atom:updated>", 23, 23),
        ("<dcterms:modified>D</dcterms:modified>", 23, 23),
        ("<pubdate>P</pubdate>", 24, None),
        ("<pubDate>soon</pubDate><atom:updated>D</atom:updated>", 23, 23),
        ("", None, None),
    ],
)
def test_dates_have_a_precedence(elements: str, published: int | None, updated: int | None) -> None:
    """pubDate, dc:date, atom:published, else the update; dc:date beside pubDate is an update."""
    dated = elements.replace("P<", "Tue, 24 Nov 2026 00:00:00 GMT<").replace(
        "D<", "2026-11-23T00:00:00Z<"
    )

    entry = only(rss(LINK + dated))

    assert (entry.published_at and entry.published_at.day) == published
    assert (entry.updated_at and entry.updated_at.day) == updated


@pytest.mark.parametrize(
    ("elements", "image"),
    [
        ('<media:thumbnail url="https://a.example/t.jpg"/>', "t.jpg"),
        ('<media:thumbnail/><media:thumbnail url="https://a.example/t.jpg"/>', "t.jpg"),
        ('<media:content url="https://a.example/c.jpg" medium="image"/>', "c.jpg"),
        ('<media:content url="https://a.example/c.mp4" type="video/mp4"/>', None),
        (
            '<media:content url="https://a.example/c.mp4" type="video/mp4">'
            '<media:thumbnail url="https://a.example/t.jpg"/></media:content>',
            "t.jpg",
        ),
        (
            '<media:group><media:content url="https://a.example/g.png" type="image/png"/>'
            "</media:group>",
            "g.png",
        ),
        ("<media:group/>", None),
        ('<media:thumbnail/><media:thumbnail url="https://a.example/2.jpg"/>', "2.jpg"),
        ('<media:content medium="image"/>', None),
        ('<enclosure url="https://a.example/e.jpg" type="image/jpeg"/>', "e.jpg"),
        ('<enclosure url="https://a.example/e.mp3" type="audio/mpeg"/>', None),
        ('<enclosure type="image/jpeg"/>', None),
    ],
)
def test_the_image_is_a_picture(elements: str, image: str | None) -> None:
    """media:thumbnail, media:content, an enclosure; only what is a picture."""
    expected = f"https://a.example/{image}" if image else None

    assert only(rss(LINK + elements)).image_url == expected


def test_categories_are_categories_and_subjects() -> None:
    """category and dc:subject, each once, at most twenty."""
    many = "".join(f"<category>C{number}</category>" for number in range(30))
    body = rss(
        f"{LINK}<category>Mars</category><category>mars</category><category/>"
        f"<category>&lt;b&gt;&lt;/b&gt;</category>{many}"
    )

    categories = only(body).categories

    assert categories[:2] == ("Mars", "C0")
    assert len(categories) == 18


def test_the_feed_says_what_it_is() -> None:
    """Every field of the feed's own, from the channel."""
    body = rss(
        LINK,
        channel=(
            "<title>All &amp;amp; News</title><link>https://a.example/</link>"
            "<language>en-us</language><ttl>90</ttl>"
            "<image><url>/logo.png</url></image><skipHours><hour>1</hour><hour>24</hour>"
            "<hour>99</hour><hour>x</hour></skipHours>"
            "<skipDays><day>Monday</day><day>SUNDAY</day><day>Noday</day></skipDays>"
            '<atom:link rel="hub" href="https://hub.example/"/>'
            '<atom:link rel="self" href="feed.xml"/>'
        ),
    )

    meta = read(body).meta

    assert meta == FeedMeta(
        title="All & News",
        home="https://a.example/",
        language="en-us",
        icon="https://a.example/logo.png",
        ttl=timedelta(minutes=90),
        skip_hours=frozenset({0, 1}),
        skip_days=frozenset({0, 6}),
        hub="https://hub.example/",
        self_url="https://a.example/feed.xml",
    )


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [("0", None), ("-5", None), ("x", None), ("9" * 10, None), ("999999999", timedelta(days=7))],
)
def test_a_ttl_is_between_a_minute_and_a_week(ttl: str, expected: timedelta | None) -> None:
    """ttl is minutes; nonsense is nothing, and no feed sleeps for years."""
    assert read(rss(LINK, channel=f"<ttl>{ttl}</ttl>")).meta.ttl == expected


def test_the_language_may_be_in_other_places() -> None:
    """dc:language, or xml:lang of the root."""
    module = rss(LINK, channel="<dc:language>de</dc:language>")
    attribute = f'<rss xml:lang="fr" {NAMESPACES}><channel><item>{LINK}</item></channel></rss>'

    languages = (read(module).meta.language, read(attribute.encode()).meta.language)

    assert languages == ("de", "fr")


def test_the_alternate_link_is_a_home() -> None:
    """A channel without <link> may still name its page the way of Atom."""
    body = rss(LINK, channel='<atom:link rel="alternate" href="https://a.example/"/>')

    assert read(body).meta.home == "https://a.example/"
