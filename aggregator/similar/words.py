"""Word lists that the reading of headlines rests on: stop words, opposites, months, negations.

Lists of forms are stemmed here, so that whoever compares stems asks `word in LIST`.
"""

from __future__ import annotations

from aggregator.similar.stem import stem


def _words(forms: str) -> frozenset[str]:
    return frozenset(forms.split())


def _stems(forms: str) -> frozenset[str]:
    return frozenset(stem(form) for form in forms.split())


# ------------------------------------------------------------------ stop words

# Not among them: `us` (it is U.S. once the dots are gone), `no` and `not`, `up` and `down`,
# `after` and `before`, `gets` (a seat that another rejects): they change what a headline says.
ENGLISH_STOP_WORDS = _words("""
a an the of in on at to for from by with within into onto off out over through during amid among
via per upon between as is are was were be been being has have had having do does did it its his
her hers their theirs he she they we you i my our your this that these those there here and or nor
but if then than so such also just more most very can will would shall should may might could must
who whom whose which what when where how why about around some any all each every other another own
same too only even still yet now again while because until since both either neither
him them me let says said say saying according im ive id ill youre theyre ll ve re amidst
""")

# Function words of the languages whose feeds are about, as far as English has no such word.
# Without them two unrelated French summaries share half their words.
FOREIGN_STOP_WORDS = _words("""
le les des du de une et est sont dans avec aux ce cette ces qui que dont ses leur leurs nous vous
ils elle elles mais ou donc ete etre ont sur
der ein eine einer eines einem einen und ist sind von zum zur bei nach auch sich ich sie wir ihr nur
noch vor wird werden haben
el los las del al una unas y es por para se su sus lo como pero este esta
il gli della delle dei degli nel nella che di da sono uno piu
uma dos na nas em ao aos com
het een te voor zijn niet dat
и в на с по за из от до для что это как его её их он она они но а о об при у к со
""")

# Words of these languages that English needs for something else (UN, MIT, Uber, OS, van, Dem).
STOP_WORDS_BY_LANGUAGE = {
    "fr": _words("la l un a en son sa plus on pas sans ne se comme sera fait tout pour par au"),
    "de": _words("die den das dem des im am an mit fur uber auf aus war wie als hat zu man was"),
    "es": _words("la en a no un mas entre sobre con"),
    "it": _words("la i a in un con per non alla anche come ed"),
    "pt": _words("a as o os um por no nos das do"),
    "nl": _words("de in is die met aan om er was van op en"),
    "sv": _words("i och att det som en av den till med"),
}

# Chinese particles that a headline takes or leaves: 新月 / 新的月.
CJK_PARTICLES = "的了"


# ------------------------------------------------------- what turns a headline

UP = _stems(
    """
rise rises rising rose up higher gain gains gained jump jumps jumped climb climbs climbed surge
surges surged soar soars soared increase increases increased grow grows growth rally rallies rallied
rebound rebounds rebounded advance advances advanced spike spikes spiked accelerate accelerates
strengthen strengthens improve improves expand expands upgrade upgrades raise raises hike hikes
"""
)
DOWN = _stems(
    """
fall falls falling fell down lower loss losses lose loses lost drop drops dropped slip slips slipped
slide slides slid sink sinks sank plunge plunges plunged tumble tumbles tumbled decline declines
declined decrease decreases decreased dip dips dipped slump slumps slumped shrink shrinks shrank
ease eases eased retreat retreats retreated weaken weakens worsen worsens slow
slows slowdown cut cuts downgrade downgrades plummet plummets sag sags skid skids
"""
)

# "One-sided negation": `rejects a seat` is no copy of `gets a seat`.
NEGATIONS = _stems(
    """
not no never without nobody none cannot nothing deny denies denied reject rejects rejected refuse
refuses refused
nicht kein keine keinen keiner nie jamais aucun aucune pas nunca jamas nao mai нет не ни
"""
)
CJK_NEGATIONS = frozenset("不没沒未无無非否拒")

