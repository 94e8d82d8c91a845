"""headlines.js as a browser would run it: node, with a document of few functions."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from output_build import Element

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node")

_ORACLE = Path(__file__).with_name("js_oracle.js")


def run_scripts(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each script leaves in its document; `error` where one threw or did what it may not."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, _ORACLE],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def is_script(text: str, directory: Path) -> bool:
    """Does `node --check` take it."""
    assert NODE is not None
    file = directory / "checked.js"
    file.write_text(text)
    return subprocess.run([NODE, "--check", file], check=False, timeout=60).returncode == 0


def dom(element: Element) -> list[Any]:
    """An element as the oracle prints one; white space between elements is no difference."""
    children: list[Any] = []
    for text, child in [(element.text, None), *((child.tail, child) for child in element)]:
        if child is not None:
            children.append(dom(child))
        if text and text.strip("\n"):
            children.append(text)
    return [element.tag, dict(element.attrib), children]
