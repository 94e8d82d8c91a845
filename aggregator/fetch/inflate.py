"""Body bytes as they come off the wire -> the document's bytes, never more than a bound.

Decompressors are always given a `max_length`: a body of a thousandth of the bound cannot fill the
memory. A body that ends early is a fault, never a shorter document.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from enum import StrEnum

from aggregator.fetch.faults import Fault
from aggregator.fetch.limits import MAX_MEMBERS
from aggregator.model import Outcome

_SLICE = 16 * 1024
_PIECE = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15


class Coding(StrEnum):
    """The content codings that are understood (RFC 9110 section 8.4.1)."""

    NONE = "none"
    GZIP = "gzip"
    DEFLATE = "deflate"


_NAMES = {"gzip": Coding.GZIP, "x-gzip": Coding.GZIP, "deflate": Coding.DEFLATE}


def read_coding(values: Iterable[str]) -> Coding:
    """The one coding of a body; `identity` is no coding. Raises Fault for others and for chains.

    A thousand chained codings are legal, and a bomb.
    """
    names = [name.strip().lower() for name in ",".join(values).split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return Coding.NONE
    coding = _NAMES.get(names[0])
    if coding is None or len(names) > 1:
        raise Fault(Outcome.BAD_ENCODING, "the body has a content coding that was not asked for")
    return coding


class Inflater:
    """Undoes one coding piece by piece; without one it still knows gzip by its magic number."""

    def __init__(self, coding: Coding, max_decoded: int) -> None:
        self._coding = coding
        self._room = max_decoded
        self._pieces: list[bytes] = []
        self._held = b""  # fewer than the two bytes of a magic number
        self._started = False
        self._over = False
        self._members = 0
        self._engine = zlib.decompressobj(_RAW_WINDOW)

    def feed(self, data: bytes) -> None:
        """Take in some bytes; raises Fault when they are wrong or the whole gets too large."""
        data = self._held + data if self._held else data
        self._held = b""
        if not self._started:
            if len(data) < 2:
                self._held = data
                return
            self._start(data)
        self._take(data)

    def finish(self) -> bytes:
        """The whole document; raises Fault if the coding's own end was not seen."""
        if not self._started:
            if not self._held:
                return b""
            self._start(self._held)
            held, self._held = self._held, b""
            self._take(held)
        if self._coding is not Coding.NONE and (not self._engine.eof or self._held == b"\x1f"):
            raise Fault(Outcome.BAD_ENCODING, "the compressed body ends early")
        return b"".join(self._pieces)

    def _start(self, data: bytes) -> None:
        self._started = True
        if self._coding is Coding.NONE and data.startswith(_GZIP_MAGIC):
            self._coding = Coding.GZIP
        if self._coding is Coding.GZIP:
            self._open_member()
        elif self._coding is Coding.DEFLATE and _is_zlib(data):
            self._engine = zlib.decompressobj(_ZLIB_WINDOW)

    def _take(self, data: bytes) -> None:
        if self._coding is Coding.NONE:
            self._keep(data)
            return
        for begin in range(0, len(data), _SLICE):  # zlib copies what follows the end of a member
            self._take_slice(data[begin : begin + _SLICE])

    def _take_slice(self, data: bytes) -> None:
        while data and not self._over:
            if self._engine.eof:
                data = self._begin_next(self._held + data)
            data = self._unpack(data) if data else b""

    def _begin_next(self, data: bytes) -> bytes:
        """What follows the end of a stream: another gzip member (RFC 1952 section 2.2), padding,
        or garbage, which is ignored as gzip(1) and browsers do. Returns the new member's bytes."""
        self._held = b""
        data = data.lstrip(b"\0")
        if self._coding is Coding.GZIP and data.startswith(_GZIP_MAGIC):
            self._open_member()
            return data
        if self._coding is Coding.GZIP and data in (b"", b"\x1f"):
            self._held = data
        else:
            self._over = True
        return b""

    def _open_member(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise Fault(Outcome.BAD_ENCODING, f"more than {MAX_MEMBERS} gzip members")
        self._engine = zlib.decompressobj(_GZIP_WINDOW)

    def _unpack(self, data: bytes) -> bytes:
        """Returns what is left of `data` after the end of the stream."""
        while True:
            try:
                piece = self._engine.decompress(data, _PIECE)
            except zlib.error:
                raise Fault(Outcome.BAD_ENCODING, "the compressed body is damaged") from None
            self._keep(piece)
            data = self._engine.unconsumed_tail
            if self._engine.eof:
                return self._engine.unused_data
            if not data and len(piece) < _PIECE:  # a full piece may leave more inside zlib
                return b""

    def _keep(self, piece: bytes) -> None:
        self._room -= len(piece)
        if self._room < 0:
            raise Fault(Outcome.TOO_LARGE, "the body is larger than fetch.max_decoded")
        self._pieces.append(piece)


def _is_zlib(data: bytes) -> bool:
    """RFC 1950 header, as RFC 9110 asks, else the raw stream (RFC 1951) some servers send.

    Never both: a raw stream that starts like this begins with a stored block whose padding bits
    are not zero.
    """
    return data[0] & 0x0F == 8 and len(data) > 1 and (data[0] << 8 | data[1]) % 31 == 0
