"""A URL -> the key under which all its spellings are one: compared, never linked to.

Alone in knowing what in a URL does not say which page it is: scheme, `www.`, tracking
parameters, AMP and redirect wrappers. The key reads like a URL and always starts with
`https://`, whatever the scheme was, so `urls.host_of` works on it.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from urllib.parse import parse_qsl, unquote

from aggregator.urls import absolute_link

_MAX_RAW = 4096
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986 section 2.3
_ALIAS_LABELS = ("www.", "m.", "mobile.", "amp.")
_SESSION = re.compile(r"(?<=[^/.]);jsessionid=[^/]*", re.IGNORECASE)
_PATH_ENDS = re.compile(r"(?:/index\.(?:html?|shtml|php)|(?<=[^/])/amp|/)$")
_ENDINGS = ("/", "/amp", ".html", ".htm", ".shtml", ".php")  # what _PATH_ENDS may match
_SLASHES = re.compile(r"/{2,}")

_TRACKING_PREFIXES = (
    *("utm_", "mtm_", "matomo_", "pk_", "piwik_", "itm_", "stm_", "hsa_", "at_", "ns_", "_hs"),
    *("oly_", "vero_", "trk_", "hmb_", "guce_", "fb_action_", "__twitter", "pd_rd_", "cm_mmc"),
)  # fmt: skip
_TRACKING_NAMES = """
fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid ymclid ysclid li_fat_id igshid
igsh mc_cid mc_eid mkt_tok _ga _gl _ke __s __hstc __hssc __hsfp cmp cmpid cmpref xtor ito icid
intcid ncid ocid smid smtyp s_cid s_kwcid ef_id scid spm sref sr_share srnd ref_src ref_url fb_ref
fb_source soc_src soc_trk guccounter ftag fsrc ftcamp mbid cvid taid wtrid yptr tduid dicbo
traffic_source wprss rss feedtype feedname feeditemid print amp outputtype phpsessid jsessionid
"""
_TRACKING = frozenset(_TRACKING_NAMES.split())
# Names that carry content on one site and tracking on the next: the value decides.
_AMBIGUOUS_NAMES = """
ref referer referrer src source from partner partnerid mod cid via feed medium channel origin
output feature share campaign sh
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_NAMES.split())
_TELLING_WORDS = """
rss rss2 rss20 rssfeed feed feeds atom amp facebook fb twitter share shared social newsletter nl
email
"""
_TELLING = frozenset(_TELLING_WORDS.split())
_WORDS = re.compile(r"[^a-z0-9]+")

# In the host of every page that `_unwrapped` knows.
_WRAPPER = re.compile(r"google|ampproject|yahoo|bing|facebook")
_GOOGLE = re.compile(r"google(?:\.[a-z]{2,3}){1,2}")
_AMP_CACHE_PATH = re.compile(r"/[a-z](/s)?/(.+)")
_GOOGLE_AMP_PATH = re.compile(r"/amp(/s)?/(.+)")

SLUG_LENGTH = 25
"""Shorter last segments are names of sections and numbers (69 pairs of UCI headlines had one this
long on two hosts; 63 were one story)."""
_LETTER = re.compile(r"[^\W\d_]")

_Parts = tuple[str, str, list[tuple[str, str]], str]  # host with port, path, query, fragment


def canonical_url(url: str, *, keep_fragment: bool = False) -> str:
    """The key of `url`: equal for URLs of one page, as far as that can be known without network.

    `keep_fragment`: items of one document differ by nothing but the fragment, so it counts.
    What is no http(s) URL is its own key. Idempotent.
    """
    text = _decoded(url)
    parts = _parts(text)
    if parts is None:
        return text
    while (inner := _unwrapped(parts)) is not None:
        parts = inner
    host, path, pairs, fragment = parts
    query = "&".join(_shown(*pair) for pair in sorted(pairs) if not _is_tracking(*pair))
    kept = _kept_fragment(fragment, keep_fragment)
    return f"https://{host}{path}{'?' if query else ''}{query}{'#' if kept else ''}{kept}"


def slug_of(key: str) -> str | None:
    """The last segment of a key's path where it is long enough to name one article of a family.

    `Lockheed_Martin_tests_new_engine_999.html`. None where it holds no letters but an ending's.
    """
    path = key.partition("://")[2].partition("#")[0].partition("?")[0]
    slug = path.rpartition("/")[2] if "/" in path else ""
    if len(slug) < SLUG_LENGTH or not _LETTER.search(slug.partition(".")[0]):
        return None
    return slug


def _decoded(url: str) -> str:
    """Without line breaks, entities and needless percent-encoding.

    To the end, not once: a feed may escape its links more than once, and a key has one key.
    """
    if len(url) > _MAX_RAW:  # each round may shorten by one entity only
        return url
    if "%" not in url and "&" not in url and " " not in url and url.isprintable():
        return url
    text = ""
    while text != url:
        text, url = url, _ENTITY.sub(_character, url.translate(_NO_BREAKS))
        url = _unreserved(url).strip()
    return text


_NO_BREAKS = str.maketrans("", "", "\t\n\r")


