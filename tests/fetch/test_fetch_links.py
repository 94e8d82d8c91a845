"""Link header fields: which hub and which topic they name."""

from __future__ import annotations

import pytest
from fetch_servers import always, answer, fetcher, serve

from aggregator.fetch.links import hub_links
from aggregator.model import Fetched, FetchRequest

BASE = "https://a.example/dir/feed"
HUB, SELF = "https://hub.example/", "https://a.example/feed"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), (None, None)),
        ((f'<{HUB}>; rel="hub"', f'<{SELF}>; rel="self"'), (HUB, SELF)),
        ((f'<{HUB}>; rel="hub", <{SELF}>; rel="self"',), (HUB, SELF)),
        ((f"<{HUB}>;rel=hub,<{SELF}>;rel=self",), (HUB, SELF)),
        ((f'<{HUB}>; title="a, b; rel=self"; REL="Hub"',), (HUB, None)),
        ((f'<{HUB}>; rel="alternate hub"',), (HUB, None)),
        (('</hub>; rel="hub"', '<feed?x=1>; rel="self"'), ("https://a.example/hub", f"{BASE}?x=1")),
        ((f'<{HUB}>; rel="hub"', '<https://other.example/>; rel="hub"'), (HUB, None)),
        ((f'<{SELF}>; rel="self"', '<https://b.example/>; rel="self"'), (None, None)),
        ((f'<{SELF}>; rel="self"', f'<{SELF}>; rel="self"'), (None, SELF)),
        (('<javascript:alert(1)>; rel="hub"',), (None, None)),
        (('<https://u:p@hub.example/>; rel="hub"',), (None, None)),
        (('<https://hub.example:x/>; rel="hub"',), (None, None)),
        (('<http://[bad/>; rel="hub"',), (None, None)),
        (("<https://höb.example/>; rel=hub",), (None, None)),
        ((f"<https://hub.example/{'x' * 8000}>; rel=hub",), (None, None)),
        ((f"{HUB}; rel=hub", "<>; rel=", "<<>>", ";rel=hub", f"<{HUB}>"), (None, None)),
        ((f'<{HUB}>; rel="hub', f"<{HUB}>; relation=hub"), (None, None)),
    ],
)
def test_links(values: tuple[str, ...], expected: tuple[str | None, str | None]) -> None:
    """The first hub, and the self link if there is just one."""
    assert hub_links({"link": values}, BASE) == expected


def test_a_long_header_takes_no_time() -> None:
    """What a server may send, in forms that make patterns look again and again."""
    for value in ("<" * 60_000, "<a>" + "; x" * 20_000, '<a>; r="' * 8_000, "<a> ;" * 12_000):
        hub_links({"link": (value,)}, BASE)


async def test_a_fetch_gives_what_its_header_names() -> None:
    """Relative to where the document came from."""
    script = always(answer(b"body", "Link: </hub>; rel=hub"))
    async with serve(script) as server, fetcher() as one:
        result = await one.fetch(FetchRequest(server.url()))

    assert isinstance(result, Fetched)
    assert (result.hub, result.self_url) == (server.url("/hub"), None)
