"""Made-up feeds for the benchmarks: 70 % RSS, 30 % Atom, 20 to 40 entries, 25 to 70 KB."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_STEMS = "ar bel cor dan el far gen hol in jar kel lor mar nor ol per qua ros sel tor ul var wen"
_ENDS = "a an ar as ed en er es ing ion ish ist ly ment ness on or ous ship ty um"
WORDS = tuple(
    stem + middle + end
    for stem in _STEMS.split()
    for middle in ("", "te", "li")
    for end in _ENDS.split()
)


def feed_document(number: int, version: int) -> bytes:
    """Feed `number` as it is after `version` new entries."""
    rng = random.Random(number)
    count = rng.randrange(20, 41)
    paragraphs = rng.randrange(2, 5)
    old = [_entry(rng, number, f"o{index}", paragraphs, index) for index in range(count)]
    fresh = [
        _entry(random.Random(f"{number} {new}"), number, f"n{new}", paragraphs, -new)
        for new in range(version, 0, -1)
    ]
    entries = (fresh + old)[:count]
    write = _atom if number % 10 < 3 else _rss
    return write(number, entries).encode()


def _entry(rng: random.Random, number: int, id: str, paragraphs: int, age: int) -> dict[str, str]:
    published = BEGIN - timedelta(hours=7 * age, minutes=rng.randrange(60))
    home = f"https://site{number // 10}.example/{number}"
    return {
        "title": _words(rng, 9).capitalize(),
        "link": f"{home}/{published:%Y/%m}/{id}-{_words(rng, 3, '-')}.html",
        "guid": f"tag:site{number}.example,2026:{id}",
        "summary": _words(rng, 30),
        "html": "".join(
            f"<p>{_words(rng, 34)}. <em>{_words(rng, 4)}</em></p>" for _ in range(paragraphs)
        ),
        "date": format_datetime(published),
        "iso": published.isoformat(),
        "author": _words(rng, 2).title(),
    }


def _words(rng: random.Random, count: int, between: str = " ") -> str:
    return between.join(rng.choices(WORDS, k=count))


def _rss(number: int, entries: list[dict[str, str]]) -> str:
    items = "".join(
        f"<item><title>{entry['title']}</title><link>{entry['link']}</link>"
        f'<guid isPermaLink="false">{entry["guid"]}</guid><pubDate>{entry["date"]}</pubDate>'
        f"<dc:creator>{entry['author']}</dc:creator>"
        f"<description>{entry['summary']}</description>"
        f"<content:encoded><![CDATA[{entry['html']}]]></content:encoded></item>\n"
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Site {number}</title><link>https://site{number // 10}.example/</link>"
        f"<description>News of site {number}</description>\n{items}</channel></rss>\n"
    )


def _atom(number: int, entries: list[dict[str, str]]) -> str:
    items = "".join(
        f"<entry><title>{entry['title']}</title><id>{entry['guid']}</id>"
        f'<link rel="alternate" href="{entry["link"]}"/><published>{entry["iso"]}</published>'
        f"<updated>{entry['iso']}</updated><author><name>{entry['author']}</name></author>"
        f"<summary>{entry['summary']}</summary>"
        f'<content type="html">{escape(entry["html"])}</content></entry>\n'
        for entry in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Site {number}</title><id>tag:site{number}.example,2026:feed</id>"
        f"<updated>{BEGIN.isoformat()}</updated>\n{items}</feed>\n"
    )
