"""Items -> the bytes of one feed, in each of the forms that the family's sites speak.

Every function is handed the items in document order, each with the time it was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

from aggregator.demo.stories import Item
from aggregator.times import format_time

Dated = tuple[Item, datetime]

# The zone of the real feed that `rss_without_guids` is modelled on: ten hours east all year.
_AEST = timezone(timedelta(hours=10))


@dataclass(frozen=True, slots=True)
class Site:
    """One made-up site; `host` is the name in its links, which no name server knows."""

    id: str
    name: str
    host: str

    @property
    def home(self) -> str:
        """Its front page, as feeds and feeds.yaml name it."""
        return f"https://www.{self.host}/"


def rss(site: Site, items: Sequence[Dated]) -> bytes:
    """RSS 2.0, well-formed, with guids that are no links."""
    return _rss_document(site, (_rss_item(site, item, moment) for item, moment in items))


def broken_rss(site: Site, items: Sequence[Dated]) -> bytes:
    """RSS 2.0 of a system that never escapes: no XML parser that keeps the rules reads it."""
    parts = (
        "<item>\n"
        f"<title>{item.title_source or item.title}</title>\n"
        f"<link>{item.link}</link>\n"
        f"<guid>{item.link}</guid>\n"
        f"<description>{item.summary}&nbsp;...</description>\n"
        f"<pubDate>{format_datetime(moment, usegmt=True)}</pubDate>\n"
        "</item>\n"
        for item, moment in items
    )
    return _rss_document(site, parts)


def rss_without_guids(site: Site, items: Sequence[Dated]) -> bytes:
    """RSS 2.0 whose items have a link and the zone AEST, the month in capitals, and no guid."""
    parts = (
        "<item>\n"
        f"<title><![CDATA[{item.title}]]></title>\n"
        f"<link><![CDATA[{item.link}]]></link>\n"
        f"<description><![CDATA[\n{item.summary}]]></description>\n"
        f"<pubDate>{_aest(moment)}</pubDate>\n"
        "</item>\n"
        for item, moment in items
    )
    return _rss_document(site, parts)


def rdf(site: Site, items: Sequence[Dated]) -> bytes:
    """RSS 1.0: the items stand beside the channel, dates are Dublin Core."""
    places = "".join(f'<rdf:li rdf:resource="{escape(item.link)}"/>' for item, _ in items)
    parts = "".join(
        f'<item rdf:about="{escape(item.link)}">\n'
        f"<title>{_title(item)}</title>\n"
        f"<link>{escape(item.link)}</link>\n"
        f"<description>{escape(item.summary)}</description>\n"
        f"<dc:date>{moment.isoformat(timespec='seconds')}</dc:date>\n"
        "</item>\n"
        for item, moment in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{site.home}">\n'
        f"<title>{escape(site.name)}</title>\n<link>{site.home}</link>\n"
        f"<description>News of {escape(site.name)}</description>\n"
        f"<items><rdf:Seq>{places}</rdf:Seq></items>\n</channel>\n{parts}</rdf:RDF>\n"
    ).encode()


def atom(site: Site, items: Sequence[Dated]) -> bytes:
    """Atom 1.0 with HTML titles (RFC 4287 section 3.1.1.2)."""
    newest = max(moment for _, moment in items)
    parts = "".join(
        "<entry>\n"
        f'<title type="html">{item.title_source or escape(escape(item.title))}</title>\n'
        f'<link href="{escape(item.link)}"/>\n'
        f"<id>tag:{site.host},2020:{_slug(item)}</id>\n"
        f"<published>{format_time(moment)}</published>\n"
        f"<updated>{format_time(moment)}</updated>\n"
        f"<summary>{escape(item.summary)}</summary>\n"
        "</entry>\n"
        for item, moment in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f'<title>{escape(site.name)}</title>\n<link href="{site.home}"/>\n'
        f"<id>{site.home}</id>\n<updated>{format_time(newest)}</updated>\n"
        f"<author><name>{escape(site.name)}</name></author>\n{parts}</feed>\n"
    ).encode()


def json_feed(site: Site, items: Sequence[Dated]) -> bytes:
    """JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.name,
        "home_page_url": site.home,
        "items": [
            {
                "id": _slug(item),
                "url": item.link,
                "title": item.title,
                "content_text": item.summary,
                "date_published": format_time(moment),
            }
            for item, moment in items
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _rss_document(site: Site, items: Iterable[str]) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escape(site.name)}</title>\n<link>{site.home}</link>\n"
        f"<description>News of {escape(site.name)}</description>\n<language>en-us</language>\n"
        f"{''.join(items)}</channel>\n</rss>\n"
    ).encode()


def _rss_item(site: Site, item: Item, moment: datetime) -> str:
    return (
        "<item>\n"
        f"<title>{_title(item)}</title>\n"
        f"<link>{escape(item.link)}</link>\n"
        f'<guid isPermaLink="false">{site.id}-{_slug(item)}</guid>\n'
        f"<description>{escape(item.summary)}</description>\n"
        f"<pubDate>{format_datetime(moment, usegmt=True)}</pubDate>\n"
        "</item>\n"
    )


def _title(item: Item) -> str:
    return item.title_source or escape(item.title)


def _slug(item: Item) -> str:
    """The last part of the link's path, which names a story within its site."""
    return item.link.partition("?")[0].rpartition("/")[2].removesuffix(".html")


def _aest(moment: datetime) -> str:
    written = format_datetime(moment.astimezone(_AEST)).replace("+1000", "AEST")
    day, date, month, rest = written.split(" ", 3)
    return f"{day} {date} {month.upper()} {rest}"
