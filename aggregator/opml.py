"""OPML -> the text of a feeds.yaml, and a network -> OPML. Pure.

OPML 2.0 (http://opml.org/spec2.opml): outlines with `xmlUrl` are feeds, outlines around them are
folders. A document may come from anywhere: one with a DOCTYPE is refused, so no entity of it is
ever looked at, and its size, depth and number of feeds are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml
from lxml import etree

from aggregator.config.links import check_url, same_feed_key, url_host
from aggregator.errors import UsageError
from aggregator.network import Network

MAX_BYTES = 5 * 1024 * 1024
MAX_FEEDS = 5000
MAX_NAME = 200

_PARSER = etree.XMLParser(
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """One feed of a document. `title` '' and `home` None: absent; the outermost folder is first."""

    url: str
    title: str
    home: str | None
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opml:
    """What a document lists; `skipped` are addresses that cannot be polled, with the reason."""

    title: str
    feeds: tuple[OpmlFeed, ...]
    skipped: tuple[str, ...]


def read_opml(document: bytes) -> Opml:
    """Every feed once, in document order; raises UsageError for what is not OPML, or hostile."""
    if len(document) > MAX_BYTES:
        raise UsageError(f"found {len(document)} bytes of OPML, expected at most {MAX_BYTES}")
    try:
        root = etree.fromstring(document, _PARSER)
    except etree.XMLSyntaxError as error:
        raise UsageError(f"not OPML: {' '.join(error.msg.split())}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UsageError("found a DOCTYPE, expected OPML without one: entities are not read")
    if etree.QName(root).localname != "opml":
        raise UsageError(f"found <{etree.QName(root).localname}>, expected <opml>")
    return _collect(root)


def _collect(root: etree._Element) -> Opml:
    feeds: dict[tuple[str, ...], OpmlFeed] = {}
    skipped = []
    for outline, title, folders in _outlines(root, ()):
        url = (outline.get("xmlUrl") or "").strip()
        if not url:
            continue
        try:
            check_url(url)
        except ValueError as error:
            skipped.append(f"{url[:200]}: expected {error}")
            continue
        key = same_feed_key(url)
        if key in feeds:
            continue
        if len(feeds) == MAX_FEEDS:
            raise UsageError(f"found more than {MAX_FEEDS} feeds, expected at most {MAX_FEEDS}")
        feeds[key] = OpmlFeed(url, title, _usable(outline.get("htmlUrl")), folders)
    return Opml(_name(root.findtext("./{*}head/{*}title")), tuple(feeds.values()), tuple(skipped))


def _outlines(
    parent: etree._Element, folders: tuple[str, ...]
) -> Iterator[tuple[etree._Element, str, tuple[str, ...]]]:
    """Every outline below with its title and the folders around it, each title read once: a long
    one around thousands of feeds would cost as much for each of them."""
    for child in parent.iterchildren():
        inner = folders
        if etree.QName(child).localname == "outline":
            title = _name(child.get("text") or child.get("title"))
            yield child, title, folders
            inner = (*folders, title) if title else folders
        yield from _outlines(child, inner)


def _usable(url: str | None) -> str | None:
    try:
        check_url((url or "").strip())
    except ValueError:
        return None
    return (url or "").strip()


def _name(text: str | None) -> str:
    """One printable line of at most 200 characters."""
    line = " ".join((text or "").split())
    return "".join(character for character in line if character.isprintable())[:MAX_NAME].strip()


# ------------------------------------------------------------------ to feeds.yaml


def feeds_yaml(opml: Opml) -> str:
    """A feeds.yaml with a site for the feeds of one host, a block for the sites of one folder."""
    sites: dict[str, list[OpmlFeed]] = {}
    for feed in opml.feeds:
        sites.setdefault(_host(feed), []).append(feed)
    ids = _ids(sites, taken=())
    blocks = _blocks({ids[host]: feeds for host, feeds in sites.items()})
    content: dict[str, object] = {
        "network": {"name": opml.title or "Imported network"},
        "sites": {
            ids[host]: {
                "name": _site_name(host, feeds, sites),
                "home": feeds[0].home or _front_page(feeds[0].url),
                "feeds": [feed.url for feed in feeds],
            }
            for host, feeds in sites.items()
        },
    }
    if blocks:
        content["blocks"] = blocks
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _host(feed: OpmlFeed) -> str:
    """The host that makes the site: of the home page, since feeds may lie with a service."""
    return url_host(feed.home or feed.url).removeprefix("www.")


def _front_page(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _site_name(host: str, feeds: list[OpmlFeed], sites: Mapping[str, list[OpmlFeed]]) -> str:
    """The folder that has this site alone, else the title of its first feed, else the host."""
    folders = {feed.folders for feed in feeds}
    if len(folders) == 1 and (folder := folders.pop()):
        others = (feed for other, found in sites.items() if other != host for feed in found)
        if all(feed.folders != folder for feed in others):
            return folder[-1]
    return next((feed.title for feed in feeds if feed.title), host)


def _blocks(sites: Mapping[str, list[OpmlFeed]]) -> dict[str, object]:
    """Folder -> a block of the sites in it; a folder of one site is that site."""
    sources: dict[str, list[str]] = {}
    for site, feeds in sites.items():
        for folder in {" / ".join(feed.folders): None for feed in feeds if feed.folders}:
            sources.setdefault(_name(folder), []).append(site)
    shared = {folder: found for folder, found in sources.items() if len(found) > 1}
    ids = _ids(shared, taken=("headlines",))
    return {ids[name]: {"title": name, "from": found} for name, found in shared.items()}


def _ids(names: Iterable[str], *, taken: Iterable[str]) -> dict[str, str]:
    """Name -> an id of feeds.yaml, each another; of a host the last label is left out."""
    used, found = set(taken), {}
    for name in names:
        bare = re.sub(r"\.[a-z]+$", "", name.casefold())
        base = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:50] or "unnamed"
        candidate, number = base, 1
        while candidate in used:
            number += 1
            candidate = f"{base}-{number}"
        used.add(candidate)
        found[name] = candidate
    return found


# ------------------------------------------------------------------------ to OPML


def write_opml(network: Network, titles: Mapping[str, str]) -> bytes:
    """Every site a folder with its feeds; `titles` maps a feed's URL to what it calls itself."""
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = network.name
    for site in network.sites:
        if not site.feeds:
            continue
        folder = etree.SubElement(body, "outline", text=site.name)
        for url, title in _titled((feed.url for feed in site.feeds), titles, site.name):
            etree.SubElement(
                folder,
                "outline",
                type="rss",
                text=title,
                title=title,
                xmlUrl=url,
                htmlUrl=site.home,
            )
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _titled(
    urls: Iterable[str], titles: Mapping[str, str], default: str
) -> Iterator[tuple[str, str]]:
    for url in urls:
        yield url, _name(titles.get(url)) or default
