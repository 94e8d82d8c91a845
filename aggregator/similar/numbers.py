"""Folded text -> the same with every number written one way.

`$1.8bn`, `1.8 billion` and `1,800,000,000` become `1800000000`, `twelve` becomes `12`, `third`
becomes `3`, `at least 11` becomes `11`, `10km` becomes `10 km`. Ranges, dates and scores stay one
word (`4301-4302`, `11-24`): the parts of two of them may be the same and the whole another.
"""

from __future__ import annotations

import re
from decimal import Decimal

_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)

_WORDS = {word: value for value, word in enumerate(_SMALL)}
_WORDS |= {word: 10 * (place + 2) for place, word in enumerate(_TENS)}
_WORDS |= {word: place + 1 for place, word in enumerate(_ORDINALS)}

_WORD = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[ -]({'|'.join(_SMALL[1:10])}))?"
    rf"|({'|'.join([*_SMALL, *_ORDINALS])}))\b"
)
_PER_SECOND = re.compile(r"\bper second\b")
_ORDINAL_DIGITS = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")

# `$US2m`, `US$2m`, `A$2m`, `£2m`: which currency is left to the words around it.
_CURRENCY = re.compile(r"(?:\b(?:us|au|nz|hk|ca|a|c|s))?[$£€¥₹](?:us|a|c)?(?=\s?\d)")
_MILLIONS = re.compile(r"(\d)M\b")  # before folding: `100m` is a distance
_SEPARATED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!,?\d)")
_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "mln": 6, "million": 6, "b": 9, "bn": 9, "bln": 9,
    "billion": 9, "t": 12, "tn": 12, "trn": 12, "trillion": 12, "lakh": 5, "crore": 7,
}  # fmt: skip
_SCALED = re.compile(
    r"(?P<currency>¤ ?)?(?<![\d.])(?P<number>\d{1,12}(?:\.\d{1,6})?)"
    r"(?:[ -]?(?P<scale>thousand|million|billion|trillion|lakh|crore|mln|bln|trn|mn|bn|tn|b)"
    r"|(?P<short>[mkt]))?\b"
)
_HEDGE = re.compile(
    r"\b(?:at (?:least|most)|about|around|approximately|approx|roughly|nearly|almost|some|over"
    r"|more than|as (?:many|much) as|up to|an estimated|estimated)\.? (?=¤?\d)"
)
_NUMBERED = re.compile(r"\b(?:no|nos|number|nr)\.? ?(?=\d)")
_CURRENCY_NAME = re.compile(r"(?<=\d) (?:us )?(?:dollars?|euros?|usd|eur)\b")
_PERCENT = re.compile(r" ?%| per cent\b")
_QUARTER = re.compile(r"\b(?:q([1-4])|([1-4])q)\b")
_UNIT = re.compile(
    r"(?<=\d)[ -]?(kms?|kg|mph|kph|cm|mm|ft|lbs?|mb|gb|tb|mw|gw|kw|g?hz|mins?|hrs?|tons?)\b"
)
_RANGE = re.compile(r"(?<=\d)[/:](?=\d)")
_LONE_LETTER = re.compile(r"\b([a-z]{1,2})-(?=\d)")
_HAS_DIGIT = re.compile(r"\d")
_A_WORD = re.compile(r"\w+")


def mark_millions(text: str) -> str:
    """`$2M` before case is folded; in a title that is all capitals M says nothing."""
    return text if text.isupper() else _MILLIONS.sub(r"\1 million", text)


def write_numbers(text: str) -> str:
    """Every number of a folded text in one spelling."""
    if not _HAS_DIGIT.search(text) and _WORDS.keys().isdisjoint(_A_WORD.findall(text)):
        return text
    text = _NUMBERED.sub("", text)  # before `no one` becomes `no 1`
    text = _PER_SECOND.sub("per instant", text)  # a unit, not what comes after the first
    text = _WORD.sub(_digits, _ORDINAL_DIGITS.sub(r"\1", text))
    text = _CURRENCY.sub("¤", text)
    text = _SEPARATED.sub(lambda match: match[0].replace(",", ""), text)
    text = _HEDGE.sub("", text)
    text = _QUARTER.sub(r"\1\2 quarter", text)
    text = _LONE_LETTER.sub(r"\1", text)  # F-16 = F16
    text = _UNIT.sub(r" \1", _PERCENT.sub(" percent", text))
    return _RANGE.sub("-", _CURRENCY_NAME.sub("", _SCALED.sub(_scaled, text)))


def is_number(token: str) -> bool:
    """A token that counts, dates or numbers something: `12`, `10-13`, `h5n1`, `792p`."""
    return any("0" <= char <= "9" for char in token)


def _digits(match: re.Match[str]) -> str:
    tens, unit, word = match.groups()
    if word is not None:
        return str(_WORDS[word])
    return str(_WORDS[tens] + (_WORDS[unit] if unit else 0))


def _scaled(match: re.Match[str]) -> str:
    """`2m` is two million only with a currency before it, `1.80` is `1.8`; `007` stays."""
    number, scale = match["number"], match["scale"]
    short = match["short"] or ""
    if scale is None and short and match["currency"]:
        scale, short = short, ""
    if scale is not None:
        return _plain(Decimal(number) * 10 ** _SCALES[scale])
    if match["currency"] and "." in number:
        number = _plain(Decimal(number))
    return number + short


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
