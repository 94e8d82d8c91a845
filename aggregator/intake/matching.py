"""Entries that are new or changed -> their matches with all that is stored.

Findings and matches are a matter of what is stored, not of how it came: an entry that turns a
finding on another one has the matches of that one found again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b

from sqlite_utils import Database

from aggregator.intake.items import Reader
from aggregator.network import Network
from aggregator.similar import (
    BACKGROUND,
    NORMALISER_VERSION,
    RULES_VERSION,
    WINDOW,
    Comparison,
    HeadlineTokens,
    SummarySighting,
    TitleSighting,
    WeighedItem,
    candidates,
    compare_items,
    is_boilerplate,
    is_recurring,
    learn_suffixes,
    same_event,
    sought_tokens,
    summary_key,
    weigh_item,
)
from aggregator.store import sightings, similarity
from aggregator.store.sightings import Sighting
from aggregator.store.similarity import StoredHeadline, StoredMatch

CANDIDATES = 50
"""A query's best: .996 of the same stories are among them (7,600 AG items)."""
TAUGHT_BY = 100
"""So many of a feed's newest titles teach what they end with."""
EVENT = "event"
"""The rule of two headlines about one event that are not one story."""


def examine(
    db: Database, entry_ids: Iterable[int], network: Network, *, now: datetime
) -> frozenset[int]:
    """Finds the matches of these entries again, and of those on which a finding turned.

    Returns those that have a match, or had one. Entries that were older than the window when they
    were first seen are known by their keys alone.
    """
    reader = Reader(network)
    heads = {
        id_: head
        for id_, head in similarity.headlines(db, entry_ids).items()
        if head.sighted or is_fresh(head.published_at, head.first_seen_at)
    }
    if not heads:
        return frozenset()
    turned = _sight(db, heads, reader)
    heads |= similarity.headlines(db, turned)
    fresh = {id_ for id_, head in heads.items() if is_fresh(head.published_at, head.first_seen_at)}
    tokens = {
        id_: sought_tokens(reader.titles(head), BACKGROUND) if id_ in fresh else {}
        for id_, head in sorted(heads.items())
    }
    similarity.index_tokens(db, tokens)
    partners = similarity.partners(db, heads)
    wanted = _wanted(db, heads, tokens, partners)
    others = similarity.headlines(db, set().union(*wanted.values()) - heads.keys())
    matches = list(_matches({**heads, **others}, wanted, reader))
    similarity.replace_matches(db, heads, matches, now=now)
    return frozenset(partners).union(*((match.a_entry, match.b_entry) for match in matches))


def learn(db: Database, feed_id: int, *, now: datetime) -> frozenset[int]:
    """What a feed's titles end with; returns the entries to examine again when that is news."""
    known, titles = sightings.learnt_by(db, feed_id, limit=TAUGHT_BY)
    learnt = learn_suffixes(titles).difference(known)
    if not learnt:
        return frozenset()
    sightings.teach(db, feed_id, learnt.union(known))
    return frozenset(sightings.recent_entries(db, feed_id, since=now - WINDOW))


def is_fresh(published_at: datetime | None, first_seen_at: datetime) -> bool:
    """Whether an entry was within the window when it was first seen."""
    return published_at is None or published_at >= first_seen_at - WINDOW


# ------------------------------------------------------------------- candidates


def _wanted(
    db: Database,
    heads: Mapping[int, StoredHeadline],
    tokens: Mapping[int, dict[str, float]],
    partners: Mapping[int, set[int]],
) -> dict[int, set[int]]:
    """Entry -> those to compare it with: the window's candidates, and what it matched before."""
    wanted = {entry_id: set(partners.get(entry_id, ())) for entry_id in heads}
    for entry_id, sought in tokens.items():
        head = heads[entry_id]
        if head.recurring or not sought:
            continue
        found = similarity.holders(db, sought, head.first_seen_at)
        # One more than counts: it finds itself.
        wanted[entry_id].update(candidates(sought, found, limit=CANDIDATES + 1))
        wanted[entry_id].discard(entry_id)
    return wanted


