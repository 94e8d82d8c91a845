"""Every kind of fault in feeds.yaml: its line, its column, its key, its words."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from aggregator.config import load_network
from aggregator.errors import ConfigError, Problem

HEAD = """\
network: {name: N}
sites:
  a:
    name: A
    home: https://a.example/
"""


def problems(text: str) -> tuple[Problem, ...]:
    """The problems of a file that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        load_network(text, path=Path("/etc/feeds.yaml"), shown_as="f")
    return caught.value.problems


def messages(text: str) -> list[str]:
    """The same, as they are printed."""
    return [str(problem) for problem in problems(text)]


def test_all_problems_come_in_file_order() -> None:
    """One run shows what is wrong with single values and between them, from top to bottom."""
    text = dedent("""\
        network: {name: 12}
        sites:
          a:
            home: https://www.a.example/
            feeds:
              - https://a.example/feed
              - {url: HTTPS://A.example/feed?, evry: 1h, every: 2m}
              - 7
          b: {name: B, home: https://a.example/, foreign: true, feeds: [{}]}
          B: {name: B, home: https://b.example/}
        blocks:
          x: {from: [a, c, a], limit: 0}
          y: {title: Y, from: ["*", a]}
        pages:
          a: [x, z, x]
          c: [y]
          d: {site: e, blocks: [y]}
        fetch: {floor: 10m, timeout: 5}
    """)

    found = messages(text)

    assert [line.split(": found")[0].split("; ")[0] for line in found] == [
        "f:1:17: network.name",
        "f:3:3: sites.a.name: missing",
        "f:7:15: sites.a.feeds[1].url: the feed of line 6 again",
        "f:7:40: sites.a.feeds[1].evry: unknown key",
        "f:7:57: sites.a.feeds[1].every",
        "f:8:9: sites.a.feeds[2]",
        "f:9:22: sites.b.home: the host a.example is one of site a already (line 4)",
        "f:9:65: sites.b.feeds[0].url: missing",
        "f:10:3: sites.B",
        "f:12:3: blocks.x.title: missing",
        "f:12:17: blocks.x.from[1]: no site c",
        "f:12:20: blocks.x.from[2]: site a twice",
        "f:12:31: blocks.x.limit",
        "f:13:23: blocks.y.from",
        "f:15:10: pages.a[1]: no block z",
        "f:15:13: pages.a[2]: block x twice",
        "f:16:3: pages.c: no site of this id",
        "f:17:13: pages.d.site: no site e",
        "f:18:30: fetch.timeout",
    ]
    assert found[4].endswith("found 2m, expected at least fetch.floor (10m)")


def test_missing_parts_are_named() -> None:
    """What a file must have is named at its top."""
    assert messages("database: x.db\n") == [
        "f:1:1: network: missing; the key is required",
        "f:1:1: sites: missing; the key is required",
    ]


@pytest.mark.parametrize("sites", ["sites: {}", "sites: []", "sites:"])
def test_a_network_has_a_site(sites: str) -> None:
    """No site, a list, or nothing at all is an error of `sites`."""
    found = problems(f"network: {{name: N}}\n{sites}\n")

    assert [problem.key for problem in found] == ["sites"]


@pytest.mark.parametrize("text", ["just text", "[a, b]", "12"], ids=str)
def test_the_document_is_a_mapping(text: str) -> None:
    """A file of another shape is one problem, of the document."""
    found = problems(text)

    assert len(found) == 1
    assert found[0].key == ""
    assert found[0].text.endswith("expected a mapping of keys")


@pytest.mark.parametrize("blank", ["", " ~", " null", " # nothing"])
@pytest.mark.parametrize("key", ["link", "title", "from", "max_age", "own", "limit"])
def test_a_blank_value_is_an_error(blank: str, key: str) -> None:
    """A key without a value is an error, also where leaving it out is fine."""
    others = {"title": "T", "from": "[a]", key: ""}
    lines = [f"    {name}: {value}".rstrip() for name, value in others.items()]
    block = "\n".join(f"{line}{blank}" if line.endswith(f"{key}:") else line for line in lines)

    found = problems(f"{HEAD}blocks:\n  b:\n{block}\n")

    assert [(problem.key, problem.text) for problem in found] == [
        (f"blocks.b.{key}", "blank; expected a value, or the key left out")
    ]


