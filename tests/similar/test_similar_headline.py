"""What a title and a summary are read as."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.similar.affixes import learn_suffixes, suffix_key
from aggregator.similar.headline import (
    SUMMARY_LIMIT,
    TITLE_LIMIT,
    Direction,
    read_headline,
    with_summary,
    without_summary,
)
from aggregator.similar.stem import stem

KEYS = {
    "entities-twice": ("Fish &amp;amp; chips return", "fish chips return"),
    "tags": ("Ice <em>and</em> fire", "ice fire"),
    "less-than": ("Mass < 5 kg", "mass 5 kg"),
    "compatibility": ("Ｆｕｌｌ width ½", "full width 1 2"),
    "accents": ("Çelik Ålesund Łódź Øresund", "celik alesund lodz oresund"),
    "greek": ("Ελλάδα σε κρίση", "ελλαδα σε κριση"),
    "cyrillic-keeps-marks": ("Новый йод", "новый йод"),
    "kana-keep-marks": ("がか", "がか"),
    "indic-vowel-signs": ("हिन्दी समाचार", "हिन्दी समाचार"),
    "acronyms": ("U.S., N.A.T.O. and the U.K. agree", "us nato the uk agree"),
    "possessive": ("James's dog's and the Joneses' cats", "james dog the joneses cats"),
    "contraction": ("They can't, won't and shan't", "they can not will not shall not"),
    "cannot": ("They cannot go", "they not go"),
    "apostrophe-in-a-name": ("O'Brien d'Estaing", "obrien estaing"),
    "hyphen": ("Air-to-air e-mail", "air to air email"),
    "designation": ("An F-16 and a Su-35", "an f16 a su35"),
    "thousands": ("1,250,000 flee", "1250000 flee"),
    "no-thousands": ("Sections 1,2 and 12,34", "sections 1 2 12 34"),
    "money": ("$1.8bn, US$1.8-billion, 1.8 bln", "1800000000 1800000000 1800000000"),
    "money-m": ("$2m for $US2M", "2000000 for 2000000"),
    "capital-m": ("Fined 2M", "fined 2000000"),
    "capitals-say-nothing": ("100M RACE", "100m race"),
    "metres": ("100m race", "100m race"),
    "thousand": ("£10k prize", "10000 prize"),
    "cents": ("$1.80 a gallon", "1.8 a gallon"),
    "currency-name": ("100 dollars, €5 and 7 euros", "100 5 7"),
    "crore": ("Rs 5 crore", "rs 50000000"),
    "number-words": ("Twelve, twenty-one and thirty", "12 21 30"),
    "ordinals": ("Third of the 2nd", "3 of the 2"),
    "per-second": ("Nine attacks per second", "9 attacks per instant"),
    "hedge": ("At least 11, about $5 and up to 7", "11 5 7"),
    "no-hedge": ("About time", "about time"),
    "numbered": ("No. 1 seed", "1 seed"),
    "no-one": ("No one hurt", "no 1 hurt"),
    "percent": ("5%, 5 per cent, 5 pct", "5 percent 5 percent 5 percent"),
    "quarter": ("Q4 and 4Q", "4 quarter 4 quarter"),
    "unit": ("10km, 5 kilometres", "10 km 5 km"),
    "range": ("Sols 4301–4302 on 11/24", "sols 4301-4302 on 11-24"),
    "leading-zeros": ("Agent 007 and 000", "agent 7 0"),
    "roman": ("Artemis III", "artemis 3"),
    "long-digits": ("Call 12345678901234567890", "call 12345678901234567890"),
    "series-letter": ("Group A leads", "group a0 leads"),
    "phrase": ("United States and N. Korea", "us north korea"),
    "day-first": ("On 3 January", "on jan 3"),
    "question": ("Is it over?", "is it over?"),
    "nothing": ("", ""),
    "only-signs": ("- | ?", ""),
    "long-word": ("x" * 90, "x" * 40),
    "update": ("UPDATE 2-Libyan PM sacked", "libyan pm sacked"),
    "nested-prefixes": ("RPT-WRAPUP 3-Fed holds", "fed holds"),
    "breaking": ("BREAKING NEWS: Fed holds", "fed holds"),
    "agency-before": ("(AFP) - Fed holds rates", "fed holds rates"),
    "agency-exclusive": ("AP Exclusive: Fed holds rates", "fed holds rates"),
    "agency-after": ("Fed holds rates - AFP", "fed holds rates"),
    "prefix-after-prefix": ("Video: " * 5 + "Fed holds", "video fed holds"),
    "note-after-note": ("Fed holds" + " [video]" * 5, "fed holds video"),
    "prefix-only": ("Video: ", "video"),
    "note": ("Fed holds rates [Video] (2)", "fed holds rates"),
    "note-with-dash": ("Fed holds rates- UPDATED", "fed holds rates"),
    "number-after-dash": ("Starlink Group 10-12", "starlink group 10-12"),
    "attribution": ("Fed holds rates: sources", "fed holds rates"),
    "only-attribution": ("- report", "report"),
    "domain": ("Fed holds rates again - WMBFNews.com", "fed holds rates again"),
    "outlet-and-place": ("Fed holds rates - KTVN Channel 2 - Reno Tahoe", "fed holds rates"),
    "bar": ("Fed holds rates | The Republic", "fed holds rates"),
    "bar-with-number": ("India v Fiji score | Day 2", "india versus fiji score day 2"),
    "clause-after-dash": ("Fed holds rates - for now", "fed holds rates for now"),
    "long-tail": ("Fed holds rates - A B C D E F News", "fed holds rates a b c d e f news"),
    "short-head": ("Fed - BBC News", "fed bbc news"),
}


@pytest.mark.parametrize(("title", "key"), KEYS.values(), ids=KEYS)
def test_title_key(title: str, key: str) -> None:
    """One spelling for all that desks spell differently."""
    tokens = read_headline(title)

    assert tokens.key == key


@pytest.mark.parametrize(
    ("title", "tokens"),
    [
        ("The Fed raised its rates", ("fed", "rais", "rat")),
        ("Fire, fire, fire", ("fir",)),
        ("中国发射探测器", ("中国", "国发", "发射", "射探", "探测", "测器")),
        ("新的月球", ("新月", "月球")),
        ("月 2026", ("月", "2026")),
        ("的", ("的",)),
        ("สวัสดี", ("สว", "วั", "ัส", "สด", "ดี")),
        ("La Chine est là", ("la", "chin", "la")[:2]),
    ],
)
def test_title_tokens(title: str, tokens: tuple[str, ...]) -> None:
    """Content words stemmed, once each; scripts without spaces as bigrams without particles."""
    found = read_headline(title)

    assert found.title == tokens


@pytest.mark.parametrize(
    ("language", "tokens"),
    [
        (None, ("mission", "plus", "longu")),
        ("en-GB", ("mission", "plus", "longu")),
        ("fr-FR", ("missions", "longue")),
        ("fr_CA", ("missions", "longue")),
        ("xx", ("missions", "plus", "longue")),
    ],
)
def test_language_decides_stems_and_stop_words(
    language: str | None, tokens: tuple[str, ...]
) -> None:
    """Only English, or what may be English, is stemmed."""
    found = read_headline("Missions plus longue", language=language)

    assert found.title == tokens


@pytest.mark.parametrize(
    ("words", "stems"),
    [
        ("launch launches launched launching", {"launch"}),
        ("make makes making made", {"mak"}),
        ("stop stops stopped stopping", {"stop"}),
        ("kill kills killed killing", {"kil"}),
        ("travel travelled traveling", {"travel"}),
        ("miss misses missed", {"miss"}),
        ("party parties", {"party"}),
        ("deny denied denies", {"deny"}),
        ("rise rose risen", {"ris"}),
        ("labour labor labours", {"labor"}),
        ("theatre theater", {"theater"}),
        ("apologise apologize apologises apologising", {"apologiz"}),
        ("analysed analyzed", {"analyz"}),
        ("fox foxes", {"fox"}),
        ("lies", {"lie"}),
        ("crisis", {"crisiz"}),
        ("king string", {"king", "string"}),
        ("men gas café us", {"man", "gas", "café", "us"}),
        ("die dies died", {"die"}),
        ("virus glass", {"virus", "glass"}),
    ],
)
def test_stems(words: str, stems: set[str]) -> None:
    """Inflections and British spellings of one word have one stem."""
    found = {stem(word) for word in words.split()}

    assert found == stems


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("Oil jumps", Direction.UP),
        ("Oil slipped", Direction.DOWN),
        ("Oil up, gold down", None),
        ("Oil steady", None),
        ("Up to 100 hurt", None),
    ],
)
def test_direction(title: str, direction: Direction | None) -> None:
    """Up, down, or neither where a title says both or nothing."""
    found = read_headline(title)

    assert found.direction is direction


@pytest.mark.parametrize(
    ("title", "months", "weekdays"),
    [
        ("Report for January", {"jan"}, set()),
        ("Sept. report, Tues edition", {"sep"}, {"tuesday"}),
        ("Troops march on capital", set(), set()),
        ("Minister may resign", set(), set()),
        ("Sales up in May", {"may"}, set()),
        ("May 3 vote", {"may"}, set()),
        ("Vote on 11 March", {"mar"}, set()),
        ("Vote since Mar", {"mar"}, set()),
    ],
)
def test_calendar(title: str, months: set[str], weekdays: set[str]) -> None:
    """`may` and `march` are months only where a date stands."""
    found = read_headline(title)

    assert found.months == months
    assert found.weekdays == weekdays


@pytest.mark.parametrize(
    ("title", "negations", "qualifiers"),
    [
        ("Iran won't attend", {"not"}, set()),
        ("Iran rejects talks", {"reject"}, set()),
        ("Talks without Iran", {"without"}, set()),
        ("中国不发射", {"不"}, set()),
        ("Minister may resign in May", set(), set()),
        ("Minister might resign", set(), {"might"}),
        ("Launch delayed", set(), {"delay"}),
        ("Shot by police", set(), {"by"}),
        ("Over?", set(), {"?"}),
    ],
)
def test_negations_and_qualifiers(title: str, negations: set[str], qualifiers: set[str]) -> None:
    """Words that deny the rest of the title, and words that say whether it happened."""
    found = read_headline(title)

    assert found.negations == negations
    assert found.qualifiers == qualifiers


@pytest.mark.parametrize(
    ("title", "is_cut"),
    [
        ("Even Naked Girls Get ...", True),
        ("Even Naked Girls Get…", True),
        ('Girls "Get the..."', True),
        ("Updated [With ...]", True),
        ("Wait... for it", False),
    ],
)
def test_cut_short(title: str, is_cut: bool) -> None:
    """An ellipsis at the end, and nowhere else."""
    found = read_headline(title)

    assert found.cut_short is is_cut


@pytest.mark.parametrize(
    ("title", "joined"),
    [
        ("Chiquita, Fyffes merge", {("chiquita", "fyf")}),
        ("Fyffes & Chiquita merge", {("chiquita", "fyf")}),
        ("Over, and out", set()),
        ("Fire and", set()),
    ],
)
def test_joined_names(title: str, joined: set[tuple[str, str]]) -> None:
    """Names that a comma or `and` joins, in alphabetical order."""
    found = read_headline(title)

    assert found.joined == joined


def test_rubric() -> None:
    """What stands before the colon, as far as it counts."""
    found = read_headline("This week in Typepad 101: Adding items")

    assert found.rubric == ("week", "typepad", "101")
    assert found.title[:3] == found.rubric


SUMMARIES = {
    "afp": "WASHINGTON (AFP) - Rescuers dig",
    "afp-dashes": "WASHINGTON (AFP) -- Rescuers dig",
    "reuters-date": "PARIS, March 3 (Reuters) - Rescuers dig",
    "spx": "Moffett Field CA (SPX) Jan 12, 2014 Rescuers dig",
    "capitals": "NEW YORK - Rescuers dig",
    "capitals-date": "NEW YORK, Jan. 3 — Rescuers dig",
    "agency": "(Reuters) - Rescuers dig",
    "agencies": "BEIRUT (AFP/Al Jazeera) Rescuers dig",
    "none": "Rescuers dig",
    "markup": "<p>Rescuers &amp;amp; dig</p>",
}


@pytest.mark.parametrize("summary", SUMMARIES.values(), ids=SUMMARIES)
def test_dateline_is_no_part_of_a_summary(summary: str) -> None:
    """Where the agency's text begins."""
    found = read_headline("", summary)

    assert found.summary == ("rescuer", "dig")


