"""What keeps a story out of a block, what gives way, and what an editor's override does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output_build import NOW, block, ids, page, story

from aggregator.editors import Override, OverrideKind
from aggregator.model import BlockState, PageContent, Relaxation, Story
from aggregator.network import Block, Filter, Order, Page, Show
from aggregator.selection import has_words, select_page, select_pages

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SITES = ("mars", "moon", "sun", "venus")
WITHDRAW, PIN, RETITLE = OverrideKind


def titled(id: int, title: str, **values: Any) -> Story:
    return replace(story(id, age=id * HOUR), title=title, **values)


def shown(rules: Page, stories: Sequence[Story], *overrides: Override) -> list[list[int]]:
    return ids(select_page(rules, stories, now=NOW, overrides=overrides))


def relaxed(content: PageContent) -> list[Relaxation]:
    return [rule for filled in content.blocks for rule in filled.state.relaxed]


# ------------------------------------------------------------------ order


def test_rH7_a_mixed_block_takes_of_each_site_in_turn() -> None:
    """The newest of each site, then the second of each; a silent site is passed over."""
    stories = [
        *(story(n, "mars", age=n * HOUR) for n in range(5)),
        *(story(10 + n, "moon", age=(10 + n) * HOUR) for n in range(2)),
        story(20, "sun", age=30 * HOUR),
    ]
    rule = block("a", "mars", "moon", "sun", "venus", limit=6, order=Order.MIX)

    assert shown(page(rule), stories) == [[0, 10, 20, 1, 11, 2]]


def test_what_came_undated_with_a_first_document_is_last() -> None:
    """A feed of 500 undated items that is added today leaves a mixed block as it was."""
    flood = [
        replace(story(100 + n, "moon", position=n), published_at=None, backfill=True)
        for n in range(500)
    ]
    dated = [story(n, "mars", age=n * DAY) for n in range(1, 4)]
    rule = page(block("a", "mars", "moon", limit=5))

    assert shown(rule, [*flood, *dated]) == [[1, 2, 3, 100, 101]]


def test_an_undated_story_counts_from_when_it_was_seen() -> None:
    """One that came later than its feed's first document is news."""
    stories = [replace(story(1), published_at=None), story(2, age=HOUR)]

    assert shown(page(block()), stories) == [[1, 2]]


# ---------------------------------------------------------- what gives way


def test_a_block_tells_an_event_once() -> None:
    """The newest story of an event stands for it; stories of no event are apart."""
    stories = [
        replace(story(1, age=HOUR), event=7),
        replace(story(2, age=2 * HOUR), event=7),
        *(story(n, age=n * HOUR) for n in (3, 4)),
    ]

    result = select_page(page(block(limit=3)), stories, now=NOW)

    assert (ids(result), relaxed(result)) == ([[1, 3, 4]], [])


def test_variety_gives_way_rather_than_leave_a_block_short() -> None:
    """Without min it is relaxed to reach the limit, and the block says so."""
    stories = [replace(story(n, age=n * HOUR), event=7) for n in (1, 2)]

    result = select_page(page(block(limit=3)), stories, now=NOW)

    assert (ids(result), relaxed(result)) == ([[1, 2]], [Relaxation.VARIETY])


RELAXING = [
    replace(story(1, "mars", age=1 * HOUR), event=1),
    story(2, "mars", age=2 * HOUR),
    replace(story(3, "moon", age=3 * HOUR), event=1),
    story(4, "mars", age=40 * HOUR),
    story(5, "moon", age=50 * HOUR),
]


@pytest.mark.parametrize(
    ("minimum", "expected", "gave_way"),
    [
        pytest.param(1, [1], [], id="nothing"),
        pytest.param(2, [1, 2], ["per_site"], id="the cap"),
        pytest.param(3, [1, 2, 3], ["per_site", "variety"], id="then variety"),
        pytest.param(4, [1, 2, 3, 4], ["per_site", "variety", "max_age"], id="then age"),
        pytest.param(9, [1, 2, 3, 4, 5], ["per_site", "variety", "max_age"], id="up to the limit"),
        pytest.param(None, [1, 2, 3], ["per_site", "variety"], id="without min, never age"),
    ],
)
def test_rules_give_way_in_their_order(
    minimum: int | None, expected: list[int], gave_way: list[str]
) -> None:
    """per_site, variety, max_age; no further than to the number asked for."""
    rule = block("a", "mars", "moon", limit=5, per_site=1, max_age=DAY, minimum=minimum)

    result = select_page(page(rule), RELAXING, now=NOW)

    assert ids(result) == [expected]
    assert relaxed(result) == gave_way