def _character(match: re.Match[str]) -> str:
    """Named references as html5 has them; not `unescape`, which reads `&notit;` as `¬it;`."""
    name = match[0][1:]
    return unescape(match[0]) if name[0] == "#" else html5.get(name, match[0])


# -------------------------------------------------------------------- parts


def _parts(text: str) -> _Parts | None:
    """The normalised parts of an http(s) URL, None for anything else."""
    url = absolute_link(f"https:{text}" if text.startswith("//") else text, None)
    if url is None:
        return None
    rest, _, fragment = url.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("://")[2].partition("/")
    pairs = [_pair(field) for field in query.split("&") if field.strip("=")]
    return _key_host(authority), _key_path(slash + path), pairs, fragment


def _key_host(authority: str) -> str:
    """Without default port (of either scheme), final dot and the labels that name a device."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    host = host.removesuffix(".")
    while host.startswith(_ALIAS_LABELS) and host.count(".") > 1:
        host = host.partition(".")[2]
    return host if port in ("", "80", "443") else f"{host}:{port}"


def _key_path(path: str) -> str:
    """`/` only for the root; without session ids, index pages and the AMP twin's ending."""
    # To look for what can be there first takes a quarter of what the expressions do (3 us).
    if ";" in path:
        path = _SESSION.sub("", path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    while path.endswith(_ENDINGS) and (shorter := _PATH_ENDS.sub("", path)) != path:
        path = shorter
    return path or "/"


def _pair(field: str) -> tuple[str, str]:
    """Name and value as they are written, `+` as `%20`; `a` and `a=` are the same pair."""
    name, _, value = field.replace("+", "%20").replace(";", "%3B").partition("=")
    return name, value


def _unreserved(text: str) -> str:
    """RFC 3986 section 6.2.2: unreserved characters decoded, hexadecimal digits upper case."""
    return _PERCENT.sub(_normal_percent, text)


def _normal_percent(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    char = chr(int(match[1], 16))
    return char if _UNRESERVED.fullmatch(char) else match[0].upper()


def _shown(name: str, value: str) -> str:
    return f"{name}={value}" if value else name


def _is_tracking(name: str, value: str) -> bool:
    lowered = name.lower()
    if lowered.startswith(_TRACKING_PREFIXES) or lowered in _TRACKING:
        return True
    return lowered in _AMBIGUOUS and _tells_the_way(unquote(value).lower())


def _tells_the_way(value: str) -> bool:
    """Does it say how the reader came: `rss`, `rss_world`, `hp-newsletter`; not `feed-8812`."""
    words = [word for word in _WORDS.split(value) if word]
    if not words or any(word[0].isdigit() for word in words):
        return False
    return words[0] in _TELLING or words[-1] in _TELLING


def _kept_fragment(fragment: str, keep: bool) -> str:
    """`#!/story/1` and `#/story/1` are routes; others say where on the page, or how one came."""
    if not fragment:
        return ""
    fragment = fragment.partition(":~:")[0]  # a text directive, WICG Scroll to Text Fragment
    if len(fragment) > 1 and fragment[0] in "!/":
        return fragment
    fields = [field.partition("=") for field in fragment.split("&")]
    if not keep or all(_is_tracking(name, value) for name, _, value in fields):
        return ""
    return fragment


# ------------------------------------------------------------------ wrappers


def _unwrapped(parts: _Parts) -> _Parts | None:
    """The URL that a redirector or an AMP cache carries inside its own, if it is one of those.

    Not web.archive.org (another page by now), feeds.feedburner and Google News (opaque ids).
    """
    host, path, pairs, _ = parts
    if not _WRAPPER.search(host):
        return None
    target = _carried_in_path(host, path)
    if target:
        query = "&".join(_shown(*pair) for pair in pairs)
        return _parts(_decoded(f"{target}?{query}"))
    names = _redirector_names(host, path)
    if not names:
        return None
    carried = dict(parse_qsl("&".join(_shown(*pair) for pair in reversed(pairs))))
    for name in names:
        if carried.get(name, "").lower().startswith(("http://", "https://")):
            return _parts(_decoded(carried[name]))
    return None


def _redirector_names(host: str, path: str) -> tuple[str, ...]:
    """The parameters in which this page carries the URL it leads to."""
    if path == "/url" and _GOOGLE.fullmatch(host):
        return ("q", "url")
    if path == "/news/apiclick.aspx" and host == "bing.com":
        return ("url",)
    if path == "/l.php" and host in ("l.facebook.com", "lm.facebook.com"):
        return ("u",)
    return ()


def _carried_in_path(host: str, path: str) -> str | None:
    if f".{host}".endswith(".rd.yahoo.com") and "/*" in path:
        target = unquote(path.partition("/*")[2])
        return target if target.lower().startswith(("http:", "https:")) else f"https://{target}"
    match = None
    if host.endswith(".cdn.ampproject.org"):
        match = _AMP_CACHE_PATH.fullmatch(path)
    elif _GOOGLE.fullmatch(host):
        match = _GOOGLE_AMP_PATH.fullmatch(path)
    return f"http{'s' if match[1] else ''}://{match[2]}" if match else None
