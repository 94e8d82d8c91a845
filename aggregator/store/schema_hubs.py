"""What hubs were asked for: one table of the first schema."""

from __future__ import annotations

from aggregator.store.columns import time_column as _time

# What hubs were asked for, one row a feed: see websub.Subscription. ask_at is when a hub is asked
# next. No secret: callbacks and secrets are made of nonce and a key that lies beside the database.
_SUBSCRIPTIONS = f"""
CREATE TABLE subscriptions (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds(id) ON DELETE CASCADE,
    hub_url TEXT NOT NULL,
    topic_url TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'active', 'denied')),
    {_time("asked_at", required=True)},
    {_time("ask_at", required=True)},
    {_time("verified_at")},
    {_time("expires_at")},
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    {_time("pushed_at")},
    {_time("missed_at")},
    last_error TEXT
) STRICT
"""

HUBS = (_SUBSCRIPTIONS,)
