"""The words of the product as values; what travels between its parts.

A poll turns a `FetchRequest` into a `FetchResult` and its body into a `Document` of `Entry`
values or a `ParseFailed`. A publication turns `Story` values into `PageContent`, blocks of
`Headline` values. What feeds.yaml says is in `network`.

All times are aware UTC datetimes, all text is plain text unless a name says `html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from aggregator.network import PLAIN_ACCESS, Access, FuturePolicy, Show


class Outcome(StrEnum):
    """How a poll ended. Closed: the database, logs, status and docs/outcomes.md know these only."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    UNCHANGED = "unchanged"
    # The network or the guard.
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED_URL = "blocked_url"
    BAD_REDIRECT = "bad_redirect"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    # The server's own word.
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    GONE = "gone"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    HTTP_ERROR = "http_error"
    SERVER_ERROR = "server_error"
    # The document.
    EMPTY_BODY = "empty_body"
    NOT_A_FEED = "not_a_feed"
    MALFORMED = "malformed"
    XML_ENTITIES = "xml_entities"
    TOO_COMPLEX = "too_complex"
    PARSER_KILLED = "parser_killed"
    # Ours.
    INTERNAL_ERROR = "internal_error"


DOCUMENT_OUTCOMES = frozenset({Outcome.OK, Outcome.NOT_MODIFIED, Outcome.UNCHANGED})
"""The outcomes that reset a feed's `failures`; every other one adds to it."""


# --------------------------------------------------------------- on the wire


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified exactly as one response gave them: kept and sent back as a pair."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One GET to make; `validators` are those the last document came with.

    `served_by` is the URL that gave them, and the only one they are sent to; None: `url` itself.
    """

    url: str
    validators: Validators = Validators()
    served_by: str | None = None
    access: Access = PLAIN_ACCESS


@dataclass(frozen=True, slots=True)
class Hints:
    """What a response says about the next request; each can only delay it.

    `retry_after` from Retry-After (None when absent or not understood, never negative);
    `fresh_for` what is left of max-age or Expires.
    """

    retry_after: timedelta | None = None
    fresh_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A 200 with its whole body, content coding undone.

    `url` is where the body came from after redirects; `moved_to` is where the leading run of
    permanent redirects (301, 308) ended, None when the first hop was not one. `content_type` is
    the header as sent. `wire_bytes` counts the body before decoding. `hub` and `self_url` are what
    its Link header names, absolute http(s) or None.
    """

    url: str
    body: bytes
    content_type: str | None
    validators: Validators
    hints: Hints
    wire_bytes: int
    moved_to: str | None = None
    status: int = 200
    hub: str | None = None
    self_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304; `validators` are the ones to keep from now on (the sent pair, updated)."""

    url: str
    validators: Validators
    hints: Hints
    moved_to: str | None = None
    status: int = 304


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No document. `detail` says why in words fit for `last_error`, without any secret.

    `status` is the HTTP status where there was one, `host` the name of the host that gave it.
    """

    outcome: Outcome
    detail: str
    status: int | None = None
    hints: Hints = Hints()
    wire_bytes: int = 0
    host: str | None = None


FetchResult = Fetched | NotModified | FetchFailed


# ------------------------------------------------------------- the document


