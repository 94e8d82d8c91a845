"""PageContent -> the published files of a page, in every format, from one selection.

The links of a block carry `rel="noopener noreferrer"`: the page they open gets no hold on this
one. They do not carry `nofollow`: the sites are sisters and want their links to count.
"""

from __future__ import annotations

import json

from aggregator.model import PageContent
from aggregator.render.templating import render_template, template_text
from aggregator.render.view import BlockView, HeadlineView, Look, PageView, view_page

# So that a file can be pasted into a <script> element as it is: inside a JSON document these
# stand in strings only, where the escape means the same.
_INLINE_SAFE = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
)

_PLAIN = Look()


def render_page(content: PageContent, look: Look = _PLAIN) -> dict[str, bytes]:
    """Relative path -> UTF-8 bytes: `<page>/headlines.*` and `<page>/<block>.*`.

    A block without headlines is left out of the page's HTML and text and is an empty file of its
    own, so that a server-side include of it never fails; in JSON it has an empty list. Depends
    on the arguments alone. Raises ValueError as `printable_page` does, ConfigError when a
    template of the operator's fails.
    """
    page = view_page(content, look)
    stem = f"{page.id}/headlines"
    files = {
        f"{stem}.html": _filled("headlines.html", page, look),
        f"{stem}.json": _json_text(_page_value(page)),
        f"{stem}.txt": _filled("headlines.txt", page, look),
        f"{stem}.xml": _filled("headlines.xml", page, look),
        f"{stem}.atom": _filled("headlines.atom", page, look),
        f"{stem}.feed.json": _json_text(_feed_value(page)),
        f"{stem}.js": _script(page),
    }
    for block in page.blocks:
        files |= _block_files(page, block, look)
    return {path: text.encode() for path, text in files.items()}


def render_block(page: PageView, block: BlockView, look: Look) -> str:
    """The HTML of one block, '' when it has no headlines."""
    return _filled("block.html", page, look, block) if block.headlines else ""


def _block_files(page: PageView, block: BlockView, look: Look) -> dict[str, str]:
    text = _filled("block.txt", page, look, block) if block.headlines else ""
    return {
        f"{page.id}/{block.id}.html": render_block(page, block, look),
        f"{page.id}/{block.id}.json": _json_text(_block_value(block)),
        f"{page.id}/{block.id}.txt": text,
    }


def _filled(name: str, page: PageView, look: Look, block: BlockView | None = None) -> str:
    values = {"page": page} if block is None else {"page": page, "block": block}
    return render_template(name, look.templates, **values)


# --------------------------------------------------------------------- JSON


def _json_text(value: object, *, ascii_only: bool = False) -> str:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=2)
    return text.translate(_INLINE_SAFE) + "\n"


def _page_value(page: PageView) -> dict[str, object]:
    blocks = [_block_value(block) for block in page.blocks]
    return {"page": page.id, "site": page.site, "blocks": blocks}


def _block_value(block: BlockView) -> dict[str, object]:
    headlines = [_headline_value(headline) for headline in block.headlines]
    return {"id": block.id, "title": block.title, "link": block.link, "headlines": headlines}


def _headline_value(headline: HeadlineView) -> dict[str, object]:
    return {
        "story_id": headline.story_id,
        "title": headline.title,
        "url": headline.url,
        "site": headline.site,
        "site_name": headline.site_name,
        "published_at": headline.published_at,
        "image_url": headline.image_url,
    }


def _feed_value(page: PageView) -> dict[str, object]:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/); absent keys are left out there."""
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": page.site_name,
        "home_page_url": page.home,
        "feed_url": None if page.self_url is None else f"{page.self_url}/headlines.feed.json",
        "items": [
            _without_null(_item_value(headline, block))
            for block in page.blocks
            for headline in block.headlines
        ],
    }
    return _without_null(feed)


def _item_value(headline: HeadlineView, block: BlockView) -> dict[str, object]:
    return {
        "id": headline.permalink,
        "url": headline.url,
        "title": headline.title,
        "content_text": headline.title,
        "image": headline.image_url,
        "date_published": headline.published_at,
        "authors": [{"name": headline.site_name}],
        "tags": [block.title],
    }


def _without_null(value: dict[str, object]) -> dict[str, object]:
    return {key: part for key, part in value.items() if part is not None}


# --------------------------------------------------------------- JavaScript


def _script(page: PageView) -> str:
    """A fixed program and its data. In ASCII: whatever the including page's encoding is."""
    blocks = [_script_block(block) for block in page.blocks if block.headlines]
    data = _json_text({"page": page.id, "blocks": blocks}, ascii_only=True)
    return f"{template_text('loader.js').rstrip()}({data.rstrip()});\n"


def _script_block(block: BlockView) -> dict[str, object]:
    headlines = [
        {
            "title": headline.title,
            "url": headline.url,
            "site": headline.site,
            "siteName": headline.site_name if block.show_site else None,
            "published": headline.published_at if block.show_time else None,
            "time": headline.time if block.show_time else None,
            "image": headline.image_url if block.show_image else None,
        }
        for headline in block.headlines
    ]
    return {"id": block.id, "title": block.title, "link": block.link, "headlines": headlines}
