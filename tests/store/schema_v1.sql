BEGIN;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    home TEXT NOT NULL
) STRICT
;
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
    last_polled_at TEXT CHECK (length(last_polled_at) = 20 AND last_polled_at GLOB '????-??-??T??:??:??Z'),
    last_success_at TEXT CHECK (length(last_success_at) = 20 AND last_success_at GLOB '????-??-??T??:??:??Z'),
    last_read_at TEXT CHECK (length(last_read_at) = 20 AND last_read_at GLOB '????-??-??T??:??:??Z'),
    next_poll_at TEXT CHECK (length(next_poll_at) = 20 AND next_poll_at GLOB '????-??-??T??:??:??Z'),
    next_poll_why TEXT,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    last_outcome TEXT,
    last_error TEXT,
    newest_entry_at TEXT CHECK (length(newest_entry_at) = 20 AND newest_entry_at GLOB '????-??-??T??:??:??Z'),
    paused_until TEXT CHECK (length(paused_until) = 20 AND paused_until GLOB '????-??-??T??:??:??Z'),
    disabled_at TEXT CHECK (length(disabled_at) = 20 AND disabled_at GLOB '????-??-??T??:??:??Z'),
    served_by TEXT,
    last_full_at TEXT CHECK (length(last_full_at) = 20 AND last_full_at GLOB '????-??-??T??:??:??Z'),
    id_policy TEXT NOT NULL DEFAULT 'guid' CHECK (id_policy IN ('guid', 'url')),
    suffixes TEXT NOT NULL DEFAULT '[]',
    entries INTEGER NOT NULL DEFAULT 0
) STRICT
;
CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    at TEXT NOT NULL CHECK (length(at) = 20 AND at GLOB '????-??-??T??:??:??Z'),
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
;
CREATE TABLE stories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site_id TEXT NOT NULL REFERENCES sites(id),
    entry_id INTEGER REFERENCES entries(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    url TEXT,
    title TEXT NOT NULL,
    image_url TEXT,
    published_at TEXT CHECK (length(published_at) = 20 AND published_at GLOB '????-??-??T??:??:??Z'),
    first_seen_at TEXT NOT NULL CHECK (length(first_seen_at) = 20 AND first_seen_at GLOB '????-??-??T??:??:??Z'),
    shown_at TEXT GENERATED ALWAYS AS (coalesce(published_at, first_seen_at)) VIRTUAL,
    held_until TEXT CHECK (length(held_until) = 20 AND held_until GLOB '????-??-??T??:??:??Z'),
    withdrawn_at TEXT CHECK (length(withdrawn_at) = 20 AND withdrawn_at GLOB '????-??-??T??:??:??Z'),
    event_id INTEGER,
    merged_into INTEGER REFERENCES stories(id)
) STRICT
;
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
    published_at TEXT CHECK (length(published_at) = 20 AND published_at GLOB '????-??-??T??:??:??Z'),
    updated_at TEXT CHECK (length(updated_at) = 20 AND updated_at GLOB '????-??-??T??:??:??Z'),
    held_until TEXT CHECK (length(held_until) = 20 AND held_until GLOB '????-??-??T??:??:??Z'),
    first_seen_at TEXT NOT NULL CHECK (length(first_seen_at) = 20 AND first_seen_at GLOB '????-??-??T??:??:??Z'),
    last_seen_at TEXT NOT NULL CHECK (length(last_seen_at) = 20 AND last_seen_at GLOB '????-??-??T??:??:??Z'),
    position INTEGER NOT NULL DEFAULT 0,
    backfill INTEGER NOT NULL DEFAULT 0 CHECK (backfill IN (0, 1)),
    fingerprint INTEGER,
    agency TEXT,
    story_id INTEGER REFERENCES stories(id)
) STRICT
;
CREATE TABLE entry_keys (
    kind TEXT NOT NULL,
    scope INTEGER NOT NULL,
    value TEXT NOT NULL,
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (length(created_at) = 20 AND created_at GLOB '????-??-??T??:??:??Z'),
    PRIMARY KEY (kind, scope, value, entry_id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE merges (
    id INTEGER PRIMARY KEY,
    story_id INTEGER NOT NULL REFERENCES stories(id),
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    matched_entry_id INTEGER REFERENCES entries(id) ON DELETE SET NULL,
    rule TEXT NOT NULL,
    score REAL,
    features TEXT NOT NULL DEFAULT '{}',
    version INTEGER NOT NULL,
    decided_at TEXT NOT NULL CHECK (length(decided_at) = 20 AND decided_at GLOB '????-??-??T??:??:??Z'),
    undone_at TEXT CHECK (length(undone_at) = 20 AND undone_at GLOB '????-??-??T??:??:??Z')
) STRICT
;
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    published_at TEXT NOT NULL CHECK (length(published_at) = 20 AND published_at GLOB '????-??-??T??:??:??Z'),
    changed_files INTEGER NOT NULL,
    removed_files INTEGER NOT NULL
) STRICT
;
CREATE TABLE placements (
    id INTEGER PRIMARY KEY,
    page TEXT NOT NULL,
    block TEXT NOT NULL,
    position INTEGER NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories(id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    site_id TEXT NOT NULL REFERENCES sites(id),
    published_at TEXT CHECK (length(published_at) = 20 AND published_at GLOB '????-??-??T??:??:??Z'),
    image_url TEXT,
    shown_from TEXT NOT NULL CHECK (length(shown_from) = 20 AND shown_from GLOB '????-??-??T??:??:??Z'),
    shown_until TEXT CHECK (length(shown_until) = 20 AND shown_until GLOB '????-??-??T??:??:??Z'),
    generation INTEGER NOT NULL REFERENCES generations(id),
    until_generation INTEGER REFERENCES generations(id)
) STRICT
;
CREATE TABLE title_tokens (
    seen_on TEXT NOT NULL CHECK (length(seen_on) = 10 AND seen_on GLOB '????-??-??'),
    token TEXT NOT NULL,
    entry_id INTEGER NOT NULL,
    PRIMARY KEY (seen_on, token, entry_id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE sightings (
    entry_id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    link TEXT NOT NULL,
    at TEXT NOT NULL CHECK (length(at) = 20 AND at GLOB '????-??-??T??:??:??Z'),
    title_key INTEGER,
    summary_key INTEGER,
    recurring INTEGER NOT NULL DEFAULT 0 CHECK (recurring IN (0, 1)),
    boilerplate INTEGER NOT NULL DEFAULT 0 CHECK (boilerplate IN (0, 1)),
    tokens TEXT NOT NULL DEFAULT '[]',
    version INTEGER NOT NULL
) STRICT
;
CREATE TABLE matches (
    a_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    b_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    rule TEXT NOT NULL CHECK (rule IN ('A', 'B', 'C', 'event')),
    score REAL NOT NULL,
    features TEXT NOT NULL,
    version INTEGER NOT NULL,
    decided_at TEXT NOT NULL CHECK (length(decided_at) = 20 AND decided_at GLOB '????-??-??T??:??:??Z'),
    PRIMARY KEY (a_entry, b_entry),
    CHECK (a_entry < b_entry)
) STRICT, WITHOUT ROWID
;
CREATE TABLE story_overrides (
    id INTEGER PRIMARY KEY,
    a_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    b_entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('force', 'never')),
    note TEXT,
    created_at TEXT NOT NULL CHECK (length(created_at) = 20 AND created_at GLOB '????-??-??T??:??:??Z'),
    ended_at TEXT CHECK (length(ended_at) = 20 AND ended_at GLOB '????-??-??T??:??:??Z'),
    CHECK (a_entry < b_entry)
) STRICT
;
CREATE TABLE story_copies (
    story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
    site_id TEXT NOT NULL REFERENCES sites(id),
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED,
    url TEXT,
    title TEXT NOT NULL,
    image_url TEXT,
    agency TEXT,
    shown_at TEXT NOT NULL CHECK (length(shown_at) = 20 AND shown_at GLOB '????-??-??T??:??:??Z'),
    held_until TEXT CHECK (length(held_until) = 20 AND held_until GLOB '????-??-??T??:??:??Z'),
    PRIMARY KEY (story_id, site_id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    entry_id INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    seen_at TEXT NOT NULL CHECK (length(seen_at) = 20 AND seen_at GLOB '????-??-??T??:??:??Z'),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    url TEXT
) STRICT
;
CREATE TABLE feed_rates (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds(id) ON DELETE CASCADE,
    observed_at TEXT NOT NULL CHECK (length(observed_at) = 20 AND observed_at GLOB '????-??-??T??:??:??Z'),
    newest_item_at TEXT NOT NULL CHECK (length(newest_item_at) = 20 AND newest_item_at GLOB '????-??-??T??:??:??Z'),
    items REAL NOT NULL,
    exposure_s REAL NOT NULL,
    bins TEXT NOT NULL,
    overrun INTEGER NOT NULL DEFAULT 0 CHECK (overrun IN (0, 1))
) STRICT
;
CREATE TABLE policy_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mu REAL NOT NULL,
    polls_per_hour REAL NOT NULL,
    stepped_at TEXT NOT NULL CHECK (length(stepped_at) = 20 AND stepped_at GLOB '????-??-??T??:??:??Z'),
    profiled_at TEXT NOT NULL CHECK (length(profiled_at) = 20 AND profiled_at GLOB '????-??-??T??:??:??Z'),
    profile TEXT NOT NULL
) STRICT
;
CREATE TABLE feed_moves (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    first_sighted_at TEXT NOT NULL CHECK (length(first_sighted_at) = 20 AND first_sighted_at GLOB '????-??-??T??:??:??Z'),
    last_sighted_at TEXT NOT NULL CHECK (length(last_sighted_at) = 20 AND last_sighted_at GLOB '????-??-??T??:??:??Z'),
    sightings INTEGER NOT NULL CHECK (sightings > 0),
    allowed_at TEXT CHECK (length(allowed_at) = 20 AND allowed_at GLOB '????-??-??T??:??:??Z'),
    learnt_at TEXT CHECK (length(learnt_at) = 20 AND learnt_at GLOB '????-??-??T??:??:??Z'),
    replaced_at TEXT CHECK (length(replaced_at) = 20 AND replaced_at GLOB '????-??-??T??:??:??Z'),
    undone_at TEXT CHECK (length(undone_at) = 20 AND undone_at GLOB '????-??-??T??:??:??Z'),
    UNIQUE (feed_id, url)
) STRICT
;
CREATE VIRTUAL TABLE search USING fts5(
    title, summary, title_pairs, summary_pairs, tokenize = 'porter unicode61'
);
CREATE TABLE tombstones (
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    entry_id INTEGER NOT NULL,
    removed_at TEXT NOT NULL CHECK (length(removed_at) = 20 AND removed_at GLOB '????-??-??T??:??:??Z'),
    PRIMARY KEY (feed_id, kind, value, entry_id)
) STRICT, WITHOUT ROWID
;
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
    created_at TEXT NOT NULL CHECK (length(created_at) = 20 AND created_at GLOB '????-??-??T??:??:??Z'),
    expires_at TEXT CHECK (length(expires_at) = 20 AND expires_at GLOB '????-??-??T??:??:??Z'),
    ended_at TEXT CHECK (length(ended_at) = 20 AND ended_at GLOB '????-??-??T??:??:??Z'),
    CHECK ((story_id IS NOT NULL) + (canonical_url IS NOT NULL) + (words IS NOT NULL) <= 1)
) STRICT
;
CREATE TABLE archive_bodies (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT
;
CREATE TABLE archive_polls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    arrived_at TEXT NOT NULL CHECK (length(arrived_at) = 20 AND arrived_at GLOB '????-??-??T??:??:??Z'),
    at TEXT NOT NULL CHECK (length(at) = 20 AND at GLOB '????-??-??T??:??:??Z'),
    outcome TEXT NOT NULL,
    http_status INTEGER,
    url TEXT,
    content_type TEXT,
    error TEXT,
    body_id INTEGER REFERENCES archive_bodies(id)
) STRICT
;
CREATE TABLE archive_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    stored_bytes INTEGER NOT NULL
) STRICT
;
CREATE TABLE story_checks (
    url TEXT PRIMARY KEY,
    story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
    checked_at TEXT CHECK (length(checked_at) = 20 AND checked_at GLOB '????-??-??T??:??:??Z'),
    next_check_at TEXT NOT NULL CHECK (length(next_check_at) = 20 AND next_check_at GLOB '????-??-??T??:??:??Z'),
    http_status INTEGER,
    misses INTEGER NOT NULL DEFAULT 0 CHECK (misses >= 0),
    override_id INTEGER REFERENCES overrides(id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID
;
CREATE TABLE subscriptions (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds(id) ON DELETE CASCADE,
    hub_url TEXT NOT NULL,
    topic_url TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'active', 'denied')),
    asked_at TEXT NOT NULL CHECK (length(asked_at) = 20 AND asked_at GLOB '????-??-??T??:??:??Z'),
    ask_at TEXT NOT NULL CHECK (length(ask_at) = 20 AND ask_at GLOB '????-??-??T??:??:??Z'),
    verified_at TEXT CHECK (length(verified_at) = 20 AND verified_at GLOB '????-??-??T??:??:??Z'),
    expires_at TEXT CHECK (length(expires_at) = 20 AND expires_at GLOB '????-??-??T??:??:??Z'),
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    pushed_at TEXT CHECK (length(pushed_at) = 20 AND pushed_at GLOB '????-??-??T??:??:??Z'),
    missed_at TEXT CHECK (length(missed_at) = 20 AND missed_at GLOB '????-??-??T??:??:??Z'),
    last_error TEXT
) STRICT
;
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'aggregator', 'm001_create', '2026-11-25 10:50:36.880476+00:00');
INSERT INTO sites (id, name, home) VALUES ('a', 'A', 'https://a.example/');
INSERT INTO sites (id, name, home) VALUES ('b', 'B', 'https://b.example/');
INSERT INTO feeds (id, site_id, url, title, home, language, icon, hub_url, self_url, ttl_s, skip_hours, skip_days, etag, last_modified, body_hash, last_polled_at, last_success_at, last_read_at, next_poll_at, next_poll_why, failures, last_outcome, last_error, newest_entry_at, paused_until, disabled_at, served_by, last_full_at, id_policy, suffixes, entries) VALUES (1, 'a', 'https://a.example/feed', 'F', NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', NULL, NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', NULL, NULL, 0, 'ok', NULL, NULL, NULL, NULL, NULL, NULL, 'url', '[]', 3);
INSERT INTO feeds (id, site_id, url, title, home, language, icon, hub_url, self_url, ttl_s, skip_hours, skip_days, etag, last_modified, body_hash, last_polled_at, last_success_at, last_read_at, next_poll_at, next_poll_why, failures, last_outcome, last_error, newest_entry_at, paused_until, disabled_at, served_by, last_full_at, id_policy, suffixes, entries) VALUES (2, 'b', 'https://b.example/feed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25T12:00:00Z', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'guid', '[]', 2);
INSERT INTO polls (id, feed_id, at, outcome, http_status, bytes, duration_ms, new_entries, updated_entries, error, tier, truncated_entries, undated_entries, skipped_entries) VALUES (1, 1, '2026-11-25T12:00:00Z', 'ok', 304, 0, 5, 0, 0, NULL, NULL, 0, 0, 0);
INSERT INTO stories (id, site_id, entry_id, url, title, image_url, published_at, first_seen_at, held_until, withdrawn_at, event_id, merged_into) VALUES (2, 'a', 2, 'https://a.example/1', 'Story 1, told anew', NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', NULL, NULL, NULL, NULL);
INSERT INTO stories (id, site_id, entry_id, url, title, image_url, published_at, first_seen_at, held_until, withdrawn_at, event_id, merged_into) VALUES (3, 'a', 3, 'https://a.example/2', 'Story 2', NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', NULL, NULL, NULL, NULL);
INSERT INTO stories (id, site_id, entry_id, url, title, image_url, published_at, first_seen_at, held_until, withdrawn_at, event_id, merged_into) VALUES (4, 'a', 5, 'https://a.example/3', 'Strong quake kills ten villagers near Kermanshah', NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', NULL, NULL, NULL, NULL);
INSERT INTO stories (id, site_id, entry_id, url, title, image_url, published_at, first_seen_at, held_until, withdrawn_at, event_id, merged_into) VALUES (6, 'a', 6, 'https://a.example/4', 'Strong quake kills ten villagers near Kermanshah', NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', NULL, NULL, NULL, NULL);
INSERT INTO entries (id, feed_id, guid, url, canonical_url, title, summary, author, image_url, categories, published_at, updated_at, held_until, first_seen_at, last_seen_at, position, backfill, fingerprint, agency, story_id) VALUES (2, 1, 'g1', 'https://a.example/1', 'a.example/1', 'Story 1, told anew', 'It''s 北京', NULL, NULL, '[]', '2026-11-25T12:00:00Z', NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 1, 0, 1001, NULL, 2);
INSERT INTO entries (id, feed_id, guid, url, canonical_url, title, summary, author, image_url, categories, published_at, updated_at, held_until, first_seen_at, last_seen_at, position, backfill, fingerprint, agency, story_id) VALUES (3, 1, NULL, 'https://a.example/2', 'a.example/2', 'Story 2', '', NULL, NULL, '[]', '2026-11-25T12:00:00Z', NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 2, 0, 1002, NULL, 3);
INSERT INTO entries (id, feed_id, guid, url, canonical_url, title, summary, author, image_url, categories, published_at, updated_at, held_until, first_seen_at, last_seen_at, position, backfill, fingerprint, agency, story_id) VALUES (4, 2, 'b1', 'https://a.example/1', 'a.example/1', 'Story 1', '', NULL, NULL, '[]', '2026-11-25T12:00:00Z', NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 1, 0, 1001, NULL, 2);
INSERT INTO entries (id, feed_id, guid, url, canonical_url, title, summary, author, image_url, categories, published_at, updated_at, held_until, first_seen_at, last_seen_at, position, backfill, fingerprint, agency, story_id) VALUES (5, 1, 'g3', 'https://a.example/3', 'a.example/3', 'Strong quake kills ten villagers near Kermanshah', 'Rescuers pulled survivors from the rubble overnight while aftershocks shook the province', NULL, NULL, '[]', '2026-11-25T12:00:00Z', NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 3, 0, 1003, NULL, 4);
INSERT INTO entries (id, feed_id, guid, url, canonical_url, title, summary, author, image_url, categories, published_at, updated_at, held_until, first_seen_at, last_seen_at, position, backfill, fingerprint, agency, story_id) VALUES (6, 2, 'b4', 'https://a.example/4', 'a.example/4', 'Strong quake kills ten villagers near Kermanshah', 'Rescuers pulled survivors from the rubble overnight while aftershocks shook the province', NULL, NULL, '[]', '2026-11-25T12:00:00Z', NULL, NULL, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 4, 0, 1004, NULL, 6);
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('guid', 2, 'b1', 4, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('guid', 2, 'b4', 6, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('url', 0, 'a.example/1', 2, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('url', 0, 'a.example/1', 4, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('url', 0, 'a.example/2', 3, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('url', 0, 'a.example/3', 5, 1, '2026-11-25T12:00:00Z');
INSERT INTO entry_keys (kind, scope, value, entry_id, version, created_at) VALUES ('url', 0, 'a.example/4', 6, 1, '2026-11-25T12:00:00Z');
INSERT INTO merges (id, story_id, entry_id, matched_entry_id, rule, score, features, version, decided_at, undone_at) VALUES (1, 2, 4, 2, 'url', NULL, '{}', 1, '2026-11-25T12:00:00Z', NULL);
INSERT INTO merges (id, story_id, entry_id, matched_entry_id, rule, score, features, version, decided_at, undone_at) VALUES (2, 4, 6, 5, 'A', 1.0, '{"tj": 1.0, "mass": 52.5344, "td": 1.0, "sj": 1.0, "shared": 7}', 1001, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z');
INSERT INTO generations (id, published_at, changed_files, removed_files) VALUES (1, '2026-11-25T12:00:00Z', 3, 0);
INSERT INTO placements (id, page, block, position, story_id, title, url, site_id, published_at, image_url, shown_from, shown_until, generation, until_generation) VALUES (1, 'b', 'x', 1, 2, 'Story 1', 'https://a.example/1', 'a', '2026-11-25T12:00:00Z', NULL, '2026-11-25T12:00:00Z', NULL, 1, NULL);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', '1', 2);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', '1', 4);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', '10', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', '10', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', '2', 3);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'anew', 2);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'kermanshah', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'kermanshah', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'kil', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'kil', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'near', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'near', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'quak', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'quak', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'story', 2);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'story', 3);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'story', 4);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'strong', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'strong', 6);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'told', 2);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'villager', 5);
INSERT INTO title_tokens (seen_on, token, entry_id) VALUES ('2026-11-25', 'villager', 6);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (1, 1, 'a.example/9', '2026-11-25T12:00:00Z', 6699061313141639207, NULL, 0, 0, '[]', 1);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (2, 1, 'a.example/1', '2026-11-25T12:00:00Z', -8621321891945951503, -8562362172935643157, 0, 0, '["1", "anew", "story", "told"]', 1);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (3, 1, 'a.example/2', '2026-11-25T12:00:00Z', -5613317716563600223, NULL, 0, 0, '["2", "story"]', 1);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (4, 2, 'a.example/1', '2026-11-25T12:00:00Z', 5813876485302483773, NULL, 0, 0, '["1", "story"]', 1);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (5, 1, 'a.example/3', '2026-11-25T12:00:00Z', 5617584138223648527, -7394802797785882275, 0, 0, '["10", "kermanshah", "kil", "near", "quak", "strong", "villager"]', 1);
INSERT INTO sightings (entry_id, feed_id, link, at, title_key, summary_key, recurring, boilerplate, tokens, version) VALUES (6, 2, 'a.example/4', '2026-11-25T12:00:00Z', 5617584138223648527, -7394802797785882275, 0, 0, '["10", "kermanshah", "kil", "near", "quak", "strong", "villager"]', 1);
INSERT INTO matches (a_entry, b_entry, rule, score, features, version, decided_at) VALUES (5, 6, 'A', 1.0, '{"tj": 1.0, "mass": 52.5344, "td": 1.0, "sj": 1.0, "shared": 7}', 1001, '2026-11-25T12:00:00Z');
INSERT INTO story_overrides (id, a_entry, b_entry, kind, note, created_at, ended_at) VALUES (1, 5, 6, 'never', 'not one', '2026-11-25T12:00:00Z', NULL);
INSERT INTO story_copies (story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until) VALUES (2, 'a', 2, 'https://a.example/1', 'Story 1, told anew', NULL, NULL, '2026-11-25T12:00:00Z', NULL);
INSERT INTO story_copies (story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until) VALUES (3, 'a', 3, 'https://a.example/2', 'Story 2', NULL, NULL, '2026-11-25T12:00:00Z', NULL);
INSERT INTO story_copies (story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until) VALUES (4, 'a', 5, 'https://a.example/3', 'Strong quake kills ten villagers near Kermanshah', NULL, NULL, '2026-11-25T12:00:00Z', NULL);
INSERT INTO story_copies (story_id, site_id, entry_id, url, title, image_url, agency, shown_at, held_until) VALUES (6, 'a', 6, 'https://a.example/4', 'Strong quake kills ten villagers near Kermanshah', NULL, NULL, '2026-11-25T12:00:00Z', NULL);
INSERT INTO revisions (id, entry_id, seen_at, title, summary, url) VALUES (1, 2, '2026-11-25T12:00:00Z', 'Story 1', 'It''s 北京', 'https://a.example/1');
INSERT INTO feed_rates (feed_id, observed_at, newest_item_at, items, exposure_s, bins, overrun) VALUES (1, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 1.0, 8.05122462310901755664e+04, '[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]', 0);
INSERT INTO policy_state (id, mu, polls_per_hour, stepped_at, profiled_at, profile) VALUES (1, 225.0, 2.0, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', '[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]');
INSERT INTO feed_moves (id, feed_id, url, first_sighted_at, last_sighted_at, sightings, allowed_at, learnt_at, replaced_at, undone_at) VALUES (1, 1, 'https://a.example/moved', '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 1, NULL, NULL, NULL, NULL);
INSERT INTO search (rowid, title, summary, title_pairs, summary_pairs) VALUES (2, 'Story 1, told anew', 'It''s 北京', '', '北京 京');
INSERT INTO search (rowid, title, summary, title_pairs, summary_pairs) VALUES (3, 'Story 2', '', '', '');
INSERT INTO search (rowid, title, summary, title_pairs, summary_pairs) VALUES (4, 'Story 1', '', '', '');
INSERT INTO search (rowid, title, summary, title_pairs, summary_pairs) VALUES (5, 'Strong quake kills ten villagers near Kermanshah', 'Rescuers pulled survivors from the rubble overnight while aftershocks shook the province', '', '');
INSERT INTO search (rowid, title, summary, title_pairs, summary_pairs) VALUES (6, 'Strong quake kills ten villagers near Kermanshah', 'Rescuers pulled survivors from the rubble overnight while aftershocks shook the province', '', '');
INSERT INTO tombstones (feed_id, kind, value, entry_id, removed_at) VALUES (1, 'guid', 'g9', 1, '2026-11-25T12:00:00Z');
INSERT INTO tombstones (feed_id, kind, value, entry_id, removed_at) VALUES (1, 'url', 'a.example/9', 1, '2026-11-25T12:00:00Z');
INSERT INTO overrides (id, kind, story_id, url, canonical_url, words, value, page, note, created_at, expires_at, ended_at) VALUES (1, 'retitle', 2, NULL, NULL, NULL, 'Told otherwise', NULL, NULL, '2026-11-25T12:00:00Z', NULL, NULL);
INSERT INTO archive_bodies (id, sha256, bytes, stored_bytes, body) VALUES (1, 'b8a3805e669decf7180d8c7f4af5d4706d615d0678c424bd1c6b853def3bf3d2', 6, 14, X'789CB3292A2ED6B7030007690202');
INSERT INTO archive_polls (id, feed_id, arrived_at, at, outcome, http_status, url, content_type, error, body_id) VALUES (1, 1, '2026-11-25T12:00:00Z', '2026-11-25T12:00:00Z', 'ok', 200, 'https://a.example/feed', NULL, NULL, 1);
INSERT INTO archive_state (id, stored_bytes) VALUES (1, 14);
INSERT INTO story_checks (url, story_id, checked_at, next_check_at, http_status, misses, override_id) VALUES ('https://a.example/1', 2, '2026-11-25T12:00:00Z', '2026-11-26T12:00:00Z', 200, 0, NULL);
INSERT INTO subscriptions (feed_id, hub_url, topic_url, nonce, state, asked_at, ask_at, verified_at, expires_at, failures, pushed_at, missed_at, last_error) VALUES (1, 'https://hub.example/', 'https://a.example/feed', 'nonce', 'asked', '2026-11-25T12:00:00Z', '2026-11-25T12:15:00Z', NULL, NULL, 1, NULL, NULL, NULL);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq) VALUES ('stories', 6);
INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', 6);
INSERT INTO sqlite_sequence (name, seq) VALUES ('archive_polls', 1);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX matches_by_other ON matches(b_entry);
CREATE INDEX story_overrides_by_entry ON story_overrides(a_entry);
CREATE INDEX story_overrides_by_other ON story_overrides(b_entry);
CREATE INDEX sightings_by_title ON sightings(title_key, at) WHERE title_key IS NOT NULL;
CREATE INDEX sightings_by_summary ON sightings(summary_key, at) WHERE summary_key IS NOT NULL;
CREATE INDEX sightings_by_feed ON sightings(feed_id);
CREATE INDEX story_copies_by_site ON story_copies(site_id, shown_at DESC);
CREATE INDEX story_copies_held ON story_copies(held_until) WHERE held_until IS NOT NULL;
CREATE INDEX story_copies_by_entry ON story_copies(entry_id);
CREATE INDEX revisions_by_entry ON revisions(entry_id, id);
CREATE INDEX stories_by_event ON stories(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX stories_merged ON stories(merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX feeds_due ON feeds(next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX polls_by_feed ON polls(feed_id, at);
CREATE INDEX polls_by_time ON polls(at);
CREATE INDEX entries_by_feed ON entries(feed_id, last_seen_at);
CREATE INDEX entries_by_story ON entries(story_id);
CREATE INDEX entry_keys_by_entry ON entry_keys(entry_id);
CREATE INDEX merges_by_entry ON merges(entry_id);
CREATE INDEX merges_by_story ON merges(story_id);
CREATE INDEX stories_by_entry ON stories(entry_id);
CREATE INDEX stories_by_site ON stories(site_id, shown_at DESC);
CREATE UNIQUE INDEX placements_now ON placements(page, block, position) WHERE shown_until IS NULL;
CREATE INDEX placements_by_story ON placements(story_id);
CREATE UNIQUE INDEX feed_moves_in_force ON feed_moves(feed_id) WHERE learnt_at IS NOT NULL AND replaced_at IS NULL AND undone_at IS NULL;
CREATE INDEX merges_by_match ON merges(matched_entry_id) WHERE matched_entry_id IS NOT NULL;
CREATE INDEX stories_by_time ON stories(shown_at DESC);
CREATE INDEX placements_by_place ON placements(page, block, position, shown_from);
CREATE INDEX entries_by_time ON entries(first_seen_at);
CREATE INDEX overrides_in_force ON overrides(expires_at) WHERE ended_at IS NULL;
CREATE INDEX overrides_by_story ON overrides(story_id) WHERE story_id IS NOT NULL;
CREATE TRIGGER entries_counted_in AFTER INSERT ON entries BEGIN UPDATE feeds SET entries = entries + 1 WHERE id = new.feed_id; END;
CREATE TRIGGER entries_counted_out AFTER DELETE ON entries BEGIN UPDATE feeds SET entries = entries - 1 WHERE id = old.feed_id; END;
CREATE TRIGGER entries_counted_over AFTER UPDATE OF feed_id ON entries BEGIN UPDATE feeds SET entries = entries - 1 WHERE id = old.feed_id; UPDATE feeds SET entries = entries + 1 WHERE id = new.feed_id; END;
CREATE INDEX archive_bodies_by_size ON archive_bodies(stored_bytes);
CREATE INDEX archive_polls_by_time ON archive_polls(at);
CREATE INDEX archive_polls_by_feed ON archive_polls(feed_id, at);
CREATE INDEX archive_polls_by_body ON archive_polls(body_id) WHERE body_id IS NOT NULL;
CREATE INDEX story_checks_due ON story_checks(next_check_at);
CREATE INDEX story_checks_by_story ON story_checks(story_id);
CREATE INDEX story_checks_by_override ON story_checks(override_id) WHERE override_id IS NOT NULL;
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
WHERE stories.withdrawn_at IS NULL AND stories.merged_into IS NULL;
CREATE VIEW page_headlines AS
SELECT page, block, position, story_id, title, url, site_id, published_at
FROM placements
WHERE shown_until IS NULL;
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
FROM feeds;
PRAGMA application_id = 1212498244;
PRAGMA user_version = 1;
COMMIT;
