"""A document with faults -> the parts of it that can be judged all the same.

One wrong value must not hide that another block names a missing site: what is left when the wrong
values are taken out is checked like a whole file, so that one run shows every problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from aggregator.config.document import BlockKeys, FetchKeys, FileKeys, PageKeys, SiteKeys
from aggregator.config.feed_keys import FeedKeys
from aggregator.config.source import KeyPath

# Required keys that nothing is checked against: their absence hides no other problem.
_UNREAD = ("name", "title")

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PlacedFeed:
    """A feed and where it stands: the site's id, the position in its list."""

    site: str
    index: int
    keys: FeedKeys

    @property
    def path(self) -> KeyPath:
        return ("sites", self.site, "feeds", self.index)


@dataclass(frozen=True, slots=True)
class Parts:
    """The usable parts by id, in file order. `site_ids` and `block_ids` hold the unusable too.

    A wrong key that may be absent is absent here; `is_wrong` tells the two apart.
    """

    sites: Mapping[str, SiteKeys]
    feeds: tuple[PlacedFeed, ...]
    blocks: Mapping[str, BlockKeys]
    pages: Mapping[str, PageKeys]
    fetch: FetchKeys
    rights: Mapping[str, tuple[str, ...]]
    site_ids: frozenset[str]
    block_ids: frozenset[str]
    faults: frozenset[KeyPath]
    bad: frozenset[KeyPath]

    def is_wrong(self, path: KeyPath) -> bool:
        """Is there a fault in the value at `path`, or in what should hold it."""
        return path in self.bad or any(path[:end] in self.faults for end in range(1, len(path)))


def usable_parts(raw: Mapping[str, object], faults: frozenset[KeyPath]) -> Parts:
    """What can be used of `raw`, a document whose wrong values stand at `faults`."""
    # Whatever holds a fault is at fault: the paths and all their beginnings.
    bad = frozenset(path[:end] for path in faults for end in range(1, len(path) + 1))
    sites, blocks, fetch = (_mapping(raw, key) for key in ("sites", "blocks", "fetch"))
    return Parts(
        sites=_usable(SiteKeys, "sites", sites, bad),
        feeds=tuple(
            feed for site, value in sites.items() for feed in _usable_feeds(site, value, bad)
        ),
        blocks=_usable(BlockKeys, "blocks", blocks, bad),
        pages=_usable(PageKeys, "pages", _mapping(raw, "pages"), bad),
        fetch=_without_faults(FetchKeys, fetch, ("fetch",), bad) or FetchKeys(),
        rights={
            agency: tuple(name for name in names if isinstance(name, str))
            for agency, names in _mapping(raw, "rights").items()
            if isinstance(names, list) and ("rights", agency) not in bad
        },
        site_ids=frozenset(sites),
        block_ids=frozenset(blocks),
        faults=faults,
        bad=bad,
    )


def parts_of(file: FileKeys) -> Parts:
    """The same of a file without faults, whose parts have been validated with it."""
    return Parts(
        sites=file.sites,
        feeds=tuple(
            PlacedFeed(site, index, keys)
            for site, part in file.sites.items()
            for index, keys in enumerate(part.feeds)
        ),
        blocks=file.blocks,
        pages=file.pages,
        fetch=file.fetch,
        rights={agency: tuple(names) for agency, names in file.rights.items()},
        site_ids=frozenset(file.sites),
        block_ids=frozenset(file.blocks),
        faults=frozenset(),
        bad=frozenset(),
    )


def _mapping(raw: object, key: str) -> Mapping[str, object]:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value if isinstance(value, dict) else {}


def _usable(
    model: type[Model], section: str, values: Mapping[str, object], bad: frozenset[KeyPath]
) -> dict[str, Model]:
    found = {id: _without_faults(model, value, (section, id), bad) for id, value in values.items()}
    return {id: keys for id, keys in found.items() if keys is not None}


def _without_faults(
    model: type[Model], value: object, path: KeyPath, bad: frozenset[KeyPath]
) -> Model | None:
    """`value` without its wrong keys, as `model`; None when a key it needs is among them."""
    written = {"blocks": value} if isinstance(value, list) else value
    if not isinstance(written, dict):
        return None
    unread = {key: "-" for key in _UNREAD if key in model.model_fields}
    kept = {key: part for key, part in written.items() if (*path, key) not in bad}
    try:
        return model.model_validate({**unread, **kept})
    except ValidationError:
        return None


def _usable_feeds(site: str, value: object, bad: frozenset[KeyPath]) -> list[PlacedFeed]:
    written = value.get("feeds") if isinstance(value, dict) else None
    feeds = []
    for index, item in enumerate(written if isinstance(written, list) else ()):
        keys = {"url": item} if isinstance(item, str) else item
        path = ("sites", site, "feeds", index)
        feed = _without_faults(FeedKeys, keys, path, bad)
        if feed is not None:
            feeds.append(PlacedFeed(site, index, feed))
    return feeds
