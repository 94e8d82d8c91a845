"""Pages that stay as they are are rendered once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from output_build import NOW, content, headline

from aggregator.model import BlockState, PageContent, Relaxation
from aggregator.network import Network, Publishing, Site
from aggregator.publication import Renderer
from aggregator.render import look_of, render_page

SITE = Site("venus", "Venus Daily", "https://venus.example/", ("venus.example",), ())
NETWORK = Network("N", None, Path("a.db"), Path("public"), (SITE,), ())


def told_again(page: PageContent, state: BlockState) -> PageContent:
    """The same headlines, chosen in another way."""
    blocks = tuple(replace(block, state=state) for block in page.blocks)
    return replace(page, blocks=blocks)


def test_what_stays_is_not_rendered_again() -> None:
    """The files of a page are those of the last time while its headlines are, however they were
    chosen."""
    renderer, page = Renderer(NETWORK), content(headline(1))
    again = told_again(page, BlockState(NOW, (Relaxation.MAX_AGE,), "b"))

    first, second = renderer.files_of(page), renderer.files_of(again)

    assert first == render_page(page, look_of(NETWORK, page.site))
    assert first == render_page(again, look_of(NETWORK, page.site))
    assert second is first


def test_what_changes_is_rendered_again() -> None:
    """A new headline is in the files, and so is the old one when it is back."""
    renderer, old, new = Renderer(NETWORK), content(headline(1)), content(headline(2))

    told = [renderer.files_of(page) for page in (old, new, old)]

    assert told[0] == told[2] != told[1]
    assert told[1] == render_page(new, look_of(NETWORK, new.site))


def test_pages_are_kept_apart() -> None:
    """Two pages with the same headlines have files of their own."""
    renderer, page = Renderer(NETWORK), content(headline(1))
    other = replace(page, page="other")

    kept = [renderer.files_of(told) for told in (page, other, page)]

    assert kept[0] is kept[2]
    assert not kept[0].keys() & kept[1].keys()


def test_the_look_is_that_of_the_network() -> None:
    """Another configuration has another renderer, whose files say so."""
    page = content(headline(1))
    public = replace(NETWORK, publishing=Publishing(public_url="https://h.example/pub"))

    files = [Renderer(network).files_of(page) for network in (NETWORK, public)]

    assert files[0] != files[1]
