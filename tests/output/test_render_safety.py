"""Hostile texts and links in every field and format: they show, and do nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output_build import Element, content, headline, parse_strictly, shape, texts
from output_payloads import BAD_LINKS, BREAK_OUTS, GOOD_LINKS, INCLUDES, PAYLOADS, short

import aggregator.render
from aggregator.model import PageContent
from aggregator.render import render_page
from aggregator.render.printable import one_line

TEMPLATES = sorted((Path(aggregator.render.__file__).parent / "templates").iterdir())
LINK = "https://mars.example/?q=1"
FIELDS = ("title", "site_name", "block title")


def poisoned(field: str, payload: str) -> PageContent:
    """Two headlines; the first, or the block, holds the payload between two letters."""
    text = f"A{payload}Z"
    if field == "block title":
        return content(headline(1), headline(2), title=text, link=LINK)
    return content(headline(1, **{field: text}), headline(2), link=LINK)


def html_of(page: PageContent) -> str:
    return render_page(page)["venus/headlines.html"].decode()


BENIGN = shape(parse_strictly(html_of(poisoned("title", "x"))))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D01_html_shows_the_text_and_adds_nothing(payload: str, field: str) -> None:
    """A browser builds the elements and attributes of the template and the text as it was."""
    page = poisoned(field, payload)

    tree = parse_strictly(html_of(page))

    (filled,) = page.blocks
    assert shape(tree) == BENIGN
    assert list(texts(tree, "h2")) == [one_line(filled.title)]
    assert list(texts(tree, "li")) == [one_line(told.title) for told in filled.headlines]
    assert tree.find("section").get("aria-label") == one_line(filled.title)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D01_json_holds_the_text_and_nothing_that_markup_needs(payload: str, field: str) -> None:
    """Read back it is what was written; raw it can stand in a script element."""
    page = poisoned(field, payload)

    text = render_page(page)["venus/space.json"].decode()

    (filled,) = page.blocks
    assert json.loads(text) == {
        "id": "space",
        "title": one_line(filled.title),
        "link": LINK,
        "headlines": [
            {
                "story_id": told.story_id,
                "title": one_line(told.title),
                "url": told.url,
                "site": "mars",
                "site_name": one_line(told.site_name),
                "published_at": "2026-11-25T01:02:03Z",
                "image_url": None,
            }
            for told in filled.headlines
        ],
    }
    assert not re.search("[<>&\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", text)


@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D10_text_has_one_line_for_each_title_and_headline(payload: str) -> None:
    """No text makes a line of its own, or loses one, by any reader's idea of a line."""
    page = content(*(headline(n, title=payload + "x") for n in range(3)), title="x" + payload)

    text = render_page(page)["venus/headlines.txt"].decode()

    assert text.splitlines() == [one_line("x" + payload), *[one_line(payload + "x")] * 3]
    assert text.endswith("\n")


@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D11_text_moves_no_terminal(payload: str) -> None:
    """No control but the line end, no override of direction, in any format."""
    files = render_page(content(headline(1, title=payload + "x", site_name=payload), title=payload))

    for data in files.values():
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", data.decode()
        )


@pytest.mark.parametrize("link", GOOD_LINKS, ids=short)
def test_D02_a_link_is_one_attribute_with_that_value(link: str) -> None:
    """Quotes and brackets in a link stay in it, and every link is cut off from the page."""
    page = content(headline(1, url=link, image_url=link), headline(2), link=link)

    tree = parse_strictly(html_of(page))

    assert shape(tree) == BENIGN
    assert [a.get("href") for a in tree.iter("a")] == [link, link, "https://mars.example/2"]
    assert {a.get("rel") for a in tree.iter("a")} == {"noopener noreferrer"}


@pytest.mark.parametrize("link", BAD_LINKS, ids=short)
def test_D02_any_other_link_is_refused(link: str) -> None:
    """Nothing before lets such a link through; if it does, nothing is written."""
    pages = [
        content(headline(1, url=link)),
        content(headline(1, image_url=link)),
        content(headline(1), link=link),
    ]

    for page in pages:
        with pytest.raises(ValueError, match="not an http"):
            render_page(page)


