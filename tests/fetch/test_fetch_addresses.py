"""Which addresses are public (scoreboard C04, security N5)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from aggregator.fetch.addresses import is_inside, is_public

SPECIAL = (
    "0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
    "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "4000::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%2", "fec0::1", "ff02::1",
)  # fmt: skip

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
    "172.32.0.0", "192.0.1.1", "192.88.98.1", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111",
    "2a00:1450::1", "3ffe:ffff::1",
)  # fmt: skip


@pytest.mark.parametrize("text", SPECIAL)
def test_special_addresses_are_not_public(text: str) -> None:
    """Every special range of the registries is refused, at both of its ends."""
    address = ip_address(text)

    public = is_public(address)

    assert not public


@pytest.mark.parametrize("text", PUBLIC)
def test_neighbours_of_special_ranges_are_public(text: str) -> None:
    """The ranges are no wider than they are."""
    address = ip_address(text)

    public = is_public(address)

    assert public


@pytest.mark.parametrize(
    ("text", "inside"),
    [("127.0.0.1", True), ("127.0.1.1", False), ("::1", True), ("::ffff:127.0.0.1", False)],
)
def test_allowed_networks_mean_addresses_as_they_stand(text: str, inside: bool) -> None:
    """A mapped IPv4 address is not inside an IPv4 network."""
    networks = (ip_network("127.0.0.0/24"), ip_network("::1/128"))

    found = is_inside(ip_address(text), networks)

    assert found is inside
