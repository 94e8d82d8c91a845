"""A path -> the kind of file system below it, as the kernel lists its mounts."""

from __future__ import annotations

import re
from pathlib import Path

NETWORKED = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.sshfs", "glusterfs", "lustre", "ncpfs"}
    | {"fuse.glusterfs", "fuse.s3fs", "gfs2", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs"}
)
"""Where locks or shared memory do not do what SQLite needs (https://sqlite.org/wal.html, 1)."""

_MOUNTS = Path("/proc/self/mountinfo")


def network_file_system(path: Path) -> str | None:
    """The file system's kind when it is one over a network; None: local, or not known."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    kind = kind_of(mounts, path.resolve())
    return kind if kind in NETWORKED else None


def kind_of(mounts: str, path: Path) -> str | None:
    """The kind of the deepest mount that holds the path; `mounts` as in proc(5), mountinfo."""
    best: tuple[int, str | None] = (-1, None)
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if len(fields) < 5 or not kind:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4]))
        # A later mount at the same place lies over an earlier one.
        if path.is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), kind)
    return best[1]
