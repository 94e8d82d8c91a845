"""The command line: what each command prints, and its exit status."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from road_build import write_family
from shell_build import aggregator

from aggregator.demo.family import build_family
from aggregator.demo.server import FamilyServer
from aggregator.store.store import Store

pytest_plugins = ["shell_fixtures"]


def test_the_version_is_that_of_the_programme() -> None:
    """By its own name, however it was started."""
    done = aggregator("--version")

    assert (done.returncode, done.stdout) == (0, f"aggregator {version('aggregator')}\n")


def test_check_accepts_the_shipped_file() -> None:
    """The real family; status 0, one line."""
    done = aggregator("-c", Path(__file__).parents[2] / "feeds.yaml", "check")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("ok: 21 sites, 21 feeds, 21 pages, 84 blocks on them\n")


def test_one_of_a_kind_is_no_plural(tmp_path: Path) -> None:
    """A site with a feed and a page of one block."""
    config = tmp_path / "feeds.yaml"
    config.write_text(
        "network: {name: N}\n"
        "sites: {a: {name: A, home: 'https://a.example/', feeds: ['https://a.example/feed']}}\n"
        "blocks: {b: {title: B, from: [a], own: true}}\n"
        "pages: {a: [b]}\n"
    )

    done = aggregator("-c", config, "check")

    assert done.stdout == f"{config}: ok: 1 site, 1 feed, 1 page, 1 block on them\n"


def test_check_as_json() -> None:
    """For machines, without `--fetch` as well."""
    done = aggregator("-c", Path(__file__).parents[2] / "feeds.yaml", "check", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"sites": 21, "feeds": 21, "pages": 21, "blocks": 84}


def test_check_names_every_error_and_touches_nothing(tmp_path: Path) -> None:
    """Status 2; file, line, key and what was expected, all at once."""
    config = tmp_path / "feeds.yaml"
    config.write_text("network: {nam: N}\nsites:\n  a: {name: A, home: ftp://a.example/}\n")

    done = aggregator("-c", config, "check")

    assert done.returncode == 2
    assert done.stdout == ""
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert [error.partition(f"{config}:")[2] for error in errors] == [
        "1:1: network.name: missing; the key is required",
        "1:11: network.nam: unknown key; did you mean name?",
        "3:22: sites.a.home: found 'ftp://a.example/', expected a URL that starts with http:// or"
        " https://",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.yaml"]


@pytest.mark.parametrize("command", [["run"], ["run", "--once"], ["status"], ["publish"]])
def test_a_wrong_file_stops_every_command(tmp_path: Path, command: list[str]) -> None:
    """Status 2 before anything is opened."""
    done = aggregator("-c", tmp_path / "missing.yaml", *command)

    assert done.returncode == 2
    assert "missing.yaml" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_warning_is_no_error(tmp_path: Path) -> None:
    """A block that can show nothing: said on standard error, status 0."""
    config = tmp_path / "feeds.yaml"
    config.write_text(
        "network: {name: N}\nsites: {a: {name: A, home: 'https://a.example/'}}\n"
        "blocks: {b: {title: T, from: [a]}}\npages: {a: [b]}\n"
    )

    done = aggregator("-c", config, "check")

    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")


def test_run_once_publishes(settled: Path) -> None:
    """Files on disk, and no daemon left."""
    current = settled.parent / "public" / "current"

    assert (current / "index.html").is_file()
    assert (current / "spacewar" / "headlines.txt").is_file()
    assert not (settled.parent / "aggregator.db.sock").exists()


def test_headlines_print_the_page(settled: Path) -> None:
    """The shape of the product's sample: a title, its headlines, a blank line between blocks."""
    done = aggregator("-c", settled, "headlines", "spacewar")

    assert done.returncode == 0
    blocks = done.stdout.removesuffix("\n").split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [
        "Space News from SpaceDaily.example",
        "24/7 Energy News Coverage",
        "Military Space News, Nuclear Weapons, Missile Defense",
        "24/7 News Coverage",
    ]
    assert [len(block.split("\n")) for block in blocks] == [4, 4, 4, 4]
    assert done.stdout == (settled.parent / "public/current/spacewar/headlines.txt").read_text()


