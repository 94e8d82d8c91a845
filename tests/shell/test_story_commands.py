"""`explain`, `merge`, `unmerge`, `rematch`, as a user types them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from shell_build import aggregator, execute

pytest_plugins = ["shell_fixtures"]


def one(config: Path, query: str) -> tuple[object, ...]:
    """The first row of a query."""
    with closing(sqlite3.connect(config.parent / "aggregator.db")) as connection:
        return tuple(connection.execute(query).fetchone())


def test_a_merged_story_is_explained(polled: Path) -> None:
    """Members, rule, the other title, how to undo it, and every page."""
    (story,) = one(polled, "SELECT story_id FROM entries GROUP BY story_id HAVING count(*) > 1")

    done = aggregator("-c", polled, "explain", str(story))

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"story {story} of ")
    assert "told by 2 entries" in done.stdout
    assert ": the same link" in done.stdout
    assert done.stdout.count("undo: aggregator unmerge ") == 2
    assert "  spacewar: " in done.stdout


def test_an_entry_whose_page_is_gone_says_so(polled: Path) -> None:
    """In the text and in the JSON."""
    execute(
        polled.parent / "aggregator.db",
        """
        INSERT INTO overrides (kind, story_id, url, created_at)
        SELECT 'withdraw', id, url, '2026-11-25T00:00:00Z' FROM stories WHERE id = 1
        """,
    )

    told = aggregator("-c", polled, "explain", "1")
    as_json = json.loads(aggregator("-c", polled, "explain", "1", "--json").stdout)
    other = json.loads(aggregator("-c", polled, "explain", "2", "--json").stdout)

    assert "\n    its page is gone; " in told.stdout
    assert {teller["is_gone"] for teller in as_json["tellers"]} == {True}
    assert {teller["is_gone"] for teller in other["tellers"]} == {False}


def test_each_block_says_which_rule_decided(polled: Path) -> None:
    """Where the story stands, and where it does not."""
    story, page = one(polled, "SELECT story_id, page FROM page_headlines WHERE position = 1")
    shown = json.loads(aggregator("-c", polled, "explain", str(story), "--json").stdout)
    (late,) = one(
        polled,
        """
        SELECT story_id FROM story_copies
        WHERE story_id NOT IN (SELECT story_id FROM page_headlines) ORDER BY shown_at LIMIT 1
        """,
    )

    absent = json.loads(aggregator("-c", polled, "explain", str(late), "--json").stdout)

    assert shown["pages"][page].endswith("Z on: by its order and rules")
    reasons = [why for why in absent["pages"].values() if ": block " in why]
    assert reasons
    assert all("kept out by" in why or "; limit is " in why for why in reasons)


def test_merge_and_unmerge_publish_what_follows(polled: Path) -> None:
    """By number and by link; the page loses a story and has it back."""
    page = polled.parent / "public" / "current" / "spacedaily" / "headlines.json"
    before = page.read_bytes()
    first, second = one(
        polled,
        "SELECT min(story_id), max(story_id) FROM page_headlines WHERE page = 'spacedaily'",
    )
    (url,) = one(polled, f"SELECT url FROM stories WHERE id = {second}")

    merged = aggregator("-c", polled, "merge", str(first), str(url), "--note", "one launch")

    assert merged.returncode == 0, merged.stderr
    assert f"tells story {first}" in merged.stdout
    assert "published: generation 2" in merged.stdout
    assert page.read_bytes() != before
    explained = json.loads(aggregator("-c", polled, "explain", str(first), "--json").stdout)
    assert [word["note"] for word in explained["by_hand"]] == ["one launch"]
    assert "overrides" not in explained

    entry = explained["tellers"][-1]["entry"]
    parted = aggregator("-c", polled, "unmerge", str(entry))

    assert parted.returncode == 0, parted.stderr
    assert page.read_bytes() == before


def test_rematch_changes_nothing_that_is_right(polled: Path) -> None:
    """Every entry settled, none moved."""
    (entries,) = one(polled, "SELECT count(*) FROM entries")

    everything = aggregator("-c", polled, "rematch")
    recent = aggregator("-c", polled, "rematch", "--days", "1")

    expected = f"{entries} entries settled, 0 of them in another story\n"
    assert (everything.stdout, recent.stdout) == (expected, expected)


def test_what_does_not_exist_is_status_2(polled: Path) -> None:
    """A story, a link, an entry."""
    for words in (
        ("explain", "9999"),
        ("explain", "https://x.example/"),
        ("unmerge", "9999"),
        ("explain", "caf\udce9"),
        ("merge", "caf\udce9", "1"),
    ):
        done = aggregator("-c", polled, *words)

        assert (done.returncode, done.stdout) == (2, "")
        assert words[1].encode("unicode_escape").decode() in done.stderr


def test_the_note_of_a_merge_is_a_line(polled: Path) -> None:
    """As that of a withdrawal is: not of two lines, not without end, and text."""
    wrong = [
        aggregator("-c", polled, "merge", "1", "2", "--note", note)
        for note in ("caf\udce9", "x" * 501, " ")
    ]
    done = aggregator("-c", polled, "merge", "1", "2", "--note", "one\nlaunch\x1b[31m")

    assert [done.returncode for done in wrong] == [2, 2, 2]
    assert all(done.stderr.startswith("aggregator: a note ") for done in wrong)
    assert done.returncode == 0
    assert one(polled, "SELECT note FROM story_overrides") == ("one launch[31m",)
