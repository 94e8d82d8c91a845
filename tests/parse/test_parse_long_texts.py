"""Long CDATA sections taken out before XML is parsed: the same comes out as with them in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parse_feeds import CORPUS, needs_corpus, request, rss

from aggregator.model import Document, ParseFailed
from aggregator.parse import read_document
from aggregator.parse.long_texts import NONE, take_out

TEXT = "<p>Rain &amp; shine, " + "word " * 60 + "</p>"
LONG = f"<![CDATA[{TEXT}]]>"
SUMMARY = f"<title>One</title><description>{LONG}</description>"


def atom(inner: str) -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>{inner}</entry></feed>'
    ).encode()


TAKEN = {
    "description": rss(SUMMARY),
    "with white space around": rss(f"<description>\n  {LONG}\n</description>"),
    "with an attribute": rss(f'<description x="a>b">{LONG}</description>'),
    "content": rss(f"<description/><content:encoded>{LONG}</content:encoded>"),
    "two of them": rss(f"{SUMMARY}<content:encoded>{LONG}</content:encoded>", SUMMARY),
    "line breaks": rss(SUMMARY.replace("word ", "word\r\n", 9).replace("word ", "word\r", 9)),
    "after a comment": rss(f"<!-- <b> -->{SUMMARY}"),
    "after an instruction": rss(f"<?php echo ?>{SUMMARY}"),
    "in an element of its own": rss(f"<fullitem><description>{LONG}</description></fullitem>"),
    "no letter of ours": rss(SUMMARY.replace("Rain", "R\u00e4in \u96e8")),
    "Atom": atom(f'<content type="html">{LONG}</content>'),
    "Atom, text": atom(f"<summary>{LONG}</summary>"),
    "Atom, badly typed": atom(f'<summary type="xhtml">{LONG}</summary>'),
}
LEFT = {
    "short": rss("<description><![CDATA[<b>Rain</b>]]></description>"),
    "beside other text": rss(f"<description>Rain {LONG}</description>"),
    "before other text": rss(f"<description>{LONG} Rain</description>"),
    "after an empty element": rss(f"<body><description/>{LONG}</body>"),
    "of another name": rss(f"<title>{LONG}</title>"),
    "after no element": f"<![CDATA[{TEXT}]]>".encode(),
    "after a lone >": f">{LONG}".encode(),
    "in a comment": rss(f"<!-- {SUMMARY} --><title>Two</title>"),
    "a comment in it": rss(
        f"<!-- <description><![CDATA[ --><title>Two</title>{SUMMARY}<!-- -->{SUMMARY}"
    ),
    "in an instruction": rss(f"<?x {SUMMARY} ?><title>Two</title>"),
    "a control character": rss(SUMMARY.replace("Rain", "Ra\x01in")),
    "no character": rss(SUMMARY.replace("Rain", "Ra\uffffin")),
    "no UTF-8": rss(SUMMARY).replace(b"Rain", b"R\xe4in"),
    "our mark": rss(SUMMARY.replace("Rain", "\ue0000")),
    "another without end": rss(f"{SUMMARY}<description><![CDATA[</description>"),
    "no end": rss(f"<description><![CDATA[{TEXT}</description>"),
}


def read(body: bytes) -> Document | ParseFailed:
    return read_document(request(body))


def read_whole(body: bytes, monkeypatch: pytest.MonkeyPatch) -> Document | ParseFailed:
    with monkeypatch.context() as patch:
        patch.setattr("aggregator.parse.read.take_out", lambda data: (data, NONE))
        return read(body)


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_a_long_text_is_taken_out_and_put_back(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands alone in an element for summaries."""
    whole = read_whole(body, monkeypatch)

    assert len(take_out(body)[0]) < len(body)
    assert read(body) == whole
    assert isinstance(whole, Document)


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
def test_what_may_be_no_section_stays(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, damage, sections that share their element."""
    assert take_out(body) == (body, NONE)
    assert read(body) == read_whole(body, monkeypatch)


PIECES = (
    *("<item>", "</item>", "<title>T</title>", "<description>", "</description>", LONG, "<!--"),
    *("-->", "<?x", "?>", "<![CDATA[", "]]>", "Rain", "<content:encoded>", "</content:encoded>"),
)


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_order_of_such_things_reads_the_same(pieces: list[str]) -> None:
    """Also where nothing is well-formed."""
    body = rss(f"<title>First</title></item>{''.join(pieces)}<item><title>Last</title>")
    with pytest.MonkeyPatch.context() as patch:
        assert read(body) == read_whole(body, patch)


@needs_corpus
def test_every_capture_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """And some of their texts are taken out."""
    taken = 0
    for path in sorted(each for each in (CORPUS / "real").rglob("*") if each.is_file()):
        body = path.read_bytes()
        taken += take_out(body)[1] != NONE
        assert read(body) == read_whole(body, monkeypatch), path
    assert taken > 20


BRACKETS = {
    "a bracket before the section": rss(f"<title>[1] ]</title>{SUMMARY}"),
    "a bracket at the very beginning": b"[" + rss(SUMMARY),
    "brackets in it": rss(SUMMARY.replace("Rain", "Rain [1] ]] ]>")),
    "brackets at its end": rss(SUMMARY.replace("]]>", "]]]>")),
    "one between two": rss(SUMMARY, f"<title>a[0]</title>{SUMMARY}"),
}


@pytest.mark.parametrize("body", BRACKETS.values(), ids=BRACKETS)
def test_a_bracket_is_no_section(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections are looked for by way of their brackets."""
    assert len(take_out(body)[0]) < len(body)
    assert read(body) == read_whole(body, monkeypatch)
