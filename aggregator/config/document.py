"""feeds.yaml as pydantic models: every key with its type, default and meaning.

A model holds the values as they are written. docs/feeds-yaml.md says the same for people, and a
test holds the two together. `json_schema` is for editors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from aggregator.config.feed_keys import KEYS, NO_OTHER_ID, ArchiveKeys, FeedItem, RetentionKeys
from aggregator.config.values import (
    DURATION_SCHEMA,
    SIZE_SCHEMA,
    Argument,
    CallbackUrl,
    Cidr,
    Contact,
    EnvName,
    FetchedUrl,
    FilePath,
    Host,
    Id,
    LanguageTag,
    Line,
    Link,
    Listen,
    ParamName,
    Reference,
    duration,
    expected,
    size,
    whole,
    whole_schema,
)

MAX_BLOCKS = 500
MAX_PAGES = 1000
MAX_AGENCIES = 100


class NetworkKeys(BaseModel):
    """The network as a whole."""

    model_config = KEYS

    name: Line = Field(description="Name of the network.")
    contact: Contact | None = Field(
        None,
        description="http(s) URL or mailto: address that the User-Agent names, so that a site's "
        "operator can reach you.",
    )
    public_url: FetchedUrl | None = Field(
        None,
        description="http(s) URL at which output/current is served; feeds name themselves by it.",
    )


class SiteKeys(BaseModel):
    """One web site."""

    model_config = KEYS

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


def _not_empty(keys: FilterKeys) -> FilterKeys:
    if not keys.words and not keys.categories:
        raise expected("words or categories")
    return keys


class FilterKeys(BaseModel):
    """Stories by their words or categories; one of them is enough."""

    model_config = KEYS

    words: list[Line] = Field(
        [],
        max_length=100,
        description="Words or phrases, one of which stands in the title: whole words, any case.",
    )
    categories: list[Line] = Field(
        [], max_length=100, description="Names, one of which is a category of the story; any case."
    )


FilterItem = Annotated[FilterKeys, AfterValidator(_not_empty)]


class BlockKeys(BaseModel):
    """One block: a titled, bounded list of headlines."""

    model_config = KEYS

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
        description="How many headlines of one site at most, relaxed only to reach limit (or "
        "min); 1 to 100. Default: no cap.",
    )
    own: bool = Field(False, description="May it show stories of the page's own site.")
    order: Literal["newest", "mix"] = Field(
        "newest", description="Newest first, or one story of each site in turn."
    )
    min: Annotated[int, whole(1, 100), whole_schema(1, 100)] | None = Field(
        None,
        description="How many headlines it must have: per_site, then variety, then max_age give "
        "way to reach it, and no further; 1 to 100, at most limit. Default: per_site and variety "
        "give way to reach limit, max_age never.",
    )
    include: FilterItem | None = Field(
        None, description="Only stories with these words or categories. Default: all."
    )
    exclude: FilterItem | None = Field(
        None, description="No story with these words or categories. Default: none."
    )
    language: LanguageTag | None = Field(
        None,
        description="Only stories whose feed says that it is in this language; en holds en-AU. "
        "Default: any.",
    )
    show: list[Literal["site", "time", "image"]] = Field(
        [],
        max_length=3,
        description="What its HTML says beside the title: site (the name of the owner), time, "
        "image.",
    )
    stale_after: Annotated[str, duration("1m", "3650d"), DURATION_SCHEMA] | None = Field(
        None,
        description="With no document from any of its sources for this long, it shows fallback "
        "in its place; 1m to 3650d. Default: never.",
    )
    fallback: Reference = Field(
        "nothing", description="Id of the block that stands in for a stale one, or nothing."
    )
    fresh: Annotated[str, duration("1m", "365000d"), DURATION_SCHEMA] | None = Field(
        None,
        description="How old its newest headline may be before `status --check` and the metrics "
        "say that it is not fresh; 1m to 365000d. Default: any age.",
    )


class PageKeys(BaseModel):
    """One page: the ordered blocks that one site shows."""

    model_config = KEYS

    site: Reference | None = Field(
        None, description="Id of the site that shows the page. Default: the id of the page."
    )
    blocks: list[Reference] = Field(description="Ids of the blocks, in order; none twice.")
    link_params: dict[ParamName, Line] = Field(
        {},
        max_length=20,
        description="Query parameters added to every link to a story, such as utm_source.",
        json_schema_extra=NO_OTHER_ID,
    )


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

    model_config = KEYS

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


class ServeKeys(BaseModel):
    """Health, metrics and a local trigger over HTTP."""

    model_config = KEYS

    listen: Listen = Field(description="Address and port to listen at, such as 127.0.0.1:9180.")
    hosts: list[Host] = Field(
        [],
        max_length=100,
        description="Names under which it may be asked, beside loopback and the address itself.",
    )
    token_env: EnvName | None = Field(
        None,
        description="Environment variable with the token that POST /poll/<feed id> wants. "
        "Default: no polls over HTTP.",
    )
    callback_url: CallbackUrl | None = Field(
        None,
        description="http(s) URL at which hubs (WebSub) reach our /websub, such as "
        "https://news.example.com/websub. Default: no hub is asked for anything.",
    )


class FileKeys(BaseModel):
    """The whole of feeds.yaml."""

    model_config = KEYS

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
        json_schema_extra=NO_OTHER_ID,
    )
    blocks: dict[Id, BlockKeys] = Field(
        {},
        max_length=MAX_BLOCKS,
        description="The blocks by id; pages place them.",
        json_schema_extra=NO_OTHER_ID,
    )
    pages: dict[Id, PageItem] = Field(
        {},
        max_length=MAX_PAGES,
        description="The pages by id: what each site shows.",
        json_schema_extra=NO_OTHER_ID,
    )
    retention: RetentionKeys | None = Field(
        None, description="What is kept of every feed without a rule of its own."
    )
    archive: ArchiveKeys | None = Field(
        None, description="Keep the feeds' bodies as they came, for replay. Default: no."
    )
    check_stories: Annotated[str, duration("15m", "30d"), DURATION_SCHEMA] | None = Field(
        None,
        description="Ask for what each headline links to this often, and show no link whose page "
        "is gone; 15m to 30d. Default: never.",
    )
    templates: FilePath | None = Field(
        None,
        description="Directory of templates of your own, relative to this file. Default: ours.",
    )
    keep_generations: Annotated[int, whole(1, 1000), whole_schema(1, 1000)] = Field(
        5, description="How many old generations stay on disk, to be put back; 1 to 1000."
    )
    gzip: bool = Field(False, description="Also write each published file compressed, as .gz.")
    after_publish: list[Argument] = Field(
        [],
        max_length=100,
        description="A program and its arguments, run after every publication, without a shell; "
        "it gets JSON on its standard input.",
    )
    fetch: FetchKeys = Field(FetchKeys(), description="How feeds are fetched.")
    rights: dict[Line, list[Reference]] = Field(
        {},
        max_length=MAX_AGENCIES,
        description="News agency -> ids of the sites whose pages may show its stories; every page "
        "may show those of the others.",
    )
    serve: ServeKeys | None = Field(
        None, description="Health and metrics over HTTP. Default: nothing listens."
    )
    watch: bool = Field(
        False, description="Read this file again when it changes, without a SIGHUP."
    )
    min_free: Annotated[int | str, size("1KiB", "1000000MiB"), SIZE_SCHEMA] = Field(
        "100MiB",
        description="Nothing is polled or published while the disk of the database has less room; "
        "1KiB to 1000000MiB.",
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
