"""Bytes -> UTF-8: which codec wins, and what becomes of bytes that mean nothing in it."""

from __future__ import annotations

import codecs

import pytest
from parse_feeds import fail, only, read, rss

from aggregator.model import Outcome
from aggregator.parse.decode import codec_of, decode_document

TITLE = "Müller’s año"


def titled(text: str, codec: str, *, declared: str | None = None) -> bytes:
    """A feed with one title, in `codec`, declaring `declared`."""
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return rss(f"<title>{text}</title>", head=head).decode().encode(codec)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(titled(TITLE, "utf-8"), None, id="nothing said"),
        pytest.param(titled(TITLE, "cp1252", declared="windows-1252"), None, id="declaration"),
        pytest.param(titled(TITLE, "cp1252", declared="iso-8859-1"), None, id="latin-1 is cp1252"),
        pytest.param(titled(TITLE, "cp1252"), "text/xml; charset=windows-1252", id="HTTP"),
        pytest.param(
            titled(TITLE, "cp1252", declared="utf-8"),
            'text/xml; charset="windows-1252"',
            id="HTTP before declaration",
        ),
        pytest.param(
            titled(TITLE, "utf-8", declared="utf-8"),
            "text/xml; charset=us-ascii",
            id="HTTP wrong, declaration right",
        ),
        pytest.param(
            titled(TITLE, "utf-8", declared="us-ascii"), "text/xml", id="both wrong: UTF-8"
        ),
        pytest.param(titled(TITLE, "utf-16"), None, id="UTF-16 with BOM"),
        pytest.param(
            titled(TITLE, "utf-16-be", declared="utf-16"), None, id="UTF-16 BE without BOM"
        ),
        pytest.param(titled(TITLE, "utf-16-le"), None, id="UTF-16 LE without BOM"),
        pytest.param(titled(TITLE, "utf-32"), None, id="UTF-32 with BOM"),
        pytest.param(titled(TITLE, "utf-32-be"), None, id="UTF-32 BE without BOM"),
        pytest.param(titled(TITLE, "utf-8", declared="utf-16"), None, id="cannot be UTF-16"),
    ],
)
def test_the_codec_is_found(body: bytes, content_type: str | None) -> None:
    """BOM, HTTP charset, declaration, UTF-8: the first that the bytes bear out."""
    assert only(body, content_type).title == TITLE


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("火星探测", "gb2312"),
        ("火星探测", "GBK"),
        ("火星探測", "big5"),
        ("火星の探査", "shift_jis"),
        ("火星の探査", "euc-jp"),
        ("화성 탐사", "euc-kr"),
        ("Исследование", "koi8-r"),
        ("Исследование", "windows-1251"),
    ],
)
def test_codecs_of_the_world_are_known(text: str, label: str) -> None:
    """Declared codecs expat refuses (GB2312) are read like any other."""
    assert only(titled(text, label, declared=label)).title == text


def test_rC1_a_charset_that_is_wrong_is_no_error() -> None:
    """text/xml without charset is not us-ascii, and a UTF-8 body is read as that."""
    assert only(titled("Müller", "utf-8"), "text/xml").title == "Müller"


def test_rC2_a_bom_wins_over_the_charset_parameter() -> None:
    """RFC 7303: the BOM is in the document itself."""
    body = codecs.BOM_UTF8 + titled("Müller", "utf-8")

    assert only(body, "text/xml; charset=iso-8859-1").title == "Müller"


def test_rC3_declared_latin_1_is_latin_1() -> None:
    """Byte fc of a declared ISO-8859-1 feed is a u-umlaut."""
    body = titled("Müller", "latin-1", declared="ISO-8859-1")

    assert b"\xfc" in body
    assert only(body).title == "Müller"


def test_latin_1_with_a_byte_of_no_meaning_is_still_latin_1() -> None:
    """windows-1252 has five holes; declared Latin-1 has none."""
    body = titled("Müller \x81", "latin-1", declared="ISO-8859-1")

    assert only(body).title == "Müller"


