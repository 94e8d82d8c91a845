"""A headline -> the title tokens it is indexed under, and its candidates are sought by.

Whichever of two headlines comes second finds the other: no rule applies to titles that share less
than the entry ticket, and what two titles share is the same from either side.
"""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.similar.headline import HeadlineTokens
from aggregator.similar.rules import MASS_TICKET
from aggregator.similar.weights import Weights, rarest

TOKEN_LIMIT = 40
"""More stand in no headline; a text without end must not make a search without end."""
HAIR = 1e-6
"""Sums of floats depend on their order: so much less than the ticket is no less."""


def sought_tokens(versions: Iterable[HeadlineTokens], weights: Weights) -> dict[str, float]:
    """The title tokens of a headline and of those it had, with their weights, the rarest first.

    None where they weigh less than the entry ticket: no rule applies to such a title.
    """
    title = {token for text in versions for token in text.title}
    found = {token: weights.idf(token) for token in rarest(title, weights, n=TOKEN_LIMIT)}
    return found if sum(found.values()) > MASS_TICKET - HAIR else {}


def candidates(
    tokens: dict[str, float], holders: Iterable[tuple[str, int]], *, limit: int
) -> list[int]:
    """The ids that share enough of the tokens, those that share most first.

    `holders` are pairs of a token and an id that holds it.
    """
    mass: dict[int, float] = {}
    for token, holder in holders:
        mass[holder] = mass.get(holder, 0.0) + tokens[token]
    able = [holder for holder, shared in mass.items() if shared > MASS_TICKET - HAIR]
    if len(able) > limit:
        able.sort(key=lambda holder: (-mass[holder], holder))
    return able[:limit]
