"""Documents with more structure than a feed can have."""

from __future__ import annotations

import pytest
from parse_feeds import fail, only, read, request, rss

from aggregator.model import Outcome, ParseFailed, Tier
from aggregator.parse import read_document
from aggregator.parse.limits import MAX_ELEMENTS, measure

LINK = "<link>https://a.example/1</link>"
TOO_DEEP = ParseFailed(
    Outcome.TOO_COMPLEX,
    "nested deeper than 64 or more than 64 attributes on one element",
)
LAUGHS = '<!ENTITY lol "lol">\n' + "".join(
    f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">\n' for n in range(1, 10)
)


def laughs(before: str = '<?xml version="1.0"?>\n', after: str = "&lol9;") -> str:
    """Billion laughs behind any prolog."""
    return f"{before}<!DOCTYPE rss [\n{LAUGHS}]>\n" + rss(f"<title>{after}</title>").decode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(laughs().encode(), id="A01 textbook"),
        pytest.param(laughs('<?xml version="1.0"?>').encode(), id="A02 on the declaration's line"),
        pytest.param(laughs("<!-- <x --><?pi <y?>").encode(), id="A03 hidden by a comment"),
        pytest.param(laughs(after="&lol9; < &").encode(), id="A04 with an error"),
        pytest.param(laughs("").encode("utf-16"), id="A05 UTF-16"),
        pytest.param(laughs("").encode("utf-32-be"), id="A05 UTF-32"),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + rss("<title>&x;</title>"),
            id="A06 file",
        ),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]>' + rss("<title>&x;</title>"),
            id="A06 http",
        ),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]>' + rss(LINK),
            id="A06 parameter entity",
        ),
        pytest.param(
            b'<!DOCTYPE r [<!ATTLIST a b CDATA "<!--"><!ENTITY c "d"><!ATTLIST a e CDATA "-->">]>'
            + rss("<title>&c;</title>"),
            id="hidden by a default value",
        ),
        pytest.param(
            b'<x>\n<!ENTITY a "b">\n<!DOCTYPE r [\n<!ENTITY a "b">]><rss><item></x>', id="late"
        ),
    ],
)
def test_entity_declarations_are_refused(body: bytes) -> None:
    """Any entity declaration, in any encoding, before anything expands it."""
    assert fail(body).outcome is Outcome.XML_ENTITIES


@pytest.mark.parametrize("codec", ["utf-7", "cp037"])
def test_A05_encodings_no_feed_is_in_are_garbage(codec: str) -> None:
    """Not decoded, so nothing in them is a declaration."""
    result = fail(laughs(f'<?xml version="1.0" encoding="{codec}"?>').encode(codec))

    assert result.outcome in (Outcome.NOT_A_FEED, Outcome.MALFORMED, Outcome.XML_ENTITIES)


def test_an_article_about_entities_is_an_article() -> None:
    """`<!ENTITY` outside a DOCTYPE is text."""
    body = rss(f"<title>XXE</title>{LINK}<description><![CDATA[<!ENTITY a 'b'>]]></description>")

    assert only(body).title == "XXE"


@pytest.mark.parametrize("head", ["", "<!DOCTYPE rss>"])
@pytest.mark.parametrize(("depth", "ok"), [(61, True), (62, False)])
def test_depth_is_limited(depth: int, head: str, *, ok: bool) -> None:
    """64 levels: rss, channel, item and what is nested in it."""
    body = rss(LINK + "<x>" * depth + "</x>" * depth, head=head)

    result = read_document(request(body))

    assert (result == TOO_DEEP) is not ok


@pytest.mark.parametrize(("count", "ok"), [(64, True), (65, False)])
def test_attributes_are_limited(count: int, *, ok: bool) -> None:
    """64 on one element, well-formed or not."""
    attributes = " ".join(f'a{number}="1"' for number in range(count))
    good = rss(f"{LINK}<x {attributes}/>")
    broken = rss(f"{LINK}<x {attributes}><b></x></b>")

    results = [read_document(request(body)) for body in (good, broken)]

    assert [not isinstance(result, ParseFailed) for result in results] == [ok, ok]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rss("<a>" * 100_000), id="A10 depth"),
        pytest.param(rss("<a>" * 100_000)[:-30] + b"<b></c>", id="A10 depth, broken"),
        pytest.param(
            rss("<x " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"), id="A11 attributes"
        ),
        pytest.param(
            rss("<x " + " ".join(f"a{n}=1" for n in range(100_000)) + ">"),
            id="A19 broken attributes",
        ),
        pytest.param(
            rss("<x " + " ".join(f'a{n}="1' for n in range(100_000))), id="A19 broken quotes"
        ),
        pytest.param(rss('<a xml:base="x/">' * 5_000), id="A12 xml:base"),
        pytest.param(
            b"<rss><channel>" + b"<item/>" * 714_000 + b"</channel></rss>", id="A14 empty items"
        ),
    ],
)
def test_structure_bombs_are_refused(body: bytes) -> None:
    """Each is counted, not built."""
    assert fail(body).outcome is Outcome.TOO_COMPLEX


def test_more_than_ten_mebibytes_are_too_large() -> None:
    """The fetcher stops earlier; the reader does not rely on it."""
    assert fail(b" " * (10 * 1024 * 1024 + 1)).outcome is Outcome.TOO_LARGE


def test_tags_in_text_are_no_elements() -> None:
    """200,000 "<" inside CDATA and comments are text."""
    text = "<b " * (MAX_ELEMENTS + 10)
    body = rss(f"<!--{text}--><title>T</title>{LINK}<description><![CDATA[{text}]]></description>")

    document = read(body)

    assert document.tier is Tier.STRICT
    assert document.entries[0].title == "T"


@pytest.mark.parametrize(
    "body",
    [
        b"<item>" + b"<br><p><img>" * 500,
        b"<a></b></a>" * 500,
        b"<a/><b x='>'/>" * 500,
        b"<!-- <![CDATA[ " * 500 + b"<a>",
        b"<![CDATA[" * 500,
        b"<x a='" + b"=" * 500,
    ],
)
def test_the_count_of_malformed_documents_is_fair(body: bytes) -> None:
    """HTML left open, stray ends, quoted brackets and open sections are not depth."""
    result = measure(body)

    assert result is None or body.startswith(b"<x")
