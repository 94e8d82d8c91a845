"""HTTP status -> outcome (RFC 9110 section 15, RFC 6585); what 200, 304 and redirects mean stands
in `client`."""

from __future__ import annotations

from http import HTTPStatus

from aggregator.model import Outcome

_OUTCOMES = {
    401: Outcome.FORBIDDEN,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    407: Outcome.FORBIDDEN,
    410: Outcome.GONE,
    429: Outcome.RATE_LIMITED,
    451: Outcome.FORBIDDEN,
    503: Outcome.UNAVAILABLE,
}


def outcome_of(status: int) -> Outcome:
    """The failure that a status stands for; a 2xx other than 200 is one, for it is no whole feed
    (206, 226) or none at all (204)."""
    if status >= 500:
        return _OUTCOMES.get(status, Outcome.SERVER_ERROR)
    return _OUTCOMES.get(status, Outcome.HTTP_ERROR)


def describe(status: int) -> str:
    """For `last_error`; the words are the standard's, not the server's."""
    try:
        return f"HTTP status {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP status {status}"
