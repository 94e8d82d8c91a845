"""What becomes of a link: the table of hostile ones, resolution, hosts, and what always holds."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.urls import absolute_link, host_of

BASE = "https://www.example.org/feeds/rss.xml?x=1#top"

# Links that must never come out: no http(s), a trick, or no host that DNS could hold.
REFUSED = {
    "javascript": "javascript:alert(1)",
    "javascript-case": "JaVaScRiPt:alert(1)",
    "javascript-newline": "java\nscript:alert(1)",
    "javascript-tab": "java\tscript:alert(1)",
    "javascript-cr": "javascript\r:alert(1)",
    "javascript-c0": "\x01javascript:alert(1)",
    "javascript-space": " javascript:alert(1)",
    "javascript-slashes": "javascript://example.org/%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "data-base64": "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript": "vbscript:msgbox(1)",
    "blob": "blob:https://example.org/1",
    "feed-javascript": "feed:javascript:alert(1)",
    "feed-https": "feed:https://example.org/rss",
    "file": "file:///etc/hostname",
    "gopher": "gopher://example.org/",
    "ftp": "ftp://example.org/a",
    "mailto": "mailto:desk@example.org",
    "tel": "tel:112",
    "tag": "tag:example.org,2026:1",
    "urn": "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
    "about": "about:blank",
    "view-source": "view-source:https://example.org/",
    "host-with-port": "example.org:8080/a",
    "empty": "",
    "white-space": " \t\r\n ",
    "userinfo": "https://user:secret@example.org/",
    "userinfo-name": "https://user@example.org/",
    "userinfo-empty": "https://@example.org/",
    "userinfo-spoof": "https://www.example.org@evil.example/",
    "nul": "https://example.org/a\0b",
    "escape": "https://example.org/\x1b]8;;x",
    "c1": "https://example.org/\x9b31m",
    "del": "https://example.org/\x7f",
    "bidi-override": "https://example.org/\u202egnp.exe",
    "bidi-isolate": "https://example.org/\u2066x",
    "bidi-mark": "https://example.org/\u200fx",
    "surrogate": "https://example.org/\ud800",
    "no-host": "https://",
    "no-host-slashes": "https:///",
    "no-host-port": "https://:80/",
    "dot-host": "https://./",
    "empty-label": "https://a..example/",
    "long-label": f"https://{'a' * 64}.example/",
    "long-host": f"https://{'a.' * 127}example/",
    "long-host-of-few-labels": f"https://{'-'.join(['a' * 9] * 6)}.{'b' * 63}.{'c' * 63}."
    f"{'d' * 63}.{'e' * 63}.example/",
    "very-long-host": f"https://{'ü' * 1100}.example/",
    "bracket": "http://[bad/",
    "bracket-end": "http://[::1/",
    "ipv6-bad": "http://[::g]/",
    "ipv6-zone": "http://[fe80::1%25eth0]/",
    "ipv6-port": "http://[::1]:99999/",
    "ipv4-five": "http://1.2.3.4.5/",
    "ipv4-large": "http://256.1.1.1/",
    "ipv4-last": "http://1.2.3.256/",
    "ipv4-octal": "http://09.1.1.1/",
    "ipv4-mixed": "http://a.1.1.1/",
    "port-large": "https://example.org:65536/",
    "port-letters": "https://example.org:8o/",
    "port-digits": "https://example.org:٨٠/",
    "host-space": "https://exa mple.org/",
    "host-quote": 'https://example.org"onclick=1/',
    "host-markup": "https://a<b>.example/",
    "host-percent": "https://exa%25mple.org/",
    "host-nul": "https://exa%00mple.org/",
    "host-bytes": "https://%ff.example/",
    "idna-empty": "https://xn--.example/",
    "idna-bad": "https://xn--a-ecp-.example/",
    "idna-disallowed": "https://a\u2488b.example/",
    "too-long": "https://example.org/" + "a" * 2048,
    "too-long-encoded": "https://example.org/" + "é" * 700,
}

# Links that come out, and how.
KEPT = {
    "plain": ("https://example.org/a", "https://example.org/a"),
    "plain-query": ("https://example.org/a?b=c&d=%20", "https://example.org/a?b=c&d=%20"),
    "no-path": ("https://example.org", "https://example.org/"),
    "no-path-query": ("https://example.org?a", "https://example.org/?a"),
    "no-path-fragment": ("https://example.org#a", "https://example.org/#a"),
    "case": ("HTTPS://Example.ORG/Story?Q=A", "https://example.org/Story?Q=A"),
    "ends": ("\x00 \n https://example.org/a \x1f", "https://example.org/a"),
    "newline-inside": ("https://example.org/a\n  b", "https://example.org/a%20%20b"),
    "scheme-split": ("ht\ntps://example.org/", "https://example.org/"),
    "break-out": ('https://a.example/"><img src=1>', "https://a.example/%22%3E%3Cimg%20src=1%3E"),
    "apostrophe": ("https://a.example/it's?q='x'", "https://a.example/it's?q=%27x%27"),
    "odd-path": ("https://a.example/`{x}|^\\y", "https://a.example/%60%7Bx%7D%7C%5E/y"),
    "odd-query": ('https://a.example/?`{x}|\\<>"', "https://a.example/?%60%7Bx%7D%7C%5C%3C%3E%22"),
    "odd-fragment": ("https://a.example/#`< >#", "https://a.example/#%60%3C%20%3E#"),
    "non-ascii": ("https://a.example/café?q=ü#é", "https://a.example/caf%C3%A9?q=%C3%BC#%C3%A9"),
    "percent-kept": ("https://a.example/%c3%A9%2F%zz%", "https://a.example/%c3%A9%2F%zz%"),
    "dots": ("https://a.example/x/../y/./z", "https://a.example/y/z"),
    "dots-end": ("https://a.example/x/y/..", "https://a.example/x/"),
    "dot-end": ("https://a.example/x/.", "https://a.example/x/"),
    "dots-over": ("https://a.example/../../x", "https://a.example/x"),
    "dots-encoded": ("https://a.example/x/%2E%2e/y/%2e/", "https://a.example/y/"),
    "dot-file": ("https://a.example/.well-known/x", "https://a.example/.well-known/x"),
    "empty-segments": ("https://a.example//x//y", "https://a.example//x//y"),
    "backslashes": ("https:\\\\a.example\\x", "https://a.example/x"),
    "one-slash": ("https:/a.example/x", "https://a.example/x"),
    "no-slash": ("https:a.example/x", "https://a.example/x"),
    "many-slashes": ("https:////a.example/x", "https://a.example/x"),
    "port-default": ("https://a.example:443/", "https://a.example/"),
    "port-default-http": ("http://a.example:0080/", "http://a.example/"),
    "port-empty": ("https://a.example:/", "https://a.example/"),
    "port": ("https://a.example:8443/x", "https://a.example:8443/x"),
    "idna": ("https://Bücher.example/x", "https://xn--bcher-kva.example/x"),
    "idna-ascii": ("https://XN--Bcher-KVA.example/x", "https://xn--bcher-kva.example/x"),
    "idna-sharp-s": ("https://faß.example/", "https://xn--fa-hia.example/"),
    "host-encoded": ("https://%65xample.org/", "https://example.org/"),
    "host-wide": ("https://ｅｘａｍｐｌｅ。org/", "https://example.org/"),
    "host-underscore": ("https://a_b.example/", "https://a_b.example/"),
    "host-final-dot": ("https://example.org./", "https://example.org./"),
    "host-local": ("http://localhost:8000/x", "http://localhost:8000/x"),
    "ipv4": ("http://127.0.0.1/", "http://127.0.0.1/"),
    "ipv4-short": ("http://127.1/", "http://127.0.0.1/"),
    "ipv4-hex": ("http://0x7f000001/", "http://127.0.0.1/"),
    "ipv4-hex-empty": ("http://0x/", "http://0.0.0.0/"),
    "ipv4-number": ("http://2130706433/", "http://127.0.0.1/"),
    "ipv4-octal": ("http://017700000001/", "http://127.0.0.1/"),
    "ipv4-zero": ("http://0/", "http://0.0.0.0/"),
    "ipv4-dot": ("http://127.0.0.1./", "http://127.0.0.1/"),
    "ipv4-wide": ("http://127。0。0。1/", "http://127.0.0.1/"),
    "ipv6": ("http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080/"),
    "ipv6-any": ("http://[::]/", "http://[::]/"),
    "ipv6-case": ("http://[2001:DB8:0:0:1:0:0:1]/", "http://[2001:db8::1:0:0:1]/"),
    "ipv6-full": ("http://[1:2:3:4:5:6:7:8]/", "http://[1:2:3:4:5:6:7:8]/"),
    "ipv6-single-zero": ("http://[1:0:3:4:5:6:7:8]/", "http://[1:0:3:4:5:6:7:8]/"),
    "ipv6-mapped": ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
}

RESOLVED = {
    "rF3-path": ("/news/1.html", "https://www.example.org/news/1.html"),
    "rF5-no-scheme": ("//cdn.x.example/1.html", "https://cdn.x.example/1.html"),
    "no-scheme-backslash": ("\\\\cdn.x.example\\1", "https://cdn.x.example/1"),
    "relative": ("1.html", "https://www.example.org/feeds/1.html"),
    "relative-up": ("../1.html", "https://www.example.org/1.html"),
    "relative-colon": ("./a:b", "https://www.example.org/feeds/a:b"),
    "relative-scheme": ("https:1.html", "https://www.example.org/feeds/1.html"),
    "other-scheme": ("http:1.example/x", "http://1.example/x"),
    "same-scheme-empty": ("https:", "https://www.example.org/feeds/rss.xml?x=1"),
    "query": ("?p=9", "https://www.example.org/feeds/rss.xml?p=9"),
    "fragment": ("#a", "https://www.example.org/feeds/rss.xml?x=1#a"),
    "backslash": ("\\news\\1", "https://www.example.org/news/1"),
    "absolute": ("http://other.example/", "http://other.example/"),
    "rF10-bad": ("http://[bad/", None),
    "rE7-script": ("JaVaScRiPt:alert(1)", None),
    "empty": ("", None),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("base", [None, BASE], ids=["alone", "based"])
def test_a_link_that_could_harm_or_lead_nowhere_is_none(raw: str, base: str | None) -> None:
    """A refused link is refused with a base as well."""
    assert absolute_link(raw, base) is None


@pytest.mark.parametrize(("raw", "link"), KEPT.values(), ids=KEPT)
def test_a_link_comes_out_in_the_spelling_of_the_browser(raw: str, link: str) -> None:
    """The WHATWG serialisation, the same when it goes in again."""
    assert absolute_link(raw, None) == link
    assert absolute_link(link, BASE) == link


@pytest.mark.parametrize(("raw", "link"), RESOLVED.values(), ids=RESOLVED)
def test_a_relative_link_is_resolved(raw: str, link: str | None) -> None:
    """Against the base, whose own query and fragment count only where RFC 3986 says so."""
    assert absolute_link(raw, BASE) == link


def test_rF1_bases_can_be_chained() -> None:
    """A base that came out of `absolute_link` is a base for the next."""
    inner = absolute_link("When/2013/", "http://x.example/blog/")

    link = absolute_link("FC2", inner)

    assert link == "http://x.example/blog/When/2013/FC2"


@pytest.mark.parametrize("base", ["", "rss.xml", "ftp://example.org/", "mailto:x", "http://[bad/"])
def test_a_useless_base_is_no_base(base: str) -> None:
    """Only an absolute http(s) URL is one."""
    assert absolute_link("/x", base) is None
    assert absolute_link("//example.org/x", base) is None
    assert absolute_link("https://example.org/x", base) == "https://example.org/x"


def test_a_password_in_the_feed_url_does_not_reach_its_links() -> None:
    """The base may have userinfo, a link that inherits it would be refused or leak it."""
    link = absolute_link("/x", "https://user:p@ss@example.org:8443/rss")

    assert link == "https://example.org:8443/x"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.org:8443/x", "www.example.org"),
        ("https://example.org./", "example.org"),
        ("http://[::1]:80/", "::1"),
        ("http://[bad/", ""),
        ("mailto:x@example.org", ""),
        ("ftp://example.org/", ""),
        ("", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    """The host as the table of sites has it."""
    assert host_of(url) == host


PIECES = st.sampled_from(
    ["https://", "http:", "//", "/", "\\", "example.org", "ü.example", "xn--bcher-kva.example",
     "127.1", "[::1]", "[::ffff:1.2.3.4]", ":80", ":8080", "?", "#", "@", "%", "%2e", "..", ".",
     "a", " ", "\n", "é", "\u202e", "\ud800", '"', "<", ">", "'", "|", "^", "&", "=", "+"]
)  # fmt: skip
LINKS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60)
BASES = st.sampled_from([None, BASE, "http://127.0.0.1:8000"])


@settings(max_examples=300, deadline=None)
@given(LINKS, BASES)
def test_every_link_is_http_and_readable_by_all(raw: str, base: str | None) -> None:
    """Whatever goes in: None, or ASCII that urllib and httpx take for http(s) with a host."""
    link = absolute_link(raw, base)

    if link is None:
        return
    parts = urlsplit(link)
    assert link.isascii()
    assert link.isprintable()
    assert not set(link) & set(' "<>`{}|\\^')
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert parts.port is None or 0 <= parts.port < 65536
    assert httpx.URL(link).host


@settings(max_examples=300, deadline=None)
@given(LINKS, BASES)
def test_links_are_idempotent(raw: str, base: str | None) -> None:
    """A link of ours is left alone, with or without a base."""
    link = absolute_link(raw, base)

    if link is not None:
        assert absolute_link(link, base) == absolute_link(link, None) == link


@settings(max_examples=200, deadline=None)
@given(LINKS)
def test_hosts_never_raise(url: str) -> None:
    """Any text has a host, if only an empty one."""
    assert host_of(url) == host_of(url).lower()
