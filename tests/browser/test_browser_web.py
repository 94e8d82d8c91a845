"""A real browser looks at the pages of `aggregator web`, over a database with a history."""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from browser_build import AXE, CHROMIUM, NGINX, demo, look_at, nginx, with_axe

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.skipif(NGINX is None, reason="needs nginx"),
    pytest.mark.skipif(importlib.util.find_spec("datasette") is None, reason="needs datasette"),
]
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core (npm)")

PAGES = {
    "network": "/-/network",
    "story": "/-/story/7",
    "find": "/-/find?q=orbiter",
    "home": "/",
    "database": "/aggregator",
    "table": "/aggregator/headlines",
}
STYLES = re.compile(r'href="(/-/[^"]+\.css[^"]*)"')


@contextmanager
def served(config: Path) -> Iterator[str]:
    """`aggregator web` on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "aggregator", "-c", str(config), "web", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "ctrl-C" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def fetch(url: str) -> str:
    """A page as text."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's database in a browser's reach; withdrawn, retitled and shown stories in it."""
    config = demo(tmp_path_factory.mktemp("web") / "demo")
    for words in (["retitle", "7", "Told otherwise", "--note", "a test"], ["withdraw", "9"]):
        command = [sys.executable, "-m", "aggregator", "-c", str(config), *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    with served(config) as found:
        yield found


@pytest.fixture(scope="module")
def copies(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same pages with axe-core in them, served as files."""
    place = tmp_path_factory.mktemp("copies")
    place.chmod(0o755)
    www = place / "www"
    www.mkdir()
    for name, path in PAGES.items():
        html = fetch(address + path)
        for style in STYLES.findall(html):
            copy = www / style.partition("?")[0].lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(fetch(address + unescape(style)))
        (www / f"{name}.html").write_text(with_axe(html))
    (www / "axe.js").write_bytes(AXE.read_bytes())
    with nginx(place / "nginx", www, www) as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_and_keeps_to_itself(address: str, tmp_path: Path, name: str) -> None:
    """No line in the console, and no request to another origin."""
    seen = look_at(address + PAGES[name], tmp_path / "chromium")

    assert seen.console == ()
    assert seen.origins == {address}


def test_the_plots_are_drawn(address: str, tmp_path: Path) -> None:
    """Three charts and the table of fresh blocks, each with its name for a screen reader."""
    dom = look_at(address + PAGES["network"], tmp_path / "chromium").dom

    charts = re.findall(r'<svg class="chart"[^>]*aria-label="([^"]+)"', dom)
    assert [label.split(".")[0] for label in charts] == [
        "Polls of the last 48 hours by outcome",
        "Stories by weekday and hour of their date",
        "Entries by time from their date to our first sight",
    ]
    assert dom.count('<th scope="row">') == 7


@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(copies: str, tmp_path: Path, name: str, dark: bool) -> None:
    """Ours, and those of Datasette's own in our colours."""
    dom = look_at(f"{copies}/{name}.html", tmp_path / "chromium", dark=dark).dom

    found = re.search(r'data-axe="(.*?)"', dom)
    assert found is not None, "axe did not run"
    assert unescape(found[1]) == "[]"
