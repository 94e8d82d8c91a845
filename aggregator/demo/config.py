"""The family and where it is served -> the text of a feeds.yaml for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aggregator.demo.documents import Site
from aggregator.demo.family import Family

_HEAD = """\
# The demo: a made-up family of news sites, served on this machine only.
network:
  name: Demo Network
  contact: https://www.spacedaily.example/bot.html
database: aggregator.db
output: public
fetch:
  allow_private: [127.0.0.0/8]
"""


@dataclass(frozen=True, slots=True)
class _Block:
    """`site` is the one its title links to; `more` are further lines of its rule."""

    title: str
    site: str
    sources: tuple[str, ...]
    more: tuple[str, ...] = ()


_OWN = "own: true"
_BLOCKS = MappingProxyType(
    {
        "space": _Block("Space News from SpaceDaily.example", "spacedaily", ("spacedaily",)),
        "energy": _Block("24/7 Energy News Coverage", "energydaily", ("energydaily",)),
        "military": _Block(
            "Military Space News, Nuclear Weapons, Missile Defense",
            "spacewar",
            ("spacewar",),
            (_OWN,),
        ),
        "earth": _Block(
            "24/7 News Coverage",
            "terradaily",
            ("terradaily", "marsdaily", "robodaily", "seeddaily"),
            ("per_site: 2",),
        ),
    }
)


def feeds_yaml(family: Family, addresses: Mapping[str, str]) -> str:
    """The text of a feeds.yaml: every site with its feed, four blocks, one page per site.

    `addresses` maps each site id to the base URL it is served at, without a slash at the end.
    Database and output stand beside the file.
    """
    homes = {site.id: site.home for site in family.sites}
    return "".join(
        (
            _HEAD,
            "sites:\n",
            *_sites(family, addresses),
            "blocks:\n",
            *(_block(name, block, homes) for name, block in _BLOCKS.items()),
            "pages:\n",
            *(f"  {site.id}: [{', '.join(_shown_on(site))}]\n" for site in family.sites),
        )
    )


def _sites(family: Family, addresses: Mapping[str, str]) -> tuple[str, ...]:
    paths = {document.site: document.path for document in family.documents}
    return tuple(
        f"  {site.id}:\n"
        f"    name: {site.name}\n"
        f"    home: {site.home}\n"
        f"    hosts: [{site.host}]\n"
        f"    feeds: [{addresses[site.id]}{paths[site.id]}]\n"
        for site in family.sites
    )


def _block(name: str, block: _Block, homes: Mapping[str, str]) -> str:
    lines = (
        f"title: {block.title}",
        f"link: {homes[block.site]}",
        f"from: [{', '.join(block.sources)}]",
        "limit: 3",
        "max_age: 7d",
        *block.more,
    )
    return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines)


def _shown_on(site: Site) -> tuple[str, ...]:
    """Every block but one that would have nothing to show there."""
    return tuple(
        name for name, block in _BLOCKS.items() if block.sources != (site.id,) or _OWN in block.more
    )
