"""A path that a person named -> the bytes there. Alone in knowing what can be read without waiting
for somebody who may never come."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_EXPECTED = "a device or a named pipe; expected a file, or /dev/stdin of a pipe"


def read_given(path: Path, *, limit: int) -> bytes:
    """At most `limit` bytes and one, which says that there are more.

    Of a file, or of a pipe that another program is writing, such as `/dev/stdin` and the shell's
    `<(...)`. Raises OSError, whose `strerror` says what was expected, and ValueError for a path
    with a NUL in it.
    """
    # A named pipe that nobody writes would hold up the opening itself.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with open(descriptor, "rb", closefd=False) as file:  # raises for a directory
            if not _is_readable(descriptor):
                raise OSError(errno.EINVAL, _EXPECTED)
            os.set_blocking(descriptor, True)
            return file.read(limit + 1)
    finally:
        os.close(descriptor)


def _is_readable(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return True
    # A pipe without a name was handed to us by the one who writes it (proc_pid_fd(5)).
    is_nameless = str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("pipe:")
    return stat.S_ISFIFO(mode) and is_nameless