@pytest.mark.parametrize(
    ("summary", "count"),
    [
        pytest.param("alpha " * 100, SUMMARY_LIMIT // 6, id="many-words"),
        pytest.param("alpha " * 36 + "betagamma", 36, id="last-word-cut"),
        pytest.param("alpha " * 35 + "betagammas", 36, id="last-word-whole"),
        pytest.param("x" * 500, 1, id="one-word"),
        pytest.param("", 0, id="none"),
    ],
)
def test_summary_counts_up_to_its_limit(summary: str, count: int) -> None:
    """220 characters, and never half a word of them."""
    found = read_headline("", summary)

    assert len(found.summary) == count


def test_title_counts_up_to_its_limit() -> None:
    """What the store cannot hold is not read either."""
    found = read_headline("a b " * 200)

    assert len(found.key) <= TITLE_LIMIT


def test_without_summary_keeps_the_title() -> None:
    """For a summary that is boilerplate."""
    found = read_headline("Fed holds rates", "Some standfirst")

    bare = without_summary(found)

    assert bare == read_headline("Fed holds rates")


@pytest.mark.parametrize(
    ("titles", "learnt"),
    [
        pytest.param([f"Story {n} - Moon Dust" for n in range(5)], {"moondust"}, id="every-title"),
        pytest.param([f"Story {n} – Moon Dust" for n in range(5)], {"moondust"}, id="dash"),
        pytest.param([f"Story {n}| Moon Dust" for n in range(5)], {"moondust"}, id="bar"),
        pytest.param([f"Story {n} - Moon Dust" for n in range(4)], set(), id="too-few"),
        pytest.param(
            [f"S{n} - Moon Dust" for n in range(3)] + [f"T{n}" for n in range(7)], set(), id="30-%"
        ),
        pytest.param(
            [f"S{n} - Moon Dust" for n in range(4)] + [f"T{n}" for n in range(7)],
            {"moondust"},
            id="over-30-%",
        ),
        pytest.param(["Weather - Monday"] * 5, set(), id="one-title"),
        pytest.param([f"Story {n} - {'x' * 61}" for n in range(5)], set(), id="too-long"),
        pytest.param(["- Moon", "Moon -", " | ", "", "plain"], set(), id="no-ending"),
    ],
)
def test_learn_suffixes(titles: list[str], learnt: set[str]) -> None:
    """An ending on more than 30 % of at least five titles is the site's name."""
    found = learn_suffixes(titles)

    assert found == learnt


def test_suffix_key_folds_a_name() -> None:
    """Letters and digits only, so that spelling does not matter."""
    key = suffix_key("Space-Daily.com")

    assert key == "spacedailycom"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=320), st.text(max_size=400))
