"""The operator's templates -> what is wrong with them, before anything is published with them."""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator.errors import ConfigError, Problem
from aggregator.model import BlockContent, Headline, PageContent
from aggregator.network import Show, Templates
from aggregator.render.files import render_page
from aggregator.render.templating import syntax_problems
from aggregator.render.view import Look

_THEN = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
_FULL = Headline(1, "A title", "https://a.example/1", "a", "A", _THEN, "https://a.example/1.jpg")
_BARE = Headline(2, "Another", "https://a.example/2", "a", "A", None)

# One block with everything, one with as little as there may be, one with nothing.
_TRIAL = PageContent(
    "trial",
    "a",
    (
        BlockContent("full", "Full", "https://a.example/", (_FULL, _BARE), tuple(Show)),
        BlockContent("bare", "Bare", None, (_BARE,)),
        BlockContent("empty", "Empty", None),
    ),
)


def template_problems(templates: Templates) -> tuple[Problem, ...]:
    """Templates that cannot be compiled; when all can, the first that fails on a made-up page."""
    problems = syntax_problems(templates)
    if problems:
        return problems
    for look in (
        Look("A", "https://a.example/", "https://h.example", templates),
        Look(templates=templates),
    ):
        try:
            render_page(_TRIAL, look)
        except ConfigError as error:
            return error.problems
    return ()
