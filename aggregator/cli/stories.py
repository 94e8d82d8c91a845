"""`explain`, `merge`, `unmerge`, `rematch`: what is one story, why, and how to change it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime

import click
from sqlite_utils import Database

from aggregator.absence import CopyState, Offer, ask, why_absent, why_shown
from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.counts import counted
from aggregator.control import Message
from aggregator.editors import Override, OverrideKind
from aggregator.errors import UsageError
from aggregator.intake import find_story
from aggregator.logs import masked_url, printable_lines, set_up_logging
from aggregator.network import Network
from aggregator.requests import CHECK_TIMEOUT_S, request
from aggregator.selection import depth, is_link, is_visible
from aggregator.store import explaining, overrides, reading
from aggregator.store.connection import open_reader
from aggregator.store.explaining import StoryAccount, Teller, Tie
from aggregator.store.rows import time_of
from aggregator.times import parse_time

_RULES = {
    "url": "the same link",
    "slug": "links on two sites of the network that end alike",
    "A": "rule A: the same title",
    "B": "rule B: title and summary nearly the same",
    "C": "rule C: titles of the same words",
    "force": "an editor merged them",
    "event": "one event, told by another hand",
}

_NOTE = click.option("--note", help="Why, for whoever asks `explain` later.")


@click.command()
@click.argument("story", metavar="STORY-OR-URL")
@AS_JSON
@click.pass_obj
def explain(options: Options, story: str, as_json: bool) -> None:
    """Say why a story is what it is: its entries, the rules, the pages it is on or not."""
    show_story(options.network(), story, as_json=as_json)


@click.command()
@click.argument("a")
@click.argument("b")
@_NOTE
@click.pass_obj
def merge(options: Options, a: str, b: str, note: str | None) -> None:
    """Make two stories, named by number or link, one for good."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "merge", "a": a, "b": b, "note": note}
    show_edit(request(network, message))


@click.command()
@click.argument("entry", type=click.IntRange(1, 2**63 - 1))
@_NOTE
@click.pass_obj
def unmerge(options: Options, entry: int, note: str | None) -> None:
    """Take an entry, by its number in `explain`, out of its story for good."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "unmerge", "entry": entry, "note": note}
    show_edit(request(network, message))


@click.command()
@click.option("--days", type=click.IntRange(1, 36500), help="Only entries first seen so lately.")
@click.pass_obj
def rematch(options: Options, days: int | None) -> None:
    """Settle again which stories the stored entries tell; what editors said holds."""
    network = options.network()
    set_up_logging(quiet=True)
    message: Message = {"command": "rematch", "days": days}
    show_rematch(request(network, message, timeout=CHECK_TIMEOUT_S))


def show_story(network: Network, name: str, *, as_json: bool) -> None:
    """Why a story is what it is, and where it is shown or why not."""
    now = datetime.now(UTC)
    with closing(open_reader(network.database).conn) as connection:
        db = Database(connection)
        account = explaining.account_of(db, find_story(db, name))
        if account is None:  # it went between two reads
            raise UsageError(f"{name}: no such story")
        offer = _offer(db, network, account.story, now)
    account = _masked(account)
    retitled = _retitled(account.story, offer.overrides)
    pages = _pages(account, network, offer, now)
    if as_json:
        click.echo(json.dumps({**asdict(account), "retitled": retitled, "pages": pages}, indent=2))
        return
    lines = [
        *_head(account),
        *_retitled_lines(retitled),
        "",
        *_members(account),
        "",
        *_alike(account),
        *_page_lines(pages),
    ]
    click.echo(printable_lines("\n".join(lines)))


def _offer(db: Database, network: Network, story_id: int, now: datetime) -> Offer:
    """What a publication would choose from, the story whatever its age."""
    names = {site.id: site.name for site in network.sites}
    words = overrides.in_force(db, now=now)
    pinned = {id for word in words if word.kind is OverrideKind.PIN for id in word.story_ids}
    deepest = max(map(depth, network.pages), default=0)
    return Offer(
        stories=(
            # With all their copies in order: of a story that is given twice the first counts.
            *reading.stories_by_id(db, {story_id, *pinned}, names, now=now),
            *reading.newest_stories(db, dict.fromkeys(names, deepest), names, now=now),
        ),
        overrides=words,
        fresh_at=reading.fresh_at(db),
    )


def _masked(account: StoryAccount) -> StoryAccount:
    """With no more of the feeds' addresses than `status` shows."""
    tellers = (replace(teller, feed=masked_url(teller.feed)) for teller in account.tellers)
    return replace(account, tellers=tuple(tellers))


def _head(account: StoryAccount) -> Iterator[str]:
    yield f"story {account.story} of {account.site}: {account.title}"
    yield f"  {account.url or 'no link'}"
    dated = f"published {account.published_at}, " if account.published_at else "no date, "
    yield f"  {dated}first seen {account.first_seen_at}"
    if account.withdrawn_at:
        yield f"  withdrawn {account.withdrawn_at}"
    if account.merged_into:
        yield f"  its entries tell story {account.merged_into} now: explain that one"
    elif account.event:
        yield f"  event {account.event}"


