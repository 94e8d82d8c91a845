"""feedparser's own tests: what they claim about entries holds here, or is listed with a reason."""

from __future__ import annotations

import re

import pytest
from parse_feeds import CORPUS, needs_corpus, request
from parse_suite import URL, Claim, claims_of, holds, identified, suite_files

from aggregator.model import Document, ParseFailed
from aggregator.parse import read_document

# A pattern over `folder/file field`, and why we say something else.
DEVIATIONS = {
    r"author_map_author\.xml author": "the author is a name, not `Name (address)`",
    r"entry_updated_multiple_values\.xml updated": "of two dates the first counts, not the last",
    r"atom10/\w+_base64(_2)?\.xml": "RFC 4287, 3.1.1: a text construct is text, html or xhtml",
    r"http_item_link_base_content_location\.xml": "the fetcher's final URL is the base, no header",
    r"cdf/": "CDF (1997) is no format of today's feeds",
    r"(description_and_summary|summary_and_description)\.xml": "RSS has no element `summary`",
    r"sanitize/\w+_(iframe|object|crazy)\.xml": "what stands in an iframe or object is not text",
    r"style_font_family_lucida_console_\.xml": "the text of an element survives its style",
}


def claims_that_fail() -> tuple[list[str], int]:
    """Each failed claim as `folder/file field`, and how many claims there are."""
    failed = []
    count = 0
    for path in suite_files(CORPUS / "synthetic"):
        body = path.read_bytes()
        claims = claims_of(body)
        document = read_document(request(body, url=URL))
        if claims and isinstance(document, Document) and document.skipped:
            document = read_document(request(identified(body), url=URL))
        count += len(claims)
        failed += [
            f"{path.parent.name}/{path.name} {claim.field}"
            for claim in claims
            if not _holds(claim, document)
        ]
    return failed, count


def _holds(claim: Claim, document: Document | ParseFailed) -> bool:
    if isinstance(document, ParseFailed):
        return False
    entry = next((each for each in document.entries if each.position == claim.index), None)
    return entry is not None and holds(claim, entry)


@needs_corpus
def test_every_claim_holds_or_is_a_known_deviation() -> None:
    """Titles, links, ids, dates, authors and summaries of more than six hundred claims."""
    failed, count = claims_that_fail()

    unexplained = [each for each in failed if not any(re.search(rule, each) for rule in DEVIATIONS)]
    unused = [rule for rule in DEVIATIONS if not any(re.search(rule, each) for each in failed)]

    assert unexplained == []
    assert unused == []
    assert count > 600


@pytest.mark.parametrize("reason", DEVIATIONS.values())
def test_every_deviation_has_a_reason(reason: str) -> None:
    """A list without reasons would hide bugs."""
    assert len(reason) > 20
