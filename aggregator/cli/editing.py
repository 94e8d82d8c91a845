"""What editors do to stories: `withdraw`, `pin`, `retitle`, and the list of it, `overrides`."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click
from sqlite_utils import Database

from aggregator.cli.context import AS_JSON, Options
from aggregator.cli.counts import counted
from aggregator.cli.moments import MOMENT_TO_COME
from aggregator.cli.tables import fit_table
from aggregator.control import Message
from aggregator.errors import UsageError
from aggregator.instance import utc_now
from aggregator.logs import printable, set_up_logging
from aggregator.requests import request
from aggregator.store import overrides as stored
from aggregator.store.connection import open_reader
from aggregator.text import clean
from aggregator.times import format_time, parse_duration

MAX_SHOWN = 60
"""Characters of a title in the table: the JSON has all of them."""

# int() of thousands of digits raises; what has more than these is no row's number.
_NUMBER = re.compile("[0-9]{1,19}", re.ASCII)

_STORY = click.argument("story", required=False)
_PAGE = click.option("--page", help="On this page only.")
_FOR = click.option("--for", "duration", metavar="DURATION", help="For so long, such as 12h.")
_UNTIL = click.option("--until", type=MOMENT_TO_COME, help="Until then: 2026-11-25T12:00, in UTC.")
_NOTE = click.option("--note", help="Why, for the record.")
_UNDO = click.option("--undo", type=int, metavar="ID", help="End this one instead.")


def _shared(command: Any) -> Any:
    for option in (_STORY, _PAGE, _FOR, _UNTIL, _NOTE, _UNDO):
        command = option(command)
    return click.pass_obj(command)


@click.command()
@click.option("--words", is_flag=True, help="STORY is words, though it looks like a number or URL.")
@_shared
def withdraw(options: Options, story: str | None, words: bool, **given: Any) -> None:
    """Take STORY off every page: its number, its URL, or words that stand in its title."""
    target: Message = {"words": story} if words and story else _target(story, words=True)
    _carry_out(options, "withdraw", target, given)


@click.command()
@click.option("--block", help="To this block; by default to the first that may show it.")
@_shared
def pin(options: Options, story: str | None, block: str | None, **given: Any) -> None:
    """Put STORY (its number or URL) first in a block, whatever its age."""
    _carry_out(options, "pin", {**_target(story), "value": block}, given)


@click.command()
@_shared
@click.argument("title", required=False)
def retitle(options: Options, story: str | None, title: str | None, **given: Any) -> None:
    """Show STORY (its number or URL) under TITLE."""
    _carry_out(options, "retitle", {**_target(story), "value": title}, given)


@click.command()
@click.option("--all", "ended", is_flag=True, help="Also those that ended.")
@AS_JSON
@click.pass_obj
def overrides(options: Options, ended: bool, as_json: bool) -> None:
    """List what editors did to stories, the latest first."""
    with closing(open_reader(options.network().database).conn) as connection:
        found = stored.listed(Database(connection), ended=ended)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], indent=2))
        return
    headers = ["id", "what", "story", "value", "page", "since", "until", "ended", "note"]
    table = [
        [
            row.id,
            row.kind,
            _named(row),
            clean(row.value or "", limit=MAX_SHOWN),
            row.page or "all",
            row.created_at,
            row.expires_at or "undone",
            row.ended_at or "",
            row.note or "",
        ]
        for row in found
    ]
    click.echo(fit_table(table, headers))


def _named(row: stored.OverrideRow) -> str:
    """What an editor named; of a number, the title says which story it is."""
    if row.story_id is None or row.url:
        return row.url or row.words or ""
    return clean(f"{row.story_id} {row.title or ''}", limit=MAX_SHOWN)


def _target(story: str | None, *, words: bool = False) -> Message:
    """A number is a story's, what starts like a URL is one, the rest is words."""
    if story is None:
        return {}
    if _NUMBER.fullmatch(story):
        return {"story_id": int(story)}
    if story.lower().startswith(("http://", "https://")):
        return {"url": story}
    if words:
        return {"words": story}
    raise UsageError(f"{story}: the number or the URL of a story was expected")


def _carry_out(options: Options, kind: str, target: Message, given: dict[str, Any]) -> None:
    network = options.network()
    set_up_logging(quiet=True)
    if given["undo"] is not None:
        others = [name for name, value in {**target, **given}.items() if value is not None]
        if others != ["undo"]:
            raise UsageError("--undo ID ends an override; nothing else goes with it")
        answer = request(network, {"command": "undo", "kind": kind, "id": given["undo"]})
        click.echo(f"{kind} {answer['id']} ended; {_published(answer)}")
        return
    if not target.keys() & {"story_id", "url", "words"}:
        raise UsageError("STORY is missing")
    message: Message = {
        "command": "override",
        "kind": kind,
        **target,
        "page": given["page"],
        "note": given["note"],
        "expires_at": _expires_at(given["duration"], given["until"]),
    }
    _show(request(network, message), message)


def _expires_at(duration: str | None, until: datetime | None) -> str | None:
    if duration is not None and until is not None:
        raise UsageError("--for and --until say the same thing; one of them was expected")
    if duration is None:
        return None if until is None else format_time(until)
    try:
        length = parse_duration(duration)
    except ValueError as error:
        raise UsageError(f"--for {duration}: {error}") from error
    if not timedelta(0) < length <= timedelta(days=3650):
        raise UsageError(f"--for {duration}: from 1s to 3650d was expected")
    return format_time(utc_now() + length)


def _show(answer: Any, message: Message) -> None:
    until = answer["expires_at"] or "undone"
    click.echo(f"{answer['kind']} {answer['id']}, until {until}; {_published(answer)}")
    for story in answer["stories"]:
        click.echo(printable(f"  story {story['story_id']}: {story['title']}"))
    if not answer["stories"]:
        found = "no headline has these words now" if "words" in message else "no story yet"
        click.echo(f"  {found}; one that comes is meant as well")
    for place in answer["places"]:
        click.echo(f"  stands on {place['page']}/{place['block']}, place {place['position']}")
    if answer["kind"] == "pin" and answer["stories"] and not _is_placed(answer, message):
        click.echo(
            "  not shown where it is pinned to: a pin goes before order and age, never before "
            "a block's sources, a site's rights or a withdrawal"
        )


def _is_placed(answer: Any, message: Message) -> bool:
    """Does the story stand in a block, and on a page, that it was pinned to."""
    block, page = message["value"], message["page"]
    return any(
        block in (None, place["block"]) and page in (None, place["page"])
        for place in answer["places"]
    )


def _published(answer: Any) -> str:
    if answer["generation"] is None:
        return "nothing changes on the pages"
    return f"generation {answer['generation']}, {counted(answer['changed'], 'file')} changed"
