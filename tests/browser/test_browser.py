"""A real browser looks at the preview and at pages that include blocks, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import html5lib
import pytest
from browser_build import (
    AXE,
    CHROMIUM,
    NGINX,
    demo,
    look_at,
    nginx,
    with_axe,
    with_ruler,
)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.skipif(NGINX is None, reason="needs nginx"),
]
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core (npm)")

PAGE = "spacewar"
HOST = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,"></head>
<body>
<main><h1>An article</h1><p>Its text.</p><aside>{}</aside></main>
</body>
</html>
"""
INCLUDED = HOST.format(f'<!--# include virtual="/_headlines/{PAGE}/headlines.html" -->')
SCRIPTED = HOST.format(f'<script async src="/_headlines/{PAGE}/headlines.js"></script>')
MISSPELT = HOST.format(f'<!--# include virtual="/_headlines/{PAGE}/nosuch.html" -->')


@dataclass(frozen=True, slots=True)
class Served:
    """The demo behind nginx."""

    address: str
    current: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Preview and blocks below /_headlines/, host pages beside."""
    place = tmp_path_factory.mktemp("browser")
    place.chmod(0o755)
    current = demo(place / "demo").parent / "public/current"
    www = place / "www"
    www.mkdir()
    preview = (current / "index.html").read_text()
    pages = {"included": INCLUDED, "scripted": SCRIPTED, "misspelt": MISSPELT}
    for name, html in {**pages, "preview": preview}.items():
        (www / f"{name}.html").write_text(html)
        (www / f"{name}-axe.html").write_text(with_axe(html))
        (www / f"{name}-ruler.html").write_text(with_ruler(html))
    if AXE.is_file():
        (www / "axe.js").write_bytes(AXE.read_bytes())
    with nginx(place / "nginx", www, current) as address:
        yield Served(address, current)


@pytest.mark.parametrize(
    "path", ["/_headlines/index.html", "/included.html", "/scripted.html", "/misspelt.html"]
)
def test_a_page_is_quiet_and_keeps_to_itself(served: Served, tmp_path: Path, path: str) -> None:
    """No line in the console, and no request to another origin."""
    seen = look_at(served.address + path, tmp_path / "chromium")

    assert seen.console == ()
    assert seen.origins == {served.address}


def blocks(dom: str) -> list[str]:
    """The text of every block, in order."""
    tree = html5lib.parse(dom, namespaceHTMLElements=False)
    sections = [node for node in tree.iter("section") if node.get("class") == "hl-block"]
    return ["\n".join(filter(None, "".join(node.itertext()).split("\n"))) for node in sections]


def test_an_include_and_a_script_show_the_same_blocks(served: Served, tmp_path: Path) -> None:
    """As the text of the page says; the rest of the host page is the same as without them."""
    included, scripted, without = (
        look_at(f"{served.address}/{name}.html", tmp_path / name).dom
        for name in ("included", "scripted", "misspelt")
    )

    text = (served.current / PAGE / "headlines.txt").read_text()
    wanted = [block.replace("\n", "") for block in text.strip("\n").split("\n\n")]
    assert [block.replace("\n", "") for block in blocks(included)] == wanted
    assert [block.replace("\n", "") for block in blocks(scripted)] == wanted
    section = re.compile(r"<section.*?</section>\n?", re.DOTALL)
    script = re.compile(r"<script.*?</script>", re.DOTALL)
    assert section.sub("", included) == without
    assert script.sub("", section.sub("", scripted)) == without


@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [500, 1280], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["preview", "included", "scripted"])
def test_axe_finds_no_violation(
    served: Served, tmp_path: Path, name: str, width: int, dark: bool
) -> None:
    """Names, contrasts, landmarks, headings; light and dark, on a phone and on a desk."""
    url = f"{served.address}/{name}-axe.html"

    dom = look_at(url, tmp_path / "chromium", dark=dark, width=width).dom

    found = re.search(r'data-axe="(.*?)"', dom)
    assert found is not None, "axe did not run"
    assert unescape(found[1]) == "[]"


@pytest.mark.parametrize("width", [500, 1280], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["preview", "included", "scripted"])
def test_nothing_scrolls_sideways(served: Served, tmp_path: Path, name: str, width: int) -> None:
    """Neither the page nor a part of it, such as the preview's list of pages."""
    url = f"{served.address}/{name}-ruler.html"

    dom = look_at(url, tmp_path / "chromium", width=width).dom

    found = re.search(r'data-wide="(.*?)"', dom)
    assert found is not None, "nothing was measured"
    assert unescape(found[1]) == "[]"
