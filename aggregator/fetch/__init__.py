"""FetchRequest -> FetchResult: one polite, bounded, guarded GET.

`Fetcher` is the only way this package reaches the network; docs/fetching.md has its rules.
"""

from aggregator.fetch.client import Fetcher
from aggregator.fetch.questions import user_agent

__all__ = ["Fetcher", "user_agent"]
