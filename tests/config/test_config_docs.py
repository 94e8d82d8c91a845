"""docs/feeds-yaml.md, the JSON Schema and the shipped feeds.yaml say what the models say."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from aggregator.agency import AGENCIES
from aggregator.config import json_schema, load_network
from aggregator.config.build import build_network
from aggregator.config.document import (
    BlockKeys,
    FetchKeys,
    FileKeys,
    FilterKeys,
    NetworkKeys,
    PageKeys,
    ServeKeys,
    SiteKeys,
)
from aggregator.config.feed_keys import ArchiveKeys, FeedKeys, RetentionKeys
from aggregator.config_file import read_network
from aggregator.network import Feed, FetchSettings, FuturePolicy, RetryScope

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "feeds.yaml").read_text(encoding="utf-8")

SECTIONS: dict[str, type[BaseModel]] = {
    "The top of the file": FileKeys,
    "network": NetworkKeys,
    "sites": SiteKeys,
    "A feed": FeedKeys,
    "blocks": BlockKeys,
    "Words and categories": FilterKeys,
    "pages": PageKeys,
    "retention": RetentionKeys,
    "archive": ArchiveKeys,
    "fetch": FetchKeys,
    "serve": ServeKeys,
}
MODELS = list(SECTIONS.values())


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written in the file."""
    return [info.alias or name for name, info in model.model_fields.items()]