def test_a_mixed_block_stays_mixed_when_a_rule_gave_way() -> None:
    """What comes in so takes its turn among the others."""
    stories = [story(n, "mars", age=n * HOUR) for n in range(3)] + [story(9, "moon", age=9 * HOUR)]
    rule = block("a", "mars", "moon", limit=4, per_site=1, order=Order.MIX)

    assert shown(page(rule), stories) == [[0, 9, 1, 2]]


# ----------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("title", "words", "expected"),
    [
        ("Moon probe lands", ("moon",), True),
        ("MOON PROBE", ("Moon probe",), True),
        ("Moonlight", ("moon",), False),
        ("Honeymoon", ("moon",), False),
        ("The moon's far side", ("moon",), True),
        ("Moon  probe", ("moon probe",), True),
        ("Probe of the moon", ("moon probe",), False),
        ("C++ in space", ("c++",), True),
        ("C++11", ("c++",), True),
        ("Ｍｏｏｎ", ("moon",), True),
        ("嫦娥六号月球探测器返回", ("月球",), True),
        ("Straße gesperrt", ("STRASSE",), True),
        ("A.B (c) [d]*", ("[d]*",), True),
        ("anything", (" ",), False),
        ("anything", (), False),
        ("anything", ("nothing", "anything"), True),
    ],
)
def test_words_are_whole_words(title: str, words: tuple[str, ...], expected: bool) -> None:
    """In any case and width; a phrase is one; a regular expression is text."""
    assert has_words(title, words) is expected


STORIES = [
    titled(1, "Moon probe lands", categories=("Launches",), language="en-AU"),
    titled(2, "Sponsored moon sale", categories=("Ads",), language="de"),
    titled(3, "Budget talks", categories=("Politics", "launches"), language=None),
    titled(4, "Rocket test", language="en"),
]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"include": Filter(words=("moon",))}, [1, 2]),
        ({"include": Filter(categories=("LAUNCHES",))}, [1, 3]),
        ({"include": Filter(words=("rocket",), categories=("ads",))}, [2, 4]),
        ({"exclude": Filter(words=("sponsored",))}, [1, 3, 4]),
        ({"exclude": Filter(categories=("ads", "politics"))}, [1, 4]),
        ({"include": Filter(words=("moon",)), "exclude": Filter(categories=("Ads",))}, [1]),
        ({"language": "en"}, [1, 4]),
        ({"language": "EN-au"}, [1]),
        ({"language": "e"}, []),
    ],
)
def test_filters(rules: dict[str, Any], expected: list[int]) -> None:
    """One match is enough, to let in as to keep out; an unknown language is none."""
    assert shown(page(block(limit=9, **rules)), STORIES) == [expected]


# ------------------------------------------------------------------- stale


STALE = block("a", "mars", stale_after=DAY, show=(Show.SITE,))
STAND_IN = block("b", "moon", show=(Show.TIME,))


@pytest.mark.parametrize(
    ("silent", "fallback", "expected", "stands_in"),
    [
        pytest.param(DAY, STAND_IN, [1], None, id="not yet"),
        pytest.param(2 * DAY, STAND_IN, [2], "b", id="another block"),
        pytest.param(2 * DAY, None, [], "nothing", id="nothing"),
        pytest.param(2 * DAY, replace(STAND_IN, stale_after=HOUR), [], "nothing", id="stale too"),
        pytest.param(None, STAND_IN, [1], None, id="never polled"),
    ],
)
def test_rH2_a_stale_block_shows_what_stands_in_for_it(
    silent: timedelta | None, fallback: Block | None, expected: list[int], stands_in: str | None
) -> None:
    """By the last answer of its sources' feeds, not by the age of its headlines."""
    stories = [story(1, "mars"), story(2, "moon")]
    fresh = {"moon": NOW - 2 * HOUR} | ({} if silent is None else {"mars": NOW - silent})
    rules = page(replace(STALE, fallback=fallback))

    result = select_page(rules, stories, now=NOW, fresh_at=fresh)

    (filled,) = result.blocks
    told = STAND_IN if stands_in == "b" else STALE
    assert ids(result) == [expected]
    assert filled.state == BlockState(fresh.get("mars"), (), stands_in)
    assert (filled.id, filled.title, filled.show) == ("a", told.title, told.show)


