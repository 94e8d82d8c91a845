"""A document -> rows: entries, their keys and matches, and the stories they tell.

    store_document  all of it, in the caller's transaction          document
    examine         headlines -> matches and findings                matching
    regroup         ties -> stories, faces, copies and evidence      grouping
    merge_stories   an editor's word, over every rule                editing
    retell_link     a link that went or came back -> how its stories are told  grouping
    rematch_batch   the same again for what is stored already        rematch

Decisions are the core's (`identity`, `match`, `similar`, `stories`); rows are the store's.
"""

from aggregator.intake.document import store_document
from aggregator.intake.editing import Merged, find_story, merge_stories, unmerge_entry
from aggregator.intake.grouping import regroup, retell, retell_link
from aggregator.intake.matching import examine
from aggregator.intake.rematch import Step, rematch_batch

__all__ = [
    "Merged",
    "Step",
    "examine",
    "find_story",
    "merge_stories",
    "regroup",
    "rematch_batch",
    "retell",
    "retell_link",
    "store_document",
    "unmerge_entry",
]
