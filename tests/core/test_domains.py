"""Where a registrable domain begins, as far as a short list can tell."""

from __future__ import annotations

import pytest

from aggregator.domains import is_same_domain, registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.com", "example.com"),
        ("www.Example.COM.", "example.com"),
        ("a.b.c.example.org", "example.org"),
        ("www.example.co.uk", "example.co.uk"),
        ("example.com.au", "example.com.au"),
        ("news.example.or.jp", "example.or.jp"),
        ("one.github.io", "one.github.io"),
        ("a.one.wordpress.com", "one.wordpress.com"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("", ""),
    ],
)
def test_registrable_domains(host: str, domain: str) -> None:
    """The last two labels, or three below a suffix of many owners."""
    assert registrable_domain(host) == domain


def test_same_domain() -> None:
    """Sub-domains are at home, neighbours of a shared host are not."""
    assert is_same_domain("https://a.example.com/1", "http://b.example.com:8080/2")
    assert not is_same_domain("https://one.github.io/", "https://two.github.io/")
    assert not is_same_domain("https://a.co.uk/", "https://b.co.uk/")
