"""What an editor did to a story, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OverrideKind(StrEnum):
    """What an editor can do to a story."""

    WITHDRAW = "withdraw"
    PIN = "pin"
    RETITLE = "retitle"


@dataclass(frozen=True, slots=True)
class Override:
    """An editor's word that goes before every rule.

    It concerns `story_ids` and, for WITHDRAW, every story with `words` in its title. `value` is
    the new title (RETITLE) or the block (PIN; None: the first block that may show it). `page`
    None: on every page. A higher `id` is a later word.
    """

    id: int
    kind: OverrideKind
    story_ids: frozenset[int] = frozenset()
    words: str | None = None
    value: str | None = None
    page: str | None = None
