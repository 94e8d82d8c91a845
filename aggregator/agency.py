"""An entry -> the news agency it credits: in the dateline, in the author, at the end of the title.

    Moscow, Oct 14 (AFP)                Huntsville AL (SPX) Apr 04, 2013
    WASHINGTON (Reuters) -              by Staff Writers, AFP

Only agencies on the list count: `(NASA)` and `(UPDATE)` are no wire. Linear in the text.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NAMES = {
    "AFP": "AFP",
    "Agence France-Presse": "AFP",
    "Reuters": "Reuters",
    "Thomson Reuters": "Reuters",
    "AP": "AP",
    "Associated Press": "AP",
    "The Associated Press": "AP",
    "UPI": "UPI",
    "United Press International": "UPI",
    "SPX": "SPX",
    "dpa": "dpa",
    "DPA": "dpa",
    "Xinhua": "Xinhua",
    "XNA": "Xinhua",
    "TASS": "TASS",
    "ITAR-TASS": "TASS",
    "RIA Novosti": "RIA Novosti",
    "Sputnik": "Sputnik",
    "Interfax": "Interfax",
    "EFE": "EFE",
    "ANSA": "ANSA",
    "PTI": "PTI",
    "IANS": "IANS",
    "ANI": "ANI",
    "AAP": "AAP",
    "Kyodo": "Kyodo",
    "Yonhap": "Yonhap",
    "Anadolu": "Anadolu",
    "BNS": "BNS",
    "PA": "PA",
}
AGENCIES = tuple(sorted(set(_NAMES.values()), key=str.casefold))
"""What a credit can name, as `agency_of` writes it."""

_FOLDED = {spelling.casefold(): name for spelling, name in _NAMES.items()}
_SMALL = frozenset(("by", "writer", "writers", "staff", "de", "la", "al", "of", "and", "on"))
_DATELINE_LENGTH = 100
_BY = sorted(_NAMES, key=len, reverse=True)
_ONE = "|".join(map(re.escape, _BY))
# In parentheses, alone or joined: (AFP), (AFP/Reuters), (AP and UPI).
_CREDIT = re.compile(rf"\(((?:{_ONE})(?:(?:\s*/\s*|\s+and\s+|,\s*)(?:{_ONE}))*)\)")
_JOINT = re.compile(r"\s*/\s*|\s+and\s+|,\s*")
_AUTHOR = re.compile(rf"(?<![\w-])({_ONE})(?![\w-])")
_TITLE_END = re.compile(rf"\((?:{_ONE})(?:/(?:{_ONE}))*\)\s*$")


def agency_named(text: str) -> str | None:
    """The one of AGENCIES that `text` is a name of, in any case; None where it is none's."""
    return _FOLDED.get(text.casefold())


@lru_cache(maxsize=256)
def agency_of(title: str, summary: str, author: str | None) -> str | None:
    """The agencies credited, joined by `/` in alphabetical order; None where none is.

    The dateline says it best, then the author, then the end of the title.
    """
    # Remembered for a document's length: an entry is asked for, and the story it begins.
    dateline = _CREDIT.search(summary[:_DATELINE_LENGTH])
    if dateline is not None and _starts_a_text(summary[: dateline.start()]):
        return _joined(_JOINT.split(dateline[1]))
    names = _AUTHOR.findall((author or "")[:_DATELINE_LENGTH])
    if names:
        return _joined(names)
    at_end = _TITLE_END.search(title[-_DATELINE_LENGTH:])
    return _joined(_JOINT.split(at_end[0].strip("() \t"))) if at_end else None


def _starts_a_text(before: str) -> bool:
    """A dateline is a place and perhaps a date and a name: no word of a sentence stands in it."""
    words = before.split()
    return len(words) <= 8 and all(
        not word[0].islower() or word.strip(",.") in _SMALL for word in words
    )


def _joined(names: list[str]) -> str:
    return "/".join(sorted({_NAMES[name] for name in names}))
