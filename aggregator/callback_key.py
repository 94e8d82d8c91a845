"""A database's place -> the key that hubs' callbacks and secrets are made with.

It lies beside the database, readable by its owner alone: the database itself is made for being read
by others, and whoever knew a callback and its secret could pass for the hub.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from aggregator.errors import StorageError

KEY_BYTES = 32


def key_path(database: Path) -> Path:
    """Where the key of `database` is."""
    return Path(f"{database}.key")


def read_key(database: Path) -> tuple[bytes, bool]:
    """The key, and whether it was made just now. The caller holds the database's lock.

    Raises StorageError.
    """
    path = key_path(database)
    try:
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            key = b""
        if len(key) == KEY_BYTES:
            return key, False
        return _make(path), True
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def _make(path: Path) -> bytes:
    """In one step: a crash leaves no half of it."""
    key = secrets.token_bytes(KEY_BYTES)
    made = Path(f"{path}.new")
    made.unlink(missing_ok=True)
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    made.replace(path)
    return key
