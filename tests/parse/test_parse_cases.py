"""Cases from public bug reports (the row of the list each came from is in the test's name)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parse_feeds import atom, fail, only, read, request, rss

from aggregator.model import Document, Outcome
from aggregator.network import FuturePolicy
from aggregator.parse import read_document

LINK = "<link>https://a.example/1</link>"


# ------------------------------------------------------------- C. XML, encodings


@pytest.mark.parametrize(
    "wrapper", ["&lt;![CDATA[Big news]]&gt;", "<![CDATA[<![CDATA[Big news]]]]>"]
)
def test_rC13_an_escaped_cdata_wrapper_is_none(wrapper: str) -> None:
    """`<![CDATA[` written as text around a title or a description is taken off."""
    wrapper = wrapper.replace("]]]]>", "]]]]><![CDATA[>]]>")

    entry = only(rss(f"{LINK}<title>{wrapper}</title><description>{wrapper}</description>"))

    assert (entry.title, entry.summary) == ("Big news", "Big news")


def test_rC15_a_body_that_is_a_path_opens_nothing(tmp_path: Path) -> None:
    """feedparser given bytes would open them as a file name, given text would fetch them."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss("<title>Secret</title>" + LINK))

    results = [
        fail(str(secret).encode()),
        fail(f"file://{secret}".encode()),
        fail(b"http://[::1]:9/"),
    ]

    assert {result.outcome for result in results} == {Outcome.NOT_A_FEED}


def test_rC18_atom_text_that_was_escaped_twice_is_decoded() -> None:
    """The policy of titles holds for type="text" too."""
    assert only(atom('<title type="text">A &amp;amp; B</title>')).title == "A & B"


def test_rC19_white_space_in_a_title_is_one_space() -> None:
    """Line breaks and tabs are no part of a headline."""
    assert only(rss("<title>Multi\n   line\ttitle</title>")).title == "Multi line title"


# ------------------------------------------------------------------ D. Dates


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("Thu, 03 Sep 15 00:01:01 +0200", "2015-09-02T22:01:01", id="rD1"),
        pytest.param("2016/6/29 15:07:41", "2016-06-29T15:07:41", id="rD2"),
        pytest.param("Tue, 08 Oct 2013 18:30:00 EST", "2013-10-08T23:30:00", id="rD5 EST"),
        pytest.param("Thu, 04 APR 2013 20:37:27 AEST", "2013-04-04T10:37:27", id="rD5 AEST"),
        pytest.param("Fri, 19 Nov 2021 01:45:08 +02:00", "2021-11-18T23:45:08", id="rD6"),
        pytest.param("Mon, 01 Jan 2024 10:00:00 -0000", "2024-01-01T10:00:00", id="rD7"),
        pytest.param("Invalid Date", None, id="rD9"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 +0000", None, id="rD11 year 1"),
        pytest.param("Wed, 31 Dec 1969 23:59:59 GMT", None, id="rD11 1969"),
        pytest.param("2106-02-07T06:28:15Z", None, id="rD11 2106"),
    ],
)
def test_dates_are_right_or_absent(raw: str, expected: str | None) -> None:
    """A date that cannot be understood is none, never a filler."""
    entry = only(rss(f"{LINK}<pubDate>{raw}</pubDate>"))

    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert entry.published_at == wanted


@pytest.mark.parametrize(
    ("raw", "near"),
    [
        pytest.param("1704103200", "2024-01-01T10:00:00", id="rD3 unix seconds"),
        pytest.param("Mon, 01 Jan 2024 10:00:60 GMT", "2024-01-01T10:01:00", id="rD10 leap second"),
        pytest.param("2024-01-01T24:00:00Z", "2024-01-02T00:00:00", id="rD10 24:00"),
        pytest.param("2024-02-30T00:00:00Z", "2024-03-01T00:00:00", id="rD10 30 February"),
    ],
)
def test_odd_dates_are_near_or_absent(raw: str, near: str) -> None:
    """What a person would take it for, to a day, or none; never the year 1704."""
    found = only(rss(f"{LINK}<pubDate>{raw}</pubDate>")).published_at

    distance = found - datetime.fromisoformat(near).replace(tzinfo=UTC) if found else timedelta(0)
    assert abs(distance) <= timedelta(days=1)


def test_rD14_a_feed_of_the_future_may_keep_its_dates() -> None:
    """`future: keep` leaves dates of events as they are; clamp and hold do what they say."""
    body = rss(f"{LINK}<pubDate>Wed, 25 Nov 2026 12:30:00 GMT</pubDate>")
    ahead = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)

    hold, clamp, keep = (
        _first(body, policy)
        for policy in (FuturePolicy.HOLD, FuturePolicy.CLAMP, FuturePolicy.KEEP)
    )

    assert hold == (ahead, ahead)
    assert clamp == (datetime(2026, 11, 25, 12, tzinfo=UTC), None)
    assert keep == (ahead, None)


