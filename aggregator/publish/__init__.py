"""Files -> one generation on disk, shown to readers by one rename. Alone in knowing that layout."""

from aggregator.publish.generations import Publication, publish, sweep
from aggregator.publish.layout import (
    current_generation,
    generations_on_disk,
    read_generation,
    read_manifest,
)

__all__ = [
    "Publication",
    "current_generation",
    "generations_on_disk",
    "publish",
    "read_generation",
    "read_manifest",
    "sweep",
]
