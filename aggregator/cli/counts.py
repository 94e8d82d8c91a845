"""A number and a word -> both, the word in the plural unless it is one."""

from __future__ import annotations

from collections.abc import Sized


def counted(what: object, word: str) -> str:
    """`3, "feed"` -> `3 feeds`; `1, "story"` -> `1 story`; `what` is a number, or its members."""
    count = len(what) if isinstance(what, Sized) else what
    if count == 1:
        return f"1 {word}"
    return f"{count} {word[:-1]}ies" if word.endswith("y") else f"{count} {word}s"
