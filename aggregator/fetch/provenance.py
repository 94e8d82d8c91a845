"""Which URL served the validators that a feed's request carries."""

from __future__ import annotations

from collections import OrderedDict

from aggregator.fetch.limits import MAX_REMEMBERED
from aggregator.model import FetchRequest, Validators


class Provenance:
    """Validators go only to the URL that gave them: another's ETag can match by accident, and the
    304 would hide a document nobody has seen.

    A request names one URL. If the last body came from elsewhere, by redirects, that is remembered
    here together with the validators themselves, so a request that carries others (the body was
    no feed, the database was restored) is not misled. Forgotten at a restart: then the first poll
    of a redirected feed is an unconditional one.
    """

    def __init__(self) -> None:
        self._served: OrderedDict[str, tuple[Validators, str]] = OrderedDict()

    def owner_of(self, request: FetchRequest, own_url: str) -> str:
        """The URL to send `request.validators` to; `own_url` is the request's, as a target."""
        validators, url = self._served.get(request.url, (None, own_url))
        return url if validators == request.validators else own_url

    def learn(self, request: FetchRequest, own_url: str, validators: Validators, url: str) -> None:
        """`validators` came from `url`."""
        self._served.pop(request.url, None)
        if url == own_url or validators == Validators():
            return
        self._served[request.url] = (validators, url)
        if len(self._served) > MAX_REMEMBERED:
            self._served.popitem(last=False)
