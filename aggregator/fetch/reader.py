"""Bytes of one connection -> one HTTP/1.1 response; alone in knowing the parser, httptools.

No I/O: `Connection` feeds it. Everything a server can send without end is counted here.
"""

from __future__ import annotations

import httptools

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_HEAD_BYTES, MAX_HEADERS, MAX_INFORMATIONAL
from aggregator.model import Outcome


class ResponseReader:
    """Reads a final response, skipping 1xx ones. Used once."""

    def __init__(self, max_wire: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.is_done = False
        self.is_reusable = False
        self.buffered = 0
        self._body: list[bytes] = []
        self._room = max_wire
        self._head_room = MAX_HEAD_BYTES
        self._budget = max_wire + MAX_HEAD_BYTES
        self._fields = 0
        self._informational = 0
        self._until_close = True
        self._fault: Fault | None = None
        self._parser = httptools.HttpResponseParser(self)
        # RFC 9112 section 2.2 lets a recipient take a bare LF for the end of a line.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)

    def feed(self, data: bytes) -> None:
        """Raises Fault on anything that is no acceptable response."""
        if self.is_done:
            self.is_reusable = False  # bytes that nobody asked for
            return
        if not self.has_head:
            data = self._feed_head(data)
        self._budget -= len(data)
        if self._budget < 0:
            raise _too_large()
        if data:
            self._parse(data)

    def end(self) -> None:
        """The server closed its side; raises Fault if the response was not over."""
        self.is_reusable = False
        if not self.has_head:
            raise Fault(Outcome.PROTOCOL, "the connection was closed without an answer")
        if not self.is_done and not self._until_close:
            raise Fault(Outcome.PROTOCOL, "the connection was closed before the end of the body")
        self.is_done = True

    @property
    def is_untouched(self) -> bool:
        """True until the first byte."""
        return self._head_room == MAX_HEAD_BYTES

    def take(self) -> bytes:
        """The body's bytes since the last call."""
        data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self.buffered = 0
        return data

    def _feed_head(self, data: bytes) -> bytes:
        """Feeds no more than a head may have; returns what was not fed. httptools keeps an
        unfinished field in memory, so counting after it would be too late."""
        part, rest = data[: self._head_room], data[self._head_room :]
        self._head_room -= len(part)
        self._parse(part)
        if not self.has_head and self._head_room == 0:
            raise Fault(Outcome.PROTOCOL, f"more than {MAX_HEAD_BYTES // 1024} KiB of headers")
        return rest

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.is_done:
                self._fail(Outcome.PROTOCOL, "the answer is not valid HTTP/1.1")
            self.is_reusable = False  # garbage after the end harms only the connection
        if self._fault is not None:
            raise self._fault

    def _fail(self, outcome: Outcome, detail: str) -> None:
        """Keeps the first fault: an exception raised in a callback would reach us wrapped."""
        if self._fault is None:
            self._fault = Fault(outcome, detail)

    # What follows is called by httptools, by name.

    def on_message_begin(self) -> None:
        if self.is_done:
            self.is_reusable = False
        else:
            self.headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > MAX_HEADERS:
            self._fail(Outcome.PROTOCOL, f"more than {MAX_HEADERS} header fields")
        elif not self.has_head:  # a trailer field is counted and dropped
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.is_done or self._fault is not None:
            return
        if 100 <= status < 200:
            self._skip_informational(status)
        elif not 200 <= status < 600:
            self._fail(Outcome.PROTOCOL, "a status outside 100 to 599")
        else:
            self.status = status
            self.has_head = True
            self._read_framing()

    def on_body(self, body: bytes) -> None:
        if self.is_done or self._fault is not None:
            return
        self._room -= len(body)
        if self._room < 0:
            self._fault = _too_large()
            return
        self._body.append(body)
        self.buffered += len(body)

    def on_message_complete(self) -> None:
        if self.has_head and not self.is_done:
            self.is_done = True
            self.is_reusable = self._parser.should_keep_alive()

    def _skip_informational(self, status: int) -> None:
        self._informational += 1
        if status == 101:
            self._fail(Outcome.PROTOCOL, "an upgrade that was not asked for")
        elif self._informational > MAX_INFORMATIONAL:
            self._fail(Outcome.PROTOCOL, f"more than {MAX_INFORMATIONAL} interim responses")

    def _read_framing(self) -> None:
        """How the body ends, RFC 9112 section 6.3; the parser refuses what contradicts itself."""
        for name, value in self.headers:
            if name == b"transfer-encoding":
                self._until_close = False
                if value.strip().lower() != b"chunked":
                    self._fail(Outcome.PROTOCOL, "a transfer coding that was not asked for")
            elif name == b"content-length":
                self._until_close = False
                if self.status == 200 and int(value) > self._room:  # nobody reads another body
                    self._fault = _too_large()


def _too_large() -> Fault:
    return Fault(Outcome.TOO_LARGE, "the body is larger than fetch.max_bytes")
