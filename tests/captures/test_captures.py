"""Real captures as a family of sites: what is in the documents is in the database.

The captures lie beside the project, in ../shared; none of them is part of it.
"""

from __future__ import annotations

import csv
import html
import io
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from shell_build import aggregator

from aggregator.demo.documents import Site
from aggregator.demo.family import Family, FeedDocument
from aggregator.demo.server import FamilyServer

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SISMICS = "real/sismics/reader/reader-core/src/test/resources/feed/feed_rss2_{}.xml"
SPACEDAILY = SISMICS.format("spacedaily")
NAMED = (
    SPACEDAILY,
    SISMICS.format("space"),
    SISMICS.format("esa"),
    SISMICS.format("nasa"),
    "real/rometools/rome/rome-modules/src/test/resources/xml/slashdot.xml",
)
KAGI = 10

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the captures are not there: ../shared/corpus"
)


def captures() -> list[Path]:
    """The named captures and the first ten of the `kagi` set that feedparser finds entries in."""
    with (CORPUS / "MANIFEST.tsv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["set"] == "kagi"]
    modern = [row["path"] for row in rows if row["format"] != "json"][:KAGI]
    return [CORPUS / path for path in (*NAMED, *modern)]


def family_of(paths: list[Path]) -> Family:
    """Each capture as the feed of a site of its own."""
    now = datetime.now(UTC)
    sites = tuple(Site(f"s{n}", f"Site {n}", f"s{n}.example") for n in range(len(paths)))
    documents = tuple(
        FeedDocument(site.id, "/feed", "application/xml", path.read_bytes(), now)
        for site, path in zip(sites, paths, strict=True)
    )
    return Family(now, sites, documents)


def write_config(directory: Path, family: Family, server: FamilyServer) -> Path:
    """One page, one block that shows everything there is."""
    lines = [
        "network: {name: Captures}",
        "fetch: {allow_private: [127.0.0.0/8]}",
        "blocks: {all: {title: Everything, from: '*', own: true, limit: 100}}",
        "pages: {" + ", ".join(f"{site.id}: [all]" for site in family.sites) + "}",
        "sites:",
    ]
    for site in family.sites:
        hosts = ", hosts: [terradaily.com]" if site.id == "s1" else ""
        url = f"{server.addresses[site.id]}/feed"
        lines.append(
            f"  {site.id}: {{name: N, home: 'https://{site.host}/'{hosts}, feeds: ['{url}']}}"
        )
    config = directory / "feeds.yaml"
    config.write_text("\n".join(lines) + "\n")
    return config


@contextmanager
def polled(directory: Path, paths: list[Path]) -> Iterator[sqlite3.Connection]:
    """The database after `run --once` over the captures."""
    family = family_of(paths)
    with FamilyServer(family) as server:
        done = aggregator("-c", write_config(directory, family, server), "run", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(directory / "aggregator.db")) as connection:
        yield connection


def plain(title: str) -> str:
    """A title as a reader sees it: no markup, no entities, single spaces."""
    text = html.unescape(html.unescape(re.sub(r"</?[a-z][^<>]*>", "", title)))
    return " ".join(unicodedata.normalize("NFC", text).split())


def entries_of(path: Path) -> list[Any]:
    """What feedparser finds."""
    found = feedparser.parse(
        io.BytesIO(path.read_bytes().lstrip()), sanitize_html=False, resolve_relative_uris=False
    )
    return list(found.entries)


def test_every_entry_of_the_captures_is_stored(tmp_path: Path) -> None:
    """As many as feedparser finds, feed by feed."""
    paths = captures()
    expected = [len(entries_of(path)) for path in paths]

    with polled(tmp_path, paths) as connection:
        stored = connection.execute(
            """
            SELECT count(entries.id) + (SELECT sum(skipped_entries) FROM polls
                WHERE polls.feed_id = feeds.id)
            FROM feeds LEFT JOIN entries ON entries.feed_id = feeds.id
            GROUP BY feeds.id ORDER BY feeds.id
            """
        ).fetchall()

    assert [count for (count,) in stored] == expected
    assert sum(expected) > 200


def test_every_published_title_is_a_title_of_its_feed(tmp_path: Path) -> None:
    """Letter for letter, as a reader sees it."""
    paths = captures()
    titles = {plain(entry.get("title", "")) for path in paths for entry in entries_of(path)}

    with polled(tmp_path, paths) as connection:
        shown = {row[0] for row in connection.execute("SELECT title FROM page_headlines")}

    assert len(shown) > 60
    assert shown - titles == set()


def test_the_spacedaily_capture(tmp_path: Path) -> None:
    """No guid anywhere, one date in AEST, document order, a story of a sister site."""
    paths = [CORPUS / SPACEDAILY, CORPUS / SISMICS.format("nasa")]

    with polled(tmp_path, paths) as connection:
        entries = connection.execute(
            "SELECT guid, published_at, position FROM entries WHERE feed_id = 1 ORDER BY id"
        ).fetchall()
        titles = [
            row[0]
            for row in connection.execute("SELECT title FROM entries WHERE feed_id = 1 ORDER BY id")
        ]
        owners = connection.execute(
            "SELECT DISTINCT site_id FROM headlines WHERE url LIKE '%//www.terradaily.com/%'"
        ).fetchall()

    assert entries == [(None, "2013-04-04T10:37:27Z", position) for position in range(15)]
    assert titles[:2] == [
        "Collision Course? A Comet Heads for Mars",
        "What Is Behind Einstein's Turbulences?",
    ]
    assert owners == [("s1",)]
