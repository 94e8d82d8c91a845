"""Whose validators are they (P16)."""

from __future__ import annotations

import pytest

from aggregator.fetch.limits import MAX_REMEMBERED
from aggregator.fetch.provenance import Provenance
from aggregator.model import FetchRequest, Validators

HOME = "http://a.test/feed"
AWAY = "http://b.test/feed"
KNOWN = Validators('"a"')


def test_unknown_validators_belong_to_the_request_url() -> None:
    """After a restart nothing else is known."""
    memory = Provenance()

    owner = memory.owner_of(FetchRequest(HOME, KNOWN), HOME)

    assert owner == HOME


@pytest.mark.parametrize(
    ("validators", "owner"), [(KNOWN, AWAY), (Validators('"b"'), HOME), (Validators(), HOME)]
)
def test_only_the_very_validators_belong_elsewhere(validators: Validators, owner: str) -> None:
    """Others were not served there, as far as anybody knows."""
    memory = Provenance()
    memory.learn(FetchRequest(HOME), HOME, KNOWN, AWAY)

    found = memory.owner_of(FetchRequest(HOME, validators), HOME)

    assert found == owner


@pytest.mark.parametrize(("validators", "url"), [(KNOWN, HOME), (Validators(), AWAY)])
def test_a_direct_answer_ends_the_memory(validators: Validators, url: str) -> None:
    """So does one that has no validators."""
    memory = Provenance()
    memory.learn(FetchRequest(HOME), HOME, KNOWN, AWAY)

    memory.learn(FetchRequest(HOME), HOME, validators, url)

    assert memory.owner_of(FetchRequest(HOME, KNOWN), HOME) == HOME


def test_the_memory_is_bounded() -> None:
    """The feed polled longest ago is forgotten first."""
    memory = Provenance()
    memory.learn(FetchRequest(HOME), HOME, KNOWN, AWAY)

    for number in range(MAX_REMEMBERED):
        memory.learn(FetchRequest(f"{HOME}{number}"), HOME, KNOWN, AWAY)

    assert memory.owner_of(FetchRequest(HOME, KNOWN), HOME) == HOME
    assert memory.owner_of(FetchRequest(f"{HOME}0", KNOWN), HOME) == AWAY
