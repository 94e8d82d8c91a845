"""An editor's request -> a row of `overrides` and a publication that obeys it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from aggregator.control import Message
from aggregator.editors import OverrideKind
from aggregator.errors import UsageError
from aggregator.instance import Instance
from aggregator.intake import retell_link
from aggregator.network import Network
from aggregator.render.printable import one_line
from aggregator.selection import is_link, is_visible
from aggregator.store import overrides, publications
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store
from aggregator.times import format_time, parse_time
from aggregator.url_key import canonical_url
from aggregator.urls import MAX_URL, absolute_link

MAX_TEXT = 500
TOLD = 20
"""Stories that an answer names at most."""


async def override(instance: Instance, request: Message) -> Message:
    """Writes it down and publishes; says which stories it concerns and where they stand now.

    Raises UsageError for a request that makes no sense; nothing is written then.
    """
    tools = instance.tools
    new = _read(request, instance.network, now=tools.clock())
    if new.words is not None:
        concerned = await tools.store.run(_shown_with, new.words)
    override_id = await tools.store.run(_add, new, tools.clock())
    if new.words is None:
        concerned = await tools.store.run(_stories, override_id)
    publication = await instance.publish(force=True)
    places = await tools.store.run(_places, [story_id for story_id, _ in concerned])
    return {
        "id": override_id,
        "kind": new.kind,
        "stories": [{"story_id": id, "title": title} for id, title in concerned[:TOLD]],
        "places": places,
        "expires_at": None if new.expires_at is None else format_time(new.expires_at),
        "generation": None if publication is None else publication.generation,
        "changed": 0 if publication is None else len(publication.changed),
    }


async def undo(instance: Instance, request: Message) -> Message:
    """Ends an override and publishes. Raises UsageError when there is none to end."""
    tools = instance.tools
    override_id = _number(request.get("id"), "an override's number")
    kind, owners = str(request.get("kind")), instance.network.owners()
    await tools.store.run(_end, override_id, kind, owners, tools.clock())
    publication = await instance.publish(force=True)
    return {
        "id": override_id,
        "generation": None if publication is None else publication.generation,
        "changed": 0 if publication is None else len(publication.changed),
    }


# --------------------------------------------------------------- what is asked


def _read(request: Message, network: Network, *, now: datetime) -> NewOverride:
    kind = OverrideKind(str(request["kind"]))
    url = read_text(request.get("url"), "a URL", limit=MAX_URL)
    words = read_text(request.get("words"), "words")
    story_id = request.get("story_id")
    if url is not None and (not is_link(url) or absolute_link(url, None) is None):
        raise UsageError(f"{url}: not a usable http(s) URL")
    if words is not None and not any(character.isalnum() for character in words):
        raise UsageError("words to withdraw have a letter or a digit")
    page = _page(request.get("page"), network)
    return NewOverride(
        kind=kind,
        story_id=None if story_id is None else _number(story_id, "a story's number"),
        url=url,
        canonical_url=None if url is None else canonical_url(url),
        words=words,
        value=_value(kind, request, page, network),
        page=page,
        note=read_text(request.get("note"), "a note"),
        expires_at=_expiry(request.get("expires_at"), now),
    )


def read_text(value: object, what: str, *, limit: int = MAX_TEXT) -> str | None:
    """What a person wrote, as one line; raises UsageError for what cannot be one."""
    if value is None:
        return None
    if any("\ud800" <= character <= "\udfff" for character in str(value)):
        raise UsageError(f"{what} in UTF-8 was expected")  # without it, another would be meant
    text = one_line(str(value))
    if not is_visible(text) or len(text) > limit:
        raise UsageError(f"{what} of 1 to {limit} characters was expected")
    return text


def _number(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise UsageError(f"{what} was expected")
    return value


def _page(value: object, network: Network) -> str | None:
    known = [page.id for page in network.pages]
    if value is None or value in known:
        return None if value is None else str(value)
    raise UsageError(f"{value}: no such page; feeds.yaml has {', '.join(known) or 'none'}")


def _value(kind: OverrideKind, request: Message, page: str | None, network: Network) -> str | None:
    """The new title, or the block of a pin."""
    value = read_text(request.get("value"), "a title")
    if kind is OverrideKind.RETITLE and value is None:
        raise UsageError("a title was expected")
    if kind is OverrideKind.PIN and value is not None:
        pages = [known for known in network.pages if page in (None, known.id)]
        blocks = {block.id for known in pages for block in known.blocks}
        if value not in blocks:
            known_there = ", ".join(sorted(blocks)) or "none"
            raise UsageError(f"{value}: no such block there; feeds.yaml has {known_there}")
    return value


def _expiry(value: object, now: datetime) -> datetime | None:
    if value is None:
        return None
    try:
        expires_at = parse_time(str(value))
    except ValueError as error:
        raise UsageError(f"{value}: {error}") from error
    if expires_at <= now:
        raise UsageError(f"{value}: in the past")
    return expires_at


# ------------------------------------------------------------- in the store


def _add(store: Store, new: NewOverride, now: datetime) -> int:
    with store.transaction() as db:
        if new.story_id is not None and not overrides.story_exists(db, new.story_id):
            raise UsageError(f"{new.story_id}: no such story")
        return overrides.add(db, new, now=now)


def _end(
    store: Store, override_id: int, kind: str, owners: Mapping[str, str], now: datetime
) -> None:
    with store.transaction() as db:
        found = overrides.find(db, override_id)
        if found is None:
            raise UsageError(f"{override_id}: no such override; `aggregator overrides` lists them")
        if found.kind != kind:
            how = f"`aggregator {found.kind} --undo {override_id}` ends it"
            raise UsageError(f"{override_id}: a {found.kind}, not a {kind}; {how}")
        if found.ended_at is not None:
            raise UsageError(f"{override_id}: ended at {found.ended_at} already")
        overrides.end(db, override_id, now=now)
        retell_link(db, override_id, owners)


def _stories(store: Store, override_id: int) -> tuple[tuple[int, str], ...]:
    return overrides.stories_of(store.db, override_id)


def _shown_with(store: Store, words: str) -> tuple[tuple[int, str], ...]:
    return publications.shown_with_words(store.db, words)


def _places(store: Store, story_ids: list[int]) -> list[dict[str, object]]:
    return [asdict(place) for place in publications.places_of(store.db, story_ids)]
