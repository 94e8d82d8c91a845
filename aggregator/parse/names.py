"""Element names as lxml writes them (`{namespace}name`) -> the one short name we read them by.

Only what is listed here is read. Namespaces are compared as strings; the variants are the ones
that occur in the captures.
"""

from __future__ import annotations

ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RDF_ABOUT = f"{RDF}about"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_RSS = (
    "",
    "{http://purl.org/rss/1.0/}",
    "{http://my.netscape.com/rdf/simple/0.9/}",
    "{http://channel.netscape.com/rdf/simple/0.9/}",
    "{http://backend.userland.com/rss2}",
    "{http://backend.userland.com/RSS2}",
    "{http://blogs.law.harvard.edu/tech/rss}",
    "{http://cyber.law.harvard.edu/rss/rss.html}",
    "{http://purl.org/net/rss1.1#}",
)
_DC = ("{http://purl.org/dc/elements/1.1/}", "{http://purl.org/dc/elements/1.0/}")
_DCTERMS = ("{http://purl.org/dc/terms/}",)
_CONTENT = ("{http://purl.org/rss/1.0/modules/content/}",)
_MEDIA = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
_ITUNES = (
    "{http://www.itunes.com/dtds/podcast-1.0.dtd}",
    "{http://www.itunes.com/DTDs/Podcast-1.0.dtd}",
)
_FEEDBURNER = ("{http://rssnamespace.org/feedburner/ext/1.0}",)
_PHEEDO = ("{http://www.pheedo.com/namespace/pheedo}",)


def _table(namespaces: tuple[str, ...], prefix: str, names: str) -> dict[str, str]:
    return {f"{ns}{name}": f"{prefix}{name}" for ns in namespaces for name in names.split()}


_MODULES = {
    **_table(_DC, "dc:", "creator author date subject language description"),
    **_table(_DCTERMS, "dcterms:", "created issued modified"),
    **_table(_CONTENT, "content:", "encoded"),
    **_table(_MEDIA, "media:", "thumbnail content group title"),
    **_table(_ITUNES, "itunes:", "author summary"),
    **_table(("{http://www.w3.org/1999/xhtml}",), "", "body div"),
    **_table(_FEEDBURNER, "", "origLink"),
    **_table(_PHEEDO, "", "origLink"),
}

RSS_NAMES = {
    **_MODULES,
    **_table((ATOM,), "atom:", "id link published updated author summary content"),
    **_table(
        _RSS,
        "",
        "rss channel item title link description guid pubDate author category enclosure "
        "language ttl skipHours hour skipDays day image url body fullitem",
    ),
    # Case matters in XML, not to everybody who writes it.
    **{f"{ns}pubdate": "pubDate" for ns in _RSS},
    f"{RDF}RDF": "rdf",
}
ATOM_NAMES = {
    **_MODULES,
    **_table(
        (ATOM,),
        "",
        "feed entry id title link summary content published updated author name email category "
        "source icon logo",
    ),
}
