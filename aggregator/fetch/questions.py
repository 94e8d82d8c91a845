"""What is asked for, by whom -> the header fields of a request, Host apart."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from aggregator.model import Validators
from aggregator.network import Access

RawField = tuple[bytes, bytes]

_ACCEPT = (
    b"Accept",
    b"application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1",
)
_ACCEPT_PAGE = (b"Accept", b"text/html, */*;q=0.1")
_ACCEPT_ENCODING = (b"Accept-Encoding", b"gzip, deflate")
FORM_FIELD = (b"Content-Type", b"application/x-www-form-urlencoded")


def user_agent(version: str, contact: str | None) -> str:
    """The one honest name for every request: product, version and where to complain."""
    if contact is None:
        return f"aggregator/{version}"
    return f"aggregator/{version} (+{quote(contact, safe=':/?#[]@!$&*+,;=%~')})"


def common_fields(agent: str, access: Access) -> list[RawField]:
    """Those of every hop."""
    name = f"{agent} {access.user_agent_suffix}" if access.user_agent_suffix else agent
    return [(b"User-Agent", name.encode("ascii")), _ACCEPT, _ACCEPT_ENCODING]


def page_fields(agent: str) -> list[RawField]:
    """For the page of a story, as a browser asks for it."""
    return [(b"User-Agent", agent.encode("ascii")), _ACCEPT_PAGE, _ACCEPT_ENCODING]


def own_fields(access: Access) -> list[RawField]:
    """Those for the feed's own origin and nobody else."""
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in access.headers]


def conditions(validators: Validators) -> list[RawField]:
    """Only for the URL that gave them."""
    fields = []
    if validators.etag is not None:
        fields.append((b"If-None-Match", validators.etag.encode("ascii")))
    if validators.last_modified is not None:
        fields.append((b"If-Modified-Since", validators.last_modified.encode("ascii")))
    return fields


def encode_form(form: Mapping[str, str]) -> bytes:
    """The body that goes with `FORM_FIELD`."""
    return urlencode(form).encode("ascii")
