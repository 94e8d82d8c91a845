"""What servers do wrong, and documents that cost more than they are worth."""

from __future__ import annotations

import asyncio
import gzip

from fetch_servers import Script, Talk, always, answer, redirect

BOMB = answer(gzip.compress(b"\0" * 60_000_000), "Content-Encoding: gzip")
LIE = answer(b"<rss/>", length=5_000_000)

# `a.` in an author of a document only feedparser can read: quadratic there, minutes of work.
ENDLESS = (
    b"<rss><channel><item><b><i></b></i><title>T</title><author>"
    + b"a." * 200_000
    + b"</author></item></channel></rss>"
)


async def hang(talk: Talk) -> None:
    """Never says a word."""
    await talk.request()
    await asyncio.sleep(60)


async def drip(talk: Talk) -> None:
    """A byte at a time, without end."""
    await talk.request()
    await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await talk.send(b"<")
        await asyncio.sleep(0.02)


async def lie(talk: Talk) -> None:
    """Announces more than it sends, and waits."""
    await talk.request()
    await talk.send(LIE)
    await asyncio.sleep(60)


async def slam(talk: Talk) -> None:
    """Listens, then hangs up."""
    await talk.request()


BAD_SCRIPTS: tuple[Script, ...] = (hang, drip, always(BOMB), always(redirect("/feed")), lie)
