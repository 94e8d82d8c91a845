"""The part of the first schema that is about upkeep: counts, the archive, checks of story pages."""

from __future__ import annotations

from aggregator.store.columns import time_column as _time

# `feeds.entries` is kept up here, so that rows written from outside count as well and `status`
# counts nothing.
_ENTRY_COUNTS = tuple(
    f"CREATE TRIGGER entries_counted_{name} AFTER {event} ON entries BEGIN {work} END"
    for name, event, work in (
        ("in", "INSERT", "UPDATE feeds SET entries = entries + 1 WHERE id = new.feed_id;"),
        ("out", "DELETE", "UPDATE feeds SET entries = entries - 1 WHERE id = old.feed_id;"),
        (
            "over",
            "UPDATE OF feed_id",
            "UPDATE feeds SET entries = entries - 1 WHERE id = old.feed_id;"
            " UPDATE feeds SET entries = entries + 1 WHERE id = new.feed_id;",
        ),
    )
)

# ------------------------------------------------------------------ the archive

# Bodies as they were received, content coding undone, compressed by zlib; each once. `body` comes
# last: what is asked of the other columns does not read it.
_ARCHIVE_BODIES = """
CREATE TABLE archive_bodies (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT
"""

# Polls in the order they were stored, with all that a replay needs.
_ARCHIVE_POLLS = f"""
CREATE TABLE archive_polls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    {_time("arrived_at", required=True)},
    {_time("at", required=True)},
    outcome TEXT NOT NULL,
    http_status INTEGER,
    url TEXT,
    content_type TEXT,
    error TEXT,
    body_id INTEGER REFERENCES archive_bodies(id)
) STRICT
"""

# How much there is, one row: a poll must know without adding up.
_ARCHIVE_STATE = """
CREATE TABLE archive_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    stored_bytes INTEGER NOT NULL
) STRICT
"""

_ARCHIVE = (
    _ARCHIVE_BODIES,
    _ARCHIVE_POLLS,
    _ARCHIVE_STATE,
    # How much there is, added up without reading a body.
    "CREATE INDEX archive_bodies_by_size ON archive_bodies(stored_bytes)",
    # What is too old; what a feed sent, in order; whether a body is still of use.
    "CREATE INDEX archive_polls_by_time ON archive_polls(at)",
    "CREATE INDEX archive_polls_by_feed ON archive_polls(feed_id, at)",
    "CREATE INDEX archive_polls_by_body ON archive_polls(body_id) WHERE body_id IS NOT NULL",
)

# ------------------------------------------------------------ is a story still there

# One row for each link that a page of ours shows, or that was withdrawn for the absence of what it
# leads to.
_STORY_CHECKS = f"""
CREATE TABLE story_checks (
    url TEXT PRIMARY KEY,
    story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
    {_time("checked_at")},
    {_time("next_check_at", required=True)},
    http_status INTEGER,
    misses INTEGER NOT NULL DEFAULT 0 CHECK (misses >= 0),
    override_id INTEGER REFERENCES overrides(id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID
"""

_STORY_CHECK_INDEXES = (
    # Whose time has come; a story that is deleted; which check withdrew a link.
    "CREATE INDEX story_checks_due ON story_checks(next_check_at)",
    "CREATE INDEX story_checks_by_story ON story_checks(story_id)",
    "CREATE INDEX story_checks_by_override ON story_checks(override_id)"
    " WHERE override_id IS NOT NULL",
)

BESIDE = (*_ENTRY_COUNTS, *_ARCHIVE, _STORY_CHECKS, *_STORY_CHECK_INDEXES)