def test_headlines_as_json_are_the_published_file(settled: Path) -> None:
    """Byte for byte."""
    done = aggregator("-c", settled, "headlines", "spacewar", "--json")

    published = (settled.parent / "public/current/spacewar/headlines.json").read_text()
    assert done.stdout == published
    assert json.loads(published)["page"] == "spacewar"


def test_an_unknown_page_is_usage(settled: Path) -> None:
    """Status 2, and the pages there are."""
    done = aggregator("-c", settled, "headlines", "nosuch")

    assert done.returncode == 2
    assert "nosuch: no such page; feeds.yaml has" in done.stderr


def test_status_is_a_table(settled: Path) -> None:
    """One line a feed."""
    done = aggregator("-c", settled, "status")

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2 + 7
    assert " ok " in done.stdout


def test_a_feed_is_polled_by_the_number_that_status_shows(polled: Path) -> None:
    """Its address may be shown in part only, and is long to type."""
    table = aggregator("-c", polled, "status").stdout.splitlines()[2:]
    number, site, url, *_ = table[0].split()

    done = aggregator("-c", polled, "poll", number)

    assert site == "energydaily"
    assert done.stdout.startswith(f"{url}: ")


def test_a_site_named_like_a_number_keeps_its_name(tmp_path: Path) -> None:
    """In every table: `007` is no 7, and `1e5` no 100000."""
    config = tmp_path / "feeds.yaml"
    sites = "".join(
        f"  '{name}': {{name: N, home: 'https://{name}.example/',"
        f" feeds: ['http://127.0.0.1:1/{name}']}}\n"
        for name in ("007", "1e5")
    )
    config.write_text(
        f"network: {{name: N}}\nsites:\n{sites}fetch: {{allow_private: [127.0.0.0/8]}}\n"
    )
    checked = aggregator("-c", config, "check", "--fetch").stdout.splitlines()
    status = aggregator("-c", config, "status").stdout.splitlines()

    assert [line.split()[0] for line in checked[2:4]] == ["007", "1e5"]
    assert [line.split()[1] for line in status[2:4]] == ["007", "1e5"]


def test_a_feed_that_left_feeds_yaml_is_never_polled(polled: Path) -> None:
    """So `status` has no time for it."""
    with closing(sqlite3.connect(polled.parent / "aggregator.db")) as connection, connection:
        connection.execute("UPDATE feeds SET disabled_at = last_polled_at WHERE id = 2")

    feeds = json.loads(aggregator("-c", polled, "status", "--json").stdout)

    (left,) = [feed for feed in feeds if feed["feed_id"] == 2]
    assert (left["state"], left["next_poll_at"], left["why"]) == ("disabled", None, None)


def test_status_as_json_has_every_feed(settled: Path) -> None:
    """With the state, outcome and next poll of each."""
    feeds = json.loads(aggregator("-c", settled, "status", "--json").stdout)

    assert len(feeds) == 7
    assert {feed["state"] for feed in feeds} == {"ok"}
    assert {feed["last_outcome"] for feed in feeds} == {"ok"}
    assert all(feed["next_poll_at"] > feed["last_polled_at"] for feed in feeds)


