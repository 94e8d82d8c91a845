"""What is stored -> what readers see: the steps of a publication, one function each.

`begin` and `record` run in the writer's thread, `write` anywhere: it opens a reader of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlite_utils import Database

from aggregator.editors import Override, OverrideKind
from aggregator.errors import UsageError
from aggregator.model import BlockContent, BlockState, Headline, PageContent
from aggregator.network import Network, Page
from aggregator.publish import (
    Publication,
    current_generation,
    generations_on_disk,
    publish,
    read_generation,
    read_manifest,
)
from aggregator.render import look_of, render_page, render_preview
from aggregator.rights import may_show
from aggregator.selection import depth, has_words, select_pages
from aggregator.selection.pages import FILTER_WINDOW
from aggregator.store import overrides, publications, reading
from aggregator.store.connection import open_reader
from aggregator.store.rows import text_of
from aggregator.store.store import Store

UNLICENSED_DEPTH = 500
"""So many stories in a row that a page may not show leave it full all the same."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What readers see after a publication; None: what they saw before.

    `pages` None: those of the generation that was put back and still holds.
    """

    pages: tuple[PageContent, ...] | None
    publication: Publication | None


@dataclass(frozen=True, slots=True)
class Selected:
    """Everything to be shown, and the files that show it; `digest` is of the files."""

    pages: tuple[PageContent, ...]
    files: Mapping[str, bytes]
    digest: str


def begin(store: Store, now: datetime) -> int:
    """Ends the overrides that ran out; the number of the last publication recorded, or 0."""
    with store.transaction() as db:
        overrides.settle(db, now=now)
        return publications.last_generation(db) or 0


def next_change(store: Store, now: datetime) -> datetime | None:
    """When a publication has something to do that no poll brings: a story's hour, an end."""
    moments = (reading.next_held(store.db, now=now), overrides.next_end(store.db, now=now))
    return min((moment for moment in moments if moment is not None), default=None)


# ------------------------------------------------------------------- select


