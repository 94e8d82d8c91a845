"""Templates of the operator: what they get, what they cannot do, how their faults are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from output_build import content, headline
from output_payloads import PAYLOADS

from aggregator.config_file import read_network
from aggregator.errors import ConfigError
from aggregator.network import Network, Templates
from aggregator.render import Look, render_page, template_problems

WHERE = Path("/etc/templates")


def look(**sources: str) -> Look:
    """`block_html="..."` is the file block.html."""
    named = tuple((name.replace("_", "."), text) for name, text in sources.items())
    return Look("Venus", "https://venus.example/", templates=Templates(WHERE, named))


def test_an_own_template_comes_before_ours() -> None:
    """Also where ours include it; what is not replaced stays."""
    own = look(block_html="<b>{{ block.title }}</b>\n", block_txt="* {{ block.title }}\n")

    files = render_page(content(headline(1)), own)

    assert files["venus/space.html"] == files["venus/headlines.html"] == b"<b>Space news</b>\n"
    assert files["venus/space.txt"] == files["venus/headlines.txt"] == b"* Space news\n"
    assert b"<item>" in files["venus/headlines.xml"]


def test_texts_are_escaped_by_format() -> None:
    """Markup in HTML and XML, nothing in plain text; ours and theirs alike."""
    own = look(
        block_html="<p title='{{ block.title }}'>{{ block.headlines[0].title }}</p>",
        headlines_xml="<x>{{ page.blocks[0].title }}</x>",
        block_txt="{{ block.title }}",
    )
    for payload in PAYLOADS:
        page = content(headline(1, title=f"A{payload}"), title=f"B{payload}")

        files = {path: body.decode() for path, body in render_page(page, own).items()}

        assert files["venus/space.html"].count("<") == files["venus/headlines.xml"].count("<") == 2
        assert files["venus/space.html"].count("'") == 2
    assert render_page(content(headline(1), title="a<b"), own)["venus/space.txt"] == b"a<b"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ block.headlines.__class__ }}",
        "{{ page.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__ }}",
        "{{ block.title.format.__globals__ }}",
    ],
)
def test_a_template_reaches_nothing_but_its_values(text: str) -> None:
    """The way out is shut: it is said when the file is read, and nothing is rendered."""
    own = look(block_html=text)
    assert own.templates is not None

    problems = template_problems(own.templates)

    assert [str(problem).partition(": ")[0] for problem in problems] == [f"{WHERE}/block.html:1:1"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{{ block.nosuch }}", 3, "a block has no nosuch; it has id, title, label, link"),
        ("{{ page.nosuch }}", 1, "a page has no nosuch; it has id, site, site_name, home"),
        ("{{ block.headlines[0].href }}", 1, "a headline has no href; it has story_id, title, url"),
        ("{{ block.title.nosuch }}", 1, "'str object' has no attribute 'nosuch'"),
        ("{{ nosuch }}", 1, "'nosuch' is undefined"),
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("{% for x in block.headlines %}\n{{ x.time.upper() }}\n{% endfor %}", 2, "None"),
        ("{% include 'nosuch.html' %}", 1, "nosuch.html"),
    ],
)
def test_a_fault_has_file_and_line(text: str, line: int, words: str) -> None:
    """Also one that only a headline without a date would bring out."""
    own = look(block_html=text)
    assert own.templates is not None

    (problem,) = template_problems(own.templates)

    assert (problem.file, problem.line) == (str(WHERE / "block.html"), line)
    assert words in problem.text


def test_every_file_that_cannot_be_compiled_is_named() -> None:
    """All at once."""
    own = look(block_html="{% if %}", block_txt="\n{{", other_html="{% endfor %}")
    assert own.templates is not None

    problems = template_problems(own.templates)

    assert [(Path(p.file).name, p.line) for p in problems] == [
        ("block.html", 1),
        ("block.txt", 2),
        ("other.html", 1),
    ]


def test_a_template_may_include_others_but_not_replace_the_preview() -> None:
    """Any further file is a part; ours of other names stay ours."""
    own = look(block_html="{% include 'part.html' %}", part_html="P", preview_html="{% if")

    assert (
        render_page(
            content(headline(1)), look(block_html="{% include 'part.html' %}", part_html="P")
        )["venus/space.html"]
        == b"P"
    )
    assert own.templates is not None
    assert [p.line for p in template_problems(own.templates)] == [1]


def test_a_template_that_a_headline_breaks_is_said_so() -> None:
    """What the trial did not bring out is an error of the configuration, with file and line."""
    own = look(block_html="a\n{{ {'A title': 1, 'Another': 2}[block.headlines[0].title] }}")
    assert own.templates is not None
    assert template_problems(own.templates) == ()

    with pytest.raises(ConfigError, match=r"/etc/templates/block\.html:2:1: template: "):
        render_page(content(headline(1)), own)


# ------------------------------------------------------------------- from disk

FEEDS_YAML = """network: {name: N}
sites: {a: {name: A, home: "https://a.example/"}}
templates: mine
"""


def load(directory: Path) -> Network:
    (directory / "feeds.yaml").write_text(FEEDS_YAML)
    return read_network(directory / "feeds.yaml").network


def test_templates_are_read_beside_feeds_yaml(tmp_path: Path) -> None:
    """Files that can be templates; the hash of the configuration is of them too."""
    own = tmp_path / "mine"
    own.mkdir()
    (own / "block.html").write_text("x")
    (own / "notes.md").write_text("{% if")

    before = load(tmp_path)
    (own / "block.html").write_text("y")
    after = load(tmp_path)

    assert before.publishing.templates == Templates(own, (("block.html", "x"),))
    assert after.publishing.config_hash != before.publishing.config_hash
    assert load(tmp_path).publishing == after.publishing


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """With its name, at the place that names it."""
    with pytest.raises(ConfigError, match=r"yaml:3:12: templates: .*mine: No such file"):
        load(tmp_path)


def test_a_wrong_template_stops_the_start(tmp_path: Path) -> None:
    """Like any other fault of the configuration."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/block.txt").write_text("\n{{ x }}")

    with pytest.raises(ConfigError, match=r"mine/block\.txt:2:1: template: 'x' is undefined"):
        load(tmp_path)