def test_status_without_a_database_says_so(tmp_path: Path, server: FamilyServer) -> None:
    """Status 2 and what to do."""
    done = aggregator("-c", write_family(tmp_path, server), "status")

    assert done.returncode == 2
    assert "no database yet" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["vacuum"],
        ["doctor", "--reindex"],
        ["merge", "1", "2"],
        ["unmerge", "1"],
        ["rematch"],
        ["withdraw", "1"],
        ["withdraw", "--undo", "1"],
        ["feeds", "undo-move", "1"],
        ["publish", "--rollback"],
    ],
    ids=" ".join,
)
def test_what_needs_a_database_makes_none(tmp_path: Path, words: list[str]) -> None:
    """A mistyped path is told, not filled."""
    config = tmp_path / "feeds.yaml"
    config.write_text("network: {name: N}\nsites: {a: {name: A, home: 'https://a.example/'}}\n")

    done = aggregator("-c", config, *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert "aggregator.db: no database yet; `aggregator run` makes it" in done.stderr
    assert list(tmp_path.iterdir()) == [config]


def test_publish_without_a_daemon_does_it_itself(settled: Path, tmp_path: Path) -> None:
    """Nothing changed: it says so, also after a publication into another directory."""
    elsewhere = aggregator("-c", settled, "--out", tmp_path / "other", "publish")

    done = aggregator("-c", settled, "publish")

    assert elsewhere.returncode == 0
    assert "files changed, 0 removed" in elsewhere.stdout
    assert (tmp_path / "other/current/spacewar/headlines.txt").read_text() == (
        settled.parent / "public/current/spacewar/headlines.txt"
    ).read_text()
    assert done.returncode == 0
    assert done.stdout.endswith("current: nothing to change\n")


def test_the_environment_may_say_where_things_are(
    settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, the database and the output, as the options do."""
    monkeypatch.setenv("AGGREGATOR_CONFIG", str(settled))
    monkeypatch.setenv("AGGREGATOR_DATABASE", str(tmp_path / "copy.db"))
    monkeypatch.setenv("AGGREGATOR_OUTPUT", str(tmp_path / "out"))
    assert "no database yet" in aggregator("status", cwd=tmp_path).stderr
    database = settled.parent / "aggregator.db"
    assert aggregator("--db", database, "backup", "copy.db", cwd=tmp_path).returncode == 0

    assert "files changed" in aggregator("publish", cwd=tmp_path).stdout
    assert (tmp_path / "out/current/index.html").is_file()


def test_nothing_is_due_right_after_a_run(settled: Path) -> None:
    """P31: a second run polls nothing; next_poll_at is the only gate."""
    with closing(sqlite3.connect(settled.parent / "aggregator.db")) as connection:
        before = connection.execute("SELECT count(*) FROM polls").fetchone()

        aggregator("-c", settled, "run", "--once")

        assert connection.execute("SELECT count(*) FROM polls").fetchone() == before


def test_check_fetch_tries_every_feed(tmp_path: Path, server: FamilyServer) -> None:
    """A table; status 0; what it fetched is stored, so that the first poll is conditional (P03)."""
    config = write_family(tmp_path, server)

    first = aggregator("-c", config, "check", "--fetch")
    again = json.loads(aggregator("-c", config, "check", "--fetch", "--json").stdout)

    assert first.returncode == 0
    assert len(first.stdout.splitlines()) == 2 + 7
    assert {feed["outcome"] for feed in again} == {"not_modified"}


def test_a_failing_feed_is_status_1(tmp_path: Path) -> None:
    """Of `run --once` and of `check --fetch`; the reason in words."""
    with FamilyServer(build_family(datetime.now(UTC))) as server:
        config = write_family(tmp_path, server)

    done = aggregator("-c", config, "run", "--once")
    checked = aggregator("-c", config, "check", "--fetch")

    assert done.returncode == 1
    assert "connect: " in done.stderr
    assert checked.returncode == 1
    assert "connect" in checked.stdout
    assert (tmp_path / "public" / "current" / "spacewar" / "headlines.html").is_file()


def test_a_pause_is_not_taken_for_a_poll_a_moment_ago(polled: Path) -> None:
    """What a server asked for holds for a person too; each command says until when."""
    until = "2100-01-01T00:00:00Z"
    asked = "UPDATE feeds SET paused_until = ?, next_poll_at = ? WHERE site_id = 'spacewar'"
    with closing(sqlite3.connect(polled.parent / "aggregator.db")) as connection, connection:
        connection.execute(asked, (until, until))

    done = aggregator("-c", polled, "poll", "spacewar")
    as_json = json.loads(aggregator("-c", polled, "poll", "spacewar", "--json").stdout)
    checked = aggregator("-c", polled, "check", "--fetch")
    status = aggregator("-c", polled, "status")

    why = f"paused until {until}, after a 429 or 503\n"
    assert [feed["paused_until"] for feed in as_json] == [until]
    for text in (done.stdout, checked.stdout, status.stdout):
        assert text.count(why) == 1
    assert "a moment ago" not in checked.stdout


def test_R17_a_held_database_is_status_3(tmp_path: Path, server: FamilyServer) -> None:
    """A command that must write, beside another one that has no socket."""
    config = write_family(tmp_path, server)
    with closing(Store.open(tmp_path / "aggregator.db")):
        once = aggregator("-c", config, "run", "--once")
        publish = aggregator("-c", config, "publish")

    assert (once.returncode, publish.returncode) == (3, 3)
    assert "holds the database" in once.stderr


def test_an_unwritable_place_is_status_4(tmp_path: Path, server: FamilyServer) -> None:
    """One line, with the path."""
    done = aggregator(
        "-c", write_family(tmp_path, server), "--db", "/proc/aggregator.db", "run", "--once"
    )

    assert done.returncode == 4
    assert done.stderr.startswith("aggregator: /proc/aggregator.db.lock: cannot be written")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "status", "publish"])
def test_a_damaged_database_is_status_5(tmp_path: Path, server: FamilyServer, command: str) -> None:
    """It is left as it is."""
    config = write_family(tmp_path, server)
    (tmp_path / "aggregator.db").write_bytes(b"")

    done = aggregator("-c", config, command)

    assert done.returncode == 5
    assert (tmp_path / "aggregator.db").read_bytes() == b""


def test_a_newer_database_is_status_6(tmp_path: Path, server: FamilyServer) -> None:
    """Both versions are named."""
    config = write_family(tmp_path, server)
    Store.open(tmp_path / "aggregator.db").close()
    with closing(sqlite3.connect(tmp_path / "aggregator.db")) as connection:
        connection.execute("PRAGMA user_version = 99")

    done = aggregator("-c", config, "status")

    assert done.returncode == 6
    assert "schema 99" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["nosuch"],
        ["run", "--nosuch"],
        ["headlines"],
        ["unmerge", "9" * 30],
        ["--out", "", "publish"],
        ["--db", "", "status"],
        ["-c", "", "check"],
        ["backup", ""],
    ],
)
def test_wrong_words_are_status_2(tmp_path: Path, words: list[str]) -> None:
    """click's own words, our status; nothing is made."""
    done = aggregator(*words, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("Usage:")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["-c", "--config", "--db", "--out", "--version"])
def test_an_option_behind_the_command_is_told_its_place(option: str) -> None:
    """Status 2; that it is no option at all would be no help."""
    done = aggregator("search", "moon", option, "x")

    assert done.returncode == 2
    assert done.stderr.endswith(f"No such option '{option}'. It stands before the command.\n")


def test_help_has_its_short_form() -> None:
    """Also for a command below another."""
    for words in ([], ["status"], ["feeds", "undo-move"]):
        done = aggregator(*words, "-h")

        assert done.returncode == 0
        assert done.stdout == aggregator(*words, "--help").stdout


def test_schema_is_json_schema() -> None:
    """For editors."""
    schema = json.loads(aggregator("schema").stdout)

    assert schema["type"] == "object"
    assert {"network", "sites", "blocks", "pages", "fetch"} <= schema["properties"].keys()


def test_the_demo_shows_the_road(tmp_path: Path) -> None:
    """Three polls, a page's blocks, and where to look; it wants a directory of its own."""
    done = aggregator("demo", "--dir", tmp_path / "demo")
    again = aggregator("demo", "--dir", tmp_path / "demo")

    assert done.returncode == 0
    assert "first poll: 7 ok" in done.stdout
    assert "7 not_modified; 0 new entries; nothing to write" in done.stdout
    assert "6 not_modified, 1 ok; 1 new entry" in done.stdout
    assert "\nMilitary Space News, Nuclear Weapons, Missile Defense\n" in done.stdout
    assert (tmp_path / "demo/public/current/index.html").is_file()
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_the_demo_needs_a_directory_it_can_make(tmp_path: Path) -> None:
    """Status 4, like anything that cannot be written."""
    (tmp_path / "file").touch()

    done = aggregator("demo", "--dir", tmp_path / "file")

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"aggregator: {tmp_path / 'file'}: cannot be made: File exists\n"


def test_headlines_at_a_time(settled: Path) -> None:
    """Now they are what is published; a year ago nothing was; `soon` is no time."""
    now = aggregator("-c", settled, "headlines", "spacewar", "--at", "0s")
    then = aggregator("-c", settled, "headlines", "spacewar", "--at", "2020-01-01")

    assert now.stdout == (settled.parent / "public/current/spacewar/headlines.txt").read_text()
    assert "NASA" not in then.stdout
    assert then.stderr == "nothing was published then\n"
    assert aggregator("-c", settled, "headlines", "spacewar", "--at", "soon").returncode == 2
