"""IP address -> is it a public one; alone in knowing the special ranges.

`is_global` of the standard library lets tunnels and multicast through, and differs between Python
versions, so the ranges stand here. Sources: the IANA registries of special-purpose addresses (RFC
6890) and the RFC named at each range.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
AnyNetwork = IPv4Network | IPv6Network

_SPECIAL_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host; Linux connects it to loopback. RFC 791
        "10.0.0.0/8",  # private. RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT. RFC 6598
        "127.0.0.0/8",  # loopback. RFC 1122
        "169.254.0.0/16",  # link-local, cloud metadata. RFC 3927
        "172.16.0.0/12",  # private. RFC 1918
        "192.0.0.0/24",  # protocol assignments. RFC 6890
        "192.0.2.0/24",  # documentation. RFC 5737
        "192.88.99.0/24",  # 6to4 relay. RFC 7526
        "192.168.0.0/16",  # private. RFC 1918
        "198.18.0.0/15",  # benchmarks. RFC 2544
        "198.51.100.0/24",  # documentation. RFC 5737
        "203.0.113.0/24",  # documentation. RFC 5737
        "224.0.0.0/4",  # multicast. RFC 5771
        "240.0.0.0/4",  # reserved, broadcast. RFC 1112
    )
)

_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
"""All that is assigned to the public (RFC 4291 section 2.4, IANA): outside it lie loopback, mapped
and compatible IPv4, NAT64, unique local, link- and site-local, multicast, SRv6."""

_SPECIAL_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID. RFC 2928
        "2001:db8::/32",  # documentation. RFC 3849
        "2002::/16",  # 6to4: carries any IPv4 address. RFC 3056
        "3fff::/20",  # documentation. RFC 9637
    )
)


def is_public(address: Address) -> bool:
    """True for an address of the open internet; every special range is not one."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address not in _GLOBAL_UNICAST_V6:
        return False
    return not any(address in network for network in _SPECIAL_V6)


def is_inside(address: Address, networks: Iterable[AnyNetwork]) -> bool:
    """True if one of `networks` holds the address as it stands: a mapped IPv4 one is IPv6."""
    return any(address in network for network in networks)
