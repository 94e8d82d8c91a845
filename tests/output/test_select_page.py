"""Which headlines a page shows, and in what order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output_build import NOW, block, ids, page, story
from output_payloads import BAD_LINKS, GOOD_LINKS, short

from aggregator.model import BlockContent, PageContent, Story
from aggregator.network import Block, Filter, Page
from aggregator.selection import depth, is_link, select_page
from aggregator.selection.pages import FILTER_WINDOW, SPARE

HOUR = timedelta(hours=1)
SITES = ("mars", "moon", "sun", "venus")


def test_a_block_shows_the_newest_stories_of_its_sources() -> None:
    """Newest first, up to the limit, of the sites named in the block only."""
    stories = [story(n, age=n * HOUR) for n in range(5)] + [story(9, "moon")]

    shown = select_page(page(block("space", "mars", limit=3)), stories, now=NOW)

    assert ids(shown) == [[0, 1, 2]]


def test_a_headline_is_the_story_as_shown() -> None:
    """Page, block and headline carry what the network and the story say."""
    told = replace(story(7), published_at=None, image_url="https://mars.example/7.jpg")
    rule = Block("space", "Space news", "https://mars.example/", ("mars",))

    shown = select_page(Page("p", "venus", (rule,)), [told], now=NOW)

    (filled,) = shown.blocks
    (headline,) = filled.headlines
    assert (shown.page, shown.site) == ("p", "venus")
    assert (filled.id, filled.title, filled.link) == (
        "space",
        "Space news",
        "https://mars.example/",
    )
    assert (headline.story_id, headline.title, headline.url) == (7, told.title, told.url)
    assert (headline.site, headline.site_name) == ("mars", "mars daily")
    assert (headline.published_at, headline.image_url) == (None, "https://mars.example/7.jpg")


def test_blocks_are_filled_in_the_order_of_the_page() -> None:
    """What the first block shows, the second does not: it goes on where the first stopped."""
    stories = [story(n, age=n * HOUR) for n in range(5)]

    shown = select_page(page(block("a", limit=2), block("b", limit=2)), stories, now=NOW)

    assert ids(shown) == [[0, 1], [2, 3]]


def test_an_empty_block_stays() -> None:
    """A block that finds nothing is there, with no headlines."""
    shown = select_page(page(block("a", "moon"), block("b")), [story(1)], now=NOW)

    assert shown.blocks[0] == BlockContent("a", "Block a", None, ())
    assert ids(shown) == [[], [1]]


def test_a_block_without_sources_shows_nothing() -> None:
    """No sources is no story, not every story."""
    rule = Block("a", "A", None, ())

    shown = select_page(page(rule), [story(1)], now=NOW)

    assert ids(shown) == [[]]


def test_a_limit_of_nothing_shows_nothing() -> None:
    """A limit of 0 leaves the block empty and its stories to the next one."""
    shown = select_page(page(block("a", limit=0), block("b")), [story(1)], now=NOW)

    assert ids(shown) == [[], [1]]


def test_rH3_equal_dates_have_one_order() -> None:
    """At one date the place in the document decides, then the id; input order never does."""
    stories = [
        story(5, position=0),
        story(3, position=1),
        story(4, position=1),
        story(1, position=2),
    ]
    rule = page(block(limit=4))

    orders = [random.Random(seed).sample(stories, 4) for seed in range(20)]
    results = [ids(select_page(rule, order, now=NOW)) for order in orders]

    assert results == [[[5, 3, 4, 1]]] * 20


@pytest.mark.parametrize(
    ("max_age", "expected"),
    [
        pytest.param(None, [[0, 1, 2]], id="absent is no limit"),
        pytest.param(timedelta(), [[0]], id="nothing older than now"),
        pytest.param(HOUR, [[0, 1]], id="the limit itself counts"),
        pytest.param(HOUR - timedelta(microseconds=1), [[0]], id="just over it does not"),
    ],
)
def test_rH5_an_age_limit_of_zero_is_not_an_absent_one(
    max_age: timedelta | None, expected: list[list[int]]
) -> None:
    """Absent, zero and some time are three meanings."""
    stories = [story(n, age=n * HOUR) for n in range(3)]

    shown = select_page(page(block(max_age=max_age)), stories, now=NOW)

    assert ids(shown) == expected


def test_a_story_given_is_eligible_even_when_its_date_is_to_come() -> None:
    """Holding stories back is the caller's: a date after now sorts first."""
    shown = select_page(page(block(max_age=HOUR)), [story(1), story(2, age=-HOUR)], now=NOW)

    assert ids(shown) == [[2, 1]]


