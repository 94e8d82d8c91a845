"""What ends a fetch without a document, on its way from where it is noticed to `Fetcher.fetch`.

Never leaves this package: the fetcher turns it into a `FetchFailed`.
"""

from __future__ import annotations

from aggregator.model import Outcome


class Fault(Exception):
    """A server, a name or a URL went wrong; `detail` is fit for `last_error`, without secrets.

    `wire_bytes` of the body had come by then.
    """

    def __init__(self, outcome: Outcome, detail: str, wire_bytes: int = 0) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.wire_bytes = wire_bytes


class StaleConnection(Exception):
    """A kept-alive connection was dead before a byte of the answer: the one case of a retry."""
