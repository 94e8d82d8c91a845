"""A document that was read -> stored, as a poll does it."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from aggregator import intake
from aggregator.model import Document
from aggregator.network import Network


def store_document(
    db: Database, network: Network, feed_id: int, document: Document, at: datetime
) -> None:
    """Inside a transaction; feeds have the numbers of their order in the network."""
    intake.store_document(
        db,
        document,
        network,
        network.owners(),
        feed_id=feed_id,
        feed_site=network.feeds()[feed_id - 1].site,
        first=False,
        now=at,
    )
