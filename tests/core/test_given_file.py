"""Files that a person names: what is read, and what would be waited for in vain."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aggregator.given_file import read_given


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """One byte more than the limit says that it is longer."""
    path = tmp_path / "given"
    path.write_bytes(b"0123456789")

    assert read_given(path, limit=10) == b"0123456789"
    assert read_given(path, limit=4) == b"01234"


def test_a_pipe_is_read_to_its_end() -> None:
    """Whatever its writer has not written yet is waited for, as `<(...)` of a shell needs it."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(b"x" * 100_000)

    writer = threading.Thread(target=write)
    writer.start()
    content = read_given(Path(f"/dev/fd/{reading}"), limit=1_000_000)
    os.close(reading)
    writer.join()

    assert content == b"x" * 100_000


def test_what_would_not_end_is_refused(tmp_path: Path) -> None:
    """A named pipe, which nobody may ever write, and a device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, Path("/dev/null"), Path("/dev/zero")):
        with pytest.raises(OSError, match="expected a file"):
            read_given(path, limit=10)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """In the words of the operating system."""
    with pytest.raises(IsADirectoryError):
        read_given(tmp_path, limit=10)
