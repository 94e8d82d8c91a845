"""Following redirects: where to, how long, and what is learnt (B13-B16, P50-P53, rA10-rA19)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from aggregator.fetch.faults import Fault
from aggregator.fetch.redirects import Trail, begin, follow, resolve_location
from aggregator.fetch.targets import parse_target
from aggregator.model import Outcome

BASE = "http://example.com/a/b?q=1"


def walk(*steps: tuple[int, str]) -> Trail:
    """The trail after these answers."""
    trail = begin(parse_target(BASE))
    for status, location in steps:
        trail = follow(trail, status, (location,))
    return trail


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("http://other.example/x", "http://other.example/x"),
        ("HTTPS://Other.Example", "https://other.example/"),
        ("//other.example/x", "http://other.example/x"),
        ("/x/../y", "http://example.com/x/../y"),
        ("?q=2", "http://example.com/a/b?q=2"),
        ("c", "http://example.com/a/c"),
        ("../c?d", "http://example.com/c?d"),
        ("./", "http://example.com/a/"),
        (" /x\t", "http://example.com/x"),
        ("/x#part", "http://example.com/x"),
        ("/caf\xc3\xa9", "http://example.com/caf%C3%A9"),
        ("/caf\xe9", "http://example.com/caf%E9"),
        ("/a b", "http://example.com/a%20b"),
        ("/a%20b", "http://example.com/a%20b"),
        ("\\\\evil.example/x", "http://example.com/a/\\\\evil.example/x"),
        ("http://xn--a/", "http://xn--a/"),
        ("http://caf\xc3\xa9.example/", "http://xn--caf-dma.example/"),
    ],
)
def test_where_a_location_leads(location: str, url: str) -> None:
    """rA11: relative to the current URL, raw bytes escaped once, nothing else touched."""
    base = parse_target(BASE)

    target = resolve_location(base, location)

    assert target.url == url


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("", Outcome.BAD_REDIRECT),
        ("   ", Outcome.BAD_REDIRECT),
        ("#top", Outcome.BAD_REDIRECT),
        ("//", Outcome.BAD_REDIRECT),
        ("//[bad", Outcome.BAD_REDIRECT),
        ("http://[bad", Outcome.BAD_REDIRECT),
        ("http://.example.com/", Outcome.BAD_REDIRECT),
        ("http://a..b/", Outcome.BAD_REDIRECT),
        ("http://\xff/", Outcome.BAD_REDIRECT),
        ("http:ok", Outcome.BAD_REDIRECT),
        ("http://example.com:99999/", Outcome.BAD_REDIRECT),
        ("/" + "x" * 100_000, Outcome.BAD_REDIRECT),
        ("javascript:alert(1)", Outcome.BLOCKED_URL),
        ("file:///etc/hostname", Outcome.BLOCKED_URL),
        ("ftp://example.com/x", Outcome.BLOCKED_URL),
        ("data:,x", Outcome.BLOCKED_URL),
        ("http://user:secret@example.com/", Outcome.BLOCKED_URL),
    ],
)
def test_b16_locations_that_lead_nowhere(location: str, outcome: Outcome) -> None:
    """rA10: each is classified, none escapes."""
    base = parse_target(BASE)

    with pytest.raises(Fault) as caught:
        resolve_location(base, location)

    assert caught.value.outcome is outcome
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("locations", [(), ("/a", "/b")])
def test_a_redirect_needs_one_location(locations: tuple[str, ...]) -> None:
    """None or two different ones are no direction."""
    trail = begin(parse_target(BASE))

    with pytest.raises(Fault) as caught:
        follow(trail, 302, locations)

    assert caught.value.outcome is Outcome.BAD_REDIRECT


def test_p53_https_never_falls_to_http() -> None:
    """A downgrade is refused, an upgrade is not."""
    base = parse_target("https://example.com/")

    with pytest.raises(Fault) as caught:
        resolve_location(base, "http://example.com/")

    assert caught.value.outcome is Outcome.BAD_REDIRECT


def test_b15_five_hops_are_followed() -> None:
    """Five redirects lead somewhere."""

    trail = walk(*((302, f"/{number}") for number in range(5)))

    assert trail.target.path == "/4"


def test_b14_six_hops_are_too_many() -> None:
    """The sixth is refused."""

    with pytest.raises(Fault) as caught:
        walk(*((302, f"/{number}") for number in range(6)))

    assert caught.value.outcome is Outcome.BAD_REDIRECT


@pytest.mark.parametrize("locations", [("/a/b?q=1",), ("/x", "/y", "/x"), ("#x",)])
def test_b13_circles_are_found(locations: tuple[str, ...]) -> None:
    """A URL seen before ends the fetch at once."""

    with pytest.raises(Fault) as caught:
        walk(*((302, location) for location in locations))

    assert caught.value.outcome is Outcome.BAD_REDIRECT


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ((301,), "/1"),
        ((308,), "/1"),
        ((301, 308), "/2"),
        ((301, 302), "/1"),
        ((301, 302, 301), "/1"),
        ((302, 301), None),
        ((303,), None),
        ((307, 308), None),
    ],
)
def test_p52_only_the_leading_permanent_run_is_learnt(
    statuses: tuple[int, ...], moved_to: str | None
) -> None:
    """rA17, rA19: a temporary hop ends what may be kept."""
    steps = [(status, f"/{number}") for number, status in enumerate(statuses, 1)]

    trail = walk(*steps)

    assert trail.moved_to == (moved_to and f"http://example.com{moved_to}")
    assert all(one != two for one, two in pairwise(trail.seen))
