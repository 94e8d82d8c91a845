"""Our pages as a Datasette plugin: /-/network, /-/find, /-/story/ID, and links between them.

Uses the hooks that Datasette 0.65 and 1.0 share. Registered by `server`, never as an entry point:
a Datasette that somebody runs for something else stays as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl
from markupsafe import Markup
from sqlite_utils import Database

from aggregator.web import views

STYLE = Path(__file__).parent / "static" / "web.css"
_SPOKEN = """
document.documentElement.lang = "en";
document.querySelectorAll("section.content").forEach(part => part.setAttribute("role", "main"));
let depth = 1;
document.querySelectorAll(".content :is(h1, h2, h3, h4)").forEach(heading => {
  depth = Math.min(Number(heading.tagName[1]), depth + 1);
  heading.setAttribute("aria-level", depth);
});
document.getElementById("sql-editor")?.setAttribute("aria-label", "SQL");
const spoken = {_filter_column: "Column", _filter_op: "Comparison", _filter_value: "Value"};
document.querySelectorAll(".filters select, .filters input").forEach(field => {
  const name = Object.keys(spoken).find(start => field.name.startsWith(start));
  if (name) field.setAttribute("aria-label", spoken[name]);
});
"""
_STORY_COLUMNS = frozenset({"story_id"})


async def _ask(datasette: Any, question: Callable[[Database], Any]) -> Any:
    """On one of Datasette's own read-only connections."""
    database = datasette.get_database()
    return await database.execute_fn(lambda connection: question(Database(connection)))


async def _page(datasette: Any, request: Any, template: str, context: Any) -> Any:
    shown = {**context, "database": datasette.get_database().name}
    return Response.html(await datasette.render_template(template, shown, request=request))


async def network(datasette: Any, request: Any) -> Any:
    """Plots of the network, and how fresh its blocks are."""
    now = datetime.now(UTC)
    context = await _ask(datasette, lambda db: views.network_context(db, now))
    return await _page(datasette, request, "network.html", context)


async def find(datasette: Any, request: Any) -> Any:
    """Full-text search over stories."""
    words = request.args.get("q") or ""
    context = await _ask(datasette, lambda db: views.find_context(db, words))
    return await _page(datasette, request, "find.html", context)


async def story(datasette: Any, request: Any) -> Any:
    """One story with its entries and what became of it."""
    number = int(request.url_vars["id"])
    context = await _ask(datasette, lambda db: views.story_context(db, number))
    if context is None:
        return Response.html("There is no such story.", status=404)
    return await _page(datasette, request, "story.html", context)


async def style() -> Any:
    """The style sheet, light and dark."""
    headers = {"Cache-Control": "max-age=300"}
    return Response(STYLE.read_text("utf-8"), content_type="text/css", headers=headers)


async def robots() -> Any:
    """Nobody's index needs a database."""
    return Response.text("User-agent: *\nDisallow: /\n")


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Our addresses; at most 12 digits make an id."""
    return [
        (r"^/-/network$", network),
        (r"^/-/find$", find),
        (r"^/-/story/(?P<id>[0-9]{1,12})$", story),
        (r"^/-/web\.css$", style),
        (r"^/robots\.txt$", robots),
    ]


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    """In the menu of every page."""
    return [
        {"href": datasette.urls.path("/-/network"), "label": "Network"},
        {"href": datasette.urls.path("/-/find"), "label": "Find stories"},
    ]


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    """On every page, Datasette's own included."""
    return [datasette.urls.path("/-/web.css")]


@hookimpl
def extra_body_script() -> str:
    """What screen readers miss on Datasette's own pages, ours among them."""
    return _SPOKEN


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """Short ways to our addresses for templates."""

    def story_path(number: int) -> str:
        return str(datasette.urls.path(f"/-/story/{number}"))

    def table_path(table: str, **filters: str) -> str:
        return f"{datasette.urls.table(datasette.get_database().name, table)}?{urlencode(filters)}"

    return {"story_path": story_path, "table_path": table_path}


@hookimpl
def render_cell(value: Any, column: str, datasette: Any) -> Markup | None:
    """A story's number leads to its page."""
    if column not in _STORY_COLUMNS or not isinstance(value, int):
        return None
    path = datasette.urls.path(f"/-/story/{value}")
    return Markup('<a href="{}">{}</a>').format(path, value)