def test_a_value_that_needs_a_wrong_key_is_not_judged() -> None:
    """Addresses, ports and intervals are left alone while `fetch` is not understood."""
    feeds = "    feeds: [{url: 'http://10.0.0.1:81/', every: 1m}]\n"

    unsure = problems(f"{HEAD}{feeds}fetch: {{allow_private: 10.0.0.0/8, floor: 1}}\n")
    blank = problems(f"{HEAD}{feeds}fetch:\n")
    sure = problems(f"{HEAD}{feeds}fetch: {{timeout: 1}}\n")

    assert [problem.key for problem in unsure] == ["fetch.allow_private", "fetch.floor"]
    assert [problem.key for problem in blank] == ["fetch"]
    assert [problem.key for problem in sure] == [
        "sites.a.feeds[0].url",
        "sites.a.feeds[0].url",
        "sites.a.feeds[0].every",
        "fetch.timeout",
    ]


def test_a_wrong_site_of_a_page_is_one_problem() -> None:
    """That a page names its site is enough to know that its id need not be one."""
    found = problems(
        f"{HEAD}blocks: {{x: {{title: X, from: [a]}}}}\npages: {{p: {{site: 3, blocks: [x]}}}}\n"
    )

    assert [problem.key for problem in found] == ["pages.p.site"]


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("sites", "sites: [a]\nblocks: {x: {title: X, from: [a]}}\npages: {a: [x]}\n"),
        ("blocks", "sites: {a: {name: A, home: 'https://a/'}}\nblocks: x\npages: {a: [x]}\n"),
    ],
    ids=["sites", "blocks"],
)
def test_no_name_is_amiss_while_its_section_is(section: str, text: str) -> None:
    """A section of the wrong shape is one problem, not one for each name that stands in it."""
    found = problems(f"network: {{name: N}}\n{text}")

    assert [problem.key for problem in found] == [section]


SAME = {
    "same": "https://b.example/feed?x=1",
    "case of the scheme": "HTTPS://b.example/feed?x=1",
    "case of the host": "https://B.Example/feed?x=1",
    "default port": "https://b.example:443/feed?x=1",
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_a_feed_stands_once(other: str) -> None:
    """The same feed again, in another spelling or at another site, names the first line (rA27)."""
    text = (
        f"{HEAD}    feeds: ['https://b.example/feed?x=1']\n"
        f"  c: {{name: C, home: 'https://c.example/', feeds: ['{other}']}}\n"
    )

    assert messages(text) == [
        "f:7:52: sites.c.feeds[0]: the feed of line 6 again; expected each feed once"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://b.example/feed", "https://b.example/feed?"),
        ("http://b.example", "http://b.example/"),
    ],
    ids=["empty query", "empty path"],
)
def test_an_empty_part_makes_no_other_feed(one: str, other: str) -> None:
    """An empty query or path says nothing."""
    found = problems(f"{HEAD}    feeds: ['{one}', '{other}']\n")

    assert [problem.key for problem in found] == ["sites.a.feeds[1]"]


@pytest.mark.parametrize(
    "other",
    [
        "home: 'https://a.example/other'",
        "home: 'http://www.A.example'",
        "home: 'https://b.example/', hosts: [www.a.example]",
    ],
)
def test_a_host_belongs_to_one_site(other: str) -> None:
    """A host of two sites is one error, that names the other site and its line."""
    found = problems(f"{HEAD}  b: {{name: B, {other}}}\n")

    assert len(found) == 1
    assert "a.example is one of site a already (line 5); expected" in found[0].text


