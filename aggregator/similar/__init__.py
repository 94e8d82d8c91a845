"""Headlines -> stories and events by similarity, where neither guid nor URL says so.

    read_headline  title and summary as the rules see them            headline, affixes, tokens, ...
    compare        two of them: features and guards                   comparison, rules, weights
    sought_tokens  what candidates of a headline are sought by        candidates
    find_matches   pairs of items that tell one story, with evidence  matching, recurring
    group          the stories that follow, for any arrival order     grouping

Pure: nothing is stored here, and nothing depends on what was read before.
"""

from aggregator.similar.affixes import learn_suffixes, suffix_key
from aggregator.similar.candidates import candidates, sought_tokens
from aggregator.similar.comparison import Comparison, Guard, compare
from aggregator.similar.grouping import (
    Group,
    Join,
    Override,
    OverrideKind,
    Reason,
    SameSlug,
    group,
    identities,
    neighbourhood,
    ties,
)
from aggregator.similar.headline import (
    NORMALISER_VERSION,
    HeadlineTokens,
    read_headline,
    with_summary,
)
from aggregator.similar.matching import (
    Item,
    Match,
    WeighedItem,
    compare_items,
    find_matches,
    in_window,
    matches_of,
    weigh_item,
)
from aggregator.similar.recurring import (
    SummarySighting,
    TitleSighting,
    is_boilerplate,
    is_recurring,
    summary_key,
)
from aggregator.similar.rules import (
    RULES_VERSION,
    WINDOW,
    Rule,
    Verdict,
    diverged,
    same_event,
    same_story,
    why_apart,
)
from aggregator.similar.weights import BACKGROUND, Weights, rarest

__all__ = [
    "BACKGROUND",
    "NORMALISER_VERSION",
    "RULES_VERSION",
    "WINDOW",
    "Comparison",
    "Group",
    "Guard",
    "HeadlineTokens",
    "Item",
    "Join",
    "Match",
    "Override",
    "OverrideKind",
    "Reason",
    "Rule",
    "SameSlug",
    "SummarySighting",
    "TitleSighting",
    "Verdict",
    "WeighedItem",
    "Weights",
    "candidates",
    "compare",
    "compare_items",
    "diverged",
    "find_matches",
    "group",
    "identities",
    "in_window",
    "is_boilerplate",
    "is_recurring",
    "learn_suffixes",
    "matches_of",
    "neighbourhood",
    "rarest",
    "read_headline",
    "same_event",
    "same_story",
    "sought_tokens",
    "suffix_key",
    "summary_key",
    "ties",
    "weigh_item",
    "why_apart",
    "with_summary",
]
