"""What pydantic found wrong -> problems in our words, at the line they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic_core import ErrorDetails

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
from aggregator.config.feed_keys import ArchiveKeys, AuthKeys, FeedKeys, RetentionKeys
from aggregator.config.source import KeyPath, Source
from aggregator.config.words import shown
from aggregator.errors import Problem

_EXPECTED = {
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of ids",
    "model_type": "a mapping of keys",
}


def problems_of(errors: Sequence[ErrorDetails], source: Source) -> Iterator[Problem]:
    """One problem for each error, those of a blank value apart: the blank is one already."""
    for error in errors:
        if error["input"] is not None or error["type"] == "extra_forbidden":
            yield _problem(error, source)


def _problem(error: ErrorDetails, source: Source) -> Problem:
    path: KeyPath = error["loc"]
    kind = error["type"]
    if kind == "missing":
        return source.problem(path[:-1], "missing; the key is required", missing=str(path[-1]))
    if kind == "extra_forbidden":
        return source.key_problem(path, f"unknown key; {_allowed(path)}")
    if path and path[-1] == "[key]":
        return source.key_problem(path[:-1], _found(error))
    return source.problem(path, _found(error))


def _found(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "expected":
            wanted = context["words"]
        case "literal_error":
            wanted = context["expected"].replace("'", "")
        case "too_long":
            # A mapping has no actual_length in the context.
            return f"found {len(error['input'])} of them, expected at most {context['max_length']}"
        case "too_short":
            return f"found none, expected at least {context['min_length']}"
        case kind:
            wanted = _EXPECTED[kind]
    found = "a value" if _is_secret(error["loc"]) else shown(error["input"])
    return f"found {found}, expected {wanted}"


def _is_secret(path: KeyPath) -> bool:
    """What stands here is never quoted; a password may have been put where its name belongs."""
    return len(path) > 5 and path[4] in ("headers", "auth")


def _allowed(path: KeyPath) -> str:
    """The key meant, when one is much like it, else all the keys there are."""
    fields = _model_at(path).model_fields
    keys = [info.alias or name for name, info in fields.items()]
    close = get_close_matches(str(path[-1]), keys, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(keys)}"


def _model_at(path: KeyPath) -> type[BaseModel]:
    """The model that the last part of `path` is no key of."""
    match path:
        case ("network", _):
            return NetworkKeys
        case ("sites", _, _):
            return SiteKeys
        case ("sites", _, "feeds", _, _):
            return FeedKeys
        case ("sites", _, "feeds", _, "auth", _):
            return AuthKeys
        case ("blocks", _, _):
            return BlockKeys
        case ("blocks", _, _, _):
            return FilterKeys
        case ("pages", _, _):
            return PageKeys
        case ("fetch", _):
            return FetchKeys
        case ("serve", _):
            return ServeKeys
        case ("archive", _):
            return ArchiveKeys
        case ("retention", _) | ("sites", _, "feeds", _, "retention", _):
            return RetentionKeys
        case _:
            return FileKeys
