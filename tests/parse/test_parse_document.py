"""What holds for a document as a whole: fingerprints, limits, what is left out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from parse_feeds import atom, only, read, request, rss

from aggregator.model import Document, SeenEntry
from aggregator.parse import read_document

LINK = "<link>https://a.example/1</link>"
FULL = (
    f"<guid>g</guid>{LINK}<title>T</title><description>S</description><author>A</author>"
    "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate><dc:date>2026-11-24T11:00:00Z</dc:date>"
    '<media:thumbnail url="https://a.example/t.jpg"/><category>C</category>'
)


def document(body: bytes, known: frozenset[int] = frozenset(), url: str = "") -> Document:
    """A document read with some fingerprints known."""
    asked = request(body, known=known)
    result = read_document(replace(asked, url=url) if url else asked)
    assert isinstance(result, Document)
    return result


def test_known_items_come_back_as_seen() -> None:
    """Only what is new or changed is normalised; both keep their place."""
    body = rss(*(f"<title>{n}</title><link>https://a.example/{n}</link>" for n in range(3)))
    first = document(body)

    second = document(body, frozenset({first.entries[1].fingerprint}))

    assert [entry.position for entry in second.entries] == [0, 2]
    assert second.seen == (SeenEntry(1, first.entries[1].fingerprint),)
    assert second.entries[0] == first.entries[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<guid>g<", "<guid>h<"),
        ("example/1<", "example/2<"),
        ("<title>T<", "<title>U<"),
        (">S<", ">Z<"),
        (">A<", ">B<"),
        ("10:00:00 GMT", "10:00:01 GMT"),
        ("11:00:00Z", "11:00:01Z"),
        ("t.jpg", "u.jpg"),
        (">C<", ">D<"),
    ],
)
def test_every_field_is_in_the_fingerprint(old: str, new: str) -> None:
    """Whatever would change an entry changes its fingerprint."""
    assert only(rss(FULL)).fingerprint != only(rss(FULL.replace(old, new))).fingerprint


def test_nothing_else_is_in_the_fingerprint() -> None:
    """Position, feed URL, build date and fields nobody reads."""
    one = document(rss(FULL)).entries[0]
    two = document(
        rss(LINK, FULL + "<comments>5</comments>", channel="<lastBuildDate>x</lastBuildDate>"),
        url="https://moved.example/feed",
    ).entries[1]

    assert one.fingerprint == two.fingerprint


def test_the_type_of_a_text_is_in_the_fingerprint() -> None:
    """The same characters as text and as HTML read differently."""
    text = only(atom("<title>A &lt;b></title>"))
    markup = only(atom('<title type="html">A &lt;b></title>'))

    assert text.fingerprint != markup.fingerprint


def test_fields_do_not_run_into_each_other() -> None:
    """A category that moves to the author is a change."""
    one = only(rss(f"{LINK}<author>ab</author>"))
    two = only(rss(f"{LINK}<category>ab</category>"))

    assert one.fingerprint != two.fingerprint


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    """It is stored: a value that changed with the interpreter would make everything new."""
    code = (
        "from aggregator.parse.raw import RawEntry;"
        "from aggregator.parse.fingerprint import fingerprint;"
        "print(fingerprint(RawEntry(guid='g', categories=('a', 'b'))))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    }

    assert outputs == {"6644343117051949388\n"}


def test_a_fingerprint_fits_the_database() -> None:
    """Signed, 64 bits."""
    marks = [
        entry.fingerprint for entry in read(rss(*(f"<guid>{n}</guid>" for n in range(99)))).entries
    ]

    assert all(-(2**63) <= mark < 2**63 for mark in marks)
    assert min(marks) < 0 < max(marks)


def test_what_has_no_name_at_all_is_skipped_and_counted() -> None:
    """Neither link, guid nor title: nothing to show, nothing to know it by."""
    result = read(rss("<description>S</description>", LINK, "<title> </title><guid/>"))

    assert result.skipped == 2
    assert [entry.position for entry in result.entries] == [1]


def dated(numbers: list[int], *, day: int = 1) -> bytes:
    """Items whose dates are that many minutes after a midnight."""
    return rss(
        *(
            f"<title>{n}</title><pubDate>2026-11-{day:02}T{n // 60:02}:{n % 60:02}:00Z</pubDate>"
            for n in numbers
        )
    )


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(list(range(599, -1, -1)), id="newest first"),
        pytest.param(list(range(600)), id="newest last"),
        pytest.param([n * 7 % 600 for n in range(600)], id="mixed"),
    ],
)
def test_A13_the_newest_five_hundred_are_kept(numbers: list[int]) -> None:
    """By date when they have one, in document order."""
    result = read(dated(numbers))

    kept = [int(entry.title) for entry in result.entries]
    assert result.truncated == 100
    assert kept == [n for n in numbers if n >= 100]
    assert [entry.position for entry in result.entries] == [
        place for place, n in enumerate(numbers) if n >= 100
    ]


def test_without_dates_the_first_five_hundred_are_kept() -> None:
    """Document order is all there is."""
    result = read(rss(*(f"<title>{n}</title>" for n in range(501))))

    assert [int(entry.title) for entry in result.entries] == list(range(500))
    assert result.truncated == 1


@pytest.mark.parametrize("numbers", [range(599, -1, -1), range(600)], ids=["newest", "oldest"])
def test_an_item_in_an_item_of_a_long_document_counts(numbers: range) -> None:
    """PCMag's nesting: after the outer one, whichever end of the document is kept."""
    items = []
    for n in numbers:
        date = f"<pubDate>2026-11-02T{n // 60:02}:{n % 60:02}:00Z</pubDate>"
        items.append(f"<title>{n}</title>{date}<item><title>in {n}</title>{date}</item>")

    result = read(rss(*items))

    kept = [n for n in numbers if n >= 350]
    assert result.truncated == 700
    assert [entry.title for entry in result.entries] == [
        title for n in kept for title in (str(n), f"in {n}")
    ]


