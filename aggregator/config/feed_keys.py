"""The keys of a feed in feeds.yaml as pydantic models; part of `document`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from aggregator.config.values import (
    DURATION_SCHEMA,
    NO_HTTP2_SCHEMA,
    SIZE_SCHEMA,
    AgentSuffix,
    Cidr,
    EnvName,
    FetchedUrl,
    FilePath,
    HeaderName,
    HeaderValue,
    TimezoneName,
    UserName,
    duration,
    expected,
    no_http2,
    size,
    whole,
    whole_schema,
)

KEYS = ConfigDict(strict=True, extra="forbid", frozen=True)
NO_OTHER_ID: dict[str, JsonValue] = {"additionalProperties": False}


class AuthKeys(BaseModel):
    """HTTP basic authentication for one feed."""

    model_config = KEYS

    user: UserName = Field(description="User name, without a colon.")
    password_env: EnvName = Field(
        description="Name of the environment variable that holds the password."
    )


class RetentionKeys(BaseModel):
    """What is kept of a feed; what neither key keeps may go."""

    model_config = KEYS

    days: Annotated[int, whole(1, 36500), whole_schema(1, 36500)] | None = Field(
        None,
        description="Entries that the feed listed within so many days; 1 to 36500.",
    )
    keep: Annotated[int, whole(1, 1000000), whole_schema(1, 1000000)] | None = Field(
        None, description="The newest entries of the feed, so many; 1 to 1000000."
    )
    poll_days: Annotated[int, whole(1, 36500), whole_schema(1, 36500)] | None = Field(
        None, description="Rows of the table polls, for so many days; 1 to 36500. Default: all."
    )


class ArchiveKeys(BaseModel):
    """How much is kept of the feeds' bodies as they came."""

    model_config = KEYS

    max_bytes: Annotated[int | str, size("1MiB", "1048576MiB"), SIZE_SCHEMA] = Field(
        "512MiB",
        description="So much space for the bodies, compressed; 1MiB to 1048576MiB. The oldest go "
        "first.",
    )
    days: Annotated[int, whole(1, 36500), whole_schema(1, 36500)] = Field(
        30, description="Polls are kept so many days; 1 to 36500."
    )


class FeedKeys(BaseModel):
    """One feed of a site."""

    model_config = KEYS

    url: FetchedUrl = Field(description="http(s) URL of the feed, used exactly as written.")
    every: Annotated[str, duration("1s", "30d"), DURATION_SCHEMA] | None = Field(
        None,
        description="Fixed interval between polls instead of the adaptive one; 1s to 30d, and at "
        "least fetch.floor (60m for a foreign site).",
    )
    timezone: TimezoneName | None = Field(
        None, description="Time zone of dates without one, or with an ambiguous one. Default: UTC."
    )
    future: Literal["hold", "clamp", "keep"] = Field(
        "hold",
        description="What becomes of a story dated after now: hold it back until then, clamp its "
        "date to now, or keep the date.",
    )
    revalidate: Annotated[str, duration("1h", "30d"), DURATION_SCHEMA] | None = Field(
        None,
        description="Ask without conditions when the last whole document is older than this, for "
        "a server that says 304 for ever; 1h to 30d. Default: never.",
    )
    retry_after_scope: Literal["auto", "url", "host", "domain"] | None = Field(
        None, description="Instead of fetch.retry_after_scope, for this feed's answers."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        {},
        max_length=20,
        description="Further header fields, sent to the feed's own origin only; a value env:NAME "
        "is that environment variable's.",
        json_schema_extra=NO_OTHER_ID,
    )
    auth: AuthKeys | None = Field(
        None, description="HTTP basic authentication, sent to the feed's own origin only."
    )
    proxy: FetchedUrl | None = Field(
        None, description="http:// URL of a proxy, by which alone this feed is fetched."
    )
    user_agent_suffix: AgentSuffix | None = Field(
        None, description="Text added to the User-Agent for this feed."
    )
    ca_file: FilePath | None = Field(
        None,
        description="Path of certificates (PEM) that are trusted for this feed's origin beside the "
        "system's, relative to this file.",
    )
    allow_private: list[Cidr] = Field(
        [],
        max_length=100,
        description="Networks (CIDR) of private addresses that this feed may be fetched from, on "
        "any port; they add to fetch.allow_private.",
    )
    http2: Annotated[bool, no_http2(), NO_HTTP2_SCHEMA] = Field(
        False, description="Not supported: HTTP/2 costs more than it gains for one GET a host."
    )
    retention: RetentionKeys | None = Field(
        None, description="What is kept of this feed, instead of the network's retention."
    )


def _feed_of(value: object) -> object:
    """A feed written as its URL alone has that one key."""
    if isinstance(value, str):
        return {"url": value}
    if isinstance(value, dict):
        return value
    raise expected("a URL, or a mapping with the key url")


FeedItem = Annotated[
    FeedKeys, BeforeValidator(_feed_of, json_schema_input_type=FetchedUrl | FeedKeys)
]