def _first(body: bytes, policy: FuturePolicy) -> tuple[datetime | None, datetime | None]:
    document = read_document(request(body, future=policy))
    assert isinstance(document, Document)
    return document.entries[0].published_at, document.entries[0].held_until


def test_the_zone_of_a_feed_is_the_meaning_of_dates_without() -> None:
    """`timezone:` of feeds.yaml."""
    body = rss(f"{LINK}<pubDate>2026-11-24 10:00:00</pubDate>")

    document = read_document(request(body, timezone="Australia/Sydney"))

    assert isinstance(document, Document)
    assert document.entries[0].published_at == datetime(2026, 11, 23, 23, tzinfo=UTC)


def test_rD15_undated_items_are_counted() -> None:
    """No date is invented, and how many have none is known."""
    document = read(rss(*(f"<link>https://a.example/{n}</link>" for n in range(20))))

    assert document.undated == 20
    assert {entry.published_at for entry in document.entries} == {None}


def test_rD17_a_publication_is_no_update() -> None:
    """feedparser's `updated` falls back to `published`, with a warning; ours does not."""
    dated = f"<b></i>{LINK}<title>T</title><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></b>"

    strict = only(rss(dated.replace("<b></i>", "").replace("</b>", "")))
    fallback = only(rss(dated))

    assert strict.updated_at is None
    assert fallback.updated_at is None
    assert fallback.published_at == strict.published_at


def test_rD18_pub_date_is_the_publication_and_dc_date_the_update() -> None:
    """Where both stand and disagree."""
    entry = only(
        rss(
            f"{LINK}<pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate>"
            "<dc:date>2023-06-01T00:00:00Z</dc:date>"
        )
    )

    assert entry.published_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert entry.updated_at == datetime(2023, 6, 1, tzinfo=UTC)


def test_A22_no_date_is_an_exception() -> None:
    """Sixty dates that are none: every one of them is absent or inside the bounds."""
    years = ("0000", "0001", "1969", "9999", "99999", "-1")
    odd = (
        *("", "x", "25:00", "24:00:00", "2024-02-30T00:00:00Z", "2024-13-01", "1" * 5000, "+9999"),
        *("10:00:60", "1704103200", "NaN", "inf", "\u0662\u0660\u0662\u0664", "Z", "T", "-", "/"),
        *("Mon, 01 Jan 2024 10:00:00 +9999", "2024-01-01T00:00:00+99:99", "2024-W01-1", "2024-001"),
    )
    dates = [f"Mon, 01 Jan {year} {hour}:00:00 GMT" for year in years for hour in range(20, 26)]

    body = rss(*(f"{LINK}<pubDate>{date}</pubDate>" for date in (*dates, *odd)))
    entries = read(body).entries

    kept = [entry.published_at for entry in entries if entry.published_at]
    assert len(entries) == len(dates) + len(odd)
    assert all(1990 <= moment.year <= 2027 for moment in kept)


# ----------------------------------------------------------------- E. Titles


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        pytest.param("AT&amp;amp;T buys &amp;#8217;X&amp;#8217;", "AT&T buys ’X’", id="rE1"),
        pytest.param("A guide to &lt;head&gt; elements", "A guide to <head> elements", id="rE2"),
        pytest.param("Effect of &lt;em&gt;L. p.&lt;/em&gt;", "Effect of L. p.", id="rE3"),
        pytest.param("<![CDATA[<script>alert(1)</script>Hi]]>", "Hi", id="rE6 script"),
        pytest.param("&lt;img src=x onerror=alert(1)&gt;Hi", "Hi", id="rE6 image"),
        pytest.param("A &#038; B", "A & B", id="rE9"),
        pytest.param("0", "0", id="rE10"),
        pytest.param("   Long headline", "Long headline", id="rE13"),
        pytest.param("Mass &lt; 5 kg", "Mass < 5 kg", id="less than"),
        pytest.param("It&#146;s &#8211; here", "It’s – here", id="windows reference"),
        pytest.param("niÃ±os", "niños", id="UTF-8 encoded twice"),
        pytest.param("a\u202eb\u200bc", "abc", id="A23 invisible characters"),
    ],
)
def test_titles_are_plain_text(raw: str, title: str) -> None:
    """Decoded as far as they need it, no markup, nothing invisible."""
    assert only(rss(f"<title>{raw}</title>")).title == title


@pytest.mark.parametrize(
    "link", ["JavaScript:alert(1)", "data:text/html,hi", "java\nscript:x", "mailto:a@b", "http://["]
)
def test_rE7_a_link_is_a_web_address_or_none(link: str) -> None:
    """The item stays, without link (rF10: a malformed address breaks nothing)."""
    entry = only(rss(f"<title>T</title><link>{link}</link>"))

    assert (entry.title, entry.url, entry.canonical_url) == ("T", None, None)


