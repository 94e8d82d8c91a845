"""The part of httpx that is used here, and the only place it is imported: one file to change.

`URL` values name an origin only. The target of a request travels beside it, byte for byte as
configured, because httpx would normalise it (dot segments, quoting); so do the fields of a
response, because httpx would act on them (Location, Set-Cookie).
"""

from __future__ import annotations

import functools
import logging

from httpx import (
    URL,
    AsyncBaseTransport,
    AsyncByteStream,
    AsyncClient,
    ByteStream,
    Cookies,
    InvalidURL,
    Request,
    Response,
)

__all__ = [
    "AsyncBaseTransport",
    "AsyncByteStream",
    "AsyncClient",
    "Request",
    "Response",
    "ascii_host",
    "build_get",
    "build_post",
    "open_client",
]

_NO_BODY = ByteStream(b"")


class _Client(AsyncClient):
    """Has no jar to put a cookie in, and spends no time on looking for cookies."""

    @property
    def cookies(self) -> Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise AttributeError("this client keeps no cookies")


class _NoCookies(Cookies):
    def extract_cookies(self, response: Response) -> None:
        pass


_NO_COOKIES = _NoCookies()


def open_client(transport: AsyncBaseTransport) -> AsyncClient:
    """A client that does nothing of its own: no proxies, redirects, cookies or credentials."""
    # httpx logs every request at INFO; one line per poll is the pipeline's.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return _Client(transport=transport, trust_env=False, follow_redirects=False)


def build_get(
    origin: str, headers: list[tuple[bytes, bytes]], extensions: dict[str, object]
) -> Request:
    """A GET with these headers and no others."""
    return Request("GET", _url(origin), headers=headers, stream=_NO_BODY, extensions=extensions)


def build_post(
    origin: str, headers: list[tuple[bytes, bytes]], extensions: dict[str, object], body: bytes
) -> Request:
    """A POST with these headers and the body's length; the body travels as the extension `body`."""
    headers = [*headers, (b"Content-Length", b"%d" % len(body))]
    extensions = {**extensions, "body": body}
    return Request("POST", _url(origin), headers=headers, stream=_NO_BODY, extensions=extensions)


def ascii_host(host: str) -> str:
    """The A-label form of an internationalised name (RFC 5891), ValueError if it has none."""
    try:
        return URL(f"http://{host}/").raw_host.decode("ascii")
    except (InvalidURL, UnicodeError) as error:
        raise ValueError("not an internationalised domain name") from error


@functools.lru_cache(maxsize=4096)
def _url(origin: str) -> URL:
    return URL(origin)
