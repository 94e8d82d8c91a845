"""What feeds.yaml says of blocks, pages and publication, as values; and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config import load_network
from aggregator.errors import ConfigError
from aggregator.network import Filter, Network, Order, Publishing, Show

HEAD = """network: {name: N}
sites:
  a: {name: A, home: "https://a.example/"}
  b: {name: B, home: "https://b.example/"}
"""


def load(text: str) -> Network:
    return load_network(HEAD + text, path=Path("/etc/feeds.yaml")).network


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(text)
    return [f"{problem.key}: {problem.text}" for problem in raised.value.problems]


def test_a_block_with_every_rule() -> None:
    """Each key of a block is a field of the value."""
    network = load("""
blocks:
  x:
    title: X
    from: "*"
    limit: 5
    order: mix
    min: 2
    include: {words: [moon, red planet], categories: [Science]}
    exclude: {words: [advertorial]}
    language: en-AU
    show: [time, site, time]
    stale_after: 2d
    fallback: y
  y: {title: Y, from: [a, b]}
pages: {a: {blocks: [x], link_params: {utm_source: a, utm_medium: block}}}
""")

    (page,) = network.pages
    (block,) = page.blocks
    assert page.link_params == (("utm_source", "a"), ("utm_medium", "block"))
    assert (block.order, block.minimum, block.language) == (Order.MIX, 2, "en-AU")
    assert block.include == Filter(("moon", "red planet"), ("Science",))
    assert block.exclude == Filter(("advertorial",))
    assert block.show == (Show.TIME, Show.SITE)
    assert block.stale_after == timedelta(days=2)
    assert block.fallback is not None
    assert (block.fallback.id, block.fallback.sources) == ("y", ("b",))


def test_how_files_are_published() -> None:
    """Paths are relative to the file; the URL has no slash at its end."""
    network = load_network(
        HEAD.replace("{name: N}", "{name: N, public_url: 'https://h.example/x/'}")
        + "templates: mine\nkeep_generations: 9\ngzip: true\nafter_publish: [/bin/true, '7']\n",
        path=Path("/etc/feeds.yaml"),
    ).network

    assert network.publishing == Publishing(
        public_url="https://h.example/x",
        keep_generations=9,
        gzip=True,
        after_publish=("/bin/true", "7"),
        templates_at=Path("/etc/mine"),
    )
    assert load("").publishing == Publishing()


BLOCK = "blocks: {{x: {{title: X, from: [a], {0}}}}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BLOCK.format("min: 4"), "blocks.x.min: found 4, expected at most limit (3)"),
        (
            BLOCK.format("fallback: x"),
            "blocks.x.fallback: found the block itself, expected another block or nothing",
        ),
        (
            BLOCK.format("fallback: z"),
            "blocks.x.fallback: no block z; expected an id under blocks, or nothing",
        ),
        (BLOCK.format("order: fair"), "blocks.x.order: found 'fair', expected newest or mix"),
        (BLOCK.format("language: 9"), "blocks.x.language: found 9, expected a language tag"),
        (
            BLOCK.format("language: en_US"),
            "blocks.x.language: found 'en_US', expected a language tag such as en or en-AU",
        ),
        (
            BLOCK.format("include: {}"),
            "blocks.x.include: found a mapping, expected words or categories",
        ),
        (
            BLOCK.format("exclude: {word: [x]}"),
            "blocks.x.exclude.word: unknown key; did you mean words?",
        ),
        (
            "blocks: {nothing: {title: X, from: [a]}}",
            "blocks.nothing: this name is what `fallback` calls no block; expected another id",
        ),
        (
            "blocks: {headlines.feed: {title: X, from: [a]}}",
            "blocks.headlines.feed: this name is taken by the page's JSON Feed; expected another",
        ),
        (
            "pages: {a: {blocks: [], link_params: {'a b': x}}}",
            "pages.a.link_params.'a b': found 'a b', expected the name of a query parameter such"
            " as",
        ),
        ("after_publish: ['']", "after_publish[0]: found '', expected an argument of 1 to 1024"),
        ("keep_generations: 0", "keep_generations: found 0, expected a whole number from 1"),
    ],
)
def test_what_is_wrong_is_named(text: str, expected: str) -> None:
    """One message: the key, what was found, what was expected."""
    (problem,) = problems(text)

    assert problem.startswith(expected)


def test_a_fallback_without_stale_after_is_a_warning() -> None:
    """It loads, and nothing will ever come of it; a block that may stand in is shown somewhere."""
    text = """
blocks:
  x: {title: X, from: [b], fallback: y}
  y: {title: Y, from: [b]}
  z: {title: Z, from: [b], stale_after: 1d, fallback: w}
  w: {title: W, from: [b]}
pages: {a: [x, z]}
"""

    loaded = load_network(HEAD + text, path=Path("/etc/feeds.yaml"))

    assert [(warning.key, warning.text) for warning in loaded.warnings] == [
        ("blocks.x.fallback", "without stale_after the block is never stale"),
        ("blocks.y", "a block on no page is shown nowhere"),
    ]
