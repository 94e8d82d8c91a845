"""PageContent as selected -> the values that templates and serialisers are given.

Texts are one printable line, links are http(s) and carry the page's parameters, times are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aggregator.model import BlockContent, Headline, PageContent
from aggregator.network import Network, Show, Templates
from aggregator.render.links import with_params
from aggregator.render.printable import one_line, printable_page
from aggregator.times import format_time

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BEGINNING = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Look:
    """What a page's files say of the page itself, and whose templates they are made with.

    `public_url` is where `output/current` is served; None: files do not name themselves.
    """

    site_name: str = ""
    home: str | None = None
    public_url: str | None = None
    templates: Templates | None = None


def look_of(network: Network, site_id: str) -> Look:
    """The look of the pages of a site; one that is not in the network has its id for a name."""
    publishing = network.publishing
    site = next((site for site in network.sites if site.id == site_id), None)
    return Look(
        site_name=one_line(site.name) if site else site_id,
        home=site.home if site else None,
        public_url=publishing.public_url,
        templates=publishing.templates,
    )


@dataclass(frozen=True, slots=True)
class HeadlineView:
    """A headline for a template.

    `permalink` is the link without the page's parameters. `published_at` (RFC 3339), `time` (for
    people) and `pub_date` (RFC 822) are None without a date; `updated_at` never is.
    """

    story_id: int
    title: str
    url: str
    permalink: str
    site: str
    site_name: str
    published_at: str | None
    time: str | None
    pub_date: str | None
    updated_at: str
    image_url: str | None


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block for a template; `show_*` say what its HTML shows beside the titles.

    `label` is its name among other parts of a document: the title, where that shows one page.
    """

    id: str
    title: str
    label: str
    link: str | None
    headlines: tuple[HeadlineView, ...]
    show_site: bool
    show_time: bool
    show_image: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """A page for a template. `self_url`: the address of its directory, None where not known.

    `updated_at` is the latest time of its headlines: no file knows when it was written.
    """

    id: str
    site: str
    site_name: str
    home: str | None
    self_url: str | None
    updated_at: str
    blocks: tuple[BlockView, ...]


def view_page(content: PageContent, look: Look) -> PageView:
    """Raises ValueError as `printable_page` does."""
    page = printable_page(content)
    blocks = tuple(_block(block, page.link_params) for block in page.blocks)
    times = [headline.updated_at for block in blocks for headline in block.headlines]
    return PageView(
        id=page.page,
        site=page.site,
        site_name=look.site_name or page.site,
        home=look.home,
        self_url=f"{look.public_url}/{page.page}" if look.public_url else None,
        updated_at=max(times, default=_BEGINNING),
        blocks=blocks,
    )


def _block(block: BlockContent, params: tuple[tuple[str, str], ...]) -> BlockView:
    return BlockView(
        id=block.id,
        title=block.title,
        label=block.title,
        link=block.link,
        headlines=tuple(_headline(headline, params) for headline in block.headlines),
        show_site=Show.SITE in block.show,
        show_time=Show.TIME in block.show,
        show_image=Show.IMAGE in block.show,
    )


def _headline(headline: Headline, params: tuple[tuple[str, str], ...]) -> HeadlineView:
    published = headline.published_at
    counted = published or headline.shown_at
    return HeadlineView(
        story_id=headline.story_id,
        title=headline.title,
        url=with_params(headline.url, params),
        permalink=headline.url,
        site=headline.site,
        site_name=headline.site_name,
        published_at=None if published is None else format_time(published),
        time=None if published is None else human_time(published),
        pub_date=None if published is None else _rfc_822(published),
        updated_at=_BEGINNING if counted is None else format_time(counted),
        image_url=headline.image_url,
    )


def human_time(moment: datetime) -> str:
    """`25 Nov 2026, 01:02 UTC`: the same for every reader and at any time of reading."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year:04d}, {utc.hour:02d}:{utc.minute:02d} UTC"


def _rfc_822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
