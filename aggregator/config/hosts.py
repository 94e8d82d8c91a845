"""A site's keys -> the hosts whose stories it owns."""

from __future__ import annotations

from ipaddress import ip_address

from aggregator.config.document import SiteKeys
from aggregator.config.links import ascii_host, url_host
from aggregator.config.source import KeyPath


def site_hosts(site: SiteKeys) -> dict[str, KeyPath]:
    """Each host, in lower-case ASCII, with the path below the site of the value it comes from.

    The host of `home` comes first; each brings the same name with `www.`, or without it.
    """
    written: list[tuple[str, KeyPath]] = [(url_host(site.home), ("home",))]
    written += [(ascii_host(host), ("hosts", index)) for index, host in enumerate(site.hosts)]
    hosts: dict[str, KeyPath] = {}
    for host, path in written:
        for name in (host, _other_form(host)):
            hosts.setdefault(name, path)
    return hosts


def _other_form(host: str) -> str:
    """The name with `www.` for one without, and the other way round; an address has one form."""
    bare = host.removeprefix("www.")
    if bare != host:
        # www.com is a name of its own: `com` is no site.
        return bare if "." in bare else host
    return host if _is_address(host) else f"www.{host}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
