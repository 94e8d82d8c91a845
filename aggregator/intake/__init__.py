"""A document -> rows: entries, their keys and matches, and the stories they tell.

    store_document  all of it, in the caller's transaction          document
    examine         headlines -> matches and findings                matching
    regroup         ties -> stories, faces, copies and evidence      grouping
    recompute       the same again for what is stored already        rematch

Decisions are the core's (`identity`, `match`, `similar`, `stories`); rows are the store's.
"""

from aggregator.intake.document import store_document
from aggregator.intake.grouping import regroup
from aggregator.intake.matching import examine

__all__ = ["examine", "regroup", "store_document"]
