"""A title -> the title without what desks and sites put around it.

`UPDATE 2-`, `BREAKING:`, `(AFP)`, `[video]`, ` - report`, ` | SpaceDaily`. What a site calls
itself is known three ways: the names that the caller gives, the endings that a feed repeats
(`learn_suffixes`), and endings that read like the name of an outlet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

LEARN_SHARE = 0.30
"""Over this share of a feed's titles an ending is taken for the site's name."""
LEARN_TITLES = 5
"""Of fewer titles nothing can be learnt."""

_MAX_SUFFIX = 60
_ROUNDS = 4  # `RPT-UPDATE 2-AFP - ...`; every round shortens the title

_AGENCIES = "AFP|Reuters|AP|UPI|DPA|dpa|PTI|IANS|ANI|Xinhua|TASS|Interfax|EFE|ANSA|PA|SPX|AAP|Kyodo"
_DESK = re.compile(
    r"(?:UPDATE|WRAPUP|RPT|REFILE|CORRECTED|CORRECTION|EXCLUSIVE|INSTANT VIEW|ADVISORY|BRIEF|REPEAT"
    r"|SNAP|URGENT)(?: \d{1,2})?(?: ?[-:] ?)(?=\S)"
)
_LABEL = re.compile(
    r"(?:(?:breaking|breaking news|just in|watch|watch live|live|video|photos?|pictures|gallery"
    r"|audio|listen|update|updated|update \d{1,2}|corrected|exclusive|brief|auto|alert|reports?"
    r"|urgent|developing)(?: ?: | - )|(?:breaking news|breaking|update|exclusive) ?\| )(?=\S)",
    re.IGNORECASE,
)
_BY_AGENCY = re.compile(
    rf"(?:\((?:{_AGENCIES})\) ?[-:]? ?|(?:{_AGENCIES})(?: (?i:exclusive))?(?:: | - ))(?=\S)"
)

_NOTE = (
    r"(?:with |\+ ?)?(?:watch )?(?:videos?|photos?|pictures?|pics|gallery|audio|live|watch"
    r"|live video|updated?(?: \d{1,2})?|corrected|exclusive|read|report|poll|infographic)"
)
# Bloomberg numbers its corrections, `(1)`; behind a dash a number belongs to the headline.
_NOTED = re.compile(
    rf" ?(?:\((?:{_NOTE}|\d|{_AGENCIES})\)|\[(?:{_NOTE}|{_AGENCIES})\]"
    rf"|(?: - ?|- | \| ?)(?:{_NOTE}|{_AGENCIES}))$",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"(?:[:;,]| ?-) ?(?:reports?|sources?|study|police|officials?|state media|reports? says?"
    r"|sources? say|study says|study finds|police say|officials? says?)$",
    re.IGNORECASE,
)

_SEPARATOR = re.compile(r" [-|»·] | ?\| ?| :: ")
_OUTLET = re.compile(
    r"\.(?:com|org|net|co|info|news|tv|io|eu|uk|de|fr|us|ca|au)\b|\b(?:News|TV|Channel|Radio|Times|"
    r"Daily|Herald|Tribune|Journal|Gazette|Chronicle|Observer|Courier|Telegraph|Guardian|Examiner|"
    r"Dispatch|Sentinel|Inquirer|Bulletin|Magazine|Newspaper|Online|Wire|Blog|Network|Broadcasting|"
    r"FOX|Fox|ABC|CBS|NBC|CNN|BBC|CNBC|MSNBC|NPR|PBS|CTV|CBC|AFP|Reuters|Bloomberg)\b"
    r"|\b[KW][A-Z]{2,3}(?:-?(?:TV|FM|AM))?\b|\b[A-Z][a-z]+[A-Z][a-z]{2,}\w*|\b[A-Z]{2,}[a-z]*News"
)
_SIGN = re.compile(r"[(\[|:;,»·-]")
"""One of these stands in or beside every affix there is."""
_MAX_OUTLET_WORDS = 6
_MIN_HEAD_WORDS = 3
_STARTS_SMALL = re.compile(r"(?:^| )[a-z]")


def suffix_key(name: str) -> str:
    """A site's name as `suffixes` holds it: its letters and digits, folded."""
    return "".join(char for char in name.casefold() if char.isalnum())


def learn_suffixes(titles: Iterable[str]) -> frozenset[str]:
    """The endings after ` - ` or ` | ` on more than 30 % of a feed's titles, as suffix keys.

    None of fewer than five titles. A feed whose titles are all the same teaches nothing: the
    heads must differ.
    """
    all_titles = list(titles)
    heads: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for title in all_titles:
        head, tail = _split_last(_typewritten(title))
        key = suffix_key(tail)
        if head and key and len(tail) <= _MAX_SUFFIX:
            counts[key] += 1
            heads.setdefault(key, set()).add(head)
    if len(all_titles) < LEARN_TITLES:
        return frozenset()
    needed = LEARN_SHARE * len(all_titles)
    return frozenset(key for key, n in counts.items() if n > needed and len(heads[key]) > 1)


def strip_affixes(title: str, suffixes: frozenset[str]) -> str:
    """The headline proper; `title` has plain quotes, hyphens and single spaces.

    Never empty unless `title` is: an affix that is all there is stays.
    """
    if not _SIGN.search(title):
        return title
    title = _without_prefixes(title)
    for _ in range(_ROUNDS):
        shorter = _without_outlet(_ATTRIBUTED.sub("", _NOTED.sub("", title)), suffixes).rstrip()
        if shorter == title or not shorter:
            break
        title = shorter
    return title


def _without_prefixes(title: str) -> str:
    for _ in range(_ROUNDS):
        found = _DESK.match(title) or _LABEL.match(title) or _BY_AGENCY.match(title)
        if found is None:
            break
        title = title[found.end() :]
    return title


def _without_outlet(title: str, suffixes: frozenset[str]) -> str:
    """Cut before the first of the endings from which on all is the outlet's name and place."""
    breaks = list(_SEPARATOR.finditer(title))[-3:]
    for found in breaks:
        head, tail = title[: found.start()], title[found.end() :]
        if suffix_key(tail) in suffixes:
            return head
        if len(head.split()) >= _MIN_HEAD_WORDS and _is_outlet(tail, piped="|" in found[0]):
            return head
    return title


def _is_outlet(tail: str, *, piped: bool) -> bool:
    """Few words, none of them small, and one that outlets are called by.

    After a bar any such words will do, digits apart: nobody writes a clause there.
    """
    if len(tail.split()) > _MAX_OUTLET_WORDS or _STARTS_SMALL.search(tail):
        return False
    if _OUTLET.search(tail):
        return True
    return piped and not any(char.isdigit() for char in tail)


def _split_last(title: str) -> tuple[str, str]:
    breaks = list(_SEPARATOR.finditer(title))
    if not breaks:
        return title, ""
    return title[: breaks[-1].start()], title[breaks[-1].end() :]


def _typewritten(title: str) -> str:
    return " ".join(title.replace("–", "-").replace("—", "-").split())
