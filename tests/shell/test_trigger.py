"""From a trigger to the page: `aggregator poll` and POST /poll, with a daemon and without."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shell_build import aggregator, daemon, stop, wait_for

from aggregator.cli.freshness import told_age
from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.demo.stories import BREAKING

pytest_plugins = ["shell_fixtures"]

TOKEN = "s3cret"
SERVE = 'serve: {listen: "127.0.0.1:0", token_env: TRIGGER_TOKEN}\n'


@pytest.fixture
def config(config: Path) -> Path:
    """The family's feeds.yaml, with `serve:` and an objective nobody can meet."""
    text = config.read_text().replace("    limit: 3\n", "    limit: 3\n    fresh: 1m\n", 1)
    config.write_text(SERVE + text)
    return config


def ask(url: str, *, token: str | None = None) -> tuple[int, str]:
    """Status and body."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    method = "GET" if token is None else "POST"
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_post_brings_the_headline_to_the_page(
    config: Path, tmp_path: Path, server: FamilyServer
) -> None:
    """A CMS says that it published: the feed is polled and the pages change; all is in metrics."""
    log, page = tmp_path / "log", tmp_path / "public/current/spacewar/headlines.txt"
    with daemon(config, log, env={"TRIGGER_TOKEN": TOKEN}) as process:
        wait_for(lambda: page.exists() and log.read_text().count("INFO poll ") == 7)
        found = re.search(r"INFO serving host=127\.0\.0\.1 port=(\d+)", log.read_text())
        assert found is not None
        base = f"http://127.0.0.1:{found[1]}"
        feeds = json.loads(aggregator("-c", config, "status", "--json").stdout)
        (feed,) = [one["feed_id"] for one in feeds if one["site"] == "spacedaily"]
        before = page.read_text()
        server.replace(build_family(datetime.now(UTC)).with_breaking_story(datetime.now(UTC)))

        refused, _ = ask(f"{base}/poll/{feed}", token="wrong")
        accepted, _ = ask(f"{base}/poll/{feed}", token=TOKEN)
        for one in feeds:
            ask(f"{base}/poll/{one['feed_id']}", token=TOKEN)

        wait_for(lambda: BREAKING.title in page.read_text())
        health, metrics = ask(f"{base}/healthz"), ask(f"{base}/metrics")[1]
        assert stop(process) == 0
    assert (refused, accepted) == (401, 202)
    assert BREAKING.title not in before
    assert health == (200, "ok\n")
    assert 'aggregator_polls_total{outcome="ok",site="spacedaily"}' in metrics
    assert "aggregator_up 1.0" in metrics


def test_serve_without_its_token_does_not_start(config: Path) -> None:
    """Status 2, with the variable's name."""
    done = aggregator("-c", config, "run")

    assert done.returncode == 2
    assert "TRIGGER_TOKEN, which serve.token_env wants, is not set" in done.stderr


def test_poll_without_a_daemon_polls_and_publishes(config: Path, tmp_path: Path) -> None:
    """By site; a feed nobody knows is usage."""
    done = aggregator("-c", config, "poll", "spacedaily")
    again = aggregator("-c", config, "poll", "spacedaily", "--json")
    unknown = aggregator("-c", config, "poll", "nosuch")

    assert (done.returncode, again.returncode, unknown.returncode) == (0, 0, 2)
    assert "ok: " in done.stdout
    assert done.stdout.endswith(" new\n")
    assert [feed["outcome"] for feed in json.loads(again.stdout)] == ["not_modified"]
    assert "nosuch: no such feed" in unknown.stderr
    assert (tmp_path / "public/current/spacewar/space.html").exists()


def test_poll_says_why_a_feed_gave_nothing(config: Path, server: FamilyServer) -> None:
    """Status 1."""
    server.stop()

    done = aggregator("-c", config, "poll", "spacedaily")

    assert done.returncode == 1
    assert ": connect: " in done.stdout


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0.4, "0m"),
        (59.4, "59m"),
        (60, "1h00m"),
        (1603, "26h43m"),
        (99 * 60, "99h00m"),
        (7200, "5d"),
    ],
)
def test_an_age_is_told_as_people_say_it(minutes: float, told: str) -> None:
    """No finer than it can be of use, and not in minutes whatever its length."""
    assert told_age(timedelta(minutes=minutes)) == told


def test_status_check_holds_blocks_to_their_objective(config: Path) -> None:
    """Status 1 and which block; 0 once nobody wants more than there is."""
    aggregator("-c", config, "run", "--once")
    stale = aggregator("-c", config, "status", "--check")
    ages = json.loads(aggregator("-c", config, "status", "--check", "--json").stdout)
    config.write_text(config.read_text().replace("fresh: 1m", "fresh: 9000d"))

    fresh = aggregator("-c", config, "status", "--check")

    assert stale.returncode == 1
    assert re.search(r"^spacewar/space: newest headline \w+ old, wanted 1m$", stale.stdout, re.M)
    assert {age["fresh"] for age in ages} == {True, False}
    assert (fresh.returncode, fresh.stdout[:7]) == (0, "fresh: ")


def test_status_check_says_that_it_has_nothing_to_hold_blocks_to(polled: Path) -> None:
    """Monitoring that checks nothing would look as if all were well."""
    checked = aggregator("-c", polled, "status", "--check")

    assert checked.returncode == 0
    assert checked.stdout == "no block has an objective; `fresh:` in feeds.yaml gives it one\n"
