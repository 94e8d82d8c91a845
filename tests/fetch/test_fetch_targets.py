"""Which URLs are fetched, and what goes on the wire (P21, C08, C09, C15, N6, rA11)."""

from __future__ import annotations

import pytest

from aggregator.fetch.faults import Fault
from aggregator.fetch.targets import parse_target
from aggregator.model import Outcome


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://example.com", "/"),
        ("http://example.com/", "/"),
        ("http://example.com?x=1", "/?x=1"),
        ("http://example.com/a/../b/./c//d", "/a/../b/./c//d"),
        ("http://example.com/%7Euser/%2f?a=%zz&b=+", "/%7Euser/%2f?a=%zz&b=+"),
        ("http://example.com/Feed.XML?", "/Feed.XML?"),
        ("http://example.com/feed#top", "/feed"),
        ("http://example.com/feed?q#a?b", "/feed?q"),
        ('http://example.com/{x}|y^`"<>', '/{x}|y^`"<>'),
        ("http://example.com/a b", "/a%20b"),
        ("http://example.com/caf\xe9?\u4e2d", "/caf%C3%A9?%E4%B8%AD"),
    ],
)
def test_the_path_is_sent_as_written(url: str, path: str) -> None:
    """Only what cannot stand in a request line is escaped, once; the fragment is not sent."""

    target = parse_target(url)

    assert target.path == path
    assert target.url == "http://example.com" + path


@pytest.mark.parametrize(
    ("url", "origin", "origin_url"),
    [
        ("HTTP://Example.COM/x", ("http", "example.com", 80), "http://example.com"),
        ("https://example.com/x", ("https", "example.com", 443), "https://example.com"),
        ("http://example.com:/x", ("http", "example.com", 80), "http://example.com"),
        ("http://example.com:8080/x", ("http", "example.com", 8080), "http://example.com:8080"),
        ("http://example.com:080/x", ("http", "example.com", 80), "http://example.com"),
        ("http://example.com./x", ("http", "example.com.", 80), "http://example.com."),
        ("http://[2606:4700:0::1]:81/", ("http", "2606:4700::1", 81), "http://[2606:4700::1]:81"),
        ("http://a_b.example.com/", ("http", "a_b.example.com", 80), "http://a_b.example.com"),
        ("http://\u0430\u0440\u0440.com/", ("http", "xn--80a6aa.com", 80), "http://xn--80a6aa.com"),
        ("http://xn--a/", ("http", "xn--a", 80), "http://xn--a"),
        ("http://0x7f000001/", ("http", "0x7f000001", 80), "http://0x7f000001"),
        ("http://127\u30020\u30020\u30021/", ("http", "127.0.0.1", 80), "http://127.0.0.1"),
    ],
)
def test_the_origin(url: str, origin: tuple[str, str, int], origin_url: str) -> None:
    """Host in lower case A-labels (C15), port by scheme."""

    target = parse_target(url)

    assert target.origin == origin
    assert target.origin_url == origin_url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname", "gopher://example.com/", "ftp://example.com/", "data:,x",
        "javascript:alert(1)", "JavaScript:x", "view-source:http://example.com/", "mailto:x",
        "http://user@example.com/", "http://user:secret@example.com/", "http://a\\@example.com/",
        "http://@example.com/",
    ],
)  # fmt: skip
def test_c09_urls_that_are_refused(url: str) -> None:
    """Other schemes and credentials, without a word of the URL in the reason."""

    with pytest.raises(Fault) as caught:
        parse_target(url, Outcome.BAD_REDIRECT)

    assert caught.value.outcome is Outcome.BLOCKED_URL
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "", "feed.xml", "/feed", "//example.com/x", "http:ok", "HTTP:/ok", "http:///x", "http://",
        "http://?x", "http://#x", "http://:80/", "http://[bad", "http://[::1", "http://[]/",
        "http://[::g]/", "http://[fe80::1%25lo]/", "http://127.000.000.001/", "http://0177.0.0.1/",
        "http://256.1.1.1/", "http://[127.0.0.1]/", "http://a]b/",
        "http://.x/", "http://a..b/", "http://..", "http://" + "a" * 64 + ".com/",
        "http://" + "a." * 130 + "com/", "http://a b/", "http://a%20b/", "http://a\\b/",
        "http://exa\u00admple\u2044.com/", "http://\ud800.com/", "http://example.com/\ud800",
        "http://example.com:0/", "http://example.com:99999/", "http://example.com:65536/",
        "http://example.com:999999/", "http://example.com:8o/", "http://example.com:-1/",
        "http://example.com/\x00", "http://example.com/\r\nX: 1", "http://example.com/\t",
        "\x01http://example.com/", " http://example.com/", "http://example.com/" + "x" * 8000,
        "http://xn--\u00e9.com/",
    ],
)  # fmt: skip
def test_malformed_urls(url: str) -> None:
    """C08, B16: reported with the kind the caller asks for, never repaired."""

    with pytest.raises(Fault) as caught:
        parse_target(url, Outcome.BAD_REDIRECT)

    assert caught.value.outcome is Outcome.BAD_REDIRECT