@pytest.mark.parametrize("declared", [None, "utf-8"])
def test_rC5_one_bad_byte_spoils_one_title(declared: str | None) -> None:
    """A single e9 in a UTF-8 feed becomes U+FFFD; every other title stays whole."""
    body = rss("<title>Müller’s</title>", "<title>cafX</title>", "<title>año</title>")
    head = b'<?xml version="1.0" encoding="utf-8"?>' if declared else b""

    titles = [entry.title for entry in read(head + body.replace(b"cafX", b"caf\xe9")).entries]

    assert titles == ["Müller’s", "caf\N{REPLACEMENT CHARACTER}", "año"]


def test_one_bad_byte_does_not_change_the_declared_codec() -> None:
    """A damaged multi-byte feed is read with its own codec all the same."""
    body = titled("火星探测", "gb18030", declared="gb2312").replace(b"</title>", b"\xff</title>")

    assert only(body).title == "火星探测\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Presidência é não", id="many accents"),
        pytest.param("em simulações de 2º turno " + "x" * 400, id="few accents"),
    ],
)
def test_undeclared_latin_1_is_not_lost(text: str) -> None:
    """No declaration and hardly a byte that is UTF-8 (uol.com.br): windows-1252."""
    assert only(titled(text, "cp1252")).title.startswith(text[:24].rstrip())


def test_a_broken_single_byte_codec_is_not_trusted() -> None:
    """Byte 98 means nothing in windows-1251: the bytes themselves decide, here for UTF-8."""
    body = titled("Müller’s año", "utf-8", declared="windows-1251").replace(
        b"</title>", b"\x98</title>"
    )

    assert only(body).title == "Müller’s año\N{REPLACEMENT CHARACTER}"


def test_rC6_a_bom_is_no_content() -> None:
    """EF BB BF before the document, once or twice."""
    body = titled("T", "utf-8", declared="utf-8")

    assert only(codecs.BOM_UTF8 + body).title == "T"
    assert only(codecs.BOM_UTF8 * 2 + body).title == "T"


def test_rC7_white_space_before_the_prolog_is_skipped() -> None:
    """Blank lines before the declaration (18 of 303 captures) cost nothing."""
    assert only(b"\n\n \t" + titled("T", "utf-8", declared="utf-8")).title == "T"


CHARSETS = (
    *("utf-8\0x", "\0", "punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape"),
    *("utf-7", "zlib", "hex", "base64", "bz2", "rot13", "quopri", "uu", "mbcs", "oem"),
    *("../x", "/etc/passwd", "encodings", "aliases", "__init__", "cp037", "utf-8-sig", "utf8"),
    *("UTF8", "ascii", "us-ascii", "latin1", "x-sjis", "cp65001", "unknown-8bit", "iso-8859-99"),
    *("ISO-8859-1;q=1", "'", '"', "ü", "%", "x" * 100_000, "-", ""),
)


@pytest.mark.parametrize("label", CHARSETS, ids=range(len(CHARSETS)))
def test_A21_no_charset_name_is_an_exception(label: str) -> None:
    """Forty names that are no codec, or none for a feed, in the header and in the declaration."""
    body = rss("<title>T</title>", head=f'<?xml version="1.0" encoding="{label}"?>')

    by_declaration = only(body)
    by_header = only(rss("<title>T</title>"), f"text/xml; charset={label}")

    assert (by_declaration.title, by_header.title) == ("T", "T")


def test_only_codecs_for_text_are_allowed() -> None:
    """An allow-list: what Python can decode is not what a feed may be in."""
    refused = ("zlib_codec", "punycode", "unicode_escape", "utf-7", "cp037", "no-such-codec")

    assert [codec_of(label) for label in refused] == [None] * len(refused)


def test_broken_utf_16_is_replaced() -> None:
    """An odd byte at the end of UTF-16 is one replaced character."""
    assert decode_document("<a/>".encode("utf-16") + b"x", None).startswith(b"<a/>")


@pytest.mark.parametrize("body", [b"", b" \n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_rC17_an_empty_body_has_a_name(body: bytes) -> None:
    """Nothing, white space or a lone BOM."""
    assert fail(body).outcome is Outcome.EMPTY_BODY
