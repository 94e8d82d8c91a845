"""The body of a response -> a document of entries: pure, and meant to run in a worker."""

from aggregator.parse.read import read_document

__all__ = ["read_document"]
