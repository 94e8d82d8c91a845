"""The script a competent user writes in an hour: httpx, feedparser, sqlite-utils.

    python benchmarks/usual_script.py URLS DATABASE [CA_FILE]

Polls every URL of the file URLS (one a line), fifty at once, with ETag and Last-Modified, and keeps
the entries. Nothing is bounded, guarded or published; it is what `polling.py` compares with.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

import feedparser
import httpx
import sqlite_utils

CONCURRENCY = 50


async def poll(client: httpx.AsyncClient, slots: asyncio.Semaphore, db: Any, feed: Any) -> None:
    headers = {}
    if feed.get("etag"):
        headers["If-None-Match"] = feed["etag"]
    if feed.get("last_modified"):
        headers["If-Modified-Since"] = feed["last_modified"]
    try:
        async with slots:
            response = await client.get(feed["url"], headers=headers)
    except httpx.HTTPError as error:
        print(feed["url"], error, file=sys.stderr)
        return
    if response.status_code == 304:
        return
    if response.status_code != 200:
        print(feed["url"], response.status_code, file=sys.stderr)
        return
    store(db, feed["url"], response)


def store(db: Any, url: str, response: httpx.Response) -> None:
    parsed = feedparser.parse(response.content)
    with db.conn:
        db["entries"].insert_all(
            (
                {
                    "id": f"{url} {entry.get('id') or entry.get('link')}",
                    "feed": url,
                    "title": entry.get("title"),
                    "link": entry.get("link"),
                    "summary": entry.get("summary"),
                    "published": entry.get("published"),
                }
                for entry in parsed.entries
            ),
            pk="id",
            ignore=True,
        )
        db["feeds"].upsert(
            {
                "url": url,
                "title": parsed.feed.get("title"),
                "etag": response.headers.get("etag"),
                "last_modified": response.headers.get("last-modified"),
            },
            pk="url",
        )


async def main(urls: list[str], database: Path, ca_file: str | None) -> None:
    db = sqlite_utils.Database(database)
    db.enable_wal()
    table = db.table("feeds")
    if not table.exists():
        table.create({"url": str, "title": str, "etag": str, "last_modified": str}, pk="url")
    known = {row["url"]: row for row in table.rows}
    feeds = [known.get(url, {"url": url}) for url in urls]
    verify = ssl.create_default_context(cafile=ca_file)
    slots = asyncio.Semaphore(CONCURRENCY)
    async with httpx.AsyncClient(verify=verify, follow_redirects=True, timeout=20) as client:
        await asyncio.gather(*(poll(client, slots, db, feed) for feed in feeds))


if __name__ == "__main__":
    trusted = sys.argv[3] if len(sys.argv) > 3 else None
    asyncio.run(main(Path(sys.argv[1]).read_text().split(), Path(sys.argv[2]), trusted))
