"""Nothing, or a database of an earlier version -> the schema of this version.

Append only: a step that has shipped is never edited. `PRAGMA user_version` is the number of steps
applied, `PRAGMA application_id` marks the file as ours; both change in the transaction of the step.
Every table and column is described in docs/schema.md, which a test compares with this schema.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from aggregator.store import story_schema
from aggregator.store.columns import time_column as _time

APPLICATION_ID = 0x48454144
"""`HEAD` in ASCII; `file` and SQLite's own tools show it."""

_SITES = """
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    home TEXT NOT NULL
) STRICT
"""

_FEEDS = f"""
CREATE TABLE feeds (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL UNIQUE,
    title TEXT,
    home TEXT,
    language TEXT,
    icon TEXT,
    hub_url TEXT,
    self_url TEXT,
    ttl_s INTEGER,
    skip_hours TEXT NOT NULL DEFAULT '[]',
    skip_days TEXT NOT NULL DEFAULT '[]',
    etag TEXT,
    last_modified TEXT,
    body_hash TEXT,
    {_time("last_polled_at")},
    {_time("last_success_at")},
    {_time("next_poll_at")},
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    last_outcome TEXT,
    last_error TEXT,
    {_time("newest_entry_at")},
    {_time("paused_until")},
    {_time("disabled_at")},
    id_policy TEXT NOT NULL DEFAULT 'guid' CHECK (id_policy IN ('guid', 'url')),
    suffixes TEXT NOT NULL DEFAULT '[]'
) STRICT
"""

_POLLS = f"""
CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    {_time("at", required=True)},
    outcome TEXT NOT NULL,
    http_status INTEGER,
    bytes INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    new_entries INTEGER NOT NULL DEFAULT 0,
    updated_entries INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    tier TEXT,
    truncated_entries INTEGER NOT NULL DEFAULT 0,
    undated_entries INTEGER NOT NULL DEFAULT 0,
    skipped_entries INTEGER NOT NULL DEFAULT 0
) STRICT
"""

_STORIES = f"""
CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    entry_id INTEGER REFERENCES entries(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    url TEXT,
    title TEXT NOT NULL,
    image_url TEXT,
    {_time("published_at")},
    {_time("first_seen_at", required=True)},
    shown_at TEXT GENERATED ALWAYS AS (coalesce(published_at, first_seen_at)) VIRTUAL,
    {_time("held_until")},
    {_time("withdrawn_at")},
    event_id INTEGER,
    merged_into INTEGER REFERENCES stories(id)
) STRICT
"""

_ENTRIES = f"""
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id),
    guid TEXT,
    url TEXT,
    canonical_url TEXT,
    title TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT '',
    author TEXT,
    image_url TEXT,
    categories TEXT NOT NULL DEFAULT '[]',
    {_time("published_at")},
    {_time("updated_at")},
    {_time("held_until")},
    {_time("first_seen_at", required=True)},
    {_time("last_seen_at", required=True)},
    position INTEGER NOT NULL DEFAULT 0,
    backfill INTEGER NOT NULL DEFAULT 0 CHECK (backfill IN (0, 1)),
    fingerprint INTEGER,
    agency TEXT,
    story_id INTEGER REFERENCES stories(id)
) STRICT
"""

# One entry may have several keys and, where a feed repeats a guid, one key several entries.
# scope: the feed's id for kinds that hold within one feed, 0 for those of the whole network.
_ENTRY_KEYS = f"""
CREATE TABLE entry_keys (
    kind TEXT NOT NULL,
    scope INTEGER NOT NULL,
    value TEXT NOT NULL,
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    {_time("created_at", required=True)},
    PRIMARY KEY (kind, scope, value, entry_id)
) STRICT, WITHOUT ROWID
"""

# Evidence, one row for each entry that joined a story another entry had begun. Never deleted:
# undone_at ends a merge.
_MERGES = f"""
CREATE TABLE merges (
    id INTEGER PRIMARY KEY,
    story_id INTEGER NOT NULL REFERENCES stories(id),
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    matched_entry_id INTEGER REFERENCES entries(id) ON DELETE SET NULL,
    rule TEXT NOT NULL,
    score REAL,
    features TEXT NOT NULL DEFAULT '{{}}',
    version INTEGER NOT NULL,
    {_time("decided_at", required=True)},
    {_time("undone_at")}
) STRICT
"""