class Tier(StrEnum):
    """Which reader understood the document: strict, strict after repair, feedparser, JSON."""

    STRICT = "strict"
    REPAIRED = "repaired"
    FEEDPARSER = "feedparser"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """What a worker needs to read one body.

    `known` holds the fingerprints of the feed's stored entries: those come back as `SeenEntry`.
    """

    body: bytes
    content_type: str | None
    url: str
    now: datetime
    timezone: str | None = None
    future: FuturePolicy = FuturePolicy.HOLD
    known: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a document, normalised.

    `position` counts from 0 at the top. `fingerprint` is a signed 64-bit hash of the raw fields:
    equal means nothing to update. `guid` is as the document has it (white space at its ends
    apart), None when it has none or an empty one. `url` is absolute http(s) or None;
    `canonical_url` is the key of `url_key.canonical_url`, None with `url`. `published_at` None: no
    usable date. `held_until` is set when the future policy holds the entry back till then.
    """

    position: int
    fingerprint: int
    guid: str | None
    url: str | None
    canonical_url: str | None
    title: str
    summary: str = ""
    author: str | None = None
    image_url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    held_until: datetime | None = None
    categories: tuple[str, ...] = ()


class SeenEntry(NamedTuple):
    """An item whose fingerprint is already stored; only its place in the document is news.

    A NamedTuple: nearly every item of nearly every document is one, at two thirds of the cost.
    """

    position: int
    fingerprint: int


@dataclass(frozen=True, slots=True)
class FeedMeta:
    """What a document says of itself. Links are absolute http(s) or None; hours 0-23 and days 0-6
    (Monday first) are GMT."""

    title: str = ""
    home: str | None = None
    language: str | None = None
    icon: str | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hub: str | None = None
    self_url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A feed that was understood.

    `entries` are new or changed, `seen` are neither; both in document order. `truncated` counts
    items left out over the limit, `undated` items whose date was unusable, `skipped` items with
    neither link, guid nor title.
    """

    meta: FeedMeta
    tier: Tier
    entries: tuple[Entry, ...]
    seen: tuple[SeenEntry, ...] = ()
    truncated: int = 0
    undated: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """The body is no feed we can read; `detail` says why, for `last_error`."""

    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is stored of a feed that a poll needs.

    `body_hash` and `meta` are those of the last document understood. `has_document` says whether
    there was one: the first is back-fill. `served_by` is the URL that gave the validators,
    `moved_to` the one polled instead of `url` since a permanent redirect was learnt. `last_full_at`
    is when a whole document came last, a 304 being none; `is_sighted` says that a redirect was seen
    which is not believed yet.
    """

    id: int
    url: str
    site_id: str
    validators: Validators
    body_hash: str | None
    failures: int
    last_polled_at: datetime | None
    has_document: bool
    meta: FeedMeta
    next_poll_at: datetime | None = None
    served_by: str | None = None
    moved_to: str | None = None
    last_full_at: datetime | None = None
    paused_until: datetime | None = None
    timed_out: bool = False
    is_sighted: bool = False

    @property
    def polled_url(self) -> str:
        """Where the feed is asked for now."""
        return self.moved_to or self.url


# -------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class Story:
    """A story as one site tells it, as selection sees it: when it counts from, where it goes.

    `shown_at` is when it sorts: published, else first seen. `position` is its place in the
    document of its leading entry, `backfill` whether that entry came with its feed's first
    document. `language` is what the document of this copy calls its own. `agency` is the credit it
    carries, such as `AFP` or `AFP/Reuters`. Stories of one `event` tell of the same thing in the
    world, by different hands; None: of one nobody else tells of.
    """

    id: int
    site: str
    site_name: str
    url: str
    title: str
    shown_at: datetime
    published_at: datetime | None
    position: int
    image_url: str | None = None
    categories: tuple[str, ...] = ()
    language: str | None = None
    agency: str | None = None
    event: int | None = None
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """A story as one block shows it; `shown_at` as in `Story`, None where it is not known."""

    story_id: int
    title: str
    url: str
    site: str
    site_name: str
    published_at: datetime | None
    image_url: str | None = None
    shown_at: datetime | None = None


class Relaxation(StrEnum):
    """Which rule gave way so that a block reached its number of headlines."""

    PER_SITE = "per_site"
    VARIETY = "variety"
    MAX_AGE = "max_age"


@dataclass(frozen=True, slots=True)
class BlockState:
    """What a publication's manifest says of a block.

    `confirmed_at` is when a source of it last gave a document, None when none has. `fallback` is
    the block that stands in its place because it is stale, or `nothing`.
    """

    confirmed_at: datetime | None = None
    relaxed: tuple[Relaxation, ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class BlockContent:
    """One block, filled."""

    id: str
    title: str
    link: str | None
    headlines: tuple[Headline, ...] = ()
    show: tuple[Show, ...] = ()
    state: BlockState = BlockState()


@dataclass(frozen=True, slots=True)
class PageContent:
    """One page, filled: its blocks in order, empty ones included.

    `link_params` are still to be added to the links to stories.
    """

    page: str
    site: str
    blocks: tuple[BlockContent, ...]
    link_params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How a feed does, for people; `state` as in the view `feed_health`, `why` None when well."""

    site: str
    url: str
    state: str
    last_success_at: datetime | None
    why: str | None
