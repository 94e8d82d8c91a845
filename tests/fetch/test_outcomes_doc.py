"""docs/outcomes.md and docs/fetching.md say what the code knows."""

from __future__ import annotations

from pathlib import Path

from aggregator.fetch import limits
from aggregator.model import DOCUMENT_OUTCOMES, Outcome

DOCS = Path(__file__).parents[2] / "docs"


def rows(name: str) -> list[list[str]]:
    """The cells of every table row of a page, header and ruler left out."""
    lines = (DOCS / name).read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_every_outcome_is_explained() -> None:
    """One row each, in the order of the enum, and none that does not exist."""

    names = [row[0].strip("`") for row in rows("outcomes.md")]

    assert names == [outcome.value for outcome in Outcome]


def test_every_row_is_filled() -> None:
    """What happened, what we do, what the operator does."""

    table = rows("outcomes.md")

    assert all(len(row) == 4 and all(row) for row in table)


def test_the_outcomes_with_a_document_come_first() -> None:
    """As the text above the table says."""

    names = [row[0].strip("`") for row in rows("outcomes.md")]

    assert set(names[: len(DOCUMENT_OUTCOMES)]) == {item.value for item in DOCUMENT_OUTCOMES}


def test_limits_are_those_of_the_code() -> None:
    """The numbers of docs/fetching.md."""
    phases = limits.Phases()

    table = {row[0]: row[1] for row in rows("fetching.md")}

    assert table["name lookup"] == f"{phases.dns.seconds} s"
    assert table["connection and TLS handshake"] == f"{phases.connect.seconds} s"
    assert table["first byte of the answer"] == f"{phases.first_byte.seconds} s"
    assert table["redirects"] == str(limits.MAX_REDIRECTS)
    assert table["interim (1xx) responses"] == str(limits.MAX_INFORMATIONAL)
    assert table["members of a gzip body"] == str(limits.MAX_MEMBERS)
    assert table["URL"] == f"{limits.MAX_URL} characters"
    assert table["threads that wait for name servers"] == str(limits.MAX_LOOKUPS)
    head = table["status line and headers, 1xx and trailers included"]
    assert head == f"{limits.MAX_HEAD_BYTES // 1024} KiB, {limits.MAX_HEADERS} fields"
    idle = table["idle connections"]
    assert idle == f"{limits.MAX_IDLE}, one per origin, {limits.IDLE_TTL.seconds} s"