# Words that say whether the rest of the sentence happened, will, or is only talked about: `launch`
# and `launch delayed` share all but one word. They stop rule C alone: of two headlines of one wire
# text one may well carry such a word.
QUALIFIERS = _stems(
    """
cancel cancels cancelled cancellation delay delays delayed postpone postpones postponed scrub scrubs
scrubbed abort aborts aborted halt halts halted suspend suspends suspended stop stops stopped scrap
scraps scrapped drop drops dropped block blocks blocked fail fails failed failure avoid avoids avert
averts averted resume resumes resumed start starts started begin begins end ends ended finish
finishes finished withdraw withdraws withdrew withdrawn reverse reverses reversed overturn overturns
overturned lift lifts lifted unable extend extends extended
hoax fake false rumor rumors rumour rumours debunk debunked unlikely likely possible possibly
alleged allegedly suspected claim claims
near nears nearly close closer plan plans planned set ready prepare prepares threaten threatens
threat consider considers considering want wants seek seeks urge urges ask asks vow vows warn warns
expect expects expected almost attempt attempts try tries tried against former ex
review preview opinion analysis recap anniversary remembering correction retraction explainer
reaction reactions timeline
"""
)

TELLING_STOP_WORDS = _words("may might could whether if by from off out")
"""Qualifiers too, though stop words: `man shot by police` is not `man shot police`, flights to
China are not flights from China."""


# -------------------------------------------------------------------- calendar

_MONTH_NAMES = """
january february march april may june july august september october november december
"""
MONTHS = {name: name[:3] for name in _words(_MONTH_NAMES) if name not in ("march", "may")}
MONTHS |= {name: name for name in _words("jan feb apr jun jul aug sep oct nov dec")}
MONTHS["sept"] = "sep"
"""Month as written -> its token. `march` and `may` are words too: see AMBIGUOUS_MONTHS."""

AMBIGUOUS_MONTHS = {"march": "mar", "mar": "mar", "may": "may"}
"""Months only beside a number or after one of BEFORE_MONTH."""

BEFORE_MONTH = _words("in of since until till by late early mid this next last from to")

WEEKDAYS = {
    name: name for name in _words("monday tuesday wednesday thursday friday saturday sunday")
}
WEEKDAYS |= {
    "mon": "monday",
    "tue": "tuesday",
    "tues": "tuesday",
    "thu": "thursday",
    "thur": "thursday",
    "thurs": "thursday",
    "fri": "friday",
}

CALENDAR_MONTHS = frozenset(MONTHS.values()) | frozenset(AMBIGUOUS_MONTHS.values())


# --------------------------------------------------------------- equal spellings

_SYNONYMS = {
    form: token
    for token, forms in {
        "percent": "pct",
        "km": "kilometer kilometers kilometre kilometres kms",
        "kg": "kilogram kilograms kilogramme kilogrammes kilo kilos kgs",
        "meter": "metre metres meters",
        "ton": "tonne tonnes tons",
        "pound": "lb lbs",
        "foot": "ft feet",
        "hour": "hr hrs hours",
        "minute": "min mins minutes",
        "government": "govt gov",
        "president": "pres",
        "department": "dept",
        "company": "co",
        "corporation": "corp",
        "incorporated": "inc",
        "limited": "ltd",
        "versus": "vs v",
        "ok": "okay",
        "tv": "television",
        "saint": "st",
        "mount": "mt",
        "international": "intl",
        "email": "emails",
    }.items()
    for form in forms.split()
}

PHRASES = {
    ("united", "states"): ("us",),
    ("united", "kingdom"): ("uk",),
    ("united", "nations"): ("un",),
    ("european", "union"): ("eu",),
    ("n", "korea"): ("north", "korea"),
    ("s", "korea"): ("south", "korea"),
    ("n", "korean"): ("north", "korean"),
    ("s", "korean"): ("south", "korean"),
}
"""Two words -> how they are read; agencies write both."""

SERIES_NOUNS = _words(
    "group part class phase pool block plan type section vitamin hepatitis gate stage route"
)
"""Before a single letter they number it: `Group A` is not `Group B`."""

_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xii": "12",
    "xiii": "13",
    "xiv": "14",
}
"""Those that are no word, letter or name besides (`xi`, `v`, `x`)."""

SPELLINGS = {**MONTHS, **WEEKDAYS, **_SYNONYMS, **_ROMAN}
"""Word -> how it is read, where that is another."""