_GENERATIONS = f"""
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    {_time("published_at", required=True)},
    changed_files INTEGER NOT NULL,
    removed_files INTEGER NOT NULL
) STRICT
"""

# What stood in which place from when to when; shown_until NULL: it stands there now.
_PLACEMENTS = f"""
CREATE TABLE placements (
    id INTEGER PRIMARY KEY,
    page TEXT NOT NULL,
    block TEXT NOT NULL,
    position INTEGER NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories(id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    site_id TEXT NOT NULL REFERENCES sites(id),
    {_time("published_at")},
    image_url TEXT,
    {_time("shown_from", required=True)},
    {_time("shown_until")},
    generation INTEGER NOT NULL REFERENCES generations(id)
) STRICT
"""

_INDEXES = (
    # Which feeds are due: the tick's query.
    "CREATE INDEX feeds_due ON feeds(next_poll_at) WHERE next_poll_at IS NOT NULL",
    # A feed's log, newest first; the log by time.
    "CREATE INDEX polls_by_feed ON polls(feed_id, at)",
    "CREATE INDEX polls_by_time ON polls(at)",
    # What a feed listed last: the fingerprints a worker is told.
    "CREATE INDEX entries_by_feed ON entries(feed_id, last_seen_at)",
    # The members of a story.
    "CREATE INDEX entries_by_story ON entries(story_id)",
    # Foreign keys that deletions follow back.
    "CREATE INDEX entry_keys_by_entry ON entry_keys(entry_id)",
    "CREATE INDEX merges_by_entry ON merges(entry_id)",
    "CREATE INDEX merges_by_story ON merges(story_id)",
    # A site's newest stories.
    "CREATE INDEX stories_by_site ON stories(site_id, shown_at DESC)",
    # What is shown now; where a story has been shown.
    "CREATE UNIQUE INDEX placements_now ON placements(page, block, position)"
    " WHERE shown_until IS NULL",
    "CREATE INDEX placements_by_story ON placements(story_id)",
)

_HEADLINES = """
CREATE VIEW headlines AS
SELECT
    stories.id AS story_id,
    stories.title,
    stories.url,
    stories.site_id,
    sites.name AS site_name,
    stories.published_at,
    stories.first_seen_at,
    (SELECT count(*) FROM entries WHERE entries.story_id = stories.id) AS entries,
    (SELECT count(DISTINCT feed_id) FROM entries WHERE entries.story_id = stories.id) AS feeds
FROM stories
JOIN sites ON sites.id = stories.site_id
WHERE stories.withdrawn_at IS NULL AND stories.merged_into IS NULL
"""

_PAGE_HEADLINES = """
CREATE VIEW page_headlines AS
SELECT page, block, position, story_id, title, url, site_id, published_at
FROM placements
WHERE shown_until IS NULL
"""

# stale: no document for more than a day, or no entry newer than thirty days.
_FEED_HEALTH = """
CREATE VIEW feed_health AS
SELECT
    id AS feed_id,
    site_id,
    url,
    CASE
        WHEN disabled_at IS NOT NULL THEN 'disabled'
        WHEN last_outcome = 'gone' THEN 'gone'
        WHEN paused_until > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') THEN 'paused'
        WHEN failures > 0 THEN 'failing'
        WHEN last_success_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 day') THEN 'stale'
        WHEN newest_entry_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 days') THEN 'stale'
        ELSE 'ok'
    END AS state,
    last_success_at,
    newest_entry_at,
    next_poll_at,
    failures,
    last_error
FROM feeds
"""

migrations = Migrations("aggregator")


@migrations(name="m001_create")
def _create(db: Database) -> None:
    """The first schema."""
    tables = (_SITES, _FEEDS, _POLLS, _STORIES, _ENTRIES, _ENTRY_KEYS, _MERGES)
    published = (_GENERATIONS, _PLACEMENTS)
    views = (_HEADLINES, _PAGE_HEADLINES, _FEED_HEALTH)
    similarity = story_schema.STATEMENTS
    for statement in (*tables, *published, *_INDEXES, *similarity, *views):
        db.conn.execute(statement)


STEPS = ("m001_create",)
SCHEMA_VERSION = len(STEPS)


def migrate(db: Database) -> None:
    """Applies what is missing, all in one transaction; the caller holds the database's lock.

    sqlite-utils alone would begin a deferred transaction for each step, and two starters would
    meet in the middle ("database is locked").
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(db)
        db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.conn.execute("COMMIT")
    except BaseException:
        db.conn.rollback()
        raise
