"""Entries and what ties them -> which story each tells, by what evidence, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from sqlite_utils import Database

from aggregator.identity import RULES_VERSION
from aggregator.intake.eventing import settle_events
from aggregator.intake.items import item_to_group, key_of
from aggregator.similar import (
    BACKGROUND,
    Group,
    Join,
    Match,
    Override,
    OverrideKind,
    Reason,
    Rule,
    SameSlug,
    Verdict,
    compare,
    group,
    identities,
    read_headline,
)
from aggregator.store import explaining, overrides, similarity, storylines, writing
from aggregator.store.similarity import StoredHeadline, StoredMatch
from aggregator.store.storylines import Evidence, StoredOverride
from aggregator.stories import assign_stories, tell_copies, tell_story
from aggregator.url_key import canonical_url
from aggregator.urls import host_of

REACH = 500
"""So many entries beyond those asked for are grouped again; more are tied by no news."""
SLUG_WINDOW = timedelta(days=30)
"""The same last segment on two sites, further apart, is another article."""

_NOTHING = compare(read_headline(""), read_headline(""), BACKGROUND)


@dataclass(frozen=True, slots=True)
class _Ties:
    """What is known of the entries that are grouped together; `keys` maps entry -> item key."""

    keys: Mapping[int, str]
    matches: Mapping[tuple[int, int], StoredMatch]
    words: tuple[StoredOverride, ...]


def regroup(
    db: Database,
    entry_ids: Iterable[int],
    owners: Mapping[str, str],
    *,
    begun: Collection[int] = (),
    now: datetime,
) -> frozenset[int]:
    """Settles again the stories of these entries and of all that is tied to them.

    `begun` are stories nobody has seen: they leave no trace when their entries go elsewhere.
    `owners`: host -> site. Returns the ids of the stories that have the entries now.
    """
    heads = similarity.headlines(db, _reach(db, frozenset(entry_ids)))
    ties, groups = _group(db, heads, owners)
    ids = {key: entry_id for entry_id, key in ties.keys.items()}
    members = [[ids[key] for key in found.members] for found in groups]
    told = storylines.told_by(db, heads)
    story_ids = assign_stories(
        members,
        told,
        storylines.retired_by(db, heads),
        next_id=writing.next_id(db, "stories"),
    )
    _tell(db, dict(zip(story_ids, members, strict=True)), owners)
    moved = {
        entry_id: story_id
        for story_id, found in zip(story_ids, members, strict=True)
        for entry_id in found
        if told[entry_id] != story_id
    }
    storylines.move_entries(db, moved)
    left = {story_id for entry_id in moved if (story_id := told[entry_id]) is not None}
    storylines.retire_stories(db, left, begun=begun)
    if left - set(begun):
        overrides.release(db, left, moved.values())
    storylines.revive_stories(db, story_ids)
    evidence = [
        _evidence(story_id, join, ids, ties)
        for story_id, found in zip(story_ids, groups, strict=True)
        for join in found.joins
    ]
    storylines.replace_evidence(db, heads, evidence, now=now)
    settle_events(db, story_ids)
    return frozenset(story_ids)


def retell_link(db: Database, override_id: int, owners: Mapping[str, str]) -> None:
    """A link was withdrawn, or is so no longer: the stories that have it are told anew.

    Nothing happens where the override is none of a link.
    """
    word = overrides.find(db, override_id)
    if word is None or word.story_id is None or word.url is None:
        return
    named = {story_id for story_id, _ in overrides.stories_of(db, override_id)}
    linked = {story for _, story in explaining.entries_with_link(db, canonical_url(word.url))}
    retell(db, named | linked, owners)


def retell(db: Database, story_ids: Iterable[int], owners: Mapping[str, str]) -> None:
    """By the same entries, as they are now."""
    told = {story_id: explaining.entries_of_story(db, story_id) for story_id in story_ids}
    _tell(db, {story_id: found for story_id, found in told.items() if found}, owners)


def _reach(db: Database, entry_ids: frozenset[int]) -> frozenset[int]:
    """The entries, their story mates and all that is tied to any of them."""
    reached = set(entry_ids)
    new: Collection[int] = entry_ids
    while new and len(reached) <= len(entry_ids) + REACH:
        new = storylines.tied_entries(db, new) - reached
        reached.update(new)
    return frozenset(reached)


def _group(
    db: Database, heads: Mapping[int, StoredHeadline], hosts: Collection[str]
) -> tuple[_Ties, tuple[Group, ...]]:
    keys = {entry_id: key_of(head) for entry_id, head in heads.items()}
    stored = {
        (match.a_entry, match.b_entry): match
        for match in similarity.matches_among(db, heads)
        if match.rule in set(Rule) and {match.a_entry, match.b_entry} <= heads.keys()
    }
    words = tuple(
        word
        for word in storylines.overrides_on(db, heads)
        if {word.a_entry, word.b_entry} <= heads.keys()
    )
    same = identities({keys[id_]: sorted(head.links) for id_, head in heads.items()})
    groups = group(
        [item_to_group(head, same) for head in heads.values()],
        [_match(match, keys) for match in stored.values()],
        [
            Override(keys[word.a_entry], keys[word.b_entry], OverrideKind(word.kind))
            for word in words
        ],
        _slug_pairs(storylines.slugs(db, heads), heads, hosts),
    )
    return _Ties(keys, stored, words), groups


def _match(match: StoredMatch, keys: Mapping[int, str]) -> Match:
    """Grouping asks for rule and score alone; the numbers stay where they are stored."""
    a, b = sorted((keys[match.a_entry], keys[match.b_entry]))
    return Match(a, b, Verdict(Rule(match.rule), match.score, _NOTHING))


def _slug_pairs(
    slugs: Mapping[int, Iterable[str]],
    heads: Mapping[int, StoredHeadline],
    hosts: Collection[str],
) -> Iterator[SameSlug]:
    """Entries on two hosts of the network whose links end alike, within thirty days.

    A slug that one host has under several links (`/mars/weekly-...`, `/moon/weekly-...`) names a
    column and ties nothing.
    """
    holders: dict[str, list[StoredHeadline]] = {}
    for entry_id, found in slugs.items():
        for slug in found:
            holders.setdefault(slug, []).append(heads[entry_id])
    for slug, found_at in holders.items():
        links = {link for head in found_at for link in head.links if link.endswith(slug)}
        by_host = {link: host_of(link) for link in links}
        if len(set(by_host.values())) < len(by_host):
            continue
        for a, b in combinations(found_at, 2):
            if _may_be_one(a, b, hosts):
                yield SameSlug(key_of(a), key_of(b))


def _may_be_one(a: StoredHeadline, b: StoredHeadline, hosts: Collection[str]) -> bool:
    host_a, host_b = host_of(a.canonical_url or ""), host_of(b.canonical_url or "")
    if host_a == host_b or host_a not in hosts or host_b not in hosts:
        return False
    shown_a, shown_b = a.published_at or a.first_seen_at, b.published_at or b.first_seen_at
    return abs(shown_a - shown_b) <= SLUG_WINDOW


def _tell(db: Database, stories: Mapping[int, list[int]], owners: Mapping[str, str]) -> None:
    entries = [entry_id for found in stories.values() for entry_id in found]
    members = storylines.members(db, entries)
    told = {id_: [members[entry_id] for entry_id in found] for id_, found in stories.items()}
    faces = [tell_story(id_, found, owners=owners) for id_, found in told.items()]
    writing.tell(db, faces)
    copies = [
        copy for face in faces for copy in tell_copies(face, told[face.story_id], owners=owners)
    ]
    storylines.replace_copies(db, told, copies)


def _evidence(story_id: int, join: Join, ids: Mapping[str, int], ties: _Ties) -> Evidence:
    entry_id, matched = ids[join.item], ids[join.matched]
    pair = min(entry_id, matched), max(entry_id, matched)
    features, rule, score, version = "{}", join.reason.value, None, RULES_VERSION
    if join.verdict is not None:
        stored = ties.matches[pair]
        rule, score, features, version = (
            stored.rule,
            stored.score,
            stored.features,
            stored.version,
        )
    elif join.reason is Reason.FORCE:
        word = next(word for word in ties.words if (word.a_entry, word.b_entry) == pair)
        features = json.dumps({"note": word.note}, ensure_ascii=False) if word.note else "{}"
    return Evidence(story_id, entry_id, matched, rule, score, features, version)
