"""The house: who may import whom, and what the pure core keeps away from."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aggregator"

# Lowest first. A module imports modules of its own package and of lower rows only; `config` means
# the package with all its modules.
LAYERS = (
    ("errors", "times"),
    ("network",),
    ("model", "editors"),
    ("urls", "markup", "zones", "date_fallback"),
    (
        *("domains", "url_key", "text", "dates", "stories", "search_words"),
        *("agency", "events", "rights"),
    ),
    (
        *("clocks", "config", "environment", "freshness", "identity", "moves", "pauses"),
        *("policy", "presence", "schedule", "selection", "similar", "websub"),
    ),
    ("absence", "match", "parse", "render", "opml"),
    ("given_file",),
    ("logs", "notify", "vitals", "config_file", "file_watch", "callback_key"),
    ("pulse", "workers", "fetch", "publish", "control", "export", "slots"),
    ("store", "hook"),
    ("pacing", "intake"),
    ("recording",),
    ("publication",),
    ("pipeline", "upkeep"),
    ("polling",),
    ("replaying", "visiting"),
    ("instance",),
    ("editing",),
    ("requests", "setbacks"),
    ("hubs",),
    ("serve",),
    ("daemon", "demo", "web"),
    ("cli",),
    ("__main__",),
)
PURE_ROWS = 7
"""The rows of the core: no I/O, no clock, no randomness, no logging."""

FORBIDDEN_IN_CORE = frozenset(
    {
        "asyncio",
        "httpx",
        "logging",
        "os",
        "random",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "sqlite_utils",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "uuid",
    }
)
CLOCKS = frozenset({"now", "utcnow", "today"})


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def unit_of(module: Path) -> str:
    """`aggregator/store/rows.py` -> `store`; `aggregator/match.py` -> `match`."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank_of(unit: str) -> int:
    """The row of the table; fails for a module the table has not heard of."""
    for rank, row in enumerate(LAYERS):
        if unit in row:
            return rank
    raise AssertionError(f"{unit} is in no layer: add it to LAYERS")


def imports_of(module: Path) -> list[tuple[ast.stmt, str]]:
    """Every import statement, at any depth, with the dotted name it reaches for."""
    found: list[tuple[ast.stmt, str]] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.extend((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            found.extend((node, f"{node.module}.{alias.name}") for alias in node.names)
    return found


def core_modules() -> list[Path]:
    """The modules of the pure rows."""
    return [m for m in modules() if unit_of(m) != "__init__" and rank_of(unit_of(m)) < PURE_ROWS]


def imported_modules() -> list[Path]:
    """All modules but the start, which sits on top and readies the process before it imports."""
    return [module for module in modules() if unit_of(module) != "__main__"]


def ids(paths: list[Path]) -> list[str]:
    """Names for parametrize."""
    return [str(path.relative_to(PACKAGE)) for path in paths]


@pytest.mark.parametrize("module", modules(), ids=ids(modules()))
def test_imports_only_go_down(module: Path) -> None:
    """A module imports from its own unit and from lower layers, never sideways or up."""
    unit = unit_of(module)
    reached = {
        name.split(".")[1] for _, name in imports_of(module) if name.startswith("aggregator.")
    }

    wrong = {
        other for other in reached - {unit} if unit == "__init__" or rank_of(other) >= rank_of(unit)
    }

    assert not wrong, f"{unit} may not import {sorted(wrong)}"


@pytest.mark.parametrize("module", imported_modules(), ids=ids(imported_modules()))
def test_own_imports_stand_at_the_top(module: Path) -> None:
    """An import of ours in a function is a cycle in disguise (none leads through `__main__`)."""
    top = set(ast.parse(module.read_text(encoding="utf-8")).body)
    lines = {node.lineno for node in top if isinstance(node, ast.Import | ast.ImportFrom)}

    hidden = [
        name
        for node, name in imports_of(module)
        if name.startswith("aggregator") and node.lineno not in lines
    ]

    assert not hidden


@pytest.mark.parametrize("module", core_modules(), ids=ids(core_modules()))
def test_core_is_pure(module: Path) -> None:
    """The core knows no I/O, clock, randomness or log."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    clocks = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
    ]

    reached = {name.split(".")[0] for _, name in imports_of(module)}

    assert not reached & FORBIDDEN_IN_CORE
    assert not clocks


@pytest.mark.parametrize("module", modules(), ids=ids(modules()))
def test_modules_are_one_topic(module: Path) -> None:
    """A module over 400 lines is two topics, a function over 50 is several."""
    text = module.read_text(encoding="utf-8")
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 50
    ]

    assert text.count("\n") <= 400
    assert not long


def test_only_the_store_speaks_sql() -> None:
    """Statements stand in `store` and nowhere else."""
    verbs = ("SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE", "PRAGMA ")
    speakers = {
        unit_of(module)
        for module in modules()
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.strip().startswith(verbs)
    }

    assert speakers <= {"store"}


def test_httpx_is_imported_in_one_module() -> None:
    """A move to another client of the same API is a change of one file."""
    importers = [
        str(module.relative_to(PACKAGE))
        for module in modules()
        if any(name.split(".")[0] == "httpx" for _, name in imports_of(module))
    ]

    assert len(importers) == 1
