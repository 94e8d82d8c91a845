"""Template name and values -> text, every value escaped as the format needs it.

The operator's own templates come before those of this package, and are kept from everything but
the values they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, TracebackType

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FunctionLoader,
    PackageLoader,
    StrictUndefined,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from aggregator.errors import ConfigError, Problem
from aggregator.network import Templates
from aggregator.render.view import BlockView, HeadlineView, PageView

SUFFIXES = frozenset({".html", ".txt", ".xml", ".atom"})

_WORDS = MappingProxyType({PageView: "a page", BlockView: "a block", HeadlineView: "a headline"})
_OURS = ("preview.html", "preview.css", "loader.js")


def render_template(name: str, templates: Templates | None = None, **values: object) -> str:
    """The template `name`, filled. Raises ConfigError when a template of the operator's fails."""
    environment = _environment(templates)
    if templates is None:
        return environment.get_template(name).render(values)
    try:
        return environment.get_template(name).render(values)
    except Exception as error:
        raise ConfigError((_problem(templates, name, error),)) from error


def template_text(name: str) -> str:
    """A file of this package as it is."""
    environment = _environment(None)
    loader = environment.loader
    assert isinstance(loader, BaseLoader)
    return loader.get_source(environment, name)[0]


def syntax_problems(templates: Templates) -> tuple[Problem, ...]:
    """Every template of the operator's that cannot be compiled, each with its line."""
    environment = _environment(templates)
    problems = []
    for name, text in templates.sources:
        try:
            environment.compile(text, name, str(templates.directory / name))
        except TemplateSyntaxError as error:
            problems.append(_problem(templates, name, error))
    return tuple(problems)


@lru_cache(maxsize=8)
def _environment(templates: Templates | None) -> ImmutableSandboxedEnvironment:
    ours: BaseLoader = PackageLoader("aggregator.render")
    if templates is not None:
        ours = ChoiceLoader([FunctionLoader(_source_of(templates)), ours])
    return ImmutableSandboxedEnvironment(
        loader=ours,
        autoescape=_is_markup,
        undefined=_Missing,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class _Missing(StrictUndefined):
    """What a template asks for and is not there, in the words of docs/embedding.md."""

    def __init__(
        self,
        hint: str | None = None,
        obj: object = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        if hint is None and isinstance(obj, PageView | BlockView | HeadlineView):
            has = ", ".join(field.name for field in fields(obj))
            hint = f"{_WORDS[type(obj)]} has no {name}; it has {has}"
        super().__init__(hint, obj, name, exc)


class _source_of:  # a function with a memory
    """Name -> the operator's text, with the path that messages name."""

    def __init__(self, templates: Templates) -> None:
        self._directory = templates.directory
        self._sources: Mapping[str, str] = MappingProxyType(dict(templates.sources))

    def __call__(self, name: str) -> tuple[str, str | None, None] | None:
        if name in _OURS or name not in self._sources:
            return None
        return self._sources[name], str(self._directory / name), None


def _is_markup(name: str | None) -> bool:
    """Everything but plain text; a string that is no file is markup too."""
    return name is None or not name.endswith(".txt")


def _problem(templates: Templates, name: str, error: Exception) -> Problem:
    """At the innermost line of a template of the operator's that the error went through."""
    where, line = str(templates.directory / name), 1
    if isinstance(error, TemplateSyntaxError):
        where, line = error.filename or where, error.lineno
    else:
        for filename, number in _frames(error.__traceback__):
            if Path(filename).parent == templates.directory:
                where, line = filename, number
    words = str(error) or type(error).__name__
    return Problem(where, line, 1, "", f"template: {words.splitlines()[0]}")


def _frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames
