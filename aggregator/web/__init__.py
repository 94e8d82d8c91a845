"""A place to look at the database: Datasette with pages and plots of ours; the extra `web`."""

from aggregator.web.server import serve

__all__ = ["serve"]
