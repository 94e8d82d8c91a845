"""What one worker may use (security.md 4.7), as both sides of the pipe know it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

EXIT_MEMORY = 12
"""The exit status of a worker that ran out of memory."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """`seconds` is wall time per document, `cpu_seconds` its processor time.

    A worker is replaced after `documents` documents or when it holds `resident_bytes`: feedparser
    leaks (its issue #287). `address_bytes` is RLIMIT_AS, `files` RLIMIT_NOFILE.
    """

    seconds: float = 5.0
    cpu_seconds: int = 6
    start_seconds: float = 20.0
    address_bytes: int = 512 * 1024 * 1024
    files: int = 32
    documents: int = 500
    resident_bytes: int = 200 * 1024 * 1024

    def to_argument(self) -> str:
        """For the command line of a worker; `from_argument` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, text: str) -> WorkerLimits:
        return cls(**json.loads(text))
