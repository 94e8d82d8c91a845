"""Pages and their candidate stories -> PageContent: which headlines each block shows, and where.

Alone in knowing what makes a story fit to be shown, how the blocks of a page share stories, and
what an editor's override does to them.
"""

from aggregator.selection.fitness import is_link, is_visible
from aggregator.selection.pages import depth, select_page, select_pages
from aggregator.selection.words import has_words

__all__ = [
    "depth",
    "has_words",
    "is_link",
    "is_visible",
    "select_page",
    "select_pages",
]