def test_rH2_a_silent_source_leaves_the_others_as_they_were() -> None:
    """The stored stories of a failing site stay; what others show does not change."""
    stories = [story(n, site, age=n * HOUR) for n, site in enumerate(SITES * 2)]
    rule = page(*(block(site, site) for site in SITES))
    before = select_page(rule, stories, now=NOW)

    later = select_page(rule, [*stories, story(90, "sun")], now=NOW + HOUR)

    assert later.blocks[2].headlines[1:] == before.blocks[2].headlines
    assert [*later.blocks[:2], later.blocks[3]] == [*before.blocks[:2], before.blocks[3]]


def test_rH7_a_busy_site_does_not_fill_a_mixed_block() -> None:
    """The cap per site leaves room for the quiet one."""
    stories = [*(story(n, "mars", age=n * HOUR) for n in range(9)), story(99, "moon", age=9 * HOUR)]

    shown = select_page(page(block("a", "mars", "moon", per_site=2)), stories, now=NOW)

    assert ids(shown) == [[0, 1, 99]]


def test_the_cap_is_relaxed_only_to_reach_the_limit() -> None:
    """With too few other stories the first ones over the cap come in, each in its place."""
    stories = [*(story(n, "mars", age=n * HOUR) for n in range(9)), story(99, "moon", age=9 * HOUR)]

    shown = select_page(page(block("a", "mars", "moon", limit=4, per_site=1)), stories, now=NOW)

    assert ids(shown) == [[0, 1, 2, 99]]


def test_a_cap_of_zero_is_relaxed_like_any_other() -> None:
    """Every story is over a cap of 0, so the block is filled as if there were none."""
    shown = select_page(page(block(per_site=0)), [story(2, age=HOUR), story(1)], now=NOW)

    assert ids(shown) == [[1, 2]]


def test_rH9_the_own_site_is_shown_only_when_it_is_a_source() -> None:
    """A page's own stories come in through the block's sources and no other way."""
    stories = [story(1, "venus"), story(2, "mars")]

    without = select_page(page(block("a", "mars")), stories, now=NOW)
    with_own = select_page(page(block("a", "mars", "venus")), stories, now=NOW)

    assert (ids(without), ids(with_own)) == ([[2]], [[1, 2]])


@pytest.mark.parametrize("title", ["", " \t", "\u200b\ufeff", "\x00\x1b", "\u202e\u2069", "\ud800"])
def test_a_story_without_a_visible_title_is_left_out(title: str) -> None:
    """A link without words is no headline; the next story takes the place."""
    stories = [replace(story(1), title=title), story(2)]

    shown = select_page(page(block()), stories, now=NOW)

    assert ids(shown) == [[2]]


@pytest.mark.parametrize("url", BAD_LINKS, ids=short)
def test_D02_a_story_without_an_http_link_is_left_out(url: str) -> None:
    """Only absolute http(s) links without a space or a control are published."""
    stories = [replace(story(1), url=url), story(2)]

    shown = select_page(page(block()), stories, now=NOW)

    assert (is_link(url), ids(shown)) == (False, [[2]])


@pytest.mark.parametrize("url", GOOD_LINKS, ids=short)
def test_D02_an_http_link_is_kept_as_it_is(url: str) -> None:
    """What stands in the link besides is a matter of escaping."""
    shown = select_page(page(block()), [replace(story(1), url=url)], now=NOW)

    assert shown.blocks[0].headlines[0].url == url


def test_D02_an_image_that_is_no_link_is_dropped() -> None:
    """The headline stays, without its image."""
    shown = select_page(page(block()), [replace(story(1), image_url="data:,x")], now=NOW)

    assert [headline.image_url for headline in shown.blocks[0].headlines] == [None]


def test_depth_is_what_all_blocks_can_take_together() -> None:
    """The sum of the limits, those of blocks that may stand in too, and some to pass over."""
    stand_in = block("d", limit=4)
    plain = page(block("a", limit=3), block("b", limit=5), block("c", limit=0))
    stale = page(block("a", limit=3, stale_after=HOUR, fallback=stand_in))

    assert (depth(plain), depth(stale)) == (8 + SPARE, 7 + SPARE)


@pytest.mark.parametrize(
    "rule",
    [
        block(include=Filter(words=("moon",))),
        block(exclude=Filter(words=("moon",))),
        block(exclude=Filter(categories=("moon",))),
        block(language="en"),
    ],
)
def test_a_filter_looks_further(rule: Block) -> None:
    """As nobody knows how many stories it passes over."""
    assert depth(page(rule)) == rule.limit + FILTER_WINDOW


