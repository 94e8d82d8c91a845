"""Documents that are not well-formed: repaired, read by feedparser, or refused by name."""

from __future__ import annotations

import pytest
from parse_feeds import NAMESPACES, atom, fail, only, read, rss

from aggregator.model import Outcome, Tier
from aggregator.parse.repair import repair_xml

LINK = "<link>https://a.example/1</link>"


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        pytest.param("R & D", "R & D", id="rC10 bare ampersand"),
        pytest.param("AT&T", "AT&T", id="ampersand in a word"),
        pytest.param("a &amp; b & c", "a & b & c", id="both kinds"),
        pytest.param("The Clown&rsquo;s Joke", "The Clown’s Joke", id="rC9 HTML entity"),
        pytest.param("A&nbsp;B &nonsense; C", "A B &nonsense; C", id="rC9 unknown entity"),
        pytest.param("A&#1114112;B & c", "AB & c", id="rC11 beyond Unicode"),
        pytest.param("A&#55296;B", "AB", id="rC11 surrogate"),
        pytest.param("A&#31;B", "AB", id="reference to a control character"),
        pytest.param("A&#x1F;&#8217;B", "A’B", id="hexadecimal, and one that is right"),
        pytest.param("A\x0b\x00\x1fB", "AB", id="control characters"),
        pytest.param("&lang;x&gt &LT;", "⟨x&gt <", id="entities that are markup stay text"),
    ],
)
def test_noise_is_repaired(raw: str, title: str) -> None:
    """Ampersands, entities and control characters; the rest of the document is unharmed."""
    document = read(rss(f"<title>{raw}</title>{LINK}", "<title>Other &amp; whole</title>"))

    assert [entry.title for entry in document.entries] == [title, "Other & whole"]
    assert document.tier is Tier.REPAIRED


def test_an_ampersand_in_a_link_stays() -> None:
    """libxml2's own recovery would drop it and break the address (next-inpact)."""
    entry = only(rss("<title>T</title><link>https://a.example/?a=1&b=2</link>"))

    assert entry.url == "https://a.example/?a=1&b=2"


def test_cdata_is_left_alone_and_comments_go() -> None:
    """In CDATA an ampersand is an ampersand; "--" in a comment is an error."""
    body = rss(f"<!-- a -- & b --><title><![CDATA[R & D &nbsp;]]></title>{LINK}& ")

    assert only(body).title == "R & D"


def test_an_open_section_is_markup_to_the_end() -> None:
    """An unclosed comment hides nothing from the repair of what precedes it."""
    assert repair_xml(b"<rss>& <!-- open &</rss>") == b"<rss>&amp; <!-- open &amp;</rss>"


@pytest.mark.parametrize(
    ("prefix", "element"),
    [("dc", "<dc:creator>Ann</dc:creator>"), ("foo", "<foo:x>Ann</foo:x><author>Ann</author>")],
)
def test_prefixes_nobody_declared_are_declared(prefix: str, element: str) -> None:
    """A known prefix gets its namespace, any other one of its own."""
    body = f'<rss version="2.0"><channel><item>{LINK}{element}</item></channel></rss>'

    document = read(body.encode())

    assert document.tier is Tier.REPAIRED
    assert document.entries[0].author == "Ann"
    assert prefix in element


def test_a_namespace_with_a_line_break_is_one() -> None:
    """libxml2 refuses the URI "http://www.georss.org/georss\\n" (a YouTube feed)."""
    body = rss(LINK).replace(b'"http://purl.org/dc/terms/"', b'"http://purl.org/dc/terms/\n"')
    body = body.replace(b"http://purl.org/dc/terms/\n", b" http://purl.org/dc/terms/ \n")

    assert read(body.replace(b"<item>", b"<item>& ")).tier is Tier.REPAIRED


def test_a_root_with_its_own_prefix_and_no_quotes_is_read() -> None:
    """`<rss rss:version=2.0>` with `<rss:item>` in it (dylanharris.org)."""
    body = (
        '<?xml?xml version="1.0" ??><rss rss:version=2.0><rss:channel><rss:item><rss:title>T'
        "</rss:title><rss:guid rss:isPermaLink=true>g</rss:guid></rss:item></rss:channel></rss>"
    )

    document = read(body.encode())

    assert document.tier is Tier.REPAIRED
    assert [entry.title for entry in document.entries] == ["T"]


def test_text_after_the_root_is_cut_off() -> None:
    """A statistics script of the host after </rss> (a common extra)."""
    document = read(rss(LINK) + b"<script>count()</script> & more")

    assert document.tier is Tier.REPAIRED
    assert len(document.entries) == 1


@pytest.mark.parametrize("maker", [rss, atom])
def test_of_a_document_cut_short_whole_items_are_kept(maker: object) -> None:
    """Half a link would be a wrong link: the item that was cut is left for the next poll."""
    one = '<title>1</title><link href="https://a.example/1"/>'
    two = '<title>2</title><link href="https://a.example/2222"/>'
    body = rss(one, two) if maker is rss else atom(one, two)

    document = read(body[: body.index(b"222")])

    assert [entry.title for entry in document.entries] == ["1"]
    assert document.tier is Tier.REPAIRED