@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D02_a_payload_in_a_link_is_escaped_or_refused(payload: str) -> None:
    """In all three places a link can stand."""
    link = f"https://mars.example/{payload}"
    page = content(headline(1, url=link), headline(2), link=link)

    try:
        html = html_of(page)
    except ValueError:
        assert re.search(r"[\s\x00-\x20\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", payload)
        return

    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    assert shape(tree) == BENIGN
    assert [a.get("href") for a in tree.iter("a")][:2] == [link, link]


def document(fragment: str) -> Element:
    host = (
        "<!doctype html><html lang=en><head><title>Host</title></head><body>"
        "<header><h1>Host</h1></header><main><p>Before<div id=slot>"
        f"{fragment}</div><p>After</main><footer><ul><li>End</ul></footer></body></html>"
    )
    return html5lib.parse(host, namespaceHTMLElements=False)


def outside(fragment: str) -> list[tuple[str, dict[str, str], str | None, str | None]]:
    """Every element of the host page but those in the slot, with its texts."""
    tree = document(fragment)
    (slot,) = (element for element in tree.iter("div") if element.get("id") == "slot")
    for child in list(slot):
        slot.remove(child)
    return [
        (str(element.tag), dict(element.attrib), element.text, element.tail)
        for element in tree.iter()
    ]


@pytest.mark.parametrize("payload", BREAK_OUTS, ids=short)
def test_D05_the_page_around_a_block_stays_as_it_is(payload: str) -> None:
    """The host page is the same outside the slot whatever stands in the block."""
    benign = outside(html_of(content(headline(1), headline(2))))

    hostile = content(headline(1, title=payload), headline(2, title=payload), title=payload)

    assert outside(html_of(hostile)) == benign


@pytest.mark.parametrize("payload", INCLUDES, ids=short)
def test_D06_no_server_side_language_sees_a_directive(payload: str) -> None:
    """The openings of SSI, ESI, PHP and ASP do not occur in HTML or JSON."""
    page = content(headline(1, title=payload, site_name=payload), title=payload)

    files = render_page(page)

    for path in ("venus/headlines.html", "venus/headlines.json", "venus/space.html"):
        assert not re.search(r"<!--|<esi:|<\?|<%", files[path].decode())


@pytest.mark.parametrize("payload", PAYLOADS, ids=short)
def test_D09_json_can_be_pasted_into_a_script_element(payload: str) -> None:
    """The script ends where the template ends it and holds the whole document."""
    data = render_page(content(headline(1, title=payload + "x"), title=payload + "x"))

    pasted = document(
        f'<script type="application/json">{data["venus/space.json"].decode()}</script>'
    )

    (script,) = pasted.iter("script")
    assert json.loads(script.text) == json.loads(data["venus/space.json"])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_D13_templates_leave_escaping_on(template: Path) -> None:
    """No unquoted value, nothing marked safe, no value in a style, a script or an event."""
    text = template.read_text()

    assert not re.search(r"=\s*\{\{", text)
    assert not re.search(r"\|\s*(safe|xmlattr|urlize)|autoescape|Markup", text)
    assert not re.search(r"\s(on\w+|style)=|<script", text)
    assert template.suffix != ".css" or "{{" not in text


any_text = st.text(
    st.characters() | st.sampled_from("<>&\"'`/=!-{}[]\\\x00\r\n\u2028\u202e\u200b\ud800")
)


@settings(max_examples=300, deadline=None)
@given(any_text)
def test_D14_making_a_line_printable_twice_changes_nothing(text: str) -> None:
    """Idempotent, and one line by any reader's idea."""
    once = one_line(text)

    assert one_line(once) == once
    assert len(once.splitlines()) <= 1


@settings(max_examples=200, deadline=None)
@given(any_text, any_text, any_text)
def test_D14_whatever_goes_in_comes_out(title: str, name: str, heading: str) -> None:
    """HTML and JSON give every text back, and a browser finds nothing to mend."""
    page = content(headline(1, title=title, site_name=name), headline(2), title=heading, link=LINK)

    files = render_page(page)

    tree = parse_strictly(files["venus/space.html"].decode())
    value = json.loads(files["venus/space.json"])
    assert shape(tree) == BENIGN
    assert list(texts(tree, "li")) == [one_line(title), "Story 2"]
    assert list(texts(tree, "h2")) == [one_line(heading)] == [value["title"]]
    assert value["headlines"][0]["title"] == one_line(title)
    assert value["headlines"][0]["site_name"] == one_line(name)