@pytest.mark.parametrize(
    ("floor", "every", "words"),
    [
        ("5m", "59m", "found 59m, expected at least the floor of a foreign site (60m)"),
        ("2h", "90m", "found 90m, expected at least fetch.floor (2h)"),
    ],
    ids=["its own floor", "a higher floor"],
)
def test_a_foreign_site_has_a_higher_floor(floor: str, every: str, words: str) -> None:
    """`every` of a foreign site keeps to the higher of the two floors."""
    feeds = f"    foreign: true\n    feeds: [{{url: 'https://b.example/', every: {every}}}]\n"

    found = problems(f"{HEAD}{feeds}fetch: {{floor: {floor}}}\n")

    assert [problem.text for problem in found] == [words]


def test_the_number_of_feeds_is_bounded() -> None:
    """The first feed over the limit is the one named."""
    feeds = "".join(f"      - https://f{n}.example/\n" for n in range(5001))

    found = messages(f"{HEAD}    feeds:\n{feeds}")

    assert found == [
        "f:5007:9: sites.a.feeds[5000]: found 5001 feeds, expected at most 5000 in one file"
    ]


@pytest.mark.parametrize(
    ("section", "entry", "most"),
    [
        ("blocks", "b{}: {{title: T, from: [a]}}", 500),
        ("pages", "p{}: {{site: a, blocks: []}}", 1000),
    ],
    ids=["blocks", "pages"],
)
def test_the_number_of_blocks_and_pages_is_bounded(section: str, entry: str, most: int) -> None:
    """One over the limit is an error of the section."""
    entries = "".join(f"  {entry.format(n)}\n" for n in range(most + 1))

    found = problems(f"{HEAD}{section}:\n{entries}")

    assert [(problem.key, problem.text) for problem in found] == [
        (section, f"found {most + 1} of them, expected at most {most}")
    ]


def test_no_password_is_ever_shown() -> None:
    """Whatever is wrong with a URL, the password in it stays out of the message."""
    urls = [
        "https://bob:sEcReT@a.example/",
        "ftp://bob:sEcReT@a.example/",
        "https://bob:sEcR@eT@a.example/",
        "https://bob:sEcReT/x@a.example/",
        "https://bob:sEcReT#x@a.example/",
        "https://bob:sEcReT%40a.example/",
        "https://bob:sEcReT@[::1/",
        "https://bob:sEcReT @a.example/",
    ]
    feeds = "".join(f'      - "{url}"\n' for url in urls)

    found = messages(f"{HEAD}    feeds:\n{feeds}    link: 'https://bob:sEcReT@a.example/'\n")

    assert len(found) == len(urls) + 1
    assert not any("sEcR" in message or "eT" in message for message in found)


def test_names_of_a_publication_s_own_files_are_no_ids() -> None:
    """A block or page of such a name would overwrite them."""
    blocks = "blocks: {headlines: {title: T, from: '*'}, b: {title: T, from: '*'}}\n"
    pages = "pages: {index.html: {site: a, blocks: [b]}, manifest.json: {site: a, blocks: [b]}}\n"

    found = problems(f"{HEAD}{blocks}{pages}")

    assert [problem.key for problem in found] == [
        "blocks.headlines",
        "pages.index.html",
        "pages.manifest.json",
    ]


@pytest.mark.parametrize(
    ("rights", "key", "words"),
    [
        ("{Reuter: []}", "rights.Reuter", "no agency that is recognised; expected one of AAP, AFP"),
        ("{NASA: [a]}", "rights.NASA", "no agency that is recognised; expected one of AAP, AFP"),
        (
            "{Agence France-Presse: []}",
            "rights.'Agence France-Presse'",
            "credits name this agency AFP; expected AFP",
        ),
        ("{AFP: [a], afp: []}", "rights.afp", "the agency AFP again; expected each agency once"),
    ],
    ids=["misspelt", "unknown", "another-name", "twice"],
)
def test_rights_are_of_agencies_that_credits_name(rights: str, key: str, words: str) -> None:
    """What looks like a protected agency and is none would be shown everywhere."""
    (found,) = problems(f"{HEAD}rights: {rights}\n")

    assert (found.line, found.key) == (6, key)
    assert found.text.startswith(words)
