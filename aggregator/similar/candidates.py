"""A headline -> the tokens it is indexed under, and those its candidates are sought by.

Whichever of two headlines comes second finds the other: what is sought holds at least one of the
title tokens that every pair worth comparing shares.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.similar.headline import HeadlineTokens
from aggregator.similar.rules import MASS_TICKET
from aggregator.similar.weights import Weights, rarest

SOUGHT_TOKENS = 12
"""12 of title and summary joined by OR find .996 of the same stories (7,600 AG items)."""
SOUGHT_TITLE_TOKENS = 24
"""More stand in no headline; a text without end must not make a query without end."""


def indexed_tokens(versions: Sequence[HeadlineTokens]) -> tuple[str, ...]:
    """Each token of a headline and of those it had once, in alphabetical order."""
    return tuple(sorted({token for text in versions for token in (*text.title, *text.summary)}))


def sought_tokens(versions: Sequence[HeadlineTokens], weights: Weights) -> tuple[str, ...]:
    """The rarest first; none for a headline that no rule applies to.

    All title tokens but the commonest ones that together weigh less than the entry ticket; then
    the rarest of the summary up to twelve.
    """
    title = rarest({token for text in versions for token in text.title}, weights, n=10_000)
    kept, left_out = list(title), 0.0
    while kept and left_out + weights.idf(kept[-1]) < MASS_TICKET:
        left_out += weights.idf(kept.pop())
    sought = kept[:SOUGHT_TITLE_TOKENS]
    if sought and len(sought) < SOUGHT_TOKENS:
        rest = {token for text in versions for token in text.summary}.difference(title)
        sought.extend(rarest(rest, weights, n=SOUGHT_TOKENS - len(sought)))
    return tuple(sought)
