"""Links that pages show -> copies of stories whose page is gone leave, and return when it is back.

Few at a time, each in its turn at its host, by the same guarded client as feeds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.editors import OverrideKind
from aggregator.intake import retell_link
from aggregator.logs import log_event, masked_url
from aggregator.model import FetchFailed
from aggregator.polling import Poller
from aggregator.presence import Decision, Judgement, PageCheck, hosts_in_trouble, judge
from aggregator.store import checks, overrides
from aggregator.store.checks import Checked
from aggregator.store.overrides import NewOverride
from aggregator.store.store import Store
from aggregator.urls import host_of

log = logging.getLogger(__name__)

AT_A_TIME = 20
"""Pages that one visit asks for."""

BUDGET_S = 25.0
"""After so long a visit asks for no further page: the next one goes on. What it found is not
published before its end."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit came to: pages asked for, found gone and found again."""

    asked: int = 0
    gone: int = 0
    back: int = 0

    @property
    def has_changes(self) -> bool:
        """A publication has something to do."""
        return self.gone > 0 or self.back > 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """Pages whose time has come; hosts that are to be left alone, hosts where little is found."""

    due: tuple[PageCheck, ...]
    waiting: frozenset[str]
    in_trouble: Mapping[str, bool]


async def check_stories(
    poller: Poller, look: Callable[[str], Awaitable[int | FetchFailed]]
) -> Visit:
    """Asks for the pages whose time has come, some at most; nothing without `check_stories:`."""
    tools = poller.tools
    every = tools.network.check_stories
    if every is None:
        return Visit()
    plan = await tools.store.run(_plan, tools.clock(), every)
    asked = gone = back = 0
    waiting, loop = set(plan.waiting), asyncio.get_running_loop()
    end = loop.time() + BUDGET_S
    for check in plan.due:
        host = host_of(check.url)
        if asked and (asked == AT_A_TIME or loop.time() > end):
            break
        if host in waiting:
            continue
        answer = await poller.visit(check.url, look)
        asked += 1
        if isinstance(answer, FetchFailed) and answer.status in (429, 503):
            waiting.add(host)
        in_trouble = plan.in_trouble.get(host, False)
        judged = judge(check, answer, every=every, in_trouble=in_trouble)
        owners = tools.index.owners
        await tools.store.run(_settle, check, answer, judged, owners=owners, now=tools.clock())
        gone += judged.decision is Decision.WITHDRAW
        back += judged.decision is Decision.RESTORE
        _say(check, answer, judged)
    return Visit(asked, gone, back)


def _plan(store: Store, now: datetime, every: timedelta) -> _Plan:
    with store.transaction() as db:
        checks.follow_pages(db, every=every)
        found = checks.answers(db)
        return _Plan(
            due=checks.due(db, now=now),
            waiting=frozenset(host_of(url) for url in checks.waiting(db, now=now)),
            in_trouble=hosts_in_trouble((host_of(url), missing) for url, missing in found),
        )


def _settle(
    store: Store,
    check: PageCheck,
    answer: int | FetchFailed,
    judged: Judgement,
    *,
    owners: Mapping[str, str],
    now: datetime,
) -> None:
    """What was found, and an editor's word in its name where it has a consequence."""
    status = answer.status if isinstance(answer, FetchFailed) else answer
    with store.transaction() as db:
        if not overrides.story_exists(db, check.story_id):
            return  # retention removed it meanwhile
        override_id = check.override_id
        if judged.decision is Decision.WITHDRAW:
            note = f"its page is gone (HTTP status {status}); ends when it is back"
            word = NewOverride(
                OverrideKind.WITHDRAW, story_id=check.story_id, url=check.url, note=note
            )
            override_id = overrides.add(db, word, now=now)
            retell_link(db, override_id, owners)
        elif isinstance(answer, int):
            if override_id is not None and judged.decision is Decision.RESTORE:
                overrides.end(db, override_id, now=now)
                retell_link(db, override_id, owners)
            override_id = None
        checked = Checked(
            check.story_id, check.url, now, now + judged.wait, status, judged.misses, override_id
        )
        checks.record(db, checked)


def _say(check: PageCheck, answer: int | FetchFailed, judged: Judgement) -> None:
    if judged.decision is not Decision.NOTHING:
        event = "story_gone" if judged.decision is Decision.WITHDRAW else "story_back"
        status = answer.status if isinstance(answer, FetchFailed) else answer
        url = masked_url(check.url)
        log_event(log, logging.INFO, event, story=check.story_id, url=url, status=status)
