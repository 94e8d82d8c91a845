"""A document of a feed -> everything it changes in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from aggregator.identity import distrusts_guids, identify
from aggregator.intake.grouping import regroup
from aggregator.intake.matching import examine, learn
from aggregator.match import FeedUpdate, begun_members, plan_update
from aggregator.model import Document
from aggregator.network import Network
from aggregator.store import writing
from aggregator.stories import tell_story


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
    writing.tell(db, [tell_story(id_, found, owners=owners) for id_, found in begun.items()])
    writing.apply_update(db, feed_id, update, now=now)
    _settle(db, feed_id, update, network, owners, now=now)
    return update


def _settle(
    db: Database,
    feed_id: int,
    update: FeedUpdate,
    network: Network,
    owners: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Which stories the entries tell, now that all of them are stored."""
    entries = {item.id for item in update.new} | {item.id for item in update.changed}
    if not entries:
        return
    retaught = learn(db, feed_id, now=now) if update.new else frozenset()
    affected = examine(db, entries | retaught, network, now=now)
    regroup(db, affected | entries, owners, begun=update.begun, now=now)
