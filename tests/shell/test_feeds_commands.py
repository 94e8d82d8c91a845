"""`feeds undo-move` and `feeds allow-move`, alone and beside a daemon."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shell_build import aggregator, daemon, wait_for

from aggregator.logs import masked_url
from aggregator.store import moves
from aggregator.store.store import Store

pytest_plugins = ["shell_fixtures"]


def feed_of(config: Path) -> str:
    """The URL of feed 1."""
    done = aggregator("-c", config, "status", "--json")
    return str(next(one["url"] for one in json.loads(done.stdout) if one["feed_id"] == 1))


def write_move(config: Path, *, learnt: bool) -> str:
    """Feed 1 was seen to move to another address, twice."""
    target = f"{feed_of(config)}?moved"
    now = datetime.now(UTC)
    database = config.parent / "aggregator.db"
    with closing(Store.open(database)) as store, store.transaction() as db:
        moves.sight(db, 1, target, now=now - timedelta(days=2))
        moves.sight(db, 1, target, now=now)
        if learnt:
            moves.learn(db, 1, target, now=now)
    return target


def status_of(config: Path) -> dict[str, object]:
    """What `status --json` says of feed 1."""
    done = aggregator("-c", config, "status", "--json")
    return next(dict(one) for one in json.loads(done.stdout) if one["feed_id"] == 1)


@pytest.mark.parametrize("by_number", [True, False])
def test_undo_move(polled: Path, by_number: bool) -> None:
    """By number or URL; `status` told of the move before and does not after."""
    target = write_move(polled, learnt=True)
    url = feed_of(polled)
    before = aggregator("-c", polled, "status").stdout

    done = aggregator("-c", polled, "feeds", "undo-move", "1" if by_number else url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{url}: polled here again, not at {masked_url(target)}\n"
    assert f"{url}: moved; polled at {masked_url(target)} (`feeds undo-move 1` ends that)" in before
    assert status_of(polled)["moved_to"] is None


def test_allow_move(polled: Path) -> None:
    """Seen twice already: polled there at once."""
    target = write_move(polled, learnt=False)
    assert status_of(polled)["move_sighted"] == masked_url(target)
    assert "`feeds allow-move 1` does" in aggregator("-c", polled, "status").stdout

    done = aggregator("-c", polled, "feeds", "allow-move", "1")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f": polled at {masked_url(target)} from now on\n")
    assert status_of(polled)["moved_to"] == masked_url(target)


def test_beside_a_daemon(polled: Path, tmp_path: Path) -> None:
    """The request goes over the socket."""
    write_move(polled, learnt=True)
    with daemon(polled, tmp_path / "log") as process:
        wait_for((tmp_path / "aggregator.db.sock").exists)

        done = aggregator("-c", polled, "feeds", "undo-move", "1")
        again = aggregator("-c", polled, "feeds", "undo-move", "1")

        assert process.poll() is None
    assert done.returncode == 0
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "aggregator: 1: no move of this feed was learnt\n"


@pytest.mark.parametrize(
    ("command", "feed", "words"),
    [
        ("undo-move", "999", "999: no such feed; give its number or its URL"),
        ("undo-move", "1", "1: no move of this feed was learnt"),
        ("allow-move", "1", "1: no permanent redirect of this feed was seen"),
        ("allow-move", "http://nowhere/", "http://nowhere/: no such feed"),
    ],
)
def test_what_cannot_be_done(settled: Path, command: str, feed: str, words: str) -> None:
    """Status 2 and why."""
    done = aggregator("-c", settled, "feeds", command, feed)

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
