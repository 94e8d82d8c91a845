"""Readers at work, a process killed, a disk full: readers see one whole generation."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from output_build import NOW
from output_generations import (
    KEPT,
    PUBLISH_FOR_EVER,
    PUBLISH_PAIRS,
    assert_tidy,
    assert_whole,
    generations,
    tree,
)

from aggregator.errors import StorageError
from aggregator.publish import current_generation, publish, sweep

SMALL = {"mars/headlines.txt": b"small\n", "mars/space.txt": b"space\n"}
LARGE = {**SMALL, "mars/headlines.txt": b"x" * 1_000_000}


def test_rH1_no_reader_sees_a_torn_or_missing_file(tmp_path: Path) -> None:
    """While 200 generations are published every read gives one of them, whole."""
    contents = [b"%d\n" % turn * 3000 for turn in range(200)]
    publish(tmp_path, {"mars/a.txt": contents[0]}, preview=lambda: None, generated_at=NOW)
    done = threading.Event()
    wrong: list[object] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        whole = set(contents)
        while not done.is_set():
            try:
                found = (tmp_path / "current/mars/a.txt").read_bytes()
            except OSError as error:
                wrong.append(error)
            else:
                reads += 1
                wrong.extend([found] if found not in whole else [])

    reader = threading.Thread(target=read)
    reader.start()
    for content in contents[1:]:
        publish(tmp_path, {"mars/a.txt": content}, preview=lambda: None, generated_at=NOW)
    while reads <= 200 and not wrong:  # a busy machine may have let the reader wait
        time.sleep(0.01)
    done.set()
    reader.join()

    assert wrong == []
    assert current_generation(tmp_path) == 200


class PairReader(threading.Thread):
    """Opens `current` once, then reads two files below it, again and again."""

    def __init__(self, output: Path, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self.output, self.done = output, done
        self.reads, self.faults = 0, list[str]()

    def run(self) -> None:
        """Until `done`."""
        while not self.done.is_set():
            current = os.open(self.output / "current", os.O_PATH | os.O_DIRECTORY)
            try:
                one, two = (self.read(current, name) for name in ("one", "two"))
            except OSError as error:
                if not self.is_overtaken(current):
                    self.faults.append(f"missing: {error}")
            else:
                self.reads += 1
                if len(set(one.split())) != 1 or len(one.split()) != 500:
                    self.faults.append("torn")
                if one != two:
                    self.faults.append("mixed")
            finally:
                os.close(current)

    def is_overtaken(self, directory: int) -> bool:
        """A busy machine let it wait for more generations than are kept."""
        path = str(Path(f"/proc/self/fd/{directory}").readlink()).removesuffix(" (deleted)")
        return (current_generation(self.output) or 0) - int(Path(path).name) >= KEPT

    def read(self, directory: int, name: str) -> bytes:
        """Through the directory that was opened, not through the link."""
        descriptor = os.open(f"page/{name}.txt", os.O_RDONLY, dir_fd=directory)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()


@pytest.mark.timeout(300)
def test_X7_readers_during_a_thousand_publications_and_fifty_kills(tmp_path: Path) -> None:
    """No file torn or missing, and what is read through one opened `current` is one generation."""
    moments, done = random.Random(20261125), threading.Event()
    subprocess.run([*PUBLISH_PAIRS, tmp_path, "1"], check=True, stdout=subprocess.DEVNULL)
    readers = [PairReader(tmp_path, done) for _ in range(2)]
    for reader in readers:
        reader.start()

    subprocess.run([*PUBLISH_PAIRS, tmp_path, "1000"], check=True, stdout=subprocess.DEVNULL)
    for _ in range(50):
        with subprocess.Popen(
            [*PUBLISH_PAIRS, tmp_path, "1000000"], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=moments.uniform(0, 0.05))
            process.kill()
    while min(reader.reads for reader in readers) <= 200:
        time.sleep(0.01)
    done.set()
    for reader in readers:
        reader.join()

    assert [reader.faults for reader in readers] == [[], []]
    assert (current_generation(tmp_path) or 0) > 1000
    assert_whole(tmp_path)


def kill_while_publishing(output: Path, patience: float) -> None:
    """Starts a process that publishes without end, and kills it `patience` s after its first."""
    with subprocess.Popen(
        [*PUBLISH_FOR_EVER, output], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()


def test_a_kill_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """After any of 15 kills readers see a whole generation, and a sweep leaves no leftover."""
    moments = random.Random(7)

    for _ in range(15):
        kill_while_publishing(tmp_path, moments.uniform(0, 0.05))

        assert_whole(tmp_path)
        sweep(tmp_path)
        assert_whole(tmp_path)
        assert_tidy(tmp_path)


def test_a_sweep_removes_what_was_never_shown(tmp_path: Path) -> None:
    """The link on its way and a half-written generation; the older ones and others' files stay."""
    publish(tmp_path, SMALL, preview=lambda: None, generated_at=NOW)
    publish(tmp_path, LARGE, preview=lambda: None, generated_at=NOW)
    (tmp_path / "generations/000003/mars").mkdir(parents=True)
    (tmp_path / "generations/000003/mars/headlines.txt").write_bytes(b"hal")
    (tmp_path / "generations/README").write_bytes(b"not ours")
    (tmp_path / ".current.next").symlink_to("generations/000003")

    sweep(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"current", "generations"}
    assert {path.name for path in (tmp_path / "generations").iterdir()} == {
        "000001",
        "000002",
        "README",
    }
    assert_whole(tmp_path)


