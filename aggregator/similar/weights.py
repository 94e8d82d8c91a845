"""How much a token tells: idf over counted headlines, or over a fixed background.

A table that grows with every entry would make a match depend on what had been polled before it.
`BACKGROUND` does not: the same headlines give the same matches in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log

from aggregator.similar.background import FREQUENCIES, PER_HEADLINES

MIN_TOTAL = 5000
"""Fewer headlines count as this many: the thresholds hang on the scale."""


class Weights:
    """Document frequencies: `frequency[token]` of `total` headlines hold the token.

    A token that is not in the table stands in one headline: the one it was read from.
    """

    def __init__(self, total: int, frequency: Mapping[str, int]) -> None:
        self._total = max(total, MIN_TOTAL)
        self._rare = self._of(1)
        self._idf = {token: self._of(found) for token, found in frequency.items()}

    def _of(self, found: int) -> float:
        return log((self._total + 1) / (min(max(found, 1), self._total) + 1)) + 1.0

    def idf(self, token: str) -> float:
        """ln((N + 1) / (df + 1)) + 1, at least 1."""
        return self._idf.get(token, self._rare)


BACKGROUND = Weights(PER_HEADLINES, FREQUENCIES)
"""Common words of English news; what is not among them is rare. Part of the rules' version."""


def rarest(tokens: Iterable[str], weights: Weights, n: int = 12) -> tuple[str, ...]:
    """The n tokens to look for candidates by, the rarest first, each once.

    12 of title and summary joined by OR find .996 of the same stories and all wire copies
    (7,600 AG items). Equal weights keep alphabetical order.
    """
    return tuple(sorted(set(tokens), key=lambda token: (-weights.idf(token), token))[:n])