stories_drawn = st.lists(
    st.builds(
        story,
        st.integers(0, 10_000),
        st.sampled_from(SITES),
        age=st.integers(-2, 12).map(lambda hours: hours * HOUR),
        position=st.integers(0, 3),
    ),
    max_size=60,
    unique_by=lambda drawn: drawn.id,
)
blocks_drawn = st.lists(
    st.builds(
        Block,
        st.integers(0, 10_000).map(lambda n: f"b{n}"),
        st.just("Title"),
        st.none(),
        st.lists(st.sampled_from(SITES), unique=True).map(tuple),
        limit=st.integers(0, 6),
        max_age=st.none() | st.integers(0, 10).map(lambda hours: hours * HOUR),
        per_site=st.none() | st.integers(0, 4),
    ),
    max_size=5,
    unique_by=lambda drawn: drawn.id,
)
pages_drawn = blocks_drawn.map(lambda drawn: page(*drawn))


def order(told: Story) -> tuple[timedelta, int, int]:
    return (NOW - told.shown_at, told.position, told.id)


def available(rule: Block, stories: list[Story], shown: set[int]) -> list[Story]:
    """Written down again, without regard to speed: what a block may take from."""
    return sorted(
        (
            told
            for told in stories
            if told.site in rule.sources
            and told.id not in shown
            and (rule.max_age is None or NOW - told.shown_at <= rule.max_age)
        ),
        key=order,
    )


@settings(max_examples=200, deadline=None)
@given(pages_drawn, stories_drawn)
def test_a_page_keeps_its_rules(rules: Page, stories: list[Story]) -> None:
    """No story twice, sources, ages, limits, order, and the cap unless the block were short."""
    by_id = {told.id: told for told in stories}

    result = select_page(rules, stories, now=NOW)

    shown: set[int] = set()
    for rule, numbers in zip(rules.blocks, ids(result), strict=True):
        possible = available(rule, stories, shown)
        chosen = [by_id[number] for number in numbers]
        assert set(numbers) <= {told.id for told in possible}
        assert len(numbers) == len(set(numbers)) == min(rule.limit, len(possible))
        assert chosen == sorted(chosen, key=order)
        assert_cap_kept(rule, chosen, possible)
        shown |= set(numbers)


def assert_cap_kept(rule: Block, chosen: list[Story], possible: list[Story]) -> None:
    there = Counter(told.site for told in possible)
    counts = Counter(told.site for told in chosen)
    if rule.per_site is None:
        assert chosen == possible[: rule.limit]
    elif any(count > rule.per_site for count in counts.values()):
        assert all(counts[site] >= min(rule.per_site, there[site]) for site in there)
    for site in counts:
        first = [told for told in possible if told.site == site][: counts[site]]
        assert [told for told in chosen if told.site == site] == first


@settings(max_examples=100, deadline=None)
@given(pages_drawn, stories_drawn, st.randoms(use_true_random=False))
def test_the_order_of_the_stories_given_does_not_matter(
    rules: Page, stories: list[Story], shuffler: random.Random
) -> None:
    """Any order of the same stories gives the same page."""
    shuffled = list(stories)
    shuffler.shuffle(shuffled)

    results = [select_page(rules, given, now=NOW) for given in (stories, shuffled, iter(shuffled))]

    assert results[0] == results[1] == results[2]


@settings(max_examples=200, deadline=None)
@given(pages_drawn, stories_drawn)
def test_the_depth_is_deep_enough(rules: Page, stories: list[Story]) -> None:
    """With only so many first stories of each owner the page is the one of all stories."""
    enough = depth(rules)
    loaded = [
        told
        for site in SITES
        for told in sorted((told for told in stories if told.site == site), key=order)[:enough]
    ]

    partial: PageContent = select_page(rules, loaded, now=NOW)

    assert partial == select_page(rules, stories, now=NOW)


def test_of_two_copies_of_a_story_a_block_shows_one() -> None:
    """The one given first, where both may stand; a block of the other's site shows that one."""
    mars, moon = story(1, "mars"), story(1, "moon")
    mixed = page(block("both", "mars", "moon", limit=3))
    single = page(block("space", "moon", limit=3), block("both", "mars", "moon", limit=3))

    shown = select_page(mixed, [mars, moon], now=NOW)
    first = select_page(single, [mars, moon], now=NOW)

    assert [[h.site for h in filled.headlines] for filled in shown.blocks] == [["mars"]]
    assert [[h.site for h in filled.headlines] for filled in first.blocks] == [["moon"], []]


def test_the_page_s_own_copy_yields_to_a_sister_s() -> None:
    """Whichever of the two comes first: a block that may show both sends readers on."""
    own, theirs = story(1, "venus"), story(1, "moon")
    rules = page(block("space", "venus", "moon"))

    for copies in ([own, theirs], [theirs, own]):
        (found,) = select_page(rules, copies, now=NOW).blocks
        assert [headline.site for headline in found.headlines] == ["moon"]
