"""Reading feeds.yaml from disk: what is there, what is not, and the paths that come of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config.source import MAX_BYTES
from aggregator.config_file import read_network
from aggregator.errors import ConfigError

TEXT = "network: {name: N}\nsites: {a: {name: A, home: 'https://a.example/'}}\n"


def write(path: Path, content: bytes) -> Path:
    """A file with this content."""
    path.write_bytes(content)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """The database and the output stand beside the file unless it says otherwise."""
    path = write(tmp_path / "feeds.yaml", TEXT.encode())

    network = read_network(path).network

    assert network.database == tmp_path / "aggregator.db"
    assert network.output == tmp_path / "public"


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path relative to the working directory gives absolute ones."""
    write(tmp_path / "feeds.yaml", TEXT.encode())
    monkeypatch.chdir(tmp_path)

    network = read_network(Path("feeds.yaml")).network

    assert network.database == tmp_path / "aggregator.db"


def test_the_command_line_overrides_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`database` and `output` given are relative to the working directory."""
    path = write(tmp_path / "feeds.yaml", TEXT.encode() + b"database: x.db\noutput: y\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    network = read_network(path, database=Path("z.db"), output=Path("/srv/www")).network

    assert network.database == tmp_path / "here" / "z.db"
    assert network.output == Path("/srv/www")


def test_warnings_come_along(tmp_path: Path) -> None:
    """What loads with a warning keeps it, under the name of the file as given."""
    path = write(tmp_path / "feeds.yaml", TEXT.encode() + b"pages: {a: []}\n")

    loaded = read_network(path, output=tmp_path)

    assert [warning.file for warning in loaded.warnings] == [str(path)]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """An editor's byte order mark is passed over."""
    path = write(tmp_path / "feeds.yaml", b"\xef\xbb\xbf" + TEXT.encode())

    assert read_network(path).network.name == "N"


CONTENT = {
    "not UTF-8": (b"a: 1\nb: \xff\n", "2:4", "not UTF-8; expected a text file in UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "1:1", "not UTF-8; expected a text file in UTF-8"),
    "empty": (b"", "1:1", "empty; expected at least `network` and `sites`"),
    "large": (b"#" * (MAX_BYTES + 1), "1:1", "more than 1 MiB; expected a smaller file"),
    "large, cut": (b"#" + "é".encode() * MAX_BYTES, "1:1", "more than 1 MiB; expected a smaller"),
}


@pytest.mark.parametrize(("content", "place", "words"), CONTENT.values(), ids=CONTENT)
def test_content_that_is_no_text_of_ours(
    tmp_path: Path, content: bytes, place: str, words: str
) -> None:
    """Bytes that are no text, or nothing, or too many: one problem with its place."""
    path = write(tmp_path / "feeds.yaml", content)

    with pytest.raises(ConfigError) as caught:
        read_network(path)

    assert str(caught.value).startswith(f"{path}:{place}: {words}")


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """1 MiB is the last size that is fine."""
    content = TEXT.encode()
    path = write(tmp_path / "feeds.yaml", content + b"#" * (MAX_BYTES - len(content)))

    assert read_network(path).network.name == "N"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.yaml", "cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
        ("a\0b", "cannot be read: a path with a NUL in it"),
        ("/dev/null", "cannot be read: a device or a named pipe; expected a file, or"),
    ],
    ids=["missing", "directory", "NUL", "device"],
)
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str, words: str) -> None:
    """No file, or something else than a file: exit status 2 and the reason."""
    path = tmp_path / name

    with pytest.raises(ConfigError) as caught:
        read_network(path)

    assert str(caught.value).startswith(f"{path}:1:1: {words}")
    assert caught.value.exit_status == 2