def documented(section: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading: key -> type, default, bounds, meaning."""
    text = re.split(rf"^#+ {re.escape(section)}$", DOC, flags=re.MULTILINE)[1]
    table = text[text.index("| key |") :].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]
    return {row[0].strip("`"): row[1:] for row in rows}


def default_words(model: type[BaseModel], key: str) -> str:
    """The default of a key as the document writes it."""
    info = next(i for name, i in model.model_fields.items() if key in (name, i.alias))
    if info.is_required():
        return "required"
    if isinstance(info.default, FetchKeys):
        return "every default"
    if info.default in (None, [], {}):
        return "none"
    return f"`{str(info.default).lower() if isinstance(info.default, bool) else info.default}`"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_documented(section: str) -> None:
    """The table of a section holds the keys of its model, in their order, and no others."""
    rows = documented(section)

    assert list(rows) == keys_of(SECTIONS[section])
    assert all(len(row) == 4 and row[3] for row in rows.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_documented_default_is_the_real_one(section: str) -> None:
    """What the table calls the default is what an absent key gets."""
    model = SECTIONS[section]

    words = {key: row[1] for key, row in documented(section).items()}

    assert words == {key: default_words(model, key) for key in keys_of(model)}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_bounds_in_descriptions_are_documented(model: type[BaseModel]) -> None:
    """A range that the description of a key names stands in its row too."""
    section = next(name for name, of in SECTIONS.items() if of is model)
    rows = documented(section)

    ranges = {
        info.alias or name: re.findall(r"\d\w* to \d\w*", info.description or "")
        for name, info in model.model_fields.items()
    }

    assert all(span in rows[key][2] for key, spans in ranges.items() for span in spans)


def test_documented_examples_load() -> None:
    """The first example of the document is a whole file without problem or warning."""
    example = re.findall(r"```yaml\n(.*?)```", DOC, flags=re.DOTALL)[0]

    loaded = load_network(example, path=Path("/etc/feeds.yaml"))

    assert loaded.warnings == ()
    assert [block.sources for page in loaded.network.pages for block in page.blocks] == [
        ("sport",),
        ("news",),
    ]


def test_example_sections_load() -> None:
    """The examples of the sections make a file that loads, put together."""
    examples = re.findall(r"```yaml\n(.*?)```", DOC, flags=re.DOTALL)[1:]
    text = "".join(examples).replace("[sport, football]", "[news, partner]")

    loaded = load_network(text, path=Path("/etc/feeds.yaml"))

    assert loaded.warnings == ()
    assert loaded.network.sites[1].foreign


def test_defaults_are_those_of_the_network_values() -> None:
    """A key left out means the same in the file as in `aggregator.network`."""
    site = {"name": "A", "home": "https://a.example/", "feeds": ["https://a.example/feed"]}
    file = FileKeys.model_validate({"network": {"name": "N"}, "sites": {"a": site}})

    network = build_network(file, Path("/etc"))

    assert network.fetch == FetchSettings()
    assert network.feeds() == (Feed(url="https://a.example/feed", site="a"),)
    assert {field.name for field in dataclasses.fields(FetchSettings)} == set(keys_of(FetchKeys))


def test_words_of_the_file_are_those_of_the_enums() -> None:
    """The schema lists the values of the two enums."""
    definitions = json_schema()["$defs"]

    assert isinstance(definitions, dict)
    future = definitions["FeedKeys"]["properties"]["future"]
    own = definitions["FeedKeys"]["properties"]["retry_after_scope"]
    scope = definitions["FetchKeys"]["properties"]["retry_after_scope"]
    assert future["enum"] == [policy.value for policy in FuturePolicy]
    assert own["enum"] == scope["enum"]
    assert scope["enum"] == [value.value for value in RetryScope]


def test_schema_describes_every_key() -> None:
    """Each key of each model is in the schema with a description; null is no value anywhere."""
    schema = json_schema()
    definitions = schema["$defs"]

    assert isinstance(definitions, dict)
    parts = {**definitions, "FileKeys": schema}
    for model in MODELS:
        properties = parts[model.__name__]["properties"]
        assert list(properties) == keys_of(model)
        # A part with a model of its own has the description there.
        assert all("description" in entry or "$ref" in entry for entry in properties.values())
    assert "null" not in re.findall(r"'type': '(\w+)'", str(schema))
    assert "None" not in str(schema)


def test_schema_is_strict() -> None:
    """An editor is told about unknown keys and ids of the wrong form."""
    schema = json_schema()
    properties = schema["properties"]

    assert schema["additionalProperties"] is False
    assert isinstance(properties, dict)
    for section in ("sites", "blocks", "pages"):
        assert properties[section]["additionalProperties"] is False
        assert list(properties[section]["patternProperties"]) == ["^[a-z0-9][a-z0-9._-]{0,63}$"]


def test_shipped_file_is_a_complete_network() -> None:
    """The shipped feeds.yaml loads without a warning, and every site of it has a page."""
    loaded = read_network(ROOT / "feeds.yaml")

    network = loaded.network
    assert loaded.warnings == ()
    assert [page.id for page in network.pages] == [site.id for site in network.sites]
    assert len(network.sites) >= 20
    assert all(site.feeds for site in network.sites)
    assert network.database == ROOT / "aggregator.db"
    assert network.fetch == FetchSettings()


def test_shipped_file_has_the_blocks_of_the_real_page() -> None:
    """SpaceWar's page shows the four blocks of the family, its own among them."""
    network = read_network(ROOT / "feeds.yaml").network

    page = next(page for page in network.pages if page.id == "spacewar")

    assert [block.title for block in page.blocks] == [
        "Space News from SpaceDaily.com",
        "24/7 Energy News Coverage",
        "Military Space News, Nuclear Weapons, Missile Defense",
        "24/7 News Coverage",
    ]
    assert page.blocks[2].sources == ("spacewar",)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_shipped_file_shows_every_key(model: type[BaseModel]) -> None:
    """Each key stands in the shipped file, behind a `#` where its default will do."""
    shown = set(re.findall(r"^[ #-]*([a-z_0-9]+):", SHIPPED, flags=re.MULTILINE))
    shown |= set(re.findall(r"[{,] ?([a-z_0-9]+):", SHIPPED))

    assert set(keys_of(model)) <= shown


def test_shipped_comments_show_the_real_defaults() -> None:
    """The `fetch` part that is commented out is the default, key by key."""
    commented = SHIPPED[SHIPPED.index("# fetch:") :].replace("\n# ", "\n").removeprefix("# ")

    written = yaml.safe_load(commented)["fetch"]

    assert FetchKeys.model_validate(written) == FetchKeys()
    assert list(written) == keys_of(FetchKeys)


def test_every_agency_is_documented() -> None:
    """The list under `rights` is the one that names are held to."""
    text = DOC.split("and no others: ", 1)[1].split(".\n", 1)[0]

    assert text.replace("\n", " ").split(", ") == list(AGENCIES)
