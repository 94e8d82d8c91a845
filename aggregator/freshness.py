"""Blocks and what they show -> whether each is as fresh as it is meant to be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.network import Page


@dataclass(frozen=True, slots=True)
class BlockAge:
    """`age` is that of the newest headline, None for an empty block; `objective` is `fresh:`."""

    page: str
    block: str
    age: timedelta | None
    objective: timedelta | None

    @property
    def ok(self) -> bool:
        """Without an objective anything will do; an empty block meets none."""
        if self.objective is None:
            return True
        return self.age is not None and self.age <= self.objective


def block_ages(
    pages: Iterable[Page], newest: Mapping[tuple[str, str], datetime], *, now: datetime
) -> tuple[BlockAge, ...]:
    """Every block in its place; `newest` is when the newest headline there is from."""
    return tuple(
        BlockAge(
            page=page.id,
            block=block.id,
            age=max(timedelta(), now - newest[place]) if place in newest else None,
            objective=block.fresh,
        )
        for page in pages
        for block in page.blocks
        for place in ((page.id, block.id),)
    )