def test_anything_can_be_read(title: str, summary: str) -> None:
    """No text breaks the normaliser, and equal texts read equal."""
    found = read_headline(title, summary)

    assert found == read_headline(title, summary)
    assert len(found.title) == len(set(found.title))
    assert not found.rubric or found.title[: len(found.rubric)] == found.rubric


HOSTILE = (
    "(",
    "[",
    "- ",
    "1,",
    "$1.8 ",
    "'",
    "&amp;",
    "<a",
    "update 2-",
    "U.S.",
    "n't",
    "| A",
    "A-",
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_repetition_is_read(unit: str) -> None:
    """Whatever is repeated to the limits, what is kept of it is no longer than it was."""
    text = (unit * 2000)[:2000]

    found = read_headline(text, text)

    assert len(found.key) <= 2 * TITLE_LIMIT
    assert len(found.summary) <= SUMMARY_LIMIT


@pytest.mark.parametrize(
    "summary", ["", "Rescuers pulled survivors from the rubble", "Paris (AFP) -"]
)
def test_a_summary_may_be_read_later(summary: str) -> None:
    """It makes no difference."""
    title = "Strong quake kills ten: report"

    found = with_summary(read_headline(title, language="en-GB"), summary, "en-GB")

    assert found == read_headline(title, summary, language="en-GB")
