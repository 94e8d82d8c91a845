"""The operator's program after a publication: what it is told, and what its faults cost."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from road_build import family_at_work
from shell_build import is_alive, wait_for

from aggregator.hook import AfterPublish
from aggregator.network import Network
from aggregator.publish import Publication

TELL = "import sys, pathlib; f = open(sys.argv[1], 'ab'); f.write(sys.stdin.buffer.read())"


def heard(path: Path) -> list[dict[str, Any]]:
    """Every message the program got."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_the_program_is_told_without_a_shell(tmp_path: Path) -> None:
    """JSON on its standard input; an argument is one argument, whatever stands in it."""
    path = tmp_path / "$(id) ; x"
    hook = AfterPublish((sys.executable, "-c", TELL, str(path)), Path("/public"))

    hook.tell(Publication(7, ("a/x.html",), ("b/y.html",)))
    await hook.close()

    assert heard(path) == [
        {"generation": 7, "output": "/public", "changed": ["a/x.html"], "removed": ["b/y.html"]}
    ]


async def test_publications_meanwhile_are_one_more_run(tmp_path: Path) -> None:
    """Nobody waits; what came and went in between is told as it is in the end."""
    path = tmp_path / "told"
    hook = AfterPublish((sys.executable, "-c", TELL, str(path)), Path("/public"))

    hook.tell(Publication(1, ("a",), ()))
    await asyncio.sleep(0)  # the first run begins
    for told in (Publication(2, ("b", "c"), ("a",)), Publication(3, ("a",), ("c",))):
        hook.tell(told)
    await hook.close()

    assert [(m["generation"], m["changed"], m["removed"]) for m in heard(path)] == [
        (1, ["a"], []),
        (3, ["a", "b"], ["c"]),
    ]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("/nosuch/program",), "cannot be started"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with status 3"),
        ((sys.executable, "-c", "import time; time.sleep(100)"), "longer than 0.5 seconds"),
        ((sys.executable, "-c", "import os; os.close(0)"), None),
    ],
)
async def test_a_program_that_fails_is_a_warning(
    argv: tuple[str, ...], words: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Never more; one that does not read is no failure."""
    hook = AfterPublish(argv, Path("/public"), timeout_s=0.5 if "time" in argv[-1] else 30)

    with caplog.at_level(logging.WARNING):
        hook.tell(Publication(1, ("x" * 200_000,), ()))
        await hook.close()

    faults = [vars(record)["fields"]["error"] for record in caplog.records]
    assert len(faults) == (words is not None)
    assert all(words in fault for fault in faults if words)


async def test_a_stop_does_not_wait_for_it(tmp_path: Path) -> None:
    """After its grace the program is killed with what it started."""
    path = tmp_path / "pid"
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(100)"
    hook = AfterPublish((sys.executable, "-c", code, str(path)), Path("/public"))
    hook.tell(Publication(1, (), ()))
    await asyncio.to_thread(wait_for, lambda: path.exists() and path.read_text())

    await hook.close(0.0)

    assert not is_alive(int(path.read_text()))
    await hook.close(0.0)


async def test_without_a_program_nothing_runs() -> None:
    """The default."""
    hook = AfterPublish((), Path("/public"))

    hook.tell(Publication(1, (), ()))

    assert asyncio.all_tasks() == {asyncio.current_task()}
    await hook.close()


async def test_an_instance_tells_of_each_generation(tmp_path: Path) -> None:
    """A publication that changes nothing is none."""
    path = tmp_path / "told"
    async with family_at_work(tmp_path) as (instance, _):
        argv = (sys.executable, "-c", TELL, str(path))
        publishing = replace(instance.network.publishing, after_publish=argv)
        await instance.adopt(replace(instance.network, publishing=publishing))

        await instance.publish()
        await instance.publish()

    (told,) = heard(path)
    assert told["generation"] == 1
    assert told["output"] == str(tmp_path / "public")
    assert "spacewar/headlines.html" in told["changed"]


HELD = (
    "import sys, pathlib, time\n"
    "while not pathlib.Path(sys.argv[1] + '.go').exists(): time.sleep(0.01)\n" + TELL
)


def with_program(network: Network, *argv: str) -> Network:
    """The same with `after_publish`."""
    publishing = replace(network.publishing, after_publish=argv)
    return replace(network, publishing=publishing)


async def test_a_reload_leaves_the_program_at_its_work(tmp_path: Path) -> None:
    """What it was not told yet is told it, too: nothing of `after_publish` changed."""
    path = tmp_path / "told"
    async with family_at_work(tmp_path) as (instance, _):
        argv = (sys.executable, "-c", HELD, str(path))
        await instance.adopt(with_program(instance.network, *argv))
        instance.hook.tell(Publication(1, ("a",), ()))
        await asyncio.sleep(0)  # the first run begins
        instance.hook.tell(Publication(2, ("b",), ()))

        await instance.adopt(replace(instance.network, name="Another"))
        (tmp_path / "told.go").touch()

    assert [told["generation"] for told in heard(path)] == [1, 2]


async def test_another_program_hears_from_the_moment_it_is_in_force(tmp_path: Path) -> None:
    """Also while the one before it has its grace."""
    path = tmp_path / "told"
    async with family_at_work(tmp_path) as (instance, _):
        held = (sys.executable, "-c", HELD, str(tmp_path / "never"))
        await instance.adopt(with_program(instance.network, *held))
        instance.hook.tell(Publication(1, ("a",), ()))
        argv = (sys.executable, "-c", TELL, str(path))
        before = instance.network
        adopting = asyncio.create_task(instance.adopt(with_program(before, *argv)))
        await asyncio.to_thread(wait_for, lambda: instance.network is not before)

        instance.hook.tell(Publication(2, ("b",), ()))
        await adopting

    assert [told["generation"] for told in heard(path)] == [2]