def test_one_source_that_answers_keeps_a_block_fresh() -> None:
    """The freshest of them counts."""
    rules = page(replace(STALE, sources=("mars", "moon"), fallback=None))
    fresh = {"mars": NOW - 9 * DAY, "moon": NOW}

    result = select_page(rules, [story(1)], now=NOW, fresh_at=fresh)

    assert ids(result) == [[1]]


# --------------------------------------------------------------- overrides


def word(id: int, kind: OverrideKind, *story_ids: int, **values: Any) -> Override:
    return Override(id, kind, frozenset(story_ids), **values)


MANY = [story(n, age=n * HOUR) for n in range(1, 7)]


def test_X8_a_withdrawn_story_is_on_no_page() -> None:
    """By its id or by words of its title; the next one takes its place."""
    by_words = Override(2, WITHDRAW, words="story 2")

    assert shown(page(block(limit=2)), MANY, word(1, WITHDRAW, 1), by_words) == [[3, 4]]


def test_an_override_may_be_for_one_page_only() -> None:
    """The other pages are as they were."""
    pages = (page(block(limit=1)), Page("other", "venus", (block(limit=1),)))

    contents = select_pages(pages, MANY, now=NOW, overrides=[word(1, WITHDRAW, 1, page="other")])

    assert [ids(content) for content in contents] == [[[1]], [[2]]]


def test_a_pinned_story_comes_first() -> None:
    """Whatever its age and its site's cap; the latest pin before the earlier one."""
    rule = page(block(limit=3, max_age=2 * HOUR, per_site=1))

    assert shown(rule, MANY, word(1, PIN, 6), word(2, PIN, 5)) == [[5, 6, 1]]


def test_a_pin_names_its_block() -> None:
    """A story pinned to the second block is not shown by the first one."""
    rules = page(block("a", limit=2), block("b", limit=2))

    assert shown(rules, MANY, word(1, PIN, 1, value="b")) == [[2, 3], [1, 4]]


def test_a_pin_to_a_block_of_other_sites_is_nothing() -> None:
    """The story stays where its own site's block has it."""
    rules = page(block("a", "moon"), block("b", "mars", limit=2))

    assert shown(rules, MANY, word(1, PIN, 3, value="a")) == [[], [1, 2]]


@pytest.mark.parametrize(
    ("rules", "override", "expected"),
    [
        pytest.param(block("a", "moon"), word(1, PIN, 1), [], id="a site that is no source"),
        pytest.param(block("a"), word(1, PIN, 6, value="b"), [1, 2, 3], id="no such block"),
        pytest.param(block("a", limit=1), word(1, PIN, 5, 6), [5], id="no room for both"),
        pytest.param(block("a"), word(1, PIN, 99), [1, 2, 3], id="no such story"),
        pytest.param(
            block("a", stale_after=HOUR), word(1, PIN, 1), [], id="nothing stands in for it"
        ),
    ],
)
def test_a_pin_cannot_do_everything(rules: Block, override: Override, expected: list[int]) -> None:
    """No story in a block that may not show its site, nor more than the limit."""
    result = select_page(
        page(rules), MANY, now=NOW, overrides=[override], fresh_at={"mars": NOW - DAY}
    )

    assert ids(result) == [expected]


def test_a_pinned_story_counts_for_cap_and_variety() -> None:
    """The rest of the block is chosen beside it."""
    stories = [
        replace(story(1, "mars", age=HOUR), event=7),
        replace(story(2, "moon", age=2 * HOUR), event=7),
        story(3, "moon", age=3 * HOUR),
        story(4, "sun", age=4 * HOUR),
    ]
    rule = page(block("a", "mars", "moon", "sun", limit=3, per_site=1, minimum=1))

    assert shown(rule, stories, word(1, PIN, 2)) == [[2, 4]]


def test_a_retitled_story_shows_the_last_title() -> None:
    """Of two new titles the later one, if one can see it."""
    overrides = [word(2, RETITLE, 1, value="Second"), word(1, RETITLE, 1, value="First")]

    result = select_page(page(block(limit=1)), MANY, now=NOW, overrides=overrides)

    assert result.blocks[0].headlines[0].title == "Second"
    assert shown(page(block(limit=1)), MANY, word(1, RETITLE, 1, value="\u200b")) == [[2]]


