"""Search: what is found, in which order, and that no input breaks it."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from store_build import NOW, entry, store_document

from aggregator.errors import UsageError
from aggregator.match import NewEntry
from aggregator.network import Network
from aggregator.search_words import cjk_pairs, match_expression
from aggregator.store import searching
from aggregator.store.searching import MAX_LIMIT, Search, find_stories
from aggregator.store.store import Store

pytest_plugins = ["store_fixtures"]

DAY = timedelta(days=1)


def titles(store: Store, words: str, **filters: Any) -> list[str]:
    """The titles of what is found."""
    search = Search(words, **filters)
    return [hit.title for hit in find_stories(store.db, search)]


def test_rI6_a_dash_is_no_operator(store: Store, network: Network) -> None:
    """C-130 is what it looks like."""
    item = entry(1, title="A C-130 lands"), entry(2, title="C makes 130 of them")

    store_document(store, network, 1, *item)

    assert titles(store, "C-130") == ["A C-130 lands"]


def test_rI7_polls_keep_the_index_up(store: Store, network: Network) -> None:
    """New entries are found at once, changed ones by their new words only."""
    store_document(store, network, 1, entry(1, title="Orbiter silent"))

    store_document(store, network, 1, entry(1, title="Orbiter speaks", fingerprint=2))

    assert titles(store, "speaks") == ["Orbiter speaks"]
    assert titles(store, "silent") == []
    assert searching.count_unindexed(store.db) == 0


def test_rI7_what_is_rolled_back_is_never_found(store: Store, network: Network) -> None:
    """Not with a later transaction either."""
    told = NewEntry(id=9, entry=entry(9, title="Orbiter lost"), story_id=9, backfill=False, keys=())
    with suppress(ZeroDivisionError), store.transaction():
        store.index([told])
        _ = 1 / 0

    store_document(store, network, 1, entry(1, title="Orbiter found"))

    assert titles(store, "orbiter") == ["Orbiter found"]
    assert searching.count_unindexed(store.db) == 0


def test_rI7_rows_from_outside_are_found_after_a_reindex(store: Store, network: Network) -> None:
    """And not before; what left meanwhile is gone from the index."""
    store_document(store, network, 1, entry(1, title="One"), entry(2, title="Two"))
    store.db.conn.execute("UPDATE entries SET title = 'Renamed' WHERE id = 2")
    store.db.conn.execute("UPDATE stories SET title = 'Renamed' WHERE id = 2")
    assert titles(store, "renamed") == []

    after: int | None = 0
    while after is not None:
        with store.transaction() as db:
            after = searching.reindex(db, after=after)

    assert titles(store, "renamed") == ["Renamed"]
    assert titles(store, "two") == []


def test_titles_come_before_summaries_and_new_before_old(store: Store, network: Network) -> None:
    """Every word has to be there; one story is one hit."""
    store_document(
        store,
        network,
        1,
        entry(1, title="Mars orbiter", published_at=NOW - DAY),
        entry(2, title="Orbiters of Mars", published_at=NOW - 2 * DAY),
        entry(3, title="Silence", summary="The orbiter is at Mars.", published_at=NOW),
        entry(4, title="Mars alone"),
    )
    store_document(store, network, 2, entry(1, guid="other"))

    assert titles(store, "mars orbiter") == ["Mars orbiter", "Orbiters of Mars", "Silence"]
    assert titles(store, "mars orbiter", limit=1) == ["Mars orbiter"]


def test_filters_narrow(store: Store, network: Network) -> None:
    """By owner, by time, by page."""
    store_document(store, network, 1, entry(1, title="News a", published_at=NOW - 9 * DAY))
    item = entry(2, title="News b", url="https://b.example/2", canonical_url="b.example/2")
    store_document(store, network, 2, item)

    assert titles(store, "news", site="a") == ["News a"]
    assert titles(store, "news", since=NOW - DAY) == ["News b"]
    assert titles(store, "news", until=NOW - DAY) == ["News a"]
    assert titles(store, "news", page="a") == []


def test_a_filter_looks_past_the_first_window(store: Store, network: Network) -> None:
    """The one old story of site b is found behind thousands of newer ones of a."""
    old = entry(0, title="News", url="https://b.example/0", canonical_url="b.example/0")
    store_document(store, network, 2, old)
    many = [entry(n, title=f"News {n}") for n in range(1, searching.WINDOW + 10)]
    store_document(store, network, 1, *many)

    assert titles(store, "news", site="b") == ["News"]


def test_withdrawn_stories_are_not_found(store: Store, network: Network) -> None:
    """Taken back is taken back."""
    store_document(store, network, 1, entry(1, title="Mistake"))

    store.db.conn.execute("UPDATE stories SET withdrawn_at = '2026-11-25T00:00:00Z'")

    assert titles(store, "mistake") == []


@pytest.mark.parametrize("words", ["北京", "京大", "学", "北京大学", "大学 発表", "発表 NASA"])
def test_cjk_words_of_any_length_are_found(store: Store, network: Network, words: str) -> None:
    """A single character, a pair, a longer run, and beside Latin words."""
    item = entry(1, title="北京大学とNASAが発表"), entry(2, title="学校", summary="京都")

    store_document(store, network, 1, *item)

    assert "北京大学とNASAが発表" in titles(store, words)
    assert titles(store, "京北") == []


@pytest.mark.parametrize(
    ("words", "expression"),
    [
        ("", None),
        (" - ** \x00 \" '", None),
        ("C-130", '"C-130"'),
        ('say "hi"', '"say" AND " hi "'),
        ("NOT near(a)", '"NOT" AND "near(a)"'),
        ("ab\x00cd", '"abcd"'),
        ("\ud800x", '"x"'),
        ("京", '"京" *'),
        ("北京大x", '"北京 京大" AND "x"'),
        (
            " ".join("abcdefghijklmnopqrstuvwxyz"),
            " AND ".join(f'"{c}"' for c in "abcdefghijklmnop"),
        ),
        ("a" * 300, f'"{"a" * 200}"'),
    ],
)
def test_words_become_a_safe_expression(words: str, expression: str | None) -> None:
    """One by one in quotes; bounded; None when nothing is left."""
    assert match_expression(words) == expression


def test_pairs_are_of_neighbours_within_a_run() -> None:
    """Not over what stands between, which is a token of its own; words without CJK are left out."""
    assert cjk_pairs("北京大 x 学ab発表") == "北京 京大 大 学 ab 発表 表"
    assert cjk_pairs("Mars orbiter") == ""


def test_P19_no_input_raises(store: Store, network: Network) -> None:
    """F09: 10,000 strings of operators, quotes, controls and odd characters, and a huge OR."""
    store_document(store, network, 1, entry(1, title="Mars orbiter"))
    rng = random.Random(19)
    alphabet = [
        *"abmars \t\n\"'*():^-+{}[]\\,.;\x00\x1b%_~&|<>=/",
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "北",
        "京",
    ]
    alphabet += ["\ud800", "\U0001f600", "\u0301", "\u200d", "\ufeff", "title:", "search", "ſ", "İ"]

    for _ in range(10_000):
        titles(store, "".join(rng.choices(alphabet, k=rng.randrange(60))))

    assert titles(store, " OR ".join(["mars"] * 5000)) == []


@pytest.mark.parametrize("limit", [-1, 0, MAX_LIMIT + 1])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    """Rather than taken for the nearest one."""
    with pytest.raises(UsageError, match=f"limit {limit}: from 1 to 1000 was expected"):
        Search("mars", limit=limit)