def _matches(
    heads: Mapping[int, StoredHeadline], wanted: Mapping[int, Iterable[int]], reader: Reader
) -> Iterator[StoredMatch]:
    done = set[tuple[int, int]]()
    items: dict[int, WeighedItem] = {}

    def item(entry_id: int) -> WeighedItem:
        if entry_id not in items:
            items[entry_id] = weigh_item(reader.item(heads[entry_id]), BACKGROUND)
        return items[entry_id]

    version = 1000 * NORMALISER_VERSION + RULES_VERSION
    for entry_id, others in wanted.items():
        pairs = {
            other: (min(entry_id, other), max(entry_id, other))
            for other in others
            if other in heads
        }
        left = [other for other, pair in pairs.items() if pair not in done]
        if not left:
            continue
        done.update(pairs.values())
        compared = compare_items(item(entry_id), map(item, left))
        for other, (verdict, current) in zip(left, compared, strict=True):
            if verdict is not None:
                rule, score, found = verdict.rule.value, verdict.score, verdict.comparison
            elif current is not None and same_event(current):
                rule, score, found = EVENT, current.td, current
            else:
                continue
            yield StoredMatch(*pairs[other], rule, round(score, 6), _features(found), version)


def _features(found: Comparison) -> str:
    """The numbers behind a match, for people."""
    numbers = {"tj": found.tj, "mass": found.mass, "td": found.td, "sj": found.sj}
    shown: dict[str, object] = {name: round(number, 4) for name, number in numbers.items()}
    shown["shared"] = found.shared
    if found.guards:
        shown["guards"] = sorted(found.guards)
    return json.dumps(shown)


# -------------------------------------------------------------------- sightings


def _sight(db: Database, heads: Mapping[int, StoredHeadline], reader: Reader) -> frozenset[int]:
    """Records what the entries are seen with; returns those on which a finding turned."""
    before = sightings.of_entries(db, heads)
    seen = [_sighting(head, reader.titles(head)[0]) for head in heads.values()]
    sightings.record(db, seen, version=NORMALISER_VERSION)
    after = sightings.of_entries(db, heads)
    titles = {row.title_key for row in (*before, *after) if row.title_key is not None}
    summaries = {row.summary_key for row in (*before, *after) if row.summary_key is not None}
    # A title or summary that is gone takes its finding along.
    plain = {row.entry_id: False for row in after if row.recurring or row.boilerplate}
    recurring = plain | _recurring(db, _with(after, db, "title_key", titles), reader)
    boilerplate = plain | _boilerplate(db, _with(after, db, "summary_key", summaries))
    return _record(db, "recurring", recurring) | _record(db, "boilerplate", boilerplate)


def _sighting(head: StoredHeadline, tokens: HeadlineTokens) -> Sighting:
    text = summary_key(head.summary)
    return Sighting(
        entry_id=head.id,
        feed_id=head.feed_id,
        link=head.canonical_url or head.guid or str(head.id),
        at=head.published_at or head.first_seen_at,
        title_key=_hash(tokens.key) if tokens.key else None,
        summary_key=_hash(text) if text else None,
    )


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _with(
    own: Iterable[Sighting], db: Database, column: str, keys: Iterable[int]
) -> list[list[Sighting]]:
    """The sightings of each key that was seen more than once, also those beyond the limit."""
    found = sightings.alike(db, column, keys)
    for seen in own:
        rows = found.get(getattr(seen, column), [])
        if rows and all(row.entry_id != seen.entry_id for row in rows):
            rows.append(seen)
    return list(found.values())


def _recurring(db: Database, alike: Iterable[list[Sighting]], reader: Reader) -> dict[int, bool]:
    found = {}
    for rows in alike:
        heads = similarity.headlines(db, [row.entry_id for row in rows])
        titles = {
            row.entry_id: TitleSighting(
                feed=str(row.feed_id),
                link=row.link,
                at=row.at,
                summary=_summary(heads.get(row.entry_id), reader),
            )
            for row in rows
        }
        for entry_id, own in titles.items():
            found[entry_id] = is_recurring(own, titles.values())
    return found


def _summary(head: StoredHeadline | None, reader: Reader) -> frozenset[str]:
    """None is left of an entry that was purged; its title still counts by its date."""
    return frozenset() if head is None else frozenset(reader.versions(head)[0].summary)


def _boilerplate(db: Database, alike: list[list[Sighting]]) -> dict[int, bool]:
    sites = sightings.feed_sites(db, {row.feed_id for rows in alike for row in rows})
    found = {}
    for rows in alike:
        verdict = is_boilerplate(SummarySighting(sites[row.feed_id], row.link) for row in rows)
        found.update(dict.fromkeys((row.entry_id for row in rows), verdict))
    return found


def _record(db: Database, column: str, findings: Mapping[int, bool]) -> frozenset[int]:
    """Stores the findings that turned; returns their entries."""
    stored = {row.entry_id: getattr(row, column) for row in sightings.of_entries(db, findings)}
    turned = {id_: found for id_, found in findings.items() if stored.get(id_) != found}
    sightings.record_findings(db, column, turned)
    return frozenset(turned)
