"""A directory of generations as a reader finds it, judged as a whole."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from aggregator.publish import current_generation


def manifest(output: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((output / "current/manifest.json").read_bytes())
    return value


def tree(directory: Path) -> set[str]:
    """The relative paths of all files below."""
    return {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()
    }


def generations(output: Path) -> list[int]:
    return sorted(int(path.name) for path in (output / "generations").iterdir())


def assert_whole(output: Path) -> None:
    """What readers see is one generation, complete, every byte as its manifest says."""
    current = output / "current"
    said = manifest(output)
    assert current.resolve() == (output / "generations").resolve() / f"{said['generation']:06d}"
    assert current_generation(output) == said["generation"]
    assert tree(current) == {*said["files"], "manifest.json"}
    for path, facts in said["files"].items():
        data = (current / path).read_bytes()
        assert len(data) == facts["bytes"]
        assert hashlib.sha256(data).hexdigest() == facts["sha256"]


def assert_tidy(output: Path) -> None:
    """Nothing lies about but `current`, and generations up to the one it names."""
    number = current_generation(output)
    assert {path.name for path in output.iterdir()} <= {"current", "generations"}
    assert number is None or max(generations(output)) == number


PUBLISH_FOR_EVER = [
    sys.executable,
    "-c",
    """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from aggregator.publish import publish

output = Path(sys.argv[1])
now = datetime(2026, 11, 25, tzinfo=UTC)
for turn in itertools.count():
    files = {f"page{n}/headlines.txt": f"{n} {turn}\\n".encode() * 2000 for n in range(4)}
    files["page0/still.txt"] = b"never changes"
    publish(output, files, preview=lambda: b"preview", generated_at=now)
    print(turn, flush=True)
""",
]


KEPT = 40
PUBLISH_PAIRS = [
    sys.executable,
    "-c",
    f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from aggregator.publish import current_generation, publish

output, count = Path(sys.argv[1]), int(sys.argv[2])
now = datetime(2026, 11, 25, tzinfo=UTC)
print("ready", flush=True)
for _ in range(count):
    turn = (current_generation(output) or 0) + 1
    text = b"%d\\n" % turn * 500
    files = {{"page/one.txt": text, "page/two.txt": text, "page/still.txt": b"never changes"}}
    publish(output, files, preview=lambda: None, generated_at=now, keep={KEPT})
""",
]