def test_withdrawn_words_are_looked_for_in_both_titles() -> None:
    """A new title brings no withdrawn story back, and may not hold the words itself."""
    gone = Override(2, WITHDRAW, words="story")
    kept = Override(3, WITHDRAW, words="secret")

    assert shown(page(block()), MANY, word(1, RETITLE, 1, value="New"), gone) == [[]]
    assert shown(page(block(limit=1)), MANY, word(1, RETITLE, 1, value="Secret"), kept) == [[2]]


# --------------------------------------------------------------- properties

HOURS = st.integers(0, 12).map(lambda hours: hours * HOUR)
stories_drawn = st.lists(
    st.builds(
        lambda id, site, age, event, undated, words: replace(
            story(id, site, age=age),
            event=event,
            title=words,
            backfill=undated,
            published_at=None if undated else NOW - age,
        ),
        st.integers(0, 200),
        st.sampled_from(SITES),
        HOURS,
        st.none() | st.integers(0, 3),
        st.booleans(),
        st.sampled_from(["One", "Two", "One two", "\u200b"]),
    ),
    max_size=40,
    unique_by=lambda drawn: drawn.id,
)
filters_drawn = st.builds(Filter, words=st.sampled_from([(), ("one",), ("two", "three")]))
blocks_drawn = st.builds(
    Block,
    st.integers(0, 99).map(lambda n: f"b{n}"),
    st.just("Title"),
    st.none(),
    st.lists(st.sampled_from(SITES[:3]), unique=True).map(tuple),
    limit=st.integers(1, 6),
    max_age=st.none() | HOURS,
    per_site=st.none() | st.integers(1, 4),
    order=st.sampled_from(Order),
    minimum=st.none() | st.integers(1, 6),
    include=st.none() | filters_drawn,
    exclude=filters_drawn,
    stale_after=st.none() | HOURS,
)
pages_drawn = st.lists(
    st.builds(lambda one, other: replace(one, fallback=other), blocks_drawn, blocks_drawn),
    max_size=5,
    unique_by=lambda drawn: drawn.id,
).map(lambda drawn: page(*drawn))
overrides_drawn = st.lists(
    st.builds(
        Override,
        st.integers(1, 99),
        st.sampled_from(OverrideKind),
        st.frozensets(st.integers(0, 200), max_size=3),
        words=st.sampled_from([None, "two"]),
        value=st.sampled_from([None, "b1", "One"]),
        page=st.sampled_from([None, "venus", "other"]),
    ),
    max_size=6,
    unique_by=lambda drawn: drawn.id,
)
fresh_drawn = st.dictionaries(st.sampled_from(SITES), HOURS.map(lambda age: NOW - age))


@settings(max_examples=300, deadline=None)
@given(pages_drawn, stories_drawn, overrides_drawn, fresh_drawn)
def test_whatever_the_rules_a_page_can_be_trusted(
    rules: Page, stories: list[Story], overrides: list[Override], fresh: dict[str, Any]
) -> None:
    """No story twice, none of the page's own site, no limit passed, nothing withdrawn, no cap
    passed unless the block says so, and the same again."""
    content, again = (
        select_page(rules, given, now=NOW, overrides=words, fresh_at=fresh)
        for given, words in ((stories, overrides), (stories[::-1], overrides[::-1]))
    )

    assert content == again
    everything = [headline for filled in content.blocks for headline in filled.headlines]
    numbers = [headline.story_id for headline in everything]
    heard = [o for o in overrides if o.page != "other"]
    assert len(numbers) == len(set(numbers))
    assert "venus" not in {headline.site for headline in everything}
    for override in heard:
        if override.kind is WITHDRAW:
            assert not override.story_ids & set(numbers)
    pinned = {id for o in heard if o.kind is PIN for id in o.story_ids}
    for rule, filled in zip(rules.blocks, content.blocks, strict=True):
        assert_within(rule, filled.headlines, filled.state, pinned)


def assert_within(rule: Block, headlines: Any, state: BlockState, pinned: set[int]) -> None:
    if state.fallback is not None:
        assert rule.stale_after is not None
        rule = rule.fallback or rule
    assert len(headlines) <= rule.limit
    free = [headline for headline in headlines if headline.story_id not in pinned]
    counts = Counter(headline.site for headline in free)
    if rule.per_site is not None and not state.relaxed:
        assert all(count <= rule.per_site for count in counts.values())
    if rule.max_age is not None and Relaxation.MAX_AGE not in state.relaxed:
        assert all(NOW - headline.shown_at <= rule.max_age for headline in free)
    if state.relaxed and rule.minimum is not None:
        assert len(headlines) <= max(rule.minimum, len(headlines) - len(free))
