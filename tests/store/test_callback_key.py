"""The key of callbacks: made once, readable by its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.callback_key import KEY_BYTES, key_path, read_key
from aggregator.errors import StorageError


def test_it_is_made_once(tmp_path: Path) -> None:
    """And read ever after; nothing else is left beside it."""
    database = tmp_path / "aggregator.db"

    key, is_new = read_key(database)

    assert (len(key), is_new) == (KEY_BYTES, True)
    assert read_key(database) == (key, False)
    assert key_path(database).stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [key_path(database)]


@pytest.mark.parametrize("left", [b"", b"half"])
def test_half_a_key_is_none(tmp_path: Path, left: bytes) -> None:
    """A new one takes its place, also where a start was cut off."""
    database = tmp_path / "aggregator.db"
    key_path(database).write_bytes(left)
    Path(f"{key_path(database)}.new").write_bytes(left)

    key, is_new = read_key(database)

    assert (len(key), is_new) == (KEY_BYTES, True)
    assert key_path(database).stat().st_mode & 0o777 == 0o600


def test_where_no_file_can_be_there_is_an_error(tmp_path: Path) -> None:
    """Status 4, with the place."""
    with pytest.raises(StorageError, match=r"missing/aggregator\.db\.key: "):
        read_key(tmp_path / "missing" / "aggregator.db")
