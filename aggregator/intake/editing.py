"""An editor's word on stories -> overrides that hold over every rule, and the stories after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlite_utils import Database

from aggregator.errors import UsageError
from aggregator.intake.grouping import regroup
from aggregator.network import Network
from aggregator.render.printable import one_line
from aggregator.store import explaining, similarity, storylines
from aggregator.url_key import canonical_url


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a word: the story of each entry named, in the order they were named."""

    entries: tuple[int, ...]
    stories: tuple[int, ...]


def find_story(db: Database, name: str) -> int:
    """The story a number or a link stands for; works on any connection.

    Raises UsageError where there is none.
    """
    if name.isascii() and name.isdigit():
        account = explaining.account_of(db, int(name)) if len(name) < 19 else None
        if account is None:
            raise UsageError(f"{name}: no such story")
        return account.story
    is_text = one_line(name) == name  # cleaned, it would name something else
    found = explaining.entries_with_link(db, canonical_url(name)) if is_text else []
    if not found:
        raise UsageError(f"{name}: no entry has this link; a story is named by number or link")
    return found[0][1]


def merge_stories(
    db: Database, a: str, b: str, network: Network, *, note: str | None, now: datetime
) -> Merged:
    """Makes two stories one for good; what kept their entries apart by hand ends.

    Raises UsageError when one of them does not exist, has no entries or both are one.
    """
    stories = [find_story(db, name) for name in (a, b)]
    members = [explaining.entries_of_story(db, story) for story in stories]
    for name, found in zip((a, b), members, strict=True):
        if not found:
            raise UsageError(f"{name}: this story has no entries any more")
    if stories[0] == stories[1]:
        raise UsageError(f"{a}, {b}: one story already, number {stories[0]}")
    for word in storylines.overrides_on(db, [*members[0], *members[1]]):
        pair = {word.a_entry, word.b_entry}
        if word.kind == "never" and pair & set(members[0]) and pair & set(members[1]):
            storylines.end_override(db, word.id, now=now)
    leading = (members[0][0], members[1][0])
    storylines.add_override(db, *leading, "force", note, now=now)
    regroup(db, leading, network.owners(), now=now)
    return _outcome(db, leading)


def unmerge_entry(
    db: Database, entry_id: int, network: Network, *, note: str | None, now: datetime
) -> Merged:
    """Takes an entry out of its story for good: never with any that tell it now.

    Entries with its link go along, unless they are all there are: they are one article.
    Raises UsageError when it does not exist or tells its story alone.
    """
    story_id = explaining.story_of_entry(db, entry_id)
    if story_id is None:
        raise UsageError(f"{entry_id}: no such entry; `explain` lists a story's entries")
    others = [id_ for id_ in explaining.entries_of_story(db, story_id) if id_ != entry_id]
    if not others:
        raise UsageError(f"{entry_id}: it tells story {story_id} alone")
    heads = similarity.headlines(db, (entry_id, *others))
    twins = [id_ for id_ in others if heads[id_].links & heads[entry_id].links]
    left = [id_ for id_ in others if id_ not in twins]
    leaving = [entry_id, *twins] if left else [entry_id]
    for apart, other in product(leaving, left or others):
        storylines.add_override(db, apart, other, "never", note, now=now)
    regroup(db, (entry_id, *others), network.owners(), now=now)
    return _outcome(db, (entry_id, (left or others)[0]))


def _outcome(db: Database, entries: tuple[int, ...]) -> Merged:
    told = storylines.told_by(db, entries)
    return Merged(entries, tuple(told[entry_id] or 0 for entry_id in entries))