def test_rE14_a_title_of_media_is_not_the_items() -> None:
    """media:title after title; alone it is better than nothing."""
    both = only(rss(f"{LINK}<title>T</title><media:title>M</media:title>"))
    alone = only(rss(f"{LINK}<media:title>M</media:title>"))

    assert (both.title, alone.title) == ("T", "M")


def test_A09_a_title_of_4_mb_is_cut() -> None:
    """Three hundred characters are kept; the other items are unharmed."""
    body = rss(f"<title>{'x' * 4_000_000}</title>{LINK}", f"<title>T</title>{LINK}")

    long, other = read(body).entries

    assert (len(long.title), other.title) == (300, "T")


# ------------------------------------------------------------------ F. Links


def test_rF1_the_base_of_an_entry_is_used() -> None:
    """xml:base of feed and entry chain (XML Base, 3)."""
    body = atom('<link href="FC2"/>', attributes='xml:base="http://x.example/blog/"').replace(
        b"<entry>", b'<entry xml:base="When/2013/">'
    )

    assert only(body).url == "http://x.example/blog/When/2013/FC2"


def test_rF2_a_base_ends_with_its_item() -> None:
    """Only the first item has a base of its own, and a link may have one too."""
    body = (
        '<rss xml:base="http://x.example/a/"><channel xml:base="b/">'
        '<item xml:base="c/"><link>1</link></item><item><link>2</link></item>'
        '<item><link xml:base="d/">3</link></item></channel></rss>'
    )

    urls = [entry.url for entry in read(body.encode()).entries]

    assert urls == [
        "http://x.example/a/b/c/1",
        "http://x.example/a/b/2",
        "http://x.example/a/b/d/3",
    ]


def test_a_link_element_of_atom_may_have_a_base() -> None:
    """The innermost base wins."""
    body = atom('<link xml:base="http://x.example/y/" href="1"/>')

    assert only(body).url == "http://x.example/y/1"


@pytest.mark.parametrize("base", ["http://[bad/", "mailto:x", "d/"])
def test_a_base_that_is_none_is_ignored(base: str) -> None:
    """A malformed base leaves absolute links alone; a relative one starts at the feed's URL."""
    body = atom('<link href="https://a.example/1"/>', attributes=f'xml:base="{base}"')

    assert only(body).url == "https://a.example/1"


def test_a_link_with_a_malformed_base_is_read_without() -> None:
    """urljoin raises for a bracket that is not closed."""
    body = rss('<link xml:base="http://[bad/">3</link>')

    assert only(body).url == "https://feeds.example/dir/3"


def test_rF3_without_a_base_the_feeds_url_is_one() -> None:
    """The final URL of the fetch."""
    assert only(rss("<link>/news/1.html</link>")).url == "https://feeds.example/news/1.html"
    assert only(rss("<link>2.html</link>")).url == "https://feeds.example/dir/2.html"


def test_the_home_page_is_the_base_of_rss() -> None:
    """A relative link of an RSS item belongs to the site, not to the host of the feed (NOVA)."""
    body = rss("<link>/wgbh/1</link>", channel="<link>http://www.example.org/nova/</link>")

    assert only(body).url == "http://www.example.org/wgbh/1"


def test_rF5_a_link_without_scheme_has_the_feeds() -> None:
    """`//host/path` is https where the feed is, whatever an old home page says."""
    body = rss("<link>//cdn.example/1.html</link>", channel="<link>http://www.example.org/</link>")

    assert only(body).url == "https://cdn.example/1.html"


def test_rF6_a_guid_that_is_no_permalink_is_no_link() -> None:
    """isPermaLink="false": not linkable."""
    entry = only(rss('<guid isPermaLink="false">http://x.example/?p=9</guid>'))

    assert (entry.guid, entry.url) == ("http://x.example/?p=9", None)


def test_rF7_a_guid_that_is_no_url_is_no_link() -> None:
    """isPermaLink is true by default, "abc-123" is no address all the same."""
    plain = only(rss("<guid>abc-123</guid>"))
    nearly = only(rss("<guid>http-123</guid>"))
    permalink = only(rss("<guid>HTTPS://x.example/9</guid>"))

    assert (plain.guid, plain.url) == ("abc-123", None)
    assert (nearly.guid, nearly.url) == ("http-123", None)
    assert permalink.url == "https://x.example/9"


def test_rF9_the_first_link_that_is_one_wins() -> None:
    """Of several <link>s, the first absolute http(s) one."""
    body = rss(
        "<link>mailto:x@a.example</link><link/><link>https://a.example/a</link>"
        "<link>https://a.example/b</link>"
    )

    assert only(body).url == "https://a.example/a"


