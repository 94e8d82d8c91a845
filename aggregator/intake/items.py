"""Stored headlines -> items of the similarity core."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from aggregator.network import Network
from aggregator.similar import HeadlineTokens, Item, read_headline, suffix_key, with_summary
from aggregator.store.similarity import StoredHeadline

_DOMAINS = (".com", ".org", ".net", ".info", ".co.uk")


def site_suffixes(network: Network) -> frozenset[str]:
    """What titles of the network may end with: the names of its sites, with and without domain."""
    return _suffixes((network.name, *(site.name for site in network.sites)))


@lru_cache(maxsize=4)
def _suffixes(names: tuple[str, ...]) -> frozenset[str]:
    short = {name[: -len(domain)] for name in names for domain in _DOMAINS if name.endswith(domain)}
    return frozenset(map(suffix_key, {*names, *short})) - {""}


def key_of(headline: StoredHeadline) -> str:
    """Unique, and ordered the same way however the polls of the feeds were ordered.

    The id only tells entries of one feed apart, whose order is the feed's own.
    """
    own = headline.guid or headline.canonical_url or ""
    return f"{headline.feed_url} {own} {headline.id:020d}"


def identity_of(headline: StoredHeadline) -> str | None:
    """Its link, unless that is no key: one under which the feed lists many items."""
    link = headline.canonical_url
    return link if link in headline.links else None


class Reader:
    """Reads headlines with the suffixes of their feeds; lives for one transaction."""

    def __init__(self, network: Network) -> None:
        self._names = site_suffixes(network)
        self._suffixes: dict[tuple[str, ...], frozenset[str]] = {(): self._names}

    def titles(self, headline: StoredHeadline) -> tuple[HeadlineTokens, ...]:
        """`versions` without the summaries, at a fraction of their cost."""
        suffixes = self._suffixes_of(headline)
        titles = (headline.title, *(title for title, _ in headline.earlier))
        return tuple(_read_title(title, suffixes, headline.language) for title in titles)

    def versions(self, headline: StoredHeadline) -> tuple[HeadlineTokens, ...]:
        """The headline as it is, then those it had, the latest last."""
        suffixes = self._suffixes_of(headline)
        texts = ((headline.title, headline.summary), *headline.earlier)
        return tuple(_read(*text, suffixes, headline.language) for text in texts)

    def _suffixes_of(self, headline: StoredHeadline) -> frozenset[str]:
        suffixes = self._suffixes.get(headline.suffixes)
        if suffixes is None:
            suffixes = self._names.union(headline.suffixes)
            self._suffixes[headline.suffixes] = suffixes
        return suffixes

    def item(self, headline: StoredHeadline) -> Item:
        """The entry as the rules see it."""
        tokens, *earlier = self.versions(headline)
        return Item(
            key=key_of(headline),
            tokens=tokens,
            first_seen_at=headline.first_seen_at,
            published_at=headline.published_at,
            identity=identity_of(headline),
            earlier=tuple(earlier),
            recurring=headline.recurring,
            boilerplate=headline.boilerplate,
        )


@lru_cache(maxsize=8_192)
def _read_title(title: str, suffixes: frozenset[str], language: str | None) -> HeadlineTokens:
    return read_headline(title, suffixes=suffixes, language=language)


@lru_cache(maxsize=4_096)
def _read(
    title: str, summary: str, suffixes: frozenset[str], language: str | None
) -> HeadlineTokens:
    return with_summary(_read_title(title, suffixes, language), summary, language)


_NO_TOKENS = read_headline("")


def item_to_group(headline: StoredHeadline, identities: Mapping[str, str]) -> Item:
    """The entry as grouping sees it: its words have had their say."""
    key = key_of(headline)
    return Item(
        key=key,
        tokens=_NO_TOKENS,
        first_seen_at=headline.first_seen_at,
        published_at=headline.published_at,
        identity=identities.get(key),
    )
