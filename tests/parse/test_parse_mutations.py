"""Damaged documents: whatever happens to the bytes, what comes back is a value.

By default some thousand mutants are read; `PARSE_MUTANTS=20000 pytest
tests/parse/test_parse_mutations.py` reads them all (about a minute).
"""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parse_feeds import CORPUS, needs_corpus, request, rss

from aggregator.model import Document, ParseFailed
from aggregator.parse import read_document

MUTANTS = int(os.environ.get("PARSE_MUTANTS", "3000"))
SEED = 20261125
# Larger documents take longer and break in the same ways.
MAX_SEED_BYTES = 20_000


def mutate(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """A few flipped bytes, a cut, a piece taken out or a piece of another document put in."""
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(damaged) or 1)
        match chance.randrange(5):
            case 0:
                damaged[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del damaged[place:]
            case 2:
                del damaged[place : place + chance.randrange(200)]
            case 3:
                start = chance.randrange(len(other) or 1)
                damaged[place:place] = other[start : start + chance.randrange(400)]
            case _:
                damaged[place : place + 1] = (
                    bytes([damaged[place] ^ 1 << chance.randrange(8)]) if (damaged) else b"<"
                )
    return bytes(damaged)


@needs_corpus
@pytest.mark.timeout(900)
def test_A29_mutants_of_the_corpus_are_values() -> None:
    """Flips, cuts and splices of real and synthetic documents; slow ones are counted."""
    chance = random.Random(SEED)
    paths = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    seeds = [path for path in paths if 0 < path.stat().st_size <= MAX_SEED_BYTES]
    kinds: set[type] = set()
    seconds = []

    for _ in range(MUTANTS):
        body = mutate(chance.choice(seeds).read_bytes(), chance.choice(seeds).read_bytes(), chance)
        begin = time.process_time()
        kinds.add(type(read_document(request(body))))
        seconds.append(time.process_time() - begin)

    assert kinds == {Document, ParseFailed}
    assert sorted(seconds)[MUTANTS * 99 // 100] < 0.2


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_value(body: bytes) -> None:
    """Bytes that were never a document."""
    assert isinstance(read_document(request(body)), Document | ParseFailed)


@given(st.binary(max_size=60), st.sampled_from(["title", "link", "guid", "pubDate", "author"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_in_an_element_are_a_value(content: bytes, name: str) -> None:
    """Bytes inside an otherwise good item."""
    body = rss(f"<{name}>XX</{name}>").replace(b"XX", content)

    assert isinstance(read_document(request(body)), Document | ParseFailed)