def test_the_original_link_of_a_proxy_is_preferred() -> None:
    """feedburner:origLink, pheedo:origLink and Atom's way beside RSS."""
    proxied = "<link>https://proxy.example/1</link>"
    burner = only(rss(f"{proxied}<feedburner:origLink>https://a.example/1</feedburner:origLink>"))
    pheedo = only(rss(f"{proxied}<pheedo:origLink>https://a.example/1</pheedo:origLink>"))
    atomic = only(rss('<atom:link rel="alternate" href="https://a.example/1"/>'))

    assert {entry.url for entry in (burner, pheedo, atomic)} == {"https://a.example/1"}


def test_rF14_spellings_of_one_url_have_one_key() -> None:
    """Tracking parameters, default port, case and fragment; the link stays as it was written."""
    one = only(rss("<link>HTTPS://Example.ORG:443/b?utm_source=rss&amp;id=1#frag</link>"))
    two = only(rss("<link>https://example.org/b?id=1</link>"))

    assert one.canonical_url == two.canonical_url
    assert one.url != two.url


def test_fragments_that_tell_items_apart_are_kept() -> None:
    """A news page with an anchor for every item has many items, not one."""
    page = "https://a.example/news"
    body = rss(f"<link>{page}#1</link>", f"<link>{page}#2</link>", f"<link>{page}/x#top</link>")

    keys = [entry.canonical_url for entry in read(body).entries]

    assert len(set(keys)) == 3
    assert keys[2] == only(rss(f"<link>{page}/x</link>")).canonical_url


# --------------------------------------------------------------- G. Identity


def test_rG1_the_id_does_not_depend_on_the_feeds_url() -> None:
    """A feed that moves keeps its ids, whichever reader read it."""
    item = '<title>T</title><guid isPermaLink="true">abc-123</guid>'
    bodies = (rss(item), rss(f"{item} & "), rss(f"<b><i>{item}</b></i>"))

    ids = {
        only(body, url=url).guid
        for body in bodies
        for url in ("https://old.example/feed", "https://new.example/rss/feed")
    }

    assert ids == {"abc-123"}


def test_rG5_an_empty_guid_is_none() -> None:
    """An empty element and no element are the same."""
    empty, missing = read(rss(f"<guid/>{LINK}", LINK)).entries

    assert (empty.guid, missing.guid) == (None, None)


def test_rG10_a_guid_is_decoded_once() -> None:
    """`&#038;` and `&amp;` are the same character."""
    first, second = read(rss("<guid>?p=1&#038;q=2</guid>", "<guid>?p=1&amp;q=2</guid>")).entries

    assert first.guid == second.guid == "?p=1&q=2"


def test_A26_a_giant_guid_is_known_by_its_hash() -> None:
    """More than 512 characters are not stored, and are still told apart."""
    giant = "x" * 1_000_000
    one, two, limit = read(
        rss(*(f"<guid>{guid}</guid>" for guid in (giant + "1", giant + "2", "x" * 512)))
    ).entries

    assert one.guid is not None
    assert one.guid.startswith("sha256:")
    assert len(one.guid) == 71
    assert one.guid != two.guid
    assert limit.guid == "x" * 512


def test_A26_equal_guids_are_all_kept() -> None:
    """Ten thousand items with one guid: the newest five hundred, each with it."""
    document = read(rss(*(f"<guid>x</guid><title>{n}</title>" for n in range(10_000))))

    assert [entry.guid for entry in document.entries] == ["x"] * 500
    assert document.truncated == 9_500


def test_A27_a_flood_is_cut() -> None:
    """Five thousand new items in one document: five hundred come in, the rest is counted."""
    document = read(rss(*(f"<link>https://a.example/{n}</link>" for n in range(5_000))))

    assert len(document.entries) == 500
    assert document.truncated == 4_500


def test_A23_control_characters_are_cleaned() -> None:
    """In every text that is kept, from every kind of document."""
    noisy = "a\x00\x08\u0085b\u2028c\ufeff\u200e\u202ed"
    fields = f"<title>{noisy}</title><description>{noisy}</description><author>{noisy}</author>"

    entry = only(rss(f"{LINK}{fields}<category>{noisy}</category>"))

    for text in (entry.title, entry.summary, entry.author or "", *entry.categories):
        assert text.isprintable()
        assert text.startswith("a")


def test_A28_elements_of_any_name_are_no_fields() -> None:
    """What is not listed is not read."""
    names = ("__class__", "_start_x", "rowid", "select", "a.b", "entries", "guid_")
    body = rss(LINK + "".join(f"<{name}>x</{name}>" for name in names))

    entry = only(body)

    assert (entry.guid, entry.title, entry.summary) == (None, "", "")
