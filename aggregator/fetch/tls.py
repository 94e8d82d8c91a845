"""One TLS context for all connections, which resumes the last session of each host."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from pathlib import Path

_MAX_SESSIONS = 1024


class ResumingContext(ssl.SSLContext):
    """Verifies names and chains as the standard library does by default.

    A resumed session skips the verification it was opened with, so it is only offered to the host
    whose name was verified.
    """

    def __init__(self, protocol: int) -> None:  # `__new__` of SSLContext has used it
        self._sessions: OrderedDict[str, ssl.SSLSession] = OrderedDict()

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """What both event loops call for a new connection."""
        if session is None and isinstance(server_hostname, str):
            session = self._sessions.get(server_hostname)
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def remember(self, connection: ssl.SSLObject) -> None:
        """Keep the session for the next connection to that host; call it after the response,
        when the server's ticket has come (RFC 8446 section 4.6.1)."""
        session, name = connection.session, connection.server_hostname
        if session is None or not session.has_ticket or name is None:
            return
        self._sessions[name] = session
        self._sessions.move_to_end(name)
        if len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)


def open_context(ca_file: Path | None = None) -> ResumingContext:
    """Verifies against the system's certificates (SSL_CERT_FILE and SSL_CERT_DIR count), and those
    of `ca_file`; raises OSError when that cannot be read."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
