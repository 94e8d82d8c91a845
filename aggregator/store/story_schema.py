"""The tables of similarity, of merges by hand and of what entries said before.

Part of the first schema, after `feeds`, `entries` and `stories`.
"""

from __future__ import annotations

from aggregator.store.columns import time_column

# The words of titles that candidates are sought by: those a headline has and had. Entries that were
# older than the window when they came have none. By day first, so that what is sought and written
# lies together however much is stored. Kept without an index by entry, which would double what a
# headline costs: `sightings` has the tokens of an entry, and who deletes entries says so to
# `similarity.forget`, since no foreign key could follow without one.
_TITLE_TOKENS = """
CREATE TABLE title_tokens (
    seen_on TEXT NOT NULL CHECK (length(seen_on) = 10 AND seen_on GLOB '????-??-??'),
    token TEXT NOT NULL,
    entry_id INTEGER NOT NULL,
    PRIMARY KEY (seen_on, token, entry_id)
) STRICT, WITHOUT ROWID
"""

# One row for each entry that was ever read for similarity, kept when the entry is purged: a title
# that returns weekly stays known. No foreign key for that reason.
_SIGHTINGS = f"""
CREATE TABLE sightings (
    entry_id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    link TEXT NOT NULL,
    {time_column("at", required=True)},
    title_key INTEGER,
    summary_key INTEGER,
    recurring INTEGER NOT NULL DEFAULT 0 CHECK (recurring IN (0, 1)),
    boilerplate INTEGER NOT NULL DEFAULT 0 CHECK (boilerplate IN (0, 1)),
    tokens TEXT NOT NULL DEFAULT '[]',
    version INTEGER NOT NULL
) STRICT
"""

# What the rules say of two entries now; a_entry < b_entry.
_MATCHES = f"""
CREATE TABLE matches (
    a_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    b_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    rule TEXT NOT NULL CHECK (rule IN ('A', 'B', 'C', 'event')),
    score REAL NOT NULL,
    features TEXT NOT NULL,
    version INTEGER NOT NULL,
    {time_column("decided_at", required=True)},
    PRIMARY KEY (a_entry, b_entry),
    CHECK (a_entry < b_entry)
) STRICT, WITHOUT ROWID
"""

# An editor's word on two entries. Never deleted: ended_at ends it.
_STORY_OVERRIDES = f"""
CREATE TABLE story_overrides (
    id INTEGER PRIMARY KEY,
    a_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    b_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('force', 'never')),
    note TEXT,
    {time_column("created_at", required=True)},
    {time_column("ended_at")},
    CHECK (a_entry < b_entry)
) STRICT
"""

# A story as one site tells it: the candidates of every block.
_STORY_COPIES = f"""
CREATE TABLE story_copies (
    story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
    site_id TEXT NOT NULL REFERENCES sites(id),
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED,
    url TEXT,
    title TEXT NOT NULL,
    image_url TEXT,
    agency TEXT,
    {time_column("shown_at", required=True)},
    {time_column("held_until")},
    PRIMARY KEY (story_id, site_id)
) STRICT, WITHOUT ROWID
"""

# What an entry said before; its row in `entries` says what it says now.
_REVISIONS = f"""
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    {time_column("seen_at", required=True)},
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    url TEXT
) STRICT
"""

_INDEXES = (
    # The other side of a match or an override.
    "CREATE INDEX matches_by_other ON matches(b_entry)",
    "CREATE INDEX story_overrides_by_entry ON story_overrides(a_entry)",
    "CREATE INDEX story_overrides_by_other ON story_overrides(b_entry)",
    # Where a title or a summary stood before.
    "CREATE INDEX sightings_by_title ON sightings(title_key, at) WHERE title_key IS NOT NULL",
    "CREATE INDEX sightings_by_summary ON sightings(summary_key, at) WHERE summary_key IS NOT NULL",
    # A feed that is deleted.
    "CREATE INDEX sightings_by_feed ON sightings(feed_id)",
    # A site's newest stories: the candidates of every block.
    "CREATE INDEX story_copies_by_site ON story_copies(site_id, shown_at DESC)",
    # The next copy that a future date holds back.
    "CREATE INDEX story_copies_held ON story_copies(held_until) WHERE held_until IS NOT NULL",
    "CREATE INDEX story_copies_by_entry ON story_copies(entry_id)",
    # An entry's history.
    "CREATE INDEX revisions_by_entry ON revisions(entry_id, id)",
    # The stories of one event; those whose entries went to another story.
    "CREATE INDEX stories_by_event ON stories(event_id) WHERE event_id IS NOT NULL",
    "CREATE INDEX stories_merged ON stories(merged_into) WHERE merged_into IS NOT NULL",
)

STATEMENTS = (
    _TITLE_TOKENS,
    _SIGHTINGS,
    _MATCHES,
    _STORY_OVERRIDES,
    _STORY_COPIES,
    _REVISIONS,
    *_INDEXES,
)
