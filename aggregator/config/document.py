"""feeds.yaml as pydantic models: every key with its type, default and meaning.

A model holds the values as they are written. docs/feeds-yaml.md says the same for people, and a
test holds the two together. `json_schema` is for editors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from aggregator.config.values import (
    DURATION_SCHEMA,
    SIZE_SCHEMA,
    Cidr,
    Contact,
    FetchedUrl,
    FilePath,
    Host,
    Id,
    Line,
    Link,
    Reference,
    TimezoneName,
    duration,
    expected,
    size,
    whole,
    whole_schema,
)

MAX_BLOCKS = 500
MAX_PAGES = 1000
MAX_AGENCIES = 100

_KEYS = ConfigDict(strict=True, extra="forbid", frozen=True)
_NO_OTHER_ID: dict[str, JsonValue] = {"additionalProperties": False}


class NetworkKeys(BaseModel):
    """The network as a whole."""

    model_config = _KEYS

    name: Line = Field(description="Name of the network.")
    contact: Contact | None = Field(
        None,
        description="http(s) URL or mailto: address that the User-Agent names, so that a site's "
        "operator can reach you.",
    )


class FeedKeys(BaseModel):
    """One feed of a site."""

    model_config = _KEYS

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


class SiteKeys(BaseModel):
    """One web site."""

    model_config = _KEYS

    name: Line = Field(description="Name of the site as headlines show it.")
    home: FetchedUrl = Field(description="http(s) URL of the front page.")
    hosts: list[Host] = Field(
        [],
        max_length=100,
        description="Further hosts of the site; a story belongs to the site whose hosts hold its "
        "link's host. The host of home, and www. before each, are implied.",
    )
    feeds: list[FeedItem] = Field(
        [],
        description="The feeds to poll: URLs, or mappings. At most 5000 in the whole file.",
    )
    foreign: bool = Field(
        False, description="Not one of our own sites: no feed of it is polled sooner than 60m."
    )


def _sources_of(value: object) -> object:
    """`"*"` alone is the list of it."""
    if value == "*":
        return ["*"]
    if isinstance(value, list):
        return value
    raise expected('a list of site ids, or "*"')


class BlockKeys(BaseModel):
    """One block: a titled, bounded list of headlines."""

    model_config = _KEYS

    title: Line = Field(description="Title shown above the headlines.")
    link: Link | None = Field(None, description="http(s) URL the title links to.")
    sources: Annotated[
        list[Reference],
        BeforeValidator(_sources_of, json_schema_input_type=list[Reference] | Literal["*"]),
    ] = Field(
        alias="from",
        min_length=1,
        description='Ids of the sites whose stories it shows; "*" is every site but the page\'s '
        "own.",
    )
    limit: Annotated[int, whole(1, 100), whole_schema(1, 100)] = Field(
        3, description="How many headlines at most; 1 to 100."
    )
    max_age: Annotated[str, duration("1m", "365000d"), DURATION_SCHEMA] | None = Field(
        None, description="No story older than this; 1m to 365000d. Default: no limit."
    )
    per_site: Annotated[int, whole(1, 100), whole_schema(1, 100)] | None = Field(
        None,
        description="How many headlines of one site at most, relaxed only to reach limit; 1 to "
        "100. Default: no cap.",
    )
    own: bool = Field(False, description="May it show stories of the page's own site.")


class PageKeys(BaseModel):
    """One page: the ordered blocks that one site shows."""

    model_config = _KEYS

    site: Reference | None = Field(
        None, description="Id of the site that shows the page. Default: the id of the page."
    )
    blocks: list[Reference] = Field(description="Ids of the blocks, in order; none twice.")


def _page_of(value: object) -> object:
    """A page written as a list has its blocks alone."""
    if isinstance(value, list):
        return {"blocks": value}
    if isinstance(value, dict):
        return value
    raise expected("a list of block ids, or a mapping with the key blocks")


PageItem = Annotated[
    PageKeys, BeforeValidator(_page_of, json_schema_input_type=list[Reference] | PageKeys)
]


class FetchKeys(BaseModel):
    """How feeds are fetched."""

    model_config = _KEYS

    allow_private: list[Cidr] = Field(
        [],
        max_length=100,
        description="Networks (CIDR) of private addresses that may be fetched, on any port.",
    )
    allow_ports: list[Annotated[int, whole(1, 65535), whole_schema(1, 65535)]] = Field(
        [], max_length=100, description="Ports that may be fetched beside 80 and 443."
    )
    timeout: Annotated[str, duration("1s", "10m"), DURATION_SCHEMA] = Field(
        "30s", description="Total time of one fetch, redirects included; 1s to 10m."
    )
    max_bytes: Annotated[int | str, size("1KiB", "100MiB"), SIZE_SCHEMA] = Field(
        "5MiB", description="Largest document on the wire; 1KiB to 100MiB."
    )
    max_decoded: Annotated[int | str, size("1KiB", "100MiB"), SIZE_SCHEMA] = Field(
        "10MiB", description="Largest document once decompressed; 1KiB to 100MiB."
    )
    concurrency: Annotated[int, whole(1, 1000), whole_schema(1, 1000)] = Field(
        100, description="Fetches in flight at once, one per host; 1 to 1000."
    )
    host_delay: Annotated[str, duration("0s", "1h"), DURATION_SCHEMA] = Field(
        "1s", description="Time between the starts of two fetches at one host; 0s to 1h."
    )
    floor: Annotated[str, duration("1s", "1d"), DURATION_SCHEMA] = Field(
        "5m", description="No feed is polled sooner than this after its last poll; 1s to 1d."
    )
    budget: Annotated[int, whole(1, 1440), whole_schema(1, 1440)] = Field(
        24,
        description="Polls a day that the adaptive interval may spend on a feed, on average; 1 to "
        "1440.",
    )
    retry_after_scope: Literal["auto", "url", "host", "domain"] = Field(
        "auto",
        description="What waits when a server says Retry-After: the URL, the host, the domain, or "
        "auto (the host for a 429, the URL for a 503).",
    )


class FileKeys(BaseModel):
    """The whole of feeds.yaml."""

    model_config = _KEYS

    network: NetworkKeys = Field(description="The network as a whole.")
    database: FilePath = Field(
        "aggregator.db", description="Path of the database, relative to this file."
    )
    output: FilePath = Field(
        "public", description="Directory of the published files, relative to this file."
    )
    sites: dict[Id, SiteKeys] = Field(
        min_length=1,
        description="The sites by id, in the order that reports follow.",
        json_schema_extra=_NO_OTHER_ID,
    )
    blocks: dict[Id, BlockKeys] = Field(
        {},
        max_length=MAX_BLOCKS,
        description="The blocks by id; pages place them.",
        json_schema_extra=_NO_OTHER_ID,
    )
    pages: dict[Id, PageItem] = Field(
        {},
        max_length=MAX_PAGES,
        description="The pages by id: what each site shows.",
        json_schema_extra=_NO_OTHER_ID,
    )
    fetch: FetchKeys = Field(FetchKeys(), description="How feeds are fetched.")
    rights: dict[Line, list[Reference]] = Field(
        {},
        max_length=MAX_AGENCIES,
        description="News agency -> ids of the sites whose pages may show its stories; every page "
        "may show those of the others.",
    )


def json_schema() -> dict[str, object]:
    """A JSON Schema (2020-12) of feeds.yaml for editors: types, bounds, defaults, meaning."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_null(FileKeys.model_json_schema()),
        "title": "feeds.yaml",
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` where None, which only means "absent", is neither a value nor a default."""
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if isinstance(value, dict):
            result[key] = _without_null(value)
        elif key == "anyOf":
            kept = [_without_null(choice) for choice in value if choice != {"type": "null"}]
            result.update({key: kept} if len(kept) > 1 else kept[0])
        elif (key, value) != ("default", None):
            result[key] = value
    return result
