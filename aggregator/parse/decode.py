"""The bytes of a document -> UTF-8 bytes without declaration, by DESIGN.md section 8.

BOM, then HTTP charset, then declaration, then UTF-8, each strict. Where one bad byte breaks them
all: the declared codec with replacement when it is a multi-byte one; else UTF-8 with replacement,
and cp1252 only where that would replace more than a few characters in a hundred.
"""

from __future__ import annotations

import codecs
import contextlib
import re

_NOT_ASCII = bytes(range(128, 256))
_SPACE = b" \t\r\n\x0b\x0c"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its BOM begins with theirs
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F.1: what "<" (and "<?") looks like without a BOM.
_BARE = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_MULTI_BYTE = frozenset(
    {"utf-8", "gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950", "euc_jp", "euc_kr"}
    | {"cp949", "shift_jis", "cp932", "iso2022_jp"}
)
_SINGLE_BYTE = frozenset(
    {"ascii", "koi8-r", "koi8-u", "cp866", "cp437", "cp850", "mac-roman", "tis-620"}
    | {f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))}
    | {f"cp{page}" for page in (874, *range(1250, 1259))}
)
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_ALLOWED = _MULTI_BYTE | _SINGLE_BYTE | _WIDE
# Labels Python does not know, or knows as something narrower than what the web means by them
# (https://encoding.spec.whatwg.org/#names-and-labels).
_LABELS = {
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "unicode-1-1-utf-8": "utf-8",
}
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{1,39}", re.ASCII)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]{1,40})", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml\s[^<>]{0,1000}?>")
_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']\s*([^\"'<>\s]{1,40})")
# More replaced characters than this in a hundred, and the text is no UTF-8.
_REPLACED_SHARE = 0.02


def decode_document(body: bytes, content_type: str | None) -> bytes:
    """`body` as UTF-8, white space at its head, BOM and XML declaration taken off."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return _head_off(_to_utf8(body[len(bom) :], (codec,)))
    head = body.lstrip(_SPACE)
    declared = _declared(head)
    if declared is None:
        bare = next((codec for mark, codec in _BARE if head.startswith(mark)), None)
        if bare is not None:
            return _head_off(_to_utf8(head, (bare,)))
    codecs_told = tuple(codec for codec in (_http_charset(content_type), declared) if codec)
    return _head_off(_to_utf8(head, codecs_told))


def plain_utf8(body: bytes, content_type: str | None) -> bytes | None:
    """`body` as it is, where it looks like XML and nothing says that it is not UTF-8; else None.

    Nine documents in ten: the strict reader finds out by itself whether they are, and to check
    and copy them first would take longer than to hash them.
    """
    head = body.removeprefix(codecs.BOM_UTF8).lstrip(_SPACE)
    if head[:1] != b"<" or head[1:2] == b"\0":
        return None
    if content_type and _http_charset(content_type) not in (None, "utf-8"):
        return None
    return head if _declared(head) in (None, "utf-8") else None


def codec_of(label: str) -> str | None:
    """The codec the web means by `label`, None when it is none a feed may use.

    An allow-list: `codecs.lookup` alone also knows zlib, idna, punycode and unicode_escape.
    """
    name = label.lower()
    if name in _LABELS:
        return _LABELS[name]
    if not _LABEL.fullmatch(name):
        return None
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    return found if found in _ALLOWED else None


def _http_charset(content_type: str | None) -> str | None:
    match = _CHARSET.search(content_type[:1000]) if content_type else None
    return codec_of(match[1]) if match else None


def _declared(head: bytes) -> str | None:
    """The codec of the XML declaration, if the document has one that can be read as ASCII."""
    declaration = _DECLARATION.match(head)
    label = _ENCODING.search(declaration[0]) if declaration else None
    if label is None:
        return None
    codec = codec_of(label[1].decode("latin-1"))
    # A declaration that reads as ASCII cannot be in UTF-16 or UTF-32.
    return None if codec in _WIDE else codec


def _to_utf8(body: bytes, told: tuple[str, ...]) -> bytes:
    # As UTF-8, UTF-16 would "succeed" with a NUL beside every letter.
    last = () if _WIDE.intersection(told) else ("utf-8",)
    for codec in (*told, *last):
        try:
            return _transcode(body, codec)
        except UnicodeError:
            continue
    for codec in told:
        if codec in _MULTI_BYTE or codec in _WIDE:
            return body.decode(codec, "replace").encode()
    return _guess(body)


def _transcode(body: bytes, codec: str) -> bytes:
    if codec == "iso8859-1":
        # The web says Latin-1 and means windows-1252, where five bytes stand for nothing.
        with contextlib.suppress(UnicodeError):
            return body.decode("cp1252").encode()
    text = body.decode(codec)
    return body if codec == "utf-8" else text.encode()


def _guess(body: bytes) -> bytes:
    """UTF-8 with replacement, or windows-1252 where that would replace too much.

    Too much is also more characters than it would understand: a Portuguese feed in undeclared
    Latin-1 (uol.com.br) has hardly an accent in a hundred characters, and none of them is UTF-8.
    """
    text = body.decode("utf-8", "replace")
    replaced = text.count("\ufffd")
    understood = len(text) - replaced - len(body.translate(None, _NOT_ASCII))
    if replaced > len(text) * _REPLACED_SHARE or replaced > understood:
        # Five bytes mean nothing in windows-1252.
        return body.decode("cp1252", "replace").encode()
    return text.encode()


def _head_off(text: bytes) -> bytes:
    text = text.lstrip(codecs.BOM_UTF8 + _SPACE)
    declaration = _DECLARATION.match(text)
    return text[declaration.end() :].lstrip(_SPACE) if declaration else text
