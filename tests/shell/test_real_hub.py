"""The hub of Flask-WebSub, written by others: subscribed to, verified, pushed by, denied."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from hub_server import HubServer, post
from hub_work import TITLE, AtWork, at_work, rss, until, write_config

from aggregator.websub import State

pytest.importorskip("flask_websub", reason="needs flask-websub")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Threads:
    """As much of Celery as the hub asks for: each task in a thread of its own, tried once."""

    def task(self, *, bind: bool = False, **_: object) -> Callable[[Callable[..., None]], object]:
        """A decorator."""

        def decorate(work: Callable[..., None]) -> object:
            def delay(*arguments: object) -> None:
                me = (SimpleNamespace(request=SimpleNamespace(retries=0)),) if bind else ()
                threading.Thread(target=work, args=(*me, *arguments), daemon=True).start()

            return SimpleNamespace(delay=delay)

        return decorate


class _ThreadedServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def real_hub(directory: Path) -> Iterator[tuple[str, Any]]:
    """Its address and itself."""
    flask, package = importlib.import_module("flask"), importlib.import_module("flask_websub.hub")
    hub = package.Hub(package.SQLite3HubStorage(str(directory / "hub.sqlite3")), Threads())
    app = flask.Flask("hub")
    app.config["PUBLISH_SUPPORTED"] = True
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    server = make_server("127.0.0.1", 0, app, _ThreadedServer, _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hub", hub
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@pytest.fixture
def publisher() -> Iterator[HubServer]:
    """Serves the feed; its own hub is not named."""
    with HubServer() as server:
        yield server


def show(publisher: HubServer, hub_url: str, *titles: str) -> None:
    """The feed names the real hub, in its header, for this hub wants that."""
    links = f'<{hub_url}>; rel="hub", <{publisher.topic()}>; rel="self"'
    publisher.documents["feed"] = rss(publisher, *titles, named=False), {"Link": links}


async def state_is(work: AtWork, state: State) -> None:
    """Waits for it."""
    async with asyncio.timeout(10):
        while (await work.known()).state is not state:  # noqa: ASYNC110 # no event either
            await asyncio.sleep(0.01)


async def test_a_push_of_a_real_hub(tmp_path: Path, publisher: HubServer) -> None:
    """From `hub.mode=publish` to the headline on the page, signed with SHA-512."""
    with real_hub(tmp_path) as (hub_url, _):
        show(publisher, hub_url, "Old news")
        async with at_work(write_config(tmp_path, publisher)) as work:
            await work.hubs.ask_due()
            await state_is(work, State.ACTIVE)
            show(publisher, hub_url, "Old news", TITLE)
            news = f"hub.mode=publish&hub.topic={publisher.topic()}".encode()

            status = await asyncio.to_thread(post, hub_url, news, FORM)

            await until(lambda: TITLE in work.page())
    assert status == 202
    assert work.vitals.pushes == {"accepted": 1}


async def test_a_real_hub_says_no(tmp_path: Path, publisher: HubServer) -> None:
    """With its reason."""
    with real_hub(tmp_path) as (hub_url, hub):
        hub.register_validator(lambda *_: "not this topic")
        show(publisher, hub_url, "Old news")
        async with at_work(write_config(tmp_path, publisher)) as work:
            await work.hubs.ask_due()
            await state_is(work, State.DENIED)

            known = await work.known()

    assert known.error == "denied: not this topic"
