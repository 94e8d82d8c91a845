"""A link and parameters -> the link with them in its query, still a link."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote_plus


def with_params(url: str, params: Sequence[tuple[str, str]]) -> str:
    """`url` with `params` at the end of its query, in the place of any of the same name.

    Names and values are percent-encoded; the rest of the link, its fragment included, stays as it
    is.
    """
    if not params:
        return url
    names = {name for name, _ in params}
    rest, hash_, fragment = url.partition("#")
    path, _, query = rest.partition("?")
    kept = [field for field in query.split("&") if field and _name(field) not in names]
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params]
    return f"{path}?{'&'.join([*kept, *added])}{hash_}{fragment}"


def _name(field: str) -> str:
    return unquote_plus(field.partition("=")[0])