class Renderer:
    """Renders the pages of one network; what shows the same as the last time is not rendered
    again. Holds the files of each page once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._last: dict[str, tuple[PageContent, Mapping[str, bytes]]] = {}

    def files_of(self, page: PageContent) -> Mapping[str, bytes]:
        """As `render_page`."""
        shown = _without_state(page)
        last = self._last.get(page.page)
        if last is None or last[0] != shown:
            last = shown, render_page(shown, look_of(self._network, page.site))
            self._last[page.page] = last
        return last[1]


def _without_state(page: PageContent) -> PageContent:
    """As readers see it: how its blocks came to be is told by the manifest and the preview."""
    blocks = tuple(replace(block, state=BlockState()) for block in page.blocks)
    return replace(page, blocks=blocks)


def select(network: Network, renderer: Renderer | None = None, *, now: datetime) -> Selected:
    """Reads and renders all that is to be shown at `now`; `renderer` None: all of it anew."""
    renderer = renderer or Renderer(network)
    with closing(open_reader(network.database).conn) as connection:
        pages = select_stored(Database(connection), network, now=now)
    files = {path: body for page in pages for path, body in renderer.files_of(page).items()}
    digest = hashlib.sha256()
    for path, body in sorted(files.items()):
        digest.update(f"{path} {hashlib.sha256(body).hexdigest()}\n".encode())
    return Selected(pages, files, digest.hexdigest())


def _preview(network: Network, pages: tuple[PageContent, ...], *, now: datetime) -> bytes:
    with closing(open_reader(network.database).conn) as connection:
        health = reading.feed_health(Database(connection))
    return render_preview(network, pages, generated_at=now, health=health)


def select_stored(db: Database, network: Network, *, now: datetime) -> tuple[PageContent, ...]:
    """Every page of the network, filled from what is stored."""
    names = {site.id: site.name for site in network.sites}
    words = overrides.in_force(db, now=now)
    pinned = {id for word in words if word.kind is OverrideKind.PIN for id in word.story_ids}
    return select_pages(
        network.pages,
        (
            # These come with all their copies in order, so they come first.
            *reading.stories_by_id(db, pinned, names, now=now),
            *reading.newest_stories(db, _depths(network, words), names, now=now),
        ),
        now=now,
        overrides=words,
        fresh_at=reading.fresh_at(db),
        rights=network.rights,
    )


def _depths(network: Network, words: Iterable[Override]) -> Mapping[str, int]:
    """Site -> how many of its newest stories some page may need."""
    # The others are left out by the query itself.
    looked_for = any(
        word.kind is OverrideKind.WITHDRAW and (word.words or word.page) for word in words
    )
    depths: dict[str, int] = {}
    for page in network.pages:
        needed = depth(page) + (FILTER_WINDOW if looked_for else 0)
        for site in _sources(page):
            depths[site] = max(depths.get(site, 0), needed)
    # What a page has no licence for takes no place on it.
    spare = UNLICENSED_DEPTH if network.licences else 0
    # The network's order: of two copies of a story the first site's is shown.
    return {site.id: depths[site.id] + spare for site in network.sites if site.id in depths}


def _sources(page: Page) -> set[str]:
    standing_in = (block.fallback for block in page.blocks if block.fallback is not None)
    return {source for block in (*page.blocks, *standing_in) for source in block.sources}


# -------------------------------------------------------------------- write


def write(
    network: Network,
    now: datetime,
    after: int,
    renderer: Renderer | None = None,
    *,
    force: bool = False,
) -> Shown:
    """A new generation, when what is selected differs from what is shown.

    A generation that was put back holds until something else is selected than when it was, or
    `force`.
    """
    selected = select(network, renderer, now=now)
    if not force and _held_against(network) == selected.digest:
        return Shown(None, None)
    details = {
        "config": network.publishing.config_hash or None,
        "pages": {page.page: _page_details(page) for page in selected.pages},
    }
    done = publish(
        network.output,
        selected.files,
        preview=partial(_preview, network, selected.pages, now=now),
        generated_at=now,
        keep=network.publishing.keep_generations,
        after=after,
        compress=network.publishing.gzip,
        details=details,
    )
    return Shown(selected.pages, done)


def _held_against(network: Network) -> object:
    """The digest of the selection that a generation was put back in place of."""
    rollback = read_manifest(network.output).get("rollback")
    return rollback.get("instead_of") if isinstance(rollback, dict) else None


def _page_details(page: PageContent) -> dict[str, object]:
    return {block.id: _block_details(block) for block in page.blocks}


def _block_details(block: BlockContent) -> dict[str, object]:
    newest = max((shown for h in block.headlines if (shown := h.shown_at)), default=None)
    return {
        "stories": [headline.story_id for headline in block.headlines],
        "newest_at": text_of(newest),
        "confirmed_at": text_of(block.state.confirmed_at),
        "relaxed": list(block.state.relaxed),
        "fallback": block.state.fallback,
    }


def record(store: Store, network: Network, shown: Shown, now: datetime) -> None:
    """Writes down what stands where; also catches up on a generation that was switched to just
    before a crash. An older one on disk is that of another output directory: nothing is missing.
    """
    done = shown.publication
    on_disk = done.generation if done else current_generation(network.output)
    if on_disk is None or on_disk <= (publications.last_generation(store.db) or 0):
        return
    pages = shown.pages if shown.pages is not None else _pages_put_back(store.db, network)
    with store.transaction() as db:
        publications.record_publication(
            db,
            on_disk,
            pages,
            changed_files=len(done.changed) if done else 0,
            removed_files=len(done.removed) if done else 0,
            now=now,
        )


# ----------------------------------------------------------------- put back


def choose(network: Network, generation: int | None) -> int:
    """The generation to put back; None: the one before what is shown.

    Before a generation that was itself put back are those before its original.
    """
    there = generations_on_disk(network.output)
    shown = current_generation(network.output)
    wanted = generation
    if wanted is None and shown is not None:
        rollback = read_manifest(network.output).get("rollback")
        limit = rollback["restored"] if isinstance(rollback, dict) else shown
        wanted = max((number for number in there if number < limit), default=None)
    if wanted is None or wanted not in there or wanted == shown:
        others = ", ".join(str(number) for number in there if number != shown)
        named = "no older generation" if wanted is None else f"generation {wanted} is not there"
        raise UsageError(f"{named}; to be put back: {others or 'none'}")
    return wanted


def pages_to_put_back(
    store: Store, network: Network, generation: int, now: datetime
) -> tuple[PageContent, ...]:
    """What a generation showed.

    Raises UsageError when it would bring back what is withdrawn, or what a site has no licence for.
    """
    pages = publications.pages_of(store.db, generation)
    if pages is None:
        raise UsageError(f"generation {generation} is not in the database")
    words = [
        word for word in overrides.in_force(store.db, now=now) if word.kind is OverrideKind.WITHDRAW
    ]
    gone = overrides.gone_links(store.db)
    shown = [(page, told) for page in pages for block in page.blocks for told in block.headlines]
    now_told = reading.told_now(store.db, (headline.story_id for _, headline in shown))
    sites = {page.id: page.site for page in network.pages}
    for page, headline in shown:
        story_id, agency = now_told[headline.story_id]
        what = f"generation {generation} shows story {headline.story_id}"
        if any(_is_withdrawn(headline, story_id, page.page, word) for word in words):
            raise UsageError(f"{what}, which is withdrawn")
        if headline.url in gone:
            raise UsageError(f"{what}, whose page {headline.url} is gone")
        site = sites.get(page.page, page.page)
        if not may_show(network.rights, agency, site):
            raise UsageError(f"{what}, for which {site} has no licence")
    return pages


def _is_withdrawn(headline: Headline, story_id: int, page: str, word: Override) -> bool:
    named = story_id in word.story_ids or (
        word.words is not None and has_words(headline.title, [word.words])
    )
    return named and word.page in (None, page)


def write_back(
    network: Network,
    generation: int,
    pages: tuple[PageContent, ...],
    *,
    now: datetime,
    after: int,
) -> Shown:
    """A new generation with the files of an old one."""
    files, preview, said = read_generation(network.output, generation)
    details = {key: said.get(key) for key in ("config", "pages")}
    rollback = {"restored": generation, "instead_of": select(network, now=now).digest}
    done = publish(
        network.output,
        files,
        preview=lambda: preview,
        generated_at=now,
        keep=network.publishing.keep_generations,
        after=after,
        compress=network.publishing.gzip,
        details={**details, "rollback": rollback},
    )
    return Shown(pages, done)


def _pages_put_back(db: Database, network: Network) -> tuple[PageContent, ...]:
    rollback = read_manifest(network.output).get("rollback")
    restored = rollback.get("restored") if isinstance(rollback, dict) else None
    return (publications.pages_of(db, restored) if restored is not None else None) or ()
