"""The first schema: tables, indexes and views as statements, in the order they are made.

As long as no version has been released; then it is history, and changes are steps of `migrations`.
"""

from __future__ import annotations

from aggregator.store import story_schema
from aggregator.store.columns import time_column as _time
from aggregator.store.schema_beside import BESIDE
from aggregator.store.schema_hubs import HUBS

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
    {_time("last_read_at")},
    {_time("next_poll_at")},
    next_poll_why TEXT,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    last_outcome TEXT,
    last_error TEXT,
    {_time("newest_entry_at")},
    {_time("paused_until")},
    {_time("disabled_at")},
    served_by TEXT,
    {_time("last_full_at")},
    id_policy TEXT NOT NULL DEFAULT 'guid' CHECK (id_policy IN ('guid', 'url')),
    suffixes TEXT NOT NULL DEFAULT '[]',
    entries INTEGER NOT NULL DEFAULT 0
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

# AUTOINCREMENT here and in entries: an id is a number for life, also after its row is removed.
_STORIES = f"""
CREATE TABLE stories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
    generation INTEGER NOT NULL REFERENCES generations(id),
    until_generation INTEGER REFERENCES generations(id)
) STRICT
"""

# ------------------------------------------------------------ search and retention

# Of entries, by their id. An ordinary FTS5 table: it keeps its text, so that a changed or deleted
# entry leaves it without its old text at hand. No triggers: see store/searching.py.
_SEARCH = """
CREATE VIRTUAL TABLE search USING fts5(
    title, summary, title_pairs, summary_pairs, tokenize = 'porter unicode61'
)
"""

# The keys of entries that retention removed: what a feed lists again is not new. entry_id tells
# how many entries had the key; there is no row of that id any more.
_TOMBSTONES = f"""
CREATE TABLE tombstones (
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    entry_id INTEGER NOT NULL,
    {_time("removed_at", required=True)},
    PRIMARY KEY (feed_id, kind, value, entry_id)
) STRICT, WITHOUT ROWID
"""

_UPKEEP = (
    _SEARCH,
    _TOMBSTONES,
    # A foreign key that retention follows back.
    "CREATE INDEX merges_by_match ON merges(matched_entry_id) WHERE matched_entry_id IS NOT NULL",
    # The newest stories of the whole network.
    "CREATE INDEX stories_by_time ON stories(shown_at DESC)",
    # What stood on a page at a time: the places there were, and in each the last one till then.
    "CREATE INDEX placements_by_place ON placements(page, block, position, shown_from)",
    # What was new in a period, over all feeds: exports and plots.
    "CREATE INDEX entries_by_time ON entries(first_seen_at)",
)

# ----------------------------------------------------------------------------------

# ---------------------------------------------------------------- an editor's word
# What an editor did to a story; never deleted, ended_at ends it. A story named by its URL is looked
# for by that URL's key, so that one that comes later is found as well.
_OVERRIDES = f"""
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('withdraw', 'pin', 'retitle')),
    story_id INTEGER REFERENCES stories(id) ON DELETE SET NULL,
    url TEXT,
    canonical_url TEXT,
    words TEXT,
    value TEXT,
    page TEXT,
    note TEXT,
    {_time("created_at", required=True)},
    {_time("expires_at")},
    {_time("ended_at")},
    CHECK ((story_id IS NOT NULL) + (canonical_url IS NOT NULL) + (words IS NOT NULL) <= 1)
) STRICT
"""

_OVERRIDE_INDEXES = (
    # What is in force: every publication's question.
    "CREATE INDEX overrides_in_force ON overrides(expires_at) WHERE ended_at IS NULL",
    # What was done to a story.
    "CREATE INDEX overrides_by_story ON overrides(story_id) WHERE story_id IS NOT NULL",
)

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
    # The story an entry leads. Without it every new entry would scan all stories, for a story is
    # written before the entry it names (a deferred foreign key).
    "CREATE INDEX stories_by_entry ON stories(entry_id)",
    # A site's newest stories.
    "CREATE INDEX stories_by_site ON stories(site_id, shown_at DESC)",
    # What is shown now; where a story has been shown.
    "CREATE UNIQUE INDEX placements_now ON placements(page, block, position)"
    " WHERE shown_until IS NULL",
    "CREATE INDEX placements_by_story ON placements(story_id)",
)

# count(id), not count(*): DuckDB rewrites the latter when it reads the view.
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
    stories.shown_at,
    (SELECT count(id) FROM entries WHERE entries.story_id = stories.id) AS entries,
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

# ------------------------------------------------------------- permanent redirects

# One row for each address a feed was sent to for good; the row in force has learnt_at and neither
# undone_at nor replaced_at.
_FEED_MOVES = f"""
CREATE TABLE feed_moves (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    {_time("first_sighted_at", required=True)},
    {_time("last_sighted_at", required=True)},
    sightings INTEGER NOT NULL CHECK (sightings > 0),
    {_time("allowed_at")},
    {_time("learnt_at")},
    {_time("replaced_at")},
    {_time("undone_at")},
    UNIQUE (feed_id, url)
) STRICT
"""

_FEED_MOVES_INDEXES = (
    # Where a feed is polled: joined to every read of a due feed. One move is in force at a time.
    "CREATE UNIQUE INDEX feed_moves_in_force ON feed_moves(feed_id)"
    " WHERE learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL",
)

# ---------------------------------------------------------------------------------
# ---------------------------------------------------------------- when to poll

# What the polling policy knows of one feed: see policy.FeedRate.
_FEED_RATES = f"""
CREATE TABLE feed_rates (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds(id) ON DELETE CASCADE,
    {_time("observed_at", required=True)},
    {_time("newest_item_at", required=True)},
    items REAL NOT NULL,
    exposure_s REAL NOT NULL,
    bins TEXT NOT NULL,
    overrun INTEGER NOT NULL DEFAULT 0 CHECK (overrun IN (0, 1))
) STRICT
"""

# What all feeds share, one row: see policy.PolicyState.
_POLICY_STATE = f"""
CREATE TABLE policy_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mu REAL NOT NULL,
    polls_per_hour REAL NOT NULL,
    {_time("stepped_at", required=True)},
    {_time("profiled_at", required=True)},
    profile TEXT NOT NULL
) STRICT
"""

_WHEN_TO_POLL = (_FEED_RATES, _POLICY_STATE)

FIRST = (
    *(_SITES, _FEEDS, _POLLS, _STORIES, _ENTRIES, _ENTRY_KEYS, _MERGES),
    *(_GENERATIONS, _PLACEMENTS),
    *story_schema.STATEMENTS,
    *_WHEN_TO_POLL,
    *_INDEXES,
    *(_HEADLINES, _PAGE_HEADLINES, _FEED_HEALTH),
    *(_FEED_MOVES, *_FEED_MOVES_INDEXES),
    *_UPKEEP,
    *(_OVERRIDES, *_OVERRIDE_INDEXES),
    *BESIDE,
    *HUBS,
)