def test_a_sweep_before_the_first_publication(tmp_path: Path) -> None:
    """Without an output there is nothing to do; without a link nothing was ever shown."""
    sweep(tmp_path / "public")
    (tmp_path / "generations/000001/mars").mkdir(parents=True)

    sweep(tmp_path)

    assert not (tmp_path / "public").exists()
    assert generations(tmp_path) == []


def test_a_publication_sweeps_before_it_writes(tmp_path: Path) -> None:
    """Leftovers do not stand in its way, and their number is not used again."""
    publish(tmp_path, SMALL, preview=lambda: None, generated_at=NOW)
    (tmp_path / "generations/000002/mars").mkdir(parents=True)
    (tmp_path / ".current.next").symlink_to("generations/000002")

    done = publish(tmp_path, LARGE, preview=lambda: None, generated_at=NOW)

    assert done is not None
    assert (done.generation, generations(tmp_path)) == (3, [1, 3])
    assert_whole(tmp_path)
    assert_tidy(tmp_path)


PUBLISH_LIMITED = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from aggregator.errors import StorageError
from aggregator.publish import publish

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
files = {"mars/headlines.txt": b"x" * 1_000_000, "mars/space.txt": b"space\\n"}
try:
    publish(Path(sys.argv[1]), files, preview=lambda: None, generated_at=datetime.now(UTC))
except StorageError as error:
    print(error)
"""


def test_a_write_that_fails_leaves_what_readers_see(tmp_path: Path) -> None:
    """A file that cannot be written whole is a StorageError; the half generation is gone."""
    publish(tmp_path, SMALL, preview=lambda: None, generated_at=NOW)

    outcome = subprocess.run(
        [sys.executable, "-c", PUBLISH_LIMITED, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "File too large" in outcome.stdout
    assert generations(tmp_path) == [1]
    assert (tmp_path / "current/mars/headlines.txt").read_bytes() == b"small\n"
    assert_whole(tmp_path)
    assert_tidy(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], capture_output=True
    )
    if not made or made.returncode:
        # No other disk is full for certain; CI is root, and fails a skip.
        pytest.skip("mounting a small tmpfs needs root")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_leaves_what_readers_see(small_disk: Path) -> None:
    """The old generation stays, the partial one makes room again, and the next one succeeds."""
    publish(small_disk, SMALL, preview=lambda: None, generated_at=NOW)

    with pytest.raises(StorageError, match="No space left"):
        publish(small_disk, LARGE, preview=lambda: None, generated_at=NOW)

    assert (generations(small_disk), tree(small_disk / "current")) == (
        [1],
        {*SMALL, "manifest.json"},
    )
    assert_whole(small_disk)
    publish(small_disk, {"mars/headlines.txt": b"next"}, preview=lambda: None, generated_at=NOW)
    assert_whole(small_disk)


def test_an_output_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    """With its name in the message."""
    (tmp_path / "public").write_bytes(b"")

    with pytest.raises(StorageError, match="public"):
        publish(tmp_path / "public", SMALL, preview=lambda: None, generated_at=NOW)
    with pytest.raises(StorageError, match="public"):
        sweep(tmp_path / "public")


def test_a_link_that_fails_for_another_reason_is_a_storage_error(tmp_path: Path) -> None:
    """Only a file system without hard links is met by copying."""
    publish(tmp_path, SMALL, preview=lambda: None, generated_at=NOW)

    def fail(source: Path, target: Path) -> None:
        raise OSError(5, "Input/output error", str(source))

    with pytest.raises(StorageError, match="Input/output error"):
        publish(tmp_path, LARGE, preview=lambda: None, generated_at=NOW, link=fail)

    assert generations(tmp_path) == [1]
    assert_whole(tmp_path)
    assert_tidy(tmp_path)
