"""A document of a feed -> everything it changes in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.identity import distrusts_guids, identify
from aggregator.intake.grouping import regroup
from aggregator.intake.matching import examine, is_fresh, learn
from aggregator.match import FeedUpdate, begun_members, plan_update
from aggregator.model import Document
from aggregator.network import Network
from aggregator.store import storylines, writing
from aggregator.stories import Member, tell_copies, tell_story


def store_document(
    db: Database,
    document: Document,
    network: Network,
    owners: Mapping[str, str],
    *,
    feed_id: int,
    feed_site: str,
    first: bool,
    now: datetime,
) -> FeedUpdate:
    """Reads what bears on the document, decides and writes; inside the caller's transaction.

    `owners`: host -> site. `first`: the feed gave no document before.
    """
    by_url = writing.id_policy(db, feed_id) == "url"
    if not by_url and distrusts_guids(document):
        by_url = True
        writing.set_id_policy(db, feed_id, "url")
    items = identify(document, by_url=by_url, hosts=owners)
    known = writing.known(db, feed_id, items, first=first)
    update = plan_update(items, document.seen, known, now=now)
    begun = begun_members(update, feed_id=feed_id, feed_site=feed_site, now=now)
    faces = [tell_story(id_, found, owners=owners) for id_, found in begun.items()]
    writing.tell(db, faces)
    writing.apply_update(db, feed_id, update, now=now)
    ids = _examine(db, feed_id, update, network, now=now)
    alone = _alone(db, begun)
    copies = [
        copy
        for face in faces
        if face.entry_id in alone
        for copy in tell_copies(face, begun[face.story_id], owners=owners)
    ]
    storylines.insert_copies(db, copies)
    if ids - alone:
        regroup(db, ids - alone, owners, begun=update.begun, now=now)
    return update


def _examine(
    db: Database, feed_id: int, update: FeedUpdate, network: Network, *, now: datetime
) -> frozenset[int]:
    """Finds the matches of what is new or changed; returns all entries to settle stories of.

    What was old when it came is known by its keys alone: no words of it are read.
    """
    fresh = {item.id for item in update.new if is_fresh(item.entry.published_at, now)}
    changed = {item.id for item in update.changed}
    retaught = learn(db, feed_id, now=now) if fresh else frozenset()
    affected = examine(db, fresh | changed | retaught, network, now=now)
    return affected | changed | {item.id for item in update.new}


def _alone(db: Database, begun: Mapping[int, Sequence[Member]]) -> frozenset[int]:
    """The entries that began a story and are tied to no other: most are."""
    single = [members[0].entry_id for members in begun.values() if len(members) == 1]
    return frozenset(single) - storylines.tied_among(db, single)
