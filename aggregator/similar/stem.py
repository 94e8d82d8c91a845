"""A folded word -> its stem: light, deterministic, for English headlines only.

Enough for the inflections that two desks give one headline (`launches` / `launched`, `labour` /
`labor`); it never turns one word class into another (`death` stays apart from `dies`).
"""

from __future__ import annotations

from functools import lru_cache

# Forms that no suffix rule reaches: past tenses and plurals that headlines are full of.
_IRREGULAR = {
    form: base
    for base, forms in {
        "rise": "rose risen",
        "fall": "fell fallen",
        "make": "made",
        "win": "won",
        "lose": "lost",
        "buy": "bought",
        "sell": "sold",
        "find": "found",
        "take": "took taken",
        "give": "gave given",
        "get": "got gotten",
        "hold": "held",
        "keep": "kept",
        "leave": "left",
        "lead": "led",
        "meet": "met",
        "see": "saw seen",
        "send": "sent",
        "shoot": "shot",
        "sink": "sank sunk",
        "strike": "struck",
        "pay": "paid",
        "build": "built",
        "begin": "began begun",
        "break": "broke broken",
        "speak": "spoke spoken",
        "write": "wrote written",
        "fly": "flew flown",
        "grow": "grew grown",
        "know": "knew known",
        "throw": "threw thrown",
        "catch": "caught",
        "fight": "fought",
        "bring": "brought",
        "think": "thought",
        "steal": "stole stolen",
        "shrink": "shrank shrunk",
        "go": "went gone goes",
        "die": "dies died dying",
        "man": "men",
        "woman": "women",
        "child": "children",
        "defense": "defence",
        "offense": "offence",
        "license": "licence",
        "program": "programme programmes",
        "gray": "grey",
        "tire": "tyre tyres",
        "aluminum": "aluminium",
    }.items()
    for form in forms.split()
}
_VOWELS = frozenset("aeiouy")
_SPELLINGS = (("our", "or"), ("tre", "ter"), ("bre", "ber"), ("ise", "ize"), ("yse", "yze"))
"""Endings of British spelling, read as American ones where the word is longer than five letters."""


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The stem of a folded word; words with other than a-z, and of three letters, stay."""
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return _IRREGULAR.get(word, word)
    word = _IRREGULAR.get(word, word)
    return _without_end(_american(_without_inflection(word)))


def _without_inflection(word: str) -> str:
    if word.endswith("ies") or word.endswith("ied"):
        return f"{word[:-3]}y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if word.endswith("s"):
        return word if word.endswith(("ss", "us", "is")) else word[:-1]
    for suffix in ("ing", "ed"):
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= 3 and not _VOWELS.isdisjoint(rest):
            return rest
    return word


def _american(word: str) -> str:
    if len(word) > 5:
        for british, american in _SPELLINGS:
            if word.endswith(british):
                return word[: -len(british)] + american
        if word.endswith(("is", "ys")):  # of -ising and -ysed, their ends gone
            return f"{word[:-1]}z"
    return word


def _without_end(word: str) -> str:
    """`make` and `mak(ing)`, `kill` and `travell(ed)`: neither a final e nor a doubled letter."""
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousz":
        word = word[:-1]
    return word
