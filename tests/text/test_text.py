"""What readers see of a title, a summary, an author."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.text import MAX_RAW, TextKind, clean, plain_text, plain_title

TEXT, HTML, XHTML = TextKind.TEXT, TextKind.HTML, TextKind.XHTML

# As they are after XML decoding, once: `&amp;amp;` in the source is `&amp;` here.
TITLES = {
    "design-amp": ("&amp;", "&"),
    "design-dash": ("&#8211;", "–"),
    "design-em": ("<em>x</em>", "x"),
    "design-img": ("<img src=x onerror=alert(1)>Hi", "Hi"),
    "design-script": ("<script>a</script>Hi", "Hi"),
    "design-less": ("Mass < 5 kg", "Mass < 5 kg"),
    "design-head": ("A guide to <head> elements", "A guide to <head> elements"),
    "design-nonsense": ("<<<Nonsense>>>", "<<<Nonsense>>>"),
    "rC10": ("R & D", "R & D"),
    "rC13": ("<![CDATA[Big news]]>", "Big news"),
    "rC13-entities": ("&lt;![CDATA[Big <b>news</b>]]&gt;", "Big news"),
    "rC18": ("A &amp; B", "A & B"),
    "rC19": ("Multi\n   line\ttitle", "Multi line title"),
    "rE1": ("AT&amp;T buys &#8217;X&#8217;", "AT&T buys ’X’"),
    "rE1-thrice": ("AT&amp;amp;amp;T", "AT&T"),
    "rE1-four-times": ("AT&amp;amp;amp;amp;T", "AT&amp;T"),
    "rE2-a": ("The <a> element", "The <a> element"),
    "rE3": ("Effect of <em>L. plantarum</em>", "Effect of L. plantarum"),
    "rE3-escaped": ("Effect of &lt;em&gt;L. plantarum&lt;/em&gt;", "Effect of L. plantarum"),
    "rE6": ("<script>alert(1)</script>Hi", "Hi"),
    "rE6-img": ("<img src=x onerror=alert(1)>", ""),
    "rE9-named": ("Fish &amp; chips", "Fish & chips"),
    "rE9-number": ("Fish &#038; chips", "Fish & chips"),
    "rE10": ("0", "0"),
    "rE13": ("   Long headline...", "Long headline..."),
    "o5": ("&lt;b&gt;", "<b>"),
    "o8-closing": ("</li></ul></div>", "</li></ul></div>"),
    "o8-comment": ("<!--", "<!--"),
    "o8-plaintext": ("<plaintext>", "<plaintext>"),
    "o8-unclosed": ("<img src=x", "<img src=x"),
    "o10-ssi": ('x <!--#exec cmd="id" --> y', "x y"),
    "o14": ("Win\u202egnp.exe", "Wingnp.exe"),
    "o15": ("a\0b\ud800c\ufffed", "abcd"),
    "nested": ("<b>a <i>b</i></b> c", "a b c"),
    "crossed": ("<b>a <i>b</b> c</i>", "a b c"),
    "attributes": ('<a href="x" title="a > b">y</a>', "y"),
    "attribute-no-end": ('<a href="x">y', "y"),
    "attribute-quote": ("<font face=it's>y</font>", "y"),
    "paragraphs": ("<P>One</P><p>Two</p>", "One Two"),
    "line-break": ("One<br/>Two<BR>Three", "One Two Three"),
    "img-bare": ("The <img> element", "The <img> element"),
    "script-open": ("A <script> is a <b>program</b>", "A <script> is a program"),
    "script-twice": ("a<script>1</script>b<SCRIPT src=x>2</SCRIPT>c", "abc"),
    "script-around": ("<b>a<script><i></b></script>c</b>", "ac"),
    "script-and-style": ("<script><style></script>a</style>b", "a</style>b"),
    "comment": ("a<!-- <b> -->b<!--c-->", "ab"),
    "closing-only": ("SimCity</em>, brought to you", "SimCity</em>, brought to you"),
    "ampersand-word": ("Tips&notes", "Tips&notes"),
    "ampersand-unknown": ("a &unknown; b", "a &unknown; b"),
    "number-without-end": ("it&#8217s", "it’s"),
    "number-cp1252": ("l&#146;automobiliste", "l’automobiliste"),
    "number-huge": ("a&#" + "9" * 5000 + ";b", "a&#" + "9" * 5000 + ";b"),
    "number-too-large": ("a&#x110000;b", "a\ufffdb"),
    "zero-width-entity": ("a&#x200b;b", "ab"),
    "nbsp": ("1939:&nbsp;House\u00a02", "1939: House 2"),
    "p5-17": ("niÃ±os", "niños"),
    "p5-17-capital": ("lâ€™Ã‰ducation Ã\xa0 Paris", "l’Éducation à Paris"),
    "p5-17-c1": ("don\u00e2\x80\x99t", "don’t"),
    "p5-17-cyrillic": ("Ð\u009fÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
    "p5-17-japanese": ("æ—¥æœ¬", "日本"),
    "p5-17-emoji": ("Go ðŸ˜€", "Go 😀"),
    "p5-17-twice": ("niÃ\x83Â±os", "niños"),
    "p5-17-entity": ("ni&Atilde;&plusmn;os", "niños"),
    "p5-17-in-the-way": ("niÃ±os\u200b \x80", "niños"),
    "p5-17-mixed": ("niÃ±os 日本", "niÃ±os 日本"),
    "p5-17-broken": ("niÃ±os é", "niÃ±os é"),
    "no-repair-quote": ("CAFÉ’S MENÜ…", "CAFÉ’S MENÜ…"),
    "no-repair-portuguese": ("SÃO PAULO", "SÃO PAULO"),
    "no-repair-french": ("« Â »", "« Â »"),
}  # fmt: skip

# security.md, scoreboard D04: (kind, the string after XML decoding, title, summary).
DECODED = {
    "rss-plain": (TEXT, "AT&T", "AT&T", "AT&T"),
    "rss-escaped": (TEXT, "AT&amp;T", "AT&T", "AT&T"),
    "rss-cdata": (TEXT, "<b>AT&amp;T</b>", "AT&T", "AT&T"),
    "rss-twice": (TEXT, "&lt;b&gt;", "<b>", "<b>"),
    "rss-html": (HTML, "&lt;b&gt;", "<b>", "<b>"),
    "rss-html-tags": (HTML, "<p>a &amp;amp; <b>b</b></p>", "a & b", "a &amp; b"),
    "atom-text": (TEXT, "A &lt; B", "A < B", "A < B"),
    "atom-html": (HTML, "A &lt; <i>B</i>", "A < B", "A < B"),
    "atom-html-script": (HTML, "&lt;script&gt;", "<script>", "<script>"),
    "atom-html-named": (HTML, "<p>1&nbsp;&euro;&hellip;</p>", "1 €…", "1 €…"),
    "atom-xhtml": (XHTML, "<div>A &lt; <i>B</i><br/>C</div>", "A < B C", "A < B C"),
    "atom-xhtml-empty": (XHTML, '<script src="x"/>A<title/><b>B</b>', "AB", "AB"),
}

SUMMARIES = {
    "blocks": ("<p>One</p><p>Two</p><ul><li>a<li>b</ul>c<br>d<hr/>e", "One Two a b c d e"),
    "inline": ("<b>bo</b>ld <a href='x'>link</a>", "bold link"),
    "vanish": ("a<script>1</script><style>2</style><svg><title>3</title></svg>b", "ab"),
    "comment": ("a<!-- x -->b", "ab"),
    "rC13": ("<![CDATA[<p>Big news</p>]]>", "Big news"),
    "finding-2": ("<!--><img src=x onerror=alert(1)>-->", "-->"),
    "finding-2-unclosed": ("a <img src=x onerror=alert(1)//", "a"),
    "o7-style": ('<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">x', '">x'),
    "o8": ("a</div></div>b", "a b"),
    "once": ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
    "no-markup": ("plain &eacute; text", "plain é text"),
    "empty-frame": ("a<iframe src='x'></iframe>b", "ab"),
    "hidden": ("a<iframe></script>b</iframe>c", "ac"),
    "pieced-together": ("<b<p>>a", ">a"),
    "greater-in-attribute": ('<a title="x > y">a</a>', "a"),
    "control-by-number": ("<p>a&#11;b&#28;c</p>", "a b c"),
    "giant-number": (f"<p>a&#{'1' * 5000};b</p>", "a\ufffdb"),
    "prefix-of-a-block": ("<preface>a</preface>b", "ab"),
}

TAG_PIECES = (
    *("<p>", "</p>", "<br/>", "<b>", "</b>", "<a href='x>y'>", '<img alt="<p>"/>', "<!-- x -->"),
    *("<iframe>", "</iframe>", "<script>", "</script>", "<!-->", "<b", "<", ">", '"', " ", "a"),
    *("é", "&amp;", "&lt;", "&copy", "&#8217;", "&#x27;", "&#11;", "&#x85;", "&#0;", "&notit;"),
)

INVISIBLE = {
    "override": ("a\u202eb\u202c", "ab"),
    "isolate": ("\u2066a", "a"),
    "mark": ("a\u200e\u200f\u061cb", "ab"),
    "zero-width": ("\u200b" * 500 + "a\ufeffb\u2060c", "abc"),
    "soft-hyphen": ("Donau\u00addampf", "Donaudampf"),
    "tags": ("a\U000e0041b", "ab"),
    "controls": ("a\x07\x1b\x7f\x9bb", "ab"),
    "white-space": ("\t a\x0b\x0c\x1c\x85\u2028\u3000b\u00a0", "a b"),
    "noncharacters": ("a\ufdd0\U0001ffff\U0010fffeb", "ab"),
    "surrogates": ("a\ud83d\ude00b", "ab"),
    "hebrew": ("שלום עולם", "שלום עולם"),
    "arabic": ("مرحبا", "مرحبا"),
    "persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "sinhala": ("ශ්\u200dරී", "ශ්\u200dරී"),
    "emoji": ("👩\u200d🚀 and ❤\ufe0f\u200d🔥", "👩\u200d🚀 and ❤\ufe0f\u200d🔥"),
    "joiner-latin": ("a\u200d\u200cb", "ab"),
    "joiner-ends": ("\u200cمی\u200c", "می"),
    "joiner-twice": ("می\u200c\u200cخواهم", "میخواهم"),
    "joiner-hides-mark": ("e\u200d\u0301", "é"),
    "joiner-bracket": ("\u2329\u200d\u2329", "〈〈"),
    "new-emoji": ("\U0001fae9 tired", "\U0001fae9 tired"),
}


@pytest.mark.parametrize(("raw", "title"), TITLES.values(), ids=TITLES)
def test_titles(raw: str, title: str) -> None:
    """Decoded and stripped as far as it is surely meant, three rounds at most."""
    assert plain_title(raw, limit=10_000) == title


@pytest.mark.parametrize(("kind", "raw", "title", "summary"), DECODED.values(), ids=DECODED)
def test_decoding_by_type(kind: TextKind, raw: str, title: str, summary: str) -> None:
    """D04: a summary exactly as its type says, a title the same and then as titles are."""
    assert plain_title(raw, kind) == title
    assert plain_text(raw, kind) == summary


@pytest.mark.parametrize(("raw", "text"), SUMMARIES.values(), ids=SUMMARIES)
def test_summaries(raw: str, text: str) -> None:
    """One line of text, words of neighbouring blocks kept apart."""
    assert plain_text(raw, HTML) == text


@pytest.mark.parametrize(("raw", "text"), INVISIBLE.values(), ids=INVISIBLE)
def test_invisible_characters(raw: str, text: str) -> None:
    """D07: direction never leaks; Hebrew, Arabic, Persian, Indic and emoji stay legible."""
    assert clean(raw, limit=300) == text
    assert plain_title(raw) == text


def test_D14_cleaning_twice_changes_nothing() -> None:
    """50,000 strings of letters, marks, controls, directions, joiners, surrogates and entities."""
    rng = random.Random(14)
    pieces = [
        *"abc <>&;\"'\x00\x1b\x7f\x85\u00a0\u00ad\u200b\u200d\u200f\u202e\u2028\ud800\ufeff\ufffe"
    ]
    pieces += [
        "\u0301",
        "e\u0301",
        "\u05d0",
        "\u0627",
        "\u0915\u094d",
        "\U0001f469\u200d\U0001f680",
        "\u1112",
    ]
    pieces += ["\u2066", "\u2069", "&amp;", "&#8217;", "<b>", "</b>", "北京"]

    for _ in range(50_000):
        text = clean("".join(rng.choices(pieces, k=rng.randrange(30))), limit=20)
        assert clean(text, limit=20) == text


def test_text_is_composed() -> None:
    """NFC: one spelling of an accented letter."""
    assert clean("cafe\u0301 \u212b", limit=300) == "café Å"


@pytest.mark.parametrize(
    ("raw", "limit", "text"),
    [
        pytest.param("abcdef", 6, "abcdef", id="fits"),
        pytest.param("abcdefg", 6, "abcde…", id="cut"),
        pytest.param("abcd efg", 6, "abcd…", id="space"),
        pytest.param("abcdx\u0302\u0323y", 6, "abcd…", id="combining"),
        pytest.param("ab👩\u200d🚀cd", 5, "ab…", id="emoji"),
        pytest.param("abc👍🏽d", 5, "abc…", id="skin"),
        pytest.param("a🇫🇷🇩🇪b", 5, "a🇫🇷…", id="flags"),
        pytest.param("a🇫🇷🇩🇪b", 4, "a🇫🇷…", id="flags-between"),
        pytest.param("abc\u1112\u1161\u11abde", 5, "abc한…", id="jamo-composed"),
        pytest.param("abc\u1113\u1176de", 5, "abc…", id="jamo-old"),
        pytest.param("می\u200cخواهم", 4, "می…", id="joiner"),
        pytest.param("x" + "\u0302" * 50, 6, "x" + "\u0302" * 4 + "…", id="zalgo"),
        pytest.param("日本語の見出し", 4, "日本語…", id="cjk"),
        pytest.param("abc", 1, "…", id="one"),
    ],
)
def test_cutting(raw: str, limit: int, text: str) -> None:
    """Between two grapheme clusters, the ellipsis inside the limit, and only once."""
    assert clean(raw, limit=limit) == text
    assert clean(text, limit=limit) == text


@pytest.mark.parametrize(
    "unit",
    ["<", "<b>", "<b ", "<script>", "</script>", "<!--", "<![CDATA[", "&lt;", "&", '<a "', "<a '",
     "<p>", "\u200d", "Ã±", "<script></script>", "</b>", "x\u0302"],
)  # fmt: skip
def test_hostile_repetition_is_harmless(unit: str) -> None:
    """Every scan is linear: 64 KiB and far more of anything take no noticeable time."""
    raw = unit * (8 * MAX_RAW // len(unit))

    for kind in TextKind:
        assert len(plain_title(raw, kind)) <= 300
        assert len(plain_text(raw, kind)) <= 2000


@given(st.lists(st.sampled_from(TAG_PIECES), max_size=12))
def test_simple_tags_are_taken_as_a_parser_takes_them(pieces: list[str]) -> None:
    """An element that is none of the simple ones, in front, sends all of it to the parser."""
    raw = f"<p>{''.join(pieces)}"

    assert plain_text(raw) == plain_text(f"<x>{raw}")


def test_a_plain_title_comes_back_as_it_is() -> None:
    """The common case is not even copied."""
    title = "NASA JPL Unveils Rover Operations Center for Moon, Mars Missions"

    assert plain_title(title) is title


PIECES = st.sampled_from(
    ["<b>", "</b>", "<em>", "</em>", "<p>", "</p>", "<br>", "<script>", "</script>", "<!--", "-->",
     "<![CDATA[", "]]>", "<img src=x>", "<head>", "<", ">", "&", "&amp;", "&lt;", "&gt;", "amp;",
     "&#8217;", "&#0;", "&#x200b;", "&nbsp;", "a", "b c", " ", "\n", "é", "e\u0301", "Ã±", "â€™",
     "\u200b", "\u200c", "\u200d", "\u202e", "\0", "\x85", "\ud800", "\uffff", "👩", "🇫", "می",
     "\u0302", "\u2329"]
)  # fmt: skip
RAW = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=60)
LIMITS = st.integers(min_value=1, max_value=40)
FORBIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029\u00a0]")


def is_clean(text: str) -> bool:
    """No control or invisible character, one line, NFC, encodable."""
    text.encode()
    return (
        not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text)
        and not FORBIDDEN.search(text)
        and text == " ".join(text.split())
        and unicodedata.is_normalized("NFC", text)
    )


@settings(max_examples=300, deadline=None)
@given(RAW, LIMITS)
def test_clean_is_idempotent(raw: str, limit: int) -> None:
    """Once is enough, at any limit."""
    text = clean(raw, limit=limit)

    assert len(text) <= limit
    assert is_clean(text)
    assert clean(text, limit=limit) == text


@settings(max_examples=300, deadline=None)
@given(RAW, st.sampled_from(TextKind), LIMITS)
def test_titles_and_texts_are_clean(raw: str, kind: TextKind, limit: int) -> None:
    """Never an error, never more than the limit, whatever the markup."""
    for text in (plain_title(raw, kind, limit=limit), plain_text(raw, kind, limit=limit)):
        assert len(text) <= limit
        assert is_clean(text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_characters="<&", exclude_categories=["Mn"]), max_size=60))
def test_titles_without_markup_are_idempotent(raw: str) -> None:
    """A title that holds nothing to decode or compose is settled the first time."""
    title = plain_title(raw)

    assert plain_title(title) == title


def test_a_text_of_many_invisible_characters_loses_them_all() -> None:
    """Few kinds are replaced one by one, many at once: the same comes out."""
    kinds = [chr(code) for code in (*range(8), 0xAD, 0x200B, 0x2060, 0xFEFF, 0xE0001)]

    assert plain_title("a" + "b".join(kinds) + "c") == "a" + "b" * (len(kinds) - 1) + "c"
    assert plain_title("a" + kinds[0] + "b") == "ab"
