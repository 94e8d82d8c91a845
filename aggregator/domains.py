"""Host name -> the domain somebody registered; alone in guessing where the public suffix ends.

The list of public suffixes (publicsuffix.org) has ten thousand lines and changes weekly. For what
it decides here - who waits with whom, whether a redirect stays at home - a rule will do: the last
two labels, or the last three where the last two are a suffix of many owners, which are listed
below. A host that is shared in a way the list does not know counts as one domain: too many feeds
wait, and a move between two customers of it would be believed.
"""

from __future__ import annotations

from ipaddress import ip_address

from aggregator.urls import host_of

# Second-level names under which countries register, and hosts that lend names to their customers.
_SECOND_LEVEL = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gouv", "net", "ne", "or", "org"}
)
_SHARED = frozenset(
    {
        "asn.au",
        "blogspot.com",
        "firm.in",
        "github.io",
        "gitlab.io",
        "go.jp",
        "go.kr",
        "gv.at",
        "id.au",
        "ltd.uk",
        "me.uk",
        "netlify.app",
        "nhs.uk",
        "pages.dev",
        "plc.uk",
        "re.kr",
        "sch.uk",
        "substack.com",
        "tumblr.com",
        "vercel.app",
        "web.app",
        "wordpress.com",
    }
)


def registrable_domain(host: str) -> str:
    """`www.example.co.uk` -> `example.co.uk`; an address is its own. Case and a last dot go."""
    name = host.lower().rstrip(".")
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        pass
    labels = name.split(".")
    return ".".join(labels[-3:] if _is_suffix(labels[-2:]) else labels[-2:])


def _is_suffix(labels: list[str]) -> bool:
    """Two labels that no single owner has. Country codes have two letters."""
    if len(labels) < 2:
        return False
    second, top = labels
    return (len(top) == 2 and second in _SECOND_LEVEL) or f"{second}.{top}" in _SHARED


def is_same_domain(one: str, other: str) -> bool:
    """Do two URLs belong to one registrable domain."""
    return registrable_domain(host_of(one)) == registrable_domain(host_of(other))