def test_of_a_long_atom_document_the_newest_are_kept() -> None:
    """The same for the other format, where the last entry is the newest."""
    items = "".join(
        f"<entry><title>{n}</title><updated>2026-11-01T{n // 60:02}:{n % 60:02}:00Z</updated>"
        "</entry>"
        for n in range(502)
    )

    result = read(f'<feed xmlns="http://www.w3.org/2005/Atom">{items}</feed>'.encode())

    assert [entry.title for entry in result.entries] == [str(n) for n in range(2, 502)]


def test_dated_items_are_kept_before_undated_ones() -> None:
    """An item without date cannot push out one that has it."""
    body = rss(
        *(f"<title>u{n}</title>" for n in range(500)),
        "<title>dated</title><pubDate>2026-11-24T00:00:00Z</pubDate>",
    )

    titles = [entry.title for entry in read(body).entries]

    assert titles[-1] == "dated"
    assert titles[:-1] == [f"u{n}" for n in range(499)]


def test_a_summary_is_full_wherever_its_head_ends() -> None:
    """The head of the text alone would give 1,950 characters and hide that there is more."""
    tags = "<b></b>" * 306
    body = rss(f"{LINK}<description><![CDATA[{tags}{'word ' * 1000}]]></description>")

    summary = only(body).summary

    assert len(summary) == 2000
    assert summary.endswith("…")


def test_a_long_text_with_much_markup_still_gives_a_summary() -> None:
    """The head of the text is not all that is looked at."""
    tags = '<span class="x"></span>' * 300
    body = rss(f"{LINK}<description><![CDATA[{tags}{'word ' * 1000}]]></description>")

    summary = only(body).summary

    assert summary.startswith("word word")
    assert len(summary) > 1900


def test_a_long_plain_text_is_cut() -> None:
    """Two thousand characters."""
    body = rss(f"{LINK}<description>{'word ' * 10_000}</description>")

    assert 1900 < len(only(body).summary) <= 2000
