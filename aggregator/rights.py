"""Who may show which agency's stories."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from aggregator.model import Story

Rights = Mapping[str, Collection[str]]
"""Agency -> the sites whose pages may show its stories; others may show any agency's."""


def may_show(rights: Rights, agency: str | None, site: str) -> bool:
    """Whether a page of `site` may show a story with this credit.

    Of a credit of several (`AFP/Reuters`) each has to allow it. Names are compared without regard
    to case.
    """
    named = {name.casefold() for name in (agency or "").split("/")}
    return all(site in sites for name, sites in rights.items() if name.casefold() in named)


def licensed(stories: Sequence[Story], rights: Rights, site: str) -> Sequence[Story]:
    """The stories that pages of `site` may show."""
    if not rights:
        return stories
    return [story for story in stories if may_show(rights, story.agency, site)]
