"""The YAML that feeds.yaml may hold: what is read, what is refused and how cheaply."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import LoadedNetwork, load_network
from aggregator.config.source import MAX_BYTES, plain, read_source
from aggregator.errors import ConfigError, Problem

LOADERS = [yaml.CSafeLoader, yaml.SafeLoader]
ROOT = Path(__file__).parents[2]

SCALARS: dict[str, object] = {
    "true": True,
    "False": False,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "Off": "Off",
    "y": "y",
    "12": 12,
    "-3": -3,
    "0": 0,
    "012": "012",
    "0x10": "0x10",
    "1_000": "1_000",
    "12:30": "12:30",
    "12:30:00": "12:30:00",
    "1.5": 1.5,
    "1e5": "1e5",
    ".inf": ".inf",
    "2026-11-25": "2026-11-25",
    "2026-11-25T01:02:03Z": "2026-11-25T01:02:03Z",
    "'12'": "12",
    '"true"': "true",
    '"null"': "null",
    "! 12": "12",
    "=": "=",
    "9" * 5000: "9" * 5000,
    "null": None,
    "~": None,
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=lambda item: str(item)[:12])
def test_scalars(text: str, value: object, loader: type) -> None:
    """Numbers, true, false and null; everything else is the text as written (P21)."""
    source = read_source(f"a: {text}\n", "f", loader=loader)

    found = plain(source.root)

    assert found == {"a": value}
    assert source.problems == ()
    assert repr(found) == repr({"a": value})


@pytest.mark.parametrize("loader", LOADERS)
def test_keys_are_text(loader: type) -> None:
    """A key is the text as written, whatever it looks like."""
    source = read_source("on: a\n12: b\nnull: c\n~: d\n'<<': e\n", "f", loader=loader)

    assert plain(source.root) == {"on": "a", "12": "b", "null": "c", "~": "d", "<<": "e"}


DEEP = "[" * 17 + "]" * 17
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)

REFUSED = {
    "empty": ("", "f:1:1: empty; expected at least `network` and `sites`"),
    "comment": ("# nothing\n", "f:1:1: empty; expected at least `network` and `sites`"),
    "null": ("~\n", "f:1:1: empty; expected at least `network` and `sites`"),
    "two documents": ("a: 1\n---\nb: 2\n", "f:2:1: a second document; expected one"),
    "two blank documents": ("~\n---\nb: 2\n", "f:2:1: a second document; expected one"),
    "colon": ("a: b: c\n", "f:1:5: not YAML: mapping values are not allowed"),
    "open": ("a: [b\n", "f:2:1: not YAML: "),
    "version": ("%YAML 2.0\n---\na: 1\n", "f:1:1: not YAML: found incompatible YAML document"),
    "tab": ("\ta: 1\n", "f:1:1: not YAML: found character"),
    "NUL": ("é: 1\nb: é\0\n", "f:2:5: the character U+0000 cannot stand in YAML"),
    "NUL first": ("\0", "f:1:1: the character U+0000 cannot stand in YAML"),
    "surrogate": ("a: \ud800\n", "f:1:1: not UTF-8; expected a text file in UTF-8"),
    "unknown alias": ("a: *b\n", "f:1:4: a: the alias *b names no anchor"),
    "own alias": ("a: &b [*b]\n", "f:1:8: a[0]: the alias *b holds itself"),
    "merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", "f:3:3: c: a merge key (<<); expected every key"),
    "list as a key": ("? [a]\n: b\n", "f:1:3: a key that is not text; expected `key: value`"),
    "depth": (DEEP, f"f:1:17: {'[0]' * 16}: nested too deep; expected at most 16 levels"),
    "depth of a mapping": ("{a: " * 17, "nested too deep; expected at most 16 levels"),
    "depth of an alias": (
        f"a: &a {'[' * 9}{']' * 9}\nb: {'[' * 7}*a{']' * 7}\n",
        "f:2:11: b[0][0][0][0][0][0][0]: nested too deep; expected at most 16 levels",
    ),
    "depth of block lists": ("- " * 100_000, "nested too deep; expected at most 16 levels"),
    "alias bomb": (LAUGHS, "too much; expected at most 100000 values, aliases expanded"),
    "alias bomb of mappings": (
        "a: &a {a: 1, b: 1, c: 1}\n"
        + "".join(f"{b}: &{b} {{a: *{a}, b: *{a}, c: *{a}}}\n" for a, b in pairwise("abcdefghijk")),
        "too much; expected at most 100000 values, aliases expanded",
    ),
    "alias bomb of text": (
        f"a: &a {'x' * 60_000}\nb: [{'*a, ' * 200}]\n",
        "f:2:4: b: too much; expected at most 100000 values, aliases expanded",
    ),
    "size": ("#" * (MAX_BYTES + 1), "f:1:1: more than 1 MiB; expected a smaller file"),
    "size in bytes": ("#" + "é" * (MAX_BYTES // 2), "f:1:1: more than 1 MiB; expected a smaller"),
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_one_problem(text: str, words: str, loader: type) -> None:
    """What there is no reading on from: one message with its place (F13)."""
    with pytest.raises(ConfigError) as caught:
        read_source(text, "f", loader=loader)

    assert len(caught.value.problems) == 1
    assert words in str(caught.value)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1\n", "f:2:1", "; indent with spaces, not with a tab"),
        ("a: Space: news\n", "f:1:9", "; text with a colon and a blank in it wants quotes"),
        ("a: [Space: news: all]\n", "f:1:16", "; text with a colon and a blank in it wants quotes"),
        ("a:\n  from: *\n", "f:2:9", "; text that begins with * wants quotes"),
        ("a: [*]\n", "f:1:5", "; text that begins with * wants quotes"),
        ("a: @b\n", "f:1:4", "; text that begins with @ wants quotes"),
        ("a: `b`\n", "f:1:4", "; text that begins with ` wants quotes"),
        ("a: %b\n", "f:1:4", "; text that begins with % wants quotes"),
        ('a: "b" c\n', "f:1:8", ""),
        ("a: [b\n", "f:2:1", ""),
    ],
)
def test_what_was_meant_is_said(text: str, place: str, hint: str, loader: type) -> None:
    """Beside the words of the YAML reader, where the character it ended at tells."""
    with pytest.raises(ConfigError) as caught:
        read_source(text, "f", loader=loader)

    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{place}: not YAML: ")
    assert problem.text.partition("; ")[2] == hint.removeprefix("; ")


def test_the_number_of_values_is_bounded() -> None:
    """More values than any network has are refused, aliases or not."""
    with pytest.raises(ConfigError, match=r"^f:1:1: too much; expected at most 100000 values"):
        read_source(f"[{'1,' * 100_001}]", "f")


@pytest.mark.parametrize("loader", LOADERS)
def test_duplicate_keys_and_tags_are_all_found(loader: type) -> None:
    """A key twice, at any depth, and a tag are problems that reading goes on after."""
    text = "a: 1\nb:\n  - {c: 1, c: 2, c: 3}\na: !!python/object:os.system 4\n"

    source = read_source(text, "f", loader=loader)

    assert [str(problem) for problem in source.problems] == [
        "f:3:12: b[0].c: the key stands twice; the first is in line 3",
        "f:3:18: b[0].c: the key stands twice; the first is in line 3",
        "f:4:4: a: a tag (!...); expected a value without one",
        "f:4:1: a: the key stands twice; the first is in line 1",
    ]
    assert plain(source.root) == {"a": 1, "b": [{"c": 1}]}


def test_a_syntax_error_does_not_hide_what_came_before() -> None:
    """What was found above the line that ends the reading is shown too."""
    with pytest.raises(ConfigError) as caught:
        read_source("a: 1\na: 2\nb: c: d\n", "f")

    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_a_duplicate_key_stops_the_load() -> None:
    """A file whose values are right but for a key that stands twice is not used."""
    text = "network: {name: N}\nsites: {a: {name: A, name: B, home: 'https://a.example/'}}\n"

    with pytest.raises(ConfigError, match=r"^f:2:22: sites\.a\.name: the key stands twice"):
        load_network(text, path=Path("/etc/feeds.yaml"), shown_as="f")


@pytest.mark.parametrize("loader", LOADERS)
def test_small_aliases_are_values(loader: type) -> None:
    """An alias stands for the value of its anchor, of any kind; an anchor may be set again."""
    text = "a: &x {b: [1, &y 2]}\nc: *x\nd: *y\ne: &x [3]\nf: *x\n"

    source = read_source(text, "f", loader=loader)

    one = {"b": [1, 2]}
    assert plain(source.root) == {"a": one, "c": one, "d": 2, "e": [3], "f": [3]}


def test_a_problem_of_an_alias_names_the_place_of_its_value() -> None:
    """A wrong value used twice is two problems, at the line of the value itself."""
    text = (
        "network: {name: N}\nsites: {a: {name: A, home: 'https://a.example/'}}\n"
        "blocks:\n  x: &x {title: X, from: [a], limit: 0}\n  y: *x\n"
    )

    with pytest.raises(ConfigError) as caught:
        load_network(text, path=Path("/etc/feeds.yaml"))

    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (4, "blocks.x.limit"),
        (4, "blocks.y.limit"),
    ]


@pytest.mark.parametrize("text", ["\ufeffa: 1\n", "a: 1\r\n", "--- \na: 1\n...\n", "{a: 1}"])
@pytest.mark.parametrize("loader", LOADERS)
def test_forms_of_a_document(text: str, loader: type) -> None:
    """A byte order mark, Windows line ends, document marks and flow style say nothing."""
    assert plain(read_source(text, "f", loader=loader).root) == {"a": 1}


def test_keys_in_messages_are_one_short_line() -> None:
    """A key of any content is quoted and cut where a message names it."""
    source = read_source('"a\\nb":\n  "' + "x" * 300 + '": !y 1\n', "f")

    message = str(source.problems[0])

    assert message.startswith("f:2:307: 'a\\nb'.'xxx")
    assert len(message) < 150


SHIPPED = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
PIECES = st.sampled_from(
    [*"{}[]:-,&*!|>'\"%@`#\n\t ", "\0", "<<", "a", "sites", "https://u:p@x/", "0", "~", "é", "\x85"]
)


def loads_or_explains(text: str) -> None:
    """Nothing but a network or a ConfigError with at least one problem comes of `text`."""
    problems: tuple[Problem, ...] = ()
    loaded = None
    try:
        loaded = load_network(text, path=Path("/etc/feeds.yaml"), shown_as="f")
    except ConfigError as error:
        problems = error.problems
    assert bool(problems) != isinstance(loaded, LoadedNetwork)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_loads_or_explains(text: str) -> None:
    """Arbitrary text raises nothing but ConfigError."""
    loads_or_explains(text)


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, len(SHIPPED)),
    length=st.integers(0, 40),
    pieces=st.lists(PIECES, max_size=5).map("".join),
)
def test_a_damaged_file_loads_or_explains(start: int, length: int, pieces: str) -> None:
    """So does the shipped file with a piece of it replaced."""
    loads_or_explains(SHIPPED[:start] + pieces + SHIPPED[start + length :])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 70000)
    | st.text(max_size=8)
    | st.sampled_from(
        ["*", "a", "b", "https://a.example/", "http://10.0.0.1:1/", "5m", "5MiB", "www.", "1.2.3"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "a",
                    "b",
                    "name",
                    "home",
                    "hosts",
                    "feeds",
                    "url",
                    "every",
                    "title",
                    "from",
                    "limit",
                    "site",
                    "blocks",
                    "floor",
                    "allow_private",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("network", "sites", "blocks", "pages", "fetch"), VALUES),
    )
)
def test_any_values_load_or_explain(values: dict[str, object]) -> None:
    """Values of any shape below the keys of the file raise nothing but ConfigError."""
    loads_or_explains(yaml.safe_dump(values, allow_unicode=True))
