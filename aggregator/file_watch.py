"""A file -> whether it has changed since it was last asked about."""

from __future__ import annotations

from pathlib import Path


class FileWatch:
    """A file that may be replaced or rewritten while we look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._seen = self._look()

    def changed(self) -> bool:
        """Once for each change, as soon as two looks in a row agree: it is written no more."""
        before, self._seen = self._seen, self._look()
        if self._seen == self._known or self._seen != before:
            return False
        self._known = self._seen
        return True

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
