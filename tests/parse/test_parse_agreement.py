"""Real captures: the same entries as feedparser, or a documented deviation.

By default every fifth capture, since feedparser takes a minute for all of them:
`PARSE_CAPTURES=all pytest tests/parse/test_parse_agreement.py`, as benchmarks/parsing.py does.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from parse_feeds import CORPUS, needs_corpus

STEP = 1 if os.environ.get("PARSE_CAPTURES") == "all" else 5
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module", name="benchmark")
def load_benchmark() -> ModuleType:
    """benchmarks/parsing.py, which holds the comparison."""
    path = PROJECT / "benchmarks" / "parsing.py"
    spec = importlib.util.spec_from_file_location("benchmarks_parsing", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@needs_corpus
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["main", "kagi"])
def test_every_difference_from_feedparser_is_documented(benchmark: ModuleType, name: str) -> None:
    """Entry counts, titles, links and dates of every capture."""
    documented = (PROJECT / "docs" / "parsing.md").read_text(encoding="utf-8")
    equal: Counter[str] = Counter()
    unexplained = []
    undocumented = set()

    for capture in benchmark.read_captures(CORPUS, name)[::STEP]:
        found, differences = benchmark.compare(capture)
        equal += found
        unexplained += [each for each in differences if not each.deviation]
        undocumented |= {
            each.deviation for each in differences if f"| {each.deviation} |" not in documented
        }

    assert unexplained == []
    assert undocumented == set()
    assert equal["title"] > 3000 / STEP
