"""What an item of a document may be found again by."""

from __future__ import annotations

import pytest

from aggregator.identity import Key, KeyKind, distrusts_guids, identify
from aggregator.model import Document, Entry, FeedMeta, SeenEntry, Tier

SLUG = "Maven_stays_silent_after_pass_999.html"


def entry(number: int, guid: str | None, link: str | None, title: str = "") -> Entry:
    """An item; `link` without its scheme."""
    url = None if link is None else f"https://{link}"
    return Entry(number, 1000 + number, guid, url, url, title or f"Story {number}")


def document(*entries: Entry, seen: int = 0, home: str | None = None) -> Document:
    """A document that brings `entries` and lists so many unchanged."""
    listed = tuple(SeenEntry(100 + n, n) for n in range(seen))
    return Document(FeedMeta(home=home), Tier.STRICT, entries, listed)


def kinds(document: Document, *, by_url: bool = False) -> list[list[str]]:
    """The kinds of keys of each item."""
    found = identify(document, by_url=by_url)
    return [[key.kind.value for key in item.keys] for item in found]


def test_a_guid_that_is_a_link_has_an_alias_and_a_link() -> None:
    """Without scheme and host; and its own canonical link where the item's differs."""
    (item,) = identify(document(entry(0, "http://www.H.example/s?p=1", "h.example/story")))

    assert item.keys == (
        Key(KeyKind.GUID, "http://www.H.example/s?p=1"),
        Key(KeyKind.GUID_ALIAS, "/s?p=1"),
        Key(KeyKind.URL, "https://h.example/story"),
        Key(KeyKind.URL, "https://h.example/s?p=1"),
    )


@pytest.mark.parametrize("guid", ["tag:h.example,2026:1", "http://h.example", "https://h.example/"])
def test_other_guids_have_no_alias(guid: str) -> None:
    """Nothing is left of them without scheme and host."""
    (found,) = kinds(document(entry(0, guid, "h.example/story")))

    assert "guid_alias" not in found


def test_an_alias_of_two_guids_is_none() -> None:
    """One path on two hosts, in one document: two articles."""
    items = (
        entry(0, "https://one.example/1", "x.example/a"),
        entry(1, "https://two.example/1", "x.example/b"),
    )

    assert kinds(document(*items)) == [["guid", "url", "url"], ["guid", "url", "url"]]


def test_a_permalink_to_the_link_or_home_adds_nothing() -> None:
    """The same link twice, or the page of the feed itself."""
    same = entry(0, "https://h.example/1", "h.example/1")
    home = entry(1, "https://h.example/", "h.example/2")

    found = kinds(document(same, home, home="https://h.example/"))

    assert found == [["guid", "guid_alias", "url"], ["guid", "url"]]


def test_links_of_the_network_have_slugs() -> None:
    """25 characters with a letter among them, on a host of a site."""
    items = [
        entry(0, "a", f"a.example/reports/{SLUG}"),
        entry(1, "b", f"elsewhere.example/{SLUG}"),
        entry(2, "c", "a.example/short.html"),
        entry(3, "d", "a.example/20261125_12345678901234567.html"),
        entry(4, "e", "a.example"),
    ]

    found = identify(document(*items), hosts={"a.example"})

    slugs = [[key.value for key in item.keys if key.kind is KeyKind.SLUG] for item in found]
    assert slugs == [[SLUG], [], [], [], []]


def test_guids_that_are_not_trusted_are_no_keys() -> None:
    """By link, else by title."""
    items = entry(0, "a", "h.example/1"), entry(1, "b", None)

    assert kinds(document(*items), by_url=True) == [["url"], ["title"]]


@pytest.mark.parametrize(
    ("guids", "seen", "distrusted"),
    [
        pytest.param(["a", "b", "c"], 0, False, id="sound"),
        pytest.param(["a", None], 0, True, id="half-missing"),
        pytest.param(["a", None], 38, False, id="one-of-forty-missing"),
        pytest.param([], 3, False, id="nothing-new"),
    ],
)
def test_missing_guids_are_counted_over_the_document(
    guids: list[str | None], seen: int, distrusted: bool
) -> None:
    """rG5: more than one in twenty."""
    items = [entry(n, guid, f"h.example/{n}") for n, guid in enumerate(guids)]

    assert distrusts_guids(document(*items, seen=seen)) is distrusted


@pytest.mark.parametrize(("links", "distrusted"), [(("x", "y"), True), (("x", "x"), False)])
def test_one_guid_with_two_links_is_no_identity(links: tuple[str, str], distrusted: bool) -> None:
    """However few; with one link it is said twice, which is rare enough here."""
    items = [entry(n, "same", f"h.example/{link}") for n, link in enumerate(links)]

    assert distrusts_guids(document(*items, seen=60)) is distrusted