def _retitled(story_id: int, words: Iterable[Override]) -> list[dict[str, object]]:
    """What editors call it now, the later word last: it holds over those before it."""
    return [
        {"override": word.id, "title": word.value, "page": word.page}
        for word in words
        if word.kind is OverrideKind.RETITLE and story_id in word.story_ids
    ]


def _retitled_lines(retitled: list[dict[str, object]]) -> Iterator[str]:
    for word in retitled:
        where = f"on page {word['page']}" if word["page"] else "on all pages"
        yield f"  retitled {where}: {word['title']}"
        yield f"    undo: aggregator retitle --undo {word['override']}"


def _members(account: StoryAccount) -> Iterator[str]:
    count = len(account.tellers)
    yield "told by one entry" if count == 1 else f"told by {count or 'no'} entries"
    for teller in account.tellers:
        yield from _teller(teller, is_alone=len(account.tellers) == 1)
    for word in account.by_hand:
        said = "merged by hand" if word.kind == "force" else "kept apart by hand"
        note = f": {word.note}" if word.note else ""
        yield f"  entries {word.a_entry} and {word.b_entry} {said}, {word.created_at}{note}"


def _teller(teller: Teller, *, is_alone: bool) -> Iterator[str]:
    yield f"  entry {teller.entry}, {teller.site}: {teller.title}"
    yield f"    {teller.url or 'no link'}"
    if teller.is_gone:
        yield "    its page is gone; `aggregator overrides` says since when"
    yield f"    from {teller.feed}, first seen {teller.first_seen_at}"
    for title in teller.earlier:
        if title != teller.title:
            yield f"    was: {title}"
    for tie in teller.ties:
        yield from _tie(tie)
    if not is_alone:
        yield f"    undo: aggregator unmerge {teller.entry}"


def _tie(tie: Tie) -> Iterator[str]:
    score = "" if tie.score is None else f", score {tie.score:.2f}"
    yield f"    joined entry {tie.matched_entry}: {_RULES.get(tie.rule, tie.rule)}{score}"
    yield f"      {tie.matched_title}"
    numbers = " ".join(f"{name}={value}" for name, value in tie.features.items())
    yield f"      decided {tie.decided_at}, version {tie.version}{' ' if numbers else ''}{numbers}"


def _alike(account: StoryAccount) -> Iterator[str]:
    if account.lookalikes:
        yield "alike, but other stories"
        for found in account.lookalikes:
            rule = _RULES.get(found.rule, found.rule)
            yield f"  story {found.story}, entry {found.entry}: {found.title}"
            yield f"    {rule}, score {found.score:.2f}"
            yield f"    merge: aggregator merge {account.story} {found.story}"
        yield ""


def _pages(account: StoryAccount, network: Network, offer: Offer, now: datetime) -> dict[str, str]:
    """Page -> where on it the story stands and by which rule, or why it does not."""
    placed = {place.page: place for place in account.places}
    copies = [
        CopyState(
            site=copy.site,
            is_fit=is_link(copy.url or "") and is_visible(copy.title),
            is_gone=copy.is_gone,
            agency=copy.agency,
            shown_at=parse_time(copy.shown_at),
            held_until=time_of(copy.held_until),
        )
        for copy in account.copies
    ]
    found = {}
    for page in network.pages:
        asked = ask(account.story, page, network, offer, now=now)
        place = placed.get(page.id)
        if place is not None:
            where = f"block {place.block}, place {place.position}, {place.shown_from} on"
            found[page.id] = f"{where}: {why_shown(asked, place.block)}"
        elif account.merged_into:
            found[page.id] = f"not shown: story {account.merged_into} has its entries"
        elif account.withdrawn_at:
            found[page.id] = f"not shown: withdrawn {account.withdrawn_at}"
        else:
            found[page.id] = f"not shown: {why_absent(asked, copies)}"
    return found


def _page_lines(pages: dict[str, str]) -> Iterator[str]:
    yield "pages"
    for page, where in pages.items():
        yield f"  {page}: {where}"


def show_edit(answer: Message) -> None:
    """What an editor's word came to."""
    entries, stories = answer["entries"], answer["stories"]
    assert isinstance(entries, list)
    assert isinstance(stories, list)
    for entry, story in zip(entries, stories, strict=True):
        click.echo(f"entry {entry} tells story {story}")
    if answer["generation"] is not None:
        click.echo(f"published: generation {answer['generation']}")


def show_rematch(answer: Message) -> None:
    """How much was settled again."""
    click.echo(
        f"{counted(answer['entries'], 'entry')} settled, {answer['moved']} of them in another story"
    )
