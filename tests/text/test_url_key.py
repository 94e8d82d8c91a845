"""One key for all spellings of a URL, another for another page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.url_key import canonical_url
from aggregator.urls import host_of

B = "https://www.example-daily.com/reports/Moon_lander_999.html"
N = "https://h.example/news/42"
V = "https://h.example/view"
MOON = "https://www.example-daily.com/reports/moon"

SAME = {
    "url-1": ("HTTPS://WWW.Example-Daily.com/reports/Moon_lander_999.html", B),
    "url-2": ("https://www.example-daily.com:443/reports/Moon_lander_999.html", B),
    "url-3": ("https://www.example-daily.com/x/../reports/./Moon_lander_999.html", B),
    "url-5": ("https://h.example/caf%c3%a9", "https://h.example/caf%C3%A9"),
    "url-6": ("https://h.example/café", "https://h.example/caf%C3%A9"),
    "url-7": ("https://h.example/a b", "https://h.example/a%20b"),
    "url-9": (f"{B}?", B),
    "url-10": (f"  {B}\n", B),
    "url-11": ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    "url-13": ("https://h.example/x?a=1&amp;b=2", "https://h.example/x?a=1&b=2"),
    "url-14": ("https://h.example/x?b=2&a=1", "https://h.example/x?a=1&b=2"),
    "url-15": ("https://h.example/x?q=a+b", "https://h.example/x?q=a%20b"),
    "url-17": ("//h.example/x", "https://h.example/x"),
    "url-18": ("http:/h.example/x", "http://h.example/x"),
    "url-22": ("http://www.example-daily.com/reports/Moon_lander_999.html", B),
    "url-23": ("https://example-daily.com/reports/Moon_lander_999.html", B),
    "url-27": (f"{B}/", B),
    "url-29": ("https://h.example/blog/index.html", "https://h.example/blog/"),
    "url-30": ("https://h.example/blog/story;jsessionid=A1B2C3D4", "https://h.example/blog/story"),
    "url-33": (f"{N}?utm_source=rss&utm_medium=feed&utm_campaign=x", N),
    "url-34": (f"{N}?fbclid=IwAR0", N),
    "url-35": (f"{N}?gclid=abc", N),
    "url-37": (f"{N}?mc_cid=1&mc_eid=2", N),
    "url-38": (f"{N}?_hsenc=p2&_hsmi=1", N),
    "url-39": (f"{N}?igshid=1", N),
    "url-41": (f"{N}?cmpid=rss", N),
    "url-42": (f"{N}?ns_campaign=rss&ns_mchannel=x", N),
    "url-43": (f"{N}?ito=1490", N),
    "url-45": (f"{N}?ocid=socialflow", N),
    "url-46": (f"{N}?smid=rss&partner=rss", N),
    "url-47": (f"{N}?at_medium=RSS&at_campaign=KARANGA", N),
    "url-49": (f"{N}?wprss=rss_world", N),
    "url-50": (f"{N}?src=rss", N),
    "url-51": (f"{N}?ref=rss", N),
    "url-53": (f"{N}?feedType=RSS&feedName=topNews", N),
    "url-54": (f"{N}?mod=rss_x", N),
    "url-55": (f"{N}?_ga=2.1", N),
    "url-57": (f"{N}?wtrid=1", N),
    "url-58": (f"{N}?srnd=feed", N),
    "url-59": (f"{N}?taid=63a&utm_content=y", N),
    "url-61": (f"{N}?yptr=yahoo", N),
    "url-62": (f"{N}?traffic_source=rss", N),
    "url-63": (f"{N}?rss=1", N),
    "url-65": ("https://h.example/?p=42&utm_source=rss", "https://h.example/?p=42"),
    "url-66": ("https://h.example/news?id=42&UTM_Source=rss", "https://h.example/news?id=42"),
    "url-85": (f"{B}#comments", B),
    "url-86": (f"{B}#xtor=RSS-3", B),
    "url-87": (f"{B}#utm_source=rss&utm_medium=feed", B),
    "url-91": (f"{MOON}/amp/", f"{MOON}/"),
    "url-93": ("https://amp.example-daily.com/reports/moon", MOON),
    "url-94": (
        "https://www-example--daily-com.cdn.ampproject.org/c/s/www.example-daily.com/reports/moon",
        MOON,
    ),
    "url-95": ("https://www.google.com/amp/s/www.example-daily.com/reports/moon", MOON),
    "url-97": (
        "http://us.rd.yahoo.com/dailynews/rss/world/*https://www.example-daily.com/reports/moon",
        MOON,
    ),
    "url-97-bare": (
        "http://us.rd.yahoo.com/dailynews/rss/world/*www.example-daily.com/reports/moon",
        MOON,
    ),
    "url-98": (
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&aid="
        "&url=https%3a%2f%2fwww.example-daily.com%2freports%2fmoon&c=1",
        MOON,
    ),
    "url-99": (
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.example-daily.com%2Freports%2Fmoon&h=AT0",
        MOON,
    ),
    "url-103": (f"{N}?print=1", N),
    "rF11": ("http://h.example/a/b?c=1", "https://h.example/a/b?c=1"),
    "rF13": ("https://h.example/?utm_source=rss&id=1", "https://h.example/?id=1"),
    "rF14": (
        "HTTPS://Example.ORG:443/a/../b?utm_source=rss&id=1#frag",
        "https://example.org/b?id=1",
    ),
    "rG10": ("https://h.example/?p=1&#038;q=2", "https://h.example/?p=1&amp;q=2"),
    "entities-twice": ("https://h.example/x?a=1&amp;amp;b=2", "https://h.example/x?a=1&b=2"),
    "tilde": ("https://h.example/%7euser", "https://h.example/~user"),
    "final-dot": ("https://h.example./x", "https://h.example/x"),
    "mobile": ("https://m.example-daily.com/reports/moon", MOON),
    "mobile-word": ("https://mobile.example-daily.com/reports/moon", MOON),
    "aliases": ("https://www.m.example-daily.com/reports/moon", MOON),
    "slashes": ("https://h.example//news//42", N),
    "port-80": ("http://h.example:80/x", "https://h.example/x"),
    "no-value": ("https://h.example/x?a=", "https://h.example/x?a"),
    "empty-pairs": ("https://h.example/x?&a=1&&=&", "https://h.example/x?a=1"),
    "amp-param": (f"{N}?amp", N),
    "source-newsletter": (f"{N}?source=daily-newsletter", N),
    "text-fragment": (f"{N}#:~:text=moon", N),
    "amp-cache-http": ("https://x.cdn.ampproject.org/v/h.example/news/42?utm_source=x", N),
    "amp-nested": ("https://google.co.uk/amp/s/x.cdn.ampproject.org/c/s/h.example/news/42", N),
    "amp-query": ("https://www.google.com/amp/s/h.example/view?p=1", f"{V}?p=1"),
    "google-url": ("https://www.google.com/url?sa=t&url=https%3A%2F%2Fh.example%2Fnews%2F42", N),
    "google-url-q": (f"https://www.google.de/url?q={N}&sa=U", N),
}
DIFFERENT = {
    "url-19": ("https://h.example/Story", "https://h.example/story"),
    "url-21": ("https://h.example:8080/x", "https://h.example/x"),
    "url-25": ("https://blog.example-daily.com/post/1", "https://www.example-daily.com/post/1"),
    "url-26": ("https://news.h.example/1", "https://sport.h.example/1"),
    "url-31": ("https://h.example/article,12345.html", "https://h.example/article,12346.html"),
    "url-67": (f"{V}?p=42", f"{V}?p=43"),
    "url-69": (f"{V}?storyid=1", f"{V}?storyid=2"),
    "url-70": (f"{V}?page=1", f"{V}?page=2"),
    "url-71": (f"{V}?gallery=12", f"{V}?gallery=13"),
    "url-73": (f"{V}?game=1", f"{V}?game=2"),
    "url-74": (f"{V}?source=afp&n=1", f"{V}?source=afp&n=2"),
    "url-75": (f"{V}?sid=1001", f"{V}?sid=1002"),
    "url-77": (f"{V}?lang=en", f"{V}?lang=fr"),
    "url-78": (f"{V}?v=abc", f"{V}?v=Abc"),
    "url-79": (f"{V}?ref=8812", f"{V}?ref=8813"),
    "url-81": (f"{V}?section=space", f"{V}?section=war"),
    "url-82": (f"{V}?reference=1", f"{V}?reference=2"),
    "url-83": (f"{V}?glossary=a", f"{V}?glossary=b"),
    "url-89": ("https://h.example/#!/story/1", "https://h.example/#!/story/2"),
    "route": ("https://h.example/#/story/1", "https://h.example/#/story/2"),
    "url-101": (
        "https://news.google.com/rss/articles/CBMiA?oc=5",
        "https://news.google.com/rss/articles/CBMiB?oc=5",
    ),
    "url-102": ("https://web.archive.org/web/2020/https://h.example/1", "https://h.example/1"),
    "feedburner": (
        "https://feeds.feedburner.com/~r/x/~3/a/",
        "https://feeds.feedburner.com/~r/x/~3/b/",
    ),
    "escaped-slash": ("https://h.example/a%2Fb", "https://h.example/a/b"),
    "escaped-plus": (f"{V}?q=a%2Bb", f"{V}?q=a+b"),
    "param-case": (f"{V}?ID=1", f"{V}?id=1"),
    "feed-number": (f"{V}?ref=feed-8812", f"{V}?ref=feed-8813"),
    "ambiguous-empty": (f"{V}?ref", V),
    "two-labels": ("https://m.example/x", "https://www.m.example.com/x"),
    "google-search": ("https://www.google.com/url?q=/search", "https://www.google.com/url?q=/maps"),
    "google-other": ("https://www.google.com/x?q=1", "https://www.google.com/x?q=2"),
    "amp-cache-root": ("https://x.cdn.ampproject.org/a", "https://x.cdn.ampproject.org/b"),
    "yahoo-bad": ("https://rd.yahoo.com/*[bad", "https://rd.yahoo.com/*[worse"),
    "yahoo-lookalike": ("https://hard.yahoo.com/*h.example/x", "https://h.example/x"),
    "no-url": ("mailto:a@h.example", "mailto:b@h.example"),
}


@pytest.mark.parametrize(("a", "b"), SAME.values(), ids=SAME)
def test_spellings_of_one_page_have_one_key(a: str, b: str) -> None:
    """They are the same page, as far as can be known without asking."""
    assert canonical_url(a) == canonical_url(b)


@pytest.mark.parametrize(("a", "b"), DIFFERENT.values(), ids=DIFFERENT)
def test_two_pages_have_two_keys(a: str, b: str) -> None:
    """A wrong merge hides a story; a missed one only shows it twice."""
    assert canonical_url(a) != canonical_url(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("#v1.2", "#v1.3", id="url-90"),
        pytest.param("#a=1", "#a=2", id="pairs"),
    ],
)
def test_a_fragment_can_be_told_to_count(a: str, b: str) -> None:
    """For the changelog whose items differ by nothing else."""
    page = "https://h.example/changelog"

    kept = [canonical_url(page + fragment, keep_fragment=True) for fragment in (a, b)]

    assert kept == [f"{page}{a}", f"{page}{b}"]
    assert canonical_url(page + a) == canonical_url(page + b) == page


def test_a_tracking_fragment_never_counts() -> None:
    """`#xtor=RSS-3` says how the reader came, whatever the feed's items differ by."""
    assert canonical_url(f"{N}#xtor=RSS-3", keep_fragment=True) == N


