"""Template name and values -> HTML, every value escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_template(name: str, **values: object) -> str:
    """The template `name` of this package, filled; it ends in one newline unless it is empty."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    # Autoescape is on whatever the template is called: all of them are HTML.
    return Environment(
        loader=PackageLoader("aggregator.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
