"""PageContent -> the published files of a page, as HTML, JSON and text.

The links of a block carry `rel="noopener noreferrer"`: the page they open gets no hold on this
one. They do not carry `nofollow`: the sites are sisters and want their links to count.
"""

from __future__ import annotations

import json

from aggregator.model import BlockContent, Headline, PageContent
from aggregator.render.printable import printable_page
from aggregator.render.templating import render_template
from aggregator.times import format_time

# So that a file can be pasted into a <script> element as it is: inside a JSON document these
# stand in strings only, where the escape means the same.
_INLINE_SAFE = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
)


def render_page(content: PageContent) -> dict[str, bytes]:
    """Relative path -> UTF-8 bytes: `<page>/headlines.*` and `<page>/<block>.*`.

    A block without headlines is left out of the page's HTML and text and is an empty file of its
    own, so that a server-side include of it never fails; in JSON it has an empty list. Depends
    on `content` alone. Raises ValueError as `printable_page` does.
    """
    page = printable_page(content)
    files = _formats(
        f"{page.page}/headlines",
        html="".join(_block_html(block) for block in page.blocks),
        json_value=_page_value(page),
        text="\n".join(filter(None, map(_block_text, page.blocks))),
    )
    for block in page.blocks:
        files |= _formats(
            f"{page.page}/{block.id}",
            html=_block_html(block),
            json_value=_block_value(block),
            text=_block_text(block),
        )
    return files


def _formats(stem: str, *, html: str, json_value: object, text: str) -> dict[str, bytes]:
    return {
        f"{stem}.html": html.encode(),
        f"{stem}.json": _json_text(json_value).encode(),
        f"{stem}.txt": text.encode(),
    }


def _block_html(block: BlockContent) -> str:
    return render_template("block.html", block=block) if block.headlines else ""


def _block_text(block: BlockContent) -> str:
    if not block.headlines:
        return ""
    lines = [block.title, *(headline.title for headline in block.headlines)]
    return "".join(f"{line}\n" for line in lines)


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).translate(_INLINE_SAFE) + "\n"


def _page_value(page: PageContent) -> dict[str, object]:
    blocks = [_block_value(block) for block in page.blocks]
    return {"page": page.page, "site": page.site, "blocks": blocks}


def _block_value(block: BlockContent) -> dict[str, object]:
    headlines = [_headline_value(headline) for headline in block.headlines]
    return {"id": block.id, "title": block.title, "link": block.link, "headlines": headlines}


def _headline_value(headline: Headline) -> dict[str, object]:
    published = headline.published_at
    return {
        "story_id": headline.story_id,
        "title": headline.title,
        "url": headline.url,
        "site": headline.site,
        "site_name": headline.site_name,
        "published_at": None if published is None else format_time(published),
        "image_url": headline.image_url,
    }
