"""The family's server, asked over loopback."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlsplit

import pytest

from aggregator.demo.family import Family, build_family
from aggregator.demo.server import FamilyServer
from aggregator.demo.stories import BREAKING, BREAKING_SITE

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
FAMILY = build_family(NOW)


@pytest.fixture
def server() -> Iterator[FamilyServer]:
    with FamilyServer(FAMILY) as running:
        yield running


def ask(
    server: FamilyServer, site: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, HTTPMessage, bytes]:
    connection = HTTPConnection(urlsplit(server.addresses[site]).netloc, timeout=10)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def path_of(site: str, family: Family = FAMILY) -> str:
    return next(document.path for document in family.documents if document.site == site)


def test_every_feed_is_served_as_it_is(server: FamilyServer) -> None:
    """Each document comes from its own site's address with its bytes and its type."""
    answers = [ask(server, document.site, document.path) for document in FAMILY.documents]

    assert [(status, headers["Content-Type"], body) for status, headers, body in answers] == [
        (200, document.content_type, document.body) for document in FAMILY.documents
    ]


def test_every_site_has_an_address_of_its_own_on_one_port(server: FamilyServer) -> None:
    """The hosts are distinct loopback addresses, the port is the same."""
    places = [urlsplit(address) for address in server.addresses.values()]

    assert list(server.addresses) == [site.id for site in FAMILY.sites]
    assert len({place.hostname for place in places}) == len(FAMILY.sites)
    assert all((place.hostname or "").startswith("127.0.1.") for place in places)
    assert len({place.port for place in places}) == 1


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_known_etag_is_answered_with_304(server: FamilyServer, form: str) -> None:
    """If-None-Match with the ETag, weak, listed or as a star, brings no body again."""
    _, first, _ = ask(server, "spacewar", "/rss.xml")

    status, headers, body = ask(
        server, "spacewar", "/rss.xml", If_None_Match=form.format(first["ETag"])
    )

    assert (status, body) == (304, b"")
    assert headers["ETag"] == first["ETag"]
    assert headers["Last-Modified"] == "Tue, 24 Nov 2026 23:50:03 GMT"


def test_another_etag_is_answered_with_the_document(server: FamilyServer) -> None:
    """An ETag of other bytes is no match."""
    status, _, body = ask(server, "spacewar", "/rss.xml", If_None_Match='"other"')

    assert (status, bool(body)) == (200, True)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
    ],
)
def test_gzip_is_sent_to_those_who_accept_it(
    server: FamilyServer, accepted: str, coding: str | None
) -> None:
    """The body is the same document either way."""
    _, headers, body = ask(server, "energydaily", "/atom.xml", Accept_Encoding=accepted)

    plain = gzip.decompress(body) if coding else body
    assert headers["Content-Encoding"] == coding
    assert plain == next(d.body for d in FAMILY.documents if d.site == "energydaily")


def test_what_is_not_there_is_404(server: FamilyServer) -> None:
    """A path of another site is not found on this one."""
    status, _, _ = ask(server, "spacewar", path_of("energydaily"))

    assert status == 404


def test_head_is_refused(server: FamilyServer) -> None:
    """HEAD is answered with 405 and what is allowed."""
    status, headers, _ = ask(server, "spacewar", "/rss.xml", method="HEAD")

    assert (status, headers["Allow"]) == (405, "GET")


def test_a_replaced_family_is_served_at_once(server: FamilyServer) -> None:
    """After `replace` the changed feed answers 200 to the old ETag, an unchanged one 304."""
    path = path_of(BREAKING_SITE)
    etags = {
        site: ask(server, site, path_of(site))[1]["ETag"] for site in (BREAKING_SITE, "spacewar")
    }

    server.replace(FAMILY.with_breaking_story(NOW + timedelta(minutes=1)))
    status, _, body = ask(server, BREAKING_SITE, path, If_None_Match=etags[BREAKING_SITE])
    same, _, _ = ask(server, "spacewar", path_of("spacewar"), If_None_Match=etags["spacewar"])

    assert status == 200
    assert BREAKING.title.encode() in body
    assert same == 304


def test_requests_are_counted_by_status(server: FamilyServer) -> None:
    """The log says how often each status was answered."""
    _, headers, _ = ask(server, "spacewar", "/rss.xml")
    ask(server, "spacewar", "/rss.xml", If_None_Match=headers["ETag"])
    ask(server, "spacewar", "/nothing")
    ask(server, "spacewar", "/nothing")

    assert server.requests() == {200: 1, 304: 1, 404: 2}


def test_a_client_that_hangs_up_is_no_news(
    server: FamilyServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """A connection that ends with a reset leaves no line on the terminal; the next is served."""
    place = urlsplit(server.addresses["spacewar"])
    with socket.create_connection((place.hostname or "", place.port or 0)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.sendall(b"GET /rss.xml")

    status, _, _ = ask(server, "spacewar", "/rss.xml")
    server.stop()

    assert status == 200
    assert capfd.readouterr() == ("", "")


def test_nothing_answers_after_stop() -> None:
    """The port is closed once `stop` returns, and stopping twice does no harm."""
    server = FamilyServer(FAMILY)
    server.start()
    place = urlsplit(server.addresses["spacewar"])

    server.stop()
    server.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname or "", place.port or 0), timeout=5)