def test_A25_no_cut_invents_an_entry() -> None:
    """Cut at every hundredth, the entries are always the first of the whole document."""
    items = [
        f"<title>Title {n}</title><link>https://a.example/story/{n}00</link><guid>tag:{n}00</guid>"
        for n in range(50)
    ]
    body = rss(*items)
    whole = read(body).entries

    for hundredth in range(1, 100):
        cut = body[: len(body) * hundredth // 100]
        got = read(cut).entries if b"</item>" in cut else ()

        assert got == whole[: len(got)]


def test_a_feed_cut_before_its_first_item_ends_is_malformed() -> None:
    """No whole item: an error, never an empty feed."""
    body = rss("<title>Title</title>" + LINK)

    assert fail(body[: body.index(b"itle</title>")]).outcome is Outcome.MALFORMED


def test_what_cannot_be_repaired_is_read_by_feedparser() -> None:
    """Overlapping elements: the last reader still finds the items."""
    body = rss(f"<b><i><title>T</title>{LINK}<guid>tag:1</guid></b></i>")

    document = read(body)

    assert document.tier is Tier.FEEDPARSER
    assert (document.entries[0].title, document.entries[0].url) == ("T", "https://a.example/1")


def test_a_feed_inside_a_page_is_found() -> None:
    """An Atom feed under an <html> root (tablix.org)."""
    feed = atom('<title>T</title><link href="https://a.example/1"/>').decode()
    body = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><br>{feed}</body></html>'

    document = read(body.encode())

    assert document.tier is Tier.REPAIRED
    assert [entry.title for entry in document.entries] == ["T"]


def test_items_the_strict_reader_does_not_see_are_looked_for() -> None:
    """Well-formed, a feed, and its items where no specification puts them."""
    body = f"<rss><channel><items><item><title>T</title>{LINK}</item></items></channel></rss>"

    document = read(body.encode())

    assert document.tier is Tier.FEEDPARSER
    assert [entry.title for entry in document.entries] == ["T"]


@pytest.mark.parametrize(
    "body", [rss(), atom(), b"<rss><channel><x:item xmlns:x='y'/></channel></rss>"]
)
def test_a_feed_without_entries_is_a_feed(body: bytes) -> None:
    """Zero entries of a valid feed are a document, not an error."""
    document = read(body)

    assert document.entries == ()
    assert document.tier is Tier.STRICT


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param(b"<html><body><p>Not found</body></html>", Outcome.NOT_A_FEED, id="page"),
        pytest.param(b"<!DOCTYPE html><title>x</title>", Outcome.NOT_A_FEED, id="HTML 5"),
        pytest.param(
            b'<html xmlns="http://www.w3.org/1999/xhtml"/>', Outcome.NOT_A_FEED, id="XHTML"
        ),
        pytest.param(b"<opml version='2.0'><body/></opml>", Outcome.NOT_A_FEED, id="OPML"),
        pytest.param(b"oops", Outcome.NOT_A_FEED, id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(64), Outcome.NOT_A_FEED, id="PNG"),
        pytest.param(b"<rss", Outcome.MALFORMED, id="half a tag"),
        pytest.param(b"<rss ><channel><item><title>x", Outcome.MALFORMED, id="cut"),
    ],
)
def test_A24_what_is_no_feed_says_so(body: bytes, outcome: Outcome) -> None:
    """The class of the error tells a page from a broken feed."""
    assert fail(body).outcome is outcome


def test_feedparsers_exceptions_do_not_escape() -> None:
    """An end tag without beginning is a KeyError inside feedparser."""
    body = b"<rss><channel><item></media:player><title>T</title></item></channel></rss>"

    assert fail(body).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss SYSTEM "http://my.netscape.com/publish/formats/rss-0.91.dtd">',
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "file:///etc/hosts">',
        "<!-- a --><?x y?> <!DOCTYPE rss [<!ELEMENT x ANY><!ATTLIST x y CDATA #IMPLIED>] >",
    ],
)
def test_rC14_a_doctype_that_declares_no_entity_is_dropped(doctype: str) -> None:
    """An external DTD is neither opened nor missed."""
    document = read(rss(f"<title>A&nbsp;B</title>{LINK}", head=doctype))

    assert document.entries[0].title == "A B"
    assert document.tier is Tier.REPAIRED


@pytest.mark.parametrize("doctype", ["<!DOCTYPE rss", "<!DOCTYPE rss [", "<!DOCTYPE rss []"])
def test_a_doctype_without_end_is_malformed(doctype: str) -> None:
    """Nothing is left after it."""
    assert fail(f"{doctype}<rss ".encode()).outcome is Outcome.MALFORMED


def test_the_prefix_of_rdf_is_kept_when_a_document_is_cut() -> None:
    """RSS 1.0 ends with </rdf:RDF>, not with </channel>."""
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/"><item>{LINK}</item><item><title>x'
    )

    document = read(body.encode())

    assert document.tier is Tier.REPAIRED
    assert len(document.entries) == 1


def test_a_document_without_a_root_we_know_is_left_alone() -> None:
    """The repair closes and declares nothing for formats it does not know."""
    assert repair_xml(b"<x:y>&") == b"<x:y>&amp;"
    assert NAMESPACES
