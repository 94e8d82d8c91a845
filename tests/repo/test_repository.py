"""What the repository promises outside its code: scripts, locks, and what README.md tells."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sqlite_utils import Database

from aggregator import errors
from aggregator.config.load import load_network
from aggregator.store.migrations import migrate

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path for path in (ROOT / "bin").iterdir() if path.is_file())
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
LOCKS = ("requirements.lock", "requirements-dev.lock")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    """The code blocks of README.md in `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Package -> its version and how many hashes it has, for every requirement of the lock."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        requirement, *rest = line.split(" --hash=sha256:")
        match = re.fullmatch(r"([a-z0-9-]+)(?:\[[\w,-]+\])?==([\w.]+)( ; .*)?", requirement.strip())
        assert match, f"not a pin: {line[:60]}"
        assert all(re.fullmatch(r"[0-9a-f]{64}", value.strip()) for value in rest)
        found[match[1]] = (match[2], len(rest))
    return found


# -------------------------------------------------------------------- scripts


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_posix_sh(script: Path) -> None:
    """A shell that knows POSIX only reads the script, and nothing of bash is in it."""
    shell = shutil.which("dash") or "sh"

    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)

    text = script.read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search(r"\[\[|\blocal\b|\bsource\b|<<<|\bfunction\b|\bpipefail\b", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stop_at_the_first_failure(script: Path) -> None:
    """Each script that is started starts as sh with -eu; the one that is sourced does neither."""
    lines = script.read_text(encoding="utf-8").splitlines()

    started = lines[0] == "#!/bin/sh" and "set -eu" in lines

    assert started is (script.suffix != ".sh")


def test_the_ci_script_is_bash() -> None:
    """`.ci/run` can be read by bash and fits one screen."""
    script = ROOT / ".ci" / "run"

    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 40


def test_bench_lists_the_benchmarks(tmp_path: Path) -> None:
    """Without a name, from anywhere, it prints those there are; an unknown name is status 2."""
    script = ROOT / "bin" / "bench"
    there = {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}

    listed = subprocess.run(
        ["sh", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    unknown = subprocess.run(
        ["sh", script, "nothing"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (listed.returncode, set(listed.stdout.split())) == (0, there)
    assert (unknown.returncode, unknown.stdout) == (2, "")


# ---------------------------------------------------------------------- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_with_hashes(lock: str) -> None:
    """Each line is name==version with one hash or more."""
    found = pins(lock)

    assert found
    assert not [name for name, (_, hashes) in found.items() if hashes == 0]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """No URL, no option such as an index, no path: it serves wherever packages come from."""
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert not re.search(r"://|^-|@|(?<!sh bin)/", text, re.MULTILINE)


def test_the_development_lock_holds_the_other_one() -> None:
    """The same versions, so that tests run with what people run."""
    runtime, development = pins(LOCKS[0]), pins(LOCKS[1])

    assert runtime.items() <= development.items()


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """Every dependency, the build backend included, is in its lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked = {
        LOCKS[0]: run,
        LOCKS[1]: [*run, *project["dependency-groups"]["dev"]],
    }

    missing = {
        name
        for lock, requirements in asked.items()
        for name in (re.match(r"[\w-]+", line) for line in requirements)
        if name and name[0].lower().replace("_", "-") not in pins(lock)
    }

    assert not missing


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_the_extras_that_are_asked_for(lock: str) -> None:
    """Older pips take the newest version for `coverage[toml]` when the lock has `coverage` alone.

    They refuse the whole lock on the day a newer one is published.
    """
    text = (ROOT / lock).read_text(encoding="utf-8")
    locked = {
        canonicalize_name(name): set(extras.split(",")) if extras else set()
        for name, extras in re.findall(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", text, re.MULTILINE)
    }
    asked = [
        requirement
        for name, extras in locked.items()
        for requirement in map(Requirement, requires(name) or ())
        if not requirement.marker
        or any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})
    ]

    assert asked
    assert not [
        str(requirement)
        for requirement in asked
        if requirement.extras - locked[canonicalize_name(requirement.name)]
    ]


# ------------------------------------------------------------------ documents


def test_the_commands_of_the_readme_exist() -> None:
    """The table of commands and the program's own list name the same commands."""
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "--help"], capture_output=True, text=True, check=True
    )
    listed = re.search(r"^Commands:\n((?:  .*\n?)+)", done.stdout, re.MULTILINE)
    assert listed is not None

    known = set(re.findall(r"^  (\w[\w-]*)", listed[1], re.MULTILINE))
    table = README.split("| command | does |")[1].split("\n\n")[0]
    told = set(re.findall(r"^\| `([\w-]+)", table, re.MULTILINE))

    assert told == known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_files_that_exist(document: Path) -> None:
    """Every relative link and every script that is told to be run is there."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!\w+:)([^)#]+)", text)
    scripts = re.findall(r"\b(?:sh|bash) ((?:bin|\.ci)/\w+)", text)

    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [script for script in scripts if not (ROOT / script).exists()]

    assert not missing


def test_the_example_of_the_readme_is_a_network() -> None:
    """The feeds.yaml of README.md is accepted as it stands, without a warning."""
    (text,) = fenced("yaml")

    loaded = load_network(text, path=ROOT / "feeds.yaml")

    assert loaded.warnings == ()
    assert [page.id for page in loaded.network.pages] == list(yaml.safe_load(text)["pages"])


@pytest.mark.parametrize("query", fenced("sql"))
def test_the_queries_of_the_readme_run(query: str) -> None:
    """Each query is understood by a database of the present schema."""
    db = Database(memory=True)
    try:
        migrate(db)

        rows = db.execute(query).fetchall()
    finally:
        db.close()

    assert rows == []


def test_the_readme_tells_every_exit_status() -> None:
    """The statuses of the errors the program raises are in the table."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    statuses = {getattr(kind, "exit_status", 0) for kind in kinds}

    told = {int(number) for number in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}

    assert statuses <= told