def test_the_key_reads_like_a_url() -> None:
    """`https://` always, no alias label, so that `host_of` gives the site's own host."""
    key = canonical_url("http://www.example-daily.com:80/A/?b=2&a=1&utm_source=x#c")

    assert key == "https://example-daily.com/A?a=1&b=2"
    assert host_of(key) == "example-daily.com"


def test_an_ipv6_host_has_a_key() -> None:
    """The colons inside the brackets are no port."""
    assert canonical_url("http://[0:0::1]/x") == "https://[::1]/x"
    assert canonical_url("http://[::1]:8080/x") == "https://[::1]:8080/x"


def test_what_is_no_url_is_its_own_key() -> None:
    """So is what is too long to look at."""
    long = "https://h.example/" + "a" * 5000

    assert canonical_url(" not a url ") == "not a url"
    assert canonical_url(long) == long


def test_an_unknown_entity_stays() -> None:
    """`&notit;` is a parameter, not a sign followed by letters."""
    assert canonical_url("https://h.example/x?a=1&notit;=2") == "https://h.example/x?a=1&notit%3B=2"


PIECES = st.sampled_from(
    ["https://", "//", "/", "www.", "m.", "amp.", "google.com/url?q=", "google.com/amp/s/",
     "x.cdn.ampproject.org/c/s/", "rd.yahoo.com/*", "l.facebook.com/l.php?u=", "h.example", ":80",
     ":443", ":8080", "?", "&", "=", "#", "#!", "%", "%25", "%61", "%2e", "%3A%2F%2F", "&amp;",
     "&#37;", "amp;", ";jsessionid=a", ";", "/index.html", "/amp", "utm_source=rss", "ref=rss",
     "a", "1", "+", " ", "\n", "é", "..", ".", "~", "41", "[::1]", "\ud800"]
)  # fmt: skip
URLS = st.lists(PIECES, max_size=12).map(lambda parts: "https://" + "".join(parts)) | st.text(
    max_size=60
)


@settings(max_examples=500, deadline=None)
@given(URLS, st.booleans())
def test_keys_are_idempotent(url: str, keep: bool) -> None:
    """The key of a key is itself, whatever the URL was."""
    key = canonical_url(url, keep_fragment=keep)

    assert canonical_url(key, keep_fragment=keep) == key
