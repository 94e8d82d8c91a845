"""A zone as an e-mail date writes it -> an offset from UTC.

Alone in knowing zone names. RFC 822 section 5.1 has GMT, UT and the American ones; feeds write
many more (SpaceDaily `AEST`, 2026), and some names mean a different zone on each continent.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_HOURS: dict[str, float] = {
    "UTC": 0, "UT": 0, "GMT": 0, "Z": 0, "ZULU": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5,
    "BRT": -3, "ART": -3,
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "MEZ": 1, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4, "TRT": 3, "SAST": 2, "CAT": 2, "EAT": 3, "WAT": 1,
    "IDT": 3, "IST": 5.5, "PKT": 5, "ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8, "PHT": 8, "MYT": 8,
    "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
}  # fmt: skip
OFFSETS = {name: timedelta(hours=hours) for name, hours in _HOURS.items()}
"""Names and the offset each has by default."""

# RFC 2822 section 4.3: military letters were defined wrongly in RFC 822; read them as `-0000`.
OFFSETS |= {letter: timedelta() for letter in "ABCDEFGHIKLMNOPQRSTUVWXYZ"}

# Names with a second meaning elsewhere: China, Cuba, Israel, Ireland, Bangladesh, Arabia, the
# Philippines, Australia.
_AMBIGUOUS = frozenset({"ADT", "AST", "BST", "CDT", "CST", "EDT", "EST", "IST", "MST", "PST"})
_NUMERIC = re.compile(r"(?:GMT|UTC|UT|Z)? ?([+-])(\d{1,2}?):?(\d\d)?", re.ASCII | re.IGNORECASE)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None for a name that is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: a directory, such as `Europe`
        return None


@lru_cache(maxsize=1024)
def numeric_offset(zone: str) -> timedelta | None:
    """`+0200`, `+02:00`, `-5`, `GMT+9`: ahead of UTC is positive. None for any other text."""
    match = _NUMERIC.fullmatch(zone)
    if match is None:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if match[1] == "-" else offset


def named_offset(name: str, local: datetime, zone: ZoneInfo | None) -> timedelta | None:
    """What `name` (upper case) means at the naive time `local` in a feed of `zone`.

    The feed's own zone decides when it uses the name, else the table; None for an unknown name.
    """
    default = OFFSETS.get(name)
    if zone is None or (default is not None and name not in _AMBIGUOUS):
        return default
    own = _own_offset(name, local, zone)
    return default if own is None else own


def _own_offset(name: str, local: datetime, zone: ZoneInfo) -> timedelta | None:
    """The offset under which `zone` uses `name`: at that time, else at another one that year.

    Australians leave out the A: EST in a feed of Australia/Sydney is AEST. A zone that the tz
    database knows by number only (Asia/Riyadh, Asia/Dhaka) may well use an ambiguous name.
    """
    if zone.key.startswith("Australia/") and f"A{name}" in OFFSETS:
        return OFFSETS[f"A{name}"]
    for moment in (local, local.replace(month=1, day=1), local.replace(month=7, day=1)):
        there = moment.replace(tzinfo=zone)
        if there.tzname() == name:
            return there.utcoffset()
    here = local.replace(tzinfo=zone)
    if name in _AMBIGUOUS and (here.tzname() or "")[:1] in ("+", "-"):
        return here.utcoffset()
    return None
