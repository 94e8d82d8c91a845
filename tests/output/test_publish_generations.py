"""What a publication writes, keeps and removes."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from output_build import NOW
from output_generations import assert_tidy, assert_whole, generations, manifest, tree

from aggregator.errors import StorageError
from aggregator.publish import (
    Publication,
    current_generation,
    generations_on_disk,
    publish,
    read_generation,
    read_manifest,
    sweep,
)

ONE = {"mars/headlines.txt": b"one\n", "mars/space.txt": b"space\n"}
TWO = {"mars/headlines.txt": b"two\n", "mars/space.txt": b"space\n"}


def show(output: Path, files: dict[str, bytes], *, keep: int = 5) -> Publication | None:
    return publish(output, files, preview=lambda: b"<p>preview", generated_at=NOW, keep=keep)


def identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def test_the_first_publication_makes_everything(tmp_path: Path) -> None:
    """Output, generation, link and manifest; every file is a changed one."""
    output = tmp_path / "deep" / "public"

    done = show(output, ONE)

    assert done == Publication(1, ("mars/headlines.txt", "mars/space.txt"), ())
    assert (output / "current").readlink() == Path("generations/000001")
    assert tree(output / "current") == {*ONE, "index.html", "manifest.json"}
    assert (output / "current/mars/headlines.txt").read_bytes() == b"one\n"
    assert_whole(output)
    assert_tidy(output)


def test_the_manifest_says_what_was_published(tmp_path: Path) -> None:
    """Number, time, size and hash of every file, what changed and what went."""
    show(tmp_path, {**ONE, "venus/old.txt": b"old"})

    show(tmp_path, {**TWO, "moon/new.txt": b"new"})

    said = manifest(tmp_path)
    assert list(said) == ["generation", "generated_at", "files", "changed", "removed"]
    assert (said["generation"], said["generated_at"]) == (2, "2026-11-25T01:02:03Z")
    assert set(said["files"]) == {*TWO, "moon/new.txt", "index.html"}
    assert said["files"]["moon/new.txt"] == {
        "sha256": "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437",
        "bytes": 3,
    }
    assert said["changed"] == ["mars/headlines.txt", "moon/new.txt"]
    assert said["removed"] == ["venus/old.txt"]


def test_rH10_a_file_that_did_not_change_is_the_same_file(tmp_path: Path) -> None:
    """Inode and modification time hold, so that ETags do; a changed file has new ones."""
    show(tmp_path, ONE)
    before = {path: identity(tmp_path / "current" / path) for path in ONE}

    done = show(tmp_path, TWO)

    after = {path: identity(tmp_path / "current" / path) for path in TWO}
    assert done == Publication(2, ("mars/headlines.txt",), ())
    assert after["mars/space.txt"] == before["mars/space.txt"]
    assert after["mars/headlines.txt"] != before["mars/headlines.txt"]
    assert (tmp_path / "generations/000001/mars/headlines.txt").read_bytes() == b"one\n"


def test_rH10_the_same_data_publishes_nothing(tmp_path: Path) -> None:
    """A later moment is no reason for a generation, nor is a preview: nobody asks for one."""
    show(tmp_path, ONE)
    asked = Mock(return_value=b"other")
    before = {path: identity(tmp_path / "current" / path) for path in tree(tmp_path / "current")}

    again = publish(tmp_path, ONE, preview=asked, generated_at=NOW + timedelta(days=1))

    assert again is None
    asked.assert_not_called()
    assert generations(tmp_path) == [1]
    assert {path: identity(tmp_path / "current" / path) for path in before} == before


def test_a_file_of_the_same_size_is_compared_by_its_bytes(tmp_path: Path) -> None:
    """`one` and `two` have three letters each."""
    show(tmp_path, {"a.txt": b"one"})

    done = show(tmp_path, {"a.txt": b"two"})

    assert done == Publication(2, ("a.txt",), ())


def test_a_file_that_is_gone_is_reason_enough(tmp_path: Path) -> None:
    """A page taken out of feeds.yaml disappears, its directory with it."""
    show(tmp_path, {**ONE, "venus/old.txt": b"old"})

    done = show(tmp_path, ONE)

    assert done == Publication(2, (), ("venus/old.txt",))
    assert not (tmp_path / "current/venus").exists()


def test_a_network_without_pages_is_published_too(tmp_path: Path) -> None:
    """No data file, but a preview and a manifest; once."""
    done = [show(tmp_path, {}), show(tmp_path, {})]

    assert done == [Publication(1, (), ()), None]
    assert_whole(tmp_path)


def test_without_a_preview_there_is_no_index(tmp_path: Path) -> None:
    """None is no file, not an empty one."""
    publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW)

    assert tree(tmp_path / "current") == {*ONE, "manifest.json"}
    assert_whole(tmp_path)


def test_the_newest_generations_are_kept(tmp_path: Path) -> None:
    """The current one and as many before it as asked for."""
    for turn in range(9):
        show(tmp_path, {"a.txt": b"%d" % turn}, keep=3)

    assert generations(tmp_path) == [6, 7, 8, 9]
    assert_whole(tmp_path)


def test_the_current_generation_is_never_removed(tmp_path: Path) -> None:
    """Keeping none keeps the one that readers see."""
    for turn in range(3):
        show(tmp_path, {"a.txt": b"%d" % turn}, keep=0)

    assert generations(tmp_path) == [3]
    assert_whole(tmp_path)


def test_a_long_backlog_is_worked_off_by_several_publications(tmp_path: Path) -> None:
    """No publication removes more than twenty generations, the oldest first."""
    for turn in range(60):
        show(tmp_path, {"a.txt": b"%d" % turn}, keep=100)

    show(tmp_path, {"a.txt": b"x"}, keep=5)

    assert generations(tmp_path) == list(range(21, 62))


def test_numbers_are_not_used_again(tmp_path: Path) -> None:
    """Whichever is higher counts, the directories on disk or the link."""
    (tmp_path / "generations/000041").mkdir(parents=True)
    (tmp_path / "current").symlink_to("generations/000007")

    first = show(tmp_path, ONE)
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("generations/000900")
    second = show(tmp_path, ONE)

    assert first is not None
    assert second is not None
    assert (first.generation, second.generation) == (42, 901)
    assert_whole(tmp_path)


def test_numbers_go_on_in_an_output_that_was_emptied(tmp_path: Path) -> None:
    """The last number recorded elsewhere counts too; the disk's when that is higher."""
    first = publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW, after=41)
    second = publish(tmp_path, TWO, preview=lambda: None, generated_at=NOW, after=7)

    assert first is not None
    assert second is not None
    assert (first.generation, second.generation) == (42, 43)


def test_a_current_generation_that_was_deleted_is_written_anew(tmp_path: Path) -> None:
    """The same data is published when readers see nothing of it."""
    (tmp_path / "generations").mkdir()
    (tmp_path / "current").symlink_to("generations/000007")

    done = show(tmp_path, ONE)

    assert done == Publication(8, tuple(sorted(ONE)), ())
    assert_whole(tmp_path)


def test_a_file_damaged_behind_our_back_is_written_anew(tmp_path: Path) -> None:
    """What is compared is what readers would get, not what a manifest says."""
    show(tmp_path, ONE)
    (tmp_path / "current/mars/space.txt").write_bytes(b"SPACE\n")

    done = show(tmp_path, ONE)

    assert done == Publication(2, ("mars/space.txt",), ())
    assert_whole(tmp_path)


def test_the_current_generation_is_the_one_of_the_link(tmp_path: Path) -> None:
    """None before the first publication, also without an output directory."""
    output = tmp_path / "public"
    before = current_generation(output)

    show(output, ONE)

    assert (before, current_generation(output)) == (None, 1)


def test_details_stand_in_the_manifest(tmp_path: Path) -> None:
    """After what is always there; other details alone are no reason for a generation."""
    details: dict[str, object] = {"config": "abc", "pages": {}}
    publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW, details=details)

    again = publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW, details={"config": "x"})

    said = manifest(tmp_path)
    assert again is None
    assert list(said)[5:] == ["config", "pages"]
    assert read_manifest(tmp_path) == said


def test_without_a_manifest_there_is_nothing_to_read(tmp_path: Path) -> None:
    """Before the first publication, or when somebody wrote something else there."""
    before = read_manifest(tmp_path)
    publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW)
    found = []
    for text in ("[]", "{"):
        (tmp_path / "current/manifest.json").write_text(text)
        found.append(read_manifest(tmp_path))

    assert [before, *found] == [{}, {}, {}]


def test_files_have_compressed_twins_when_asked_for(tmp_path: Path) -> None:
    """The same bytes at any time; a twin of a file that did not change is the same file too."""
    first = publish(tmp_path, ONE, preview=lambda: b"p", generated_at=NOW, compress=True)
    before = identity(tmp_path / "current/mars/space.txt.gz")
    again = publish(tmp_path, ONE, preview=lambda: b"p", generated_at=NOW, compress=True)
    second = publish(tmp_path, TWO, preview=lambda: b"p", generated_at=NOW, compress=True)

    assert first is not None
    assert set(first.changed) == {*ONE, *(f"{path}.gz" for path in ONE)}
    assert again is None
    assert second == Publication(2, ("mars/headlines.txt", "mars/headlines.txt.gz"), ())
    assert identity(tmp_path / "current/mars/space.txt.gz") == before
    packed = (tmp_path / "current/mars/headlines.txt.gz").read_bytes()
    assert gzip.decompress(packed) == b"two\n"
    assert packed == gzip.compress(b"two\n", mtime=0)
    assert_whole(tmp_path)


def test_twins_come_and_go_with_the_setting(tmp_path: Path) -> None:
    """Although no other file changes."""
    kinds: tuple[bool, ...] = (False, True, False)

    done = [
        publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW, compress=kind)
        for kind in kinds
    ]

    twins = tuple(f"{path}.gz" for path in ONE)
    assert done[1:] == [Publication(2, twins, ()), Publication(3, (), twins)]
    assert_whole(tmp_path)


def test_an_old_generation_can_be_read(tmp_path: Path) -> None:
    """Its data files without twins, its preview and its manifest."""
    publish(tmp_path, ONE, preview=lambda: b"p", generated_at=NOW, compress=True)
    publish(tmp_path, TWO, preview=lambda: None, generated_at=NOW)

    old, new = (read_generation(tmp_path, number) for number in (1, 2))

    assert old[:2] == (ONE, b"p")
    assert new[:2] == (TWO, None)
    assert old[2]["generation"] == 1
    assert generations_on_disk(tmp_path) == (1, 2)


def test_a_generation_without_a_manifest_is_not_whole(tmp_path: Path) -> None:
    """It is not to be shown."""
    publish(tmp_path, ONE, preview=lambda: None, generated_at=NOW)
    (tmp_path / "generations/000001/manifest.json").unlink()

    with pytest.raises(StorageError, match="not whole"):
        read_generation(tmp_path, 1)


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("strict_umask")
def test_a_web_server_of_another_user_can_read_all(tmp_path: Path) -> None:
    """Files are 0644 and directories 0755 whatever the umask of the daemon."""
    show(tmp_path, ONE)

    generation = tmp_path / "generations/000001"
    modes = {path: path.stat().st_mode & 0o777 for path in generation.rglob("*")}
    assert set(modes.values()) == {0o644, 0o755}
    assert all(mode == (0o755 if path.is_dir() else 0o644) for path, mode in modes.items())
    assert {path.stat().st_mode & 0o777 for path in (generation, generation.parent)} == {0o755}


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP])
def test_without_hard_links_files_are_copied(tmp_path: Path, number: int) -> None:
    """The copy has the same bytes and modification time, so most ETags hold."""
    show(tmp_path, ONE)
    os.utime(tmp_path / "current/mars/space.txt", ns=(1, 1234567890123456789))

    def refuse(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), os.fspath(source))

    done = publish(tmp_path, TWO, preview=lambda: None, generated_at=NOW, link=refuse)

    assert done == Publication(2, ("mars/headlines.txt",), ())
    assert (tmp_path / "current/mars/space.txt").stat().st_mtime_ns == 1234567890123456789
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../evil.txt",
        "mars/../../evil.txt",
        "/etc/evil.txt",
        "mars//a.txt",
        "mars/",
        "/",
        "mars/.htaccess",
        ".htaccess",
        "-rf",
        "_a",
        "Mars/a.txt",
        "mars/a b.txt",
        "mars/a\nb",
        "mars/a.txt\n",
        "mars/a\x00b",
        "mars\\a.txt",
        "mars/a:b",
        "mars/é.txt",
        "mars/" + "a" * 70,
        "manifest.json",
        "index.html",
        "manifest.json/a.txt",
        "index.html/a.txt",
        "ok.txt/inner.txt",
    ],
)
def test_D12_a_name_that_is_not_ours_is_refused(tmp_path: Path, path: str) -> None:
    """Before anything is written, inside the output or outside."""
    output = tmp_path / "public"

    with pytest.raises(ValueError, match=r"not a name|both a file"):
        show(output, {"ok.txt": b"", path: b"evil"})

    assert list(tmp_path.iterdir()) == []


def test_D12_the_longest_id_has_room_for_its_extension(tmp_path: Path) -> None:
    """64 characters and `.html`."""
    path = f"{'p' * 64}/{'b' * 64}.html"

    show(tmp_path, {path: b""})

    assert (tmp_path / "current" / path).read_bytes() == b""


def test_D12_generations_being_a_link_is_refused(tmp_path: Path) -> None:
    """Nothing is written where it leads."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public").mkdir()
    (tmp_path / "public/generations").symlink_to("../elsewhere")

    with pytest.raises(StorageError, match="symbolic link"):
        show(tmp_path / "public", ONE)
    with pytest.raises(StorageError, match="symbolic link"):
        sweep(tmp_path / "public")

    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("number", ["000001", "000002", "000009"])
def test_D12_a_generation_being_a_link_is_refused(tmp_path: Path, number: str) -> None:
    """The current one, the next one or any other: nothing is changed where it leads."""
    output = tmp_path / "public"
    show(output, ONE)
    target = tmp_path / "elsewhere"
    (output / "generations/000001").rename(target)
    (output / "generations" / number).symlink_to(target)

    with pytest.raises(StorageError, match="a directory was expected"):
        show(output, TWO)
    with pytest.raises(StorageError, match="a directory was expected"):
        sweep(output)

    assert tree(target) == {*ONE, "index.html", "manifest.json"}
    assert (target / "mars/headlines.txt").read_bytes() == b"one\n"


@pytest.mark.parametrize("target", ["/etc", "..", "generations", "generations/x", "x/000001"])
def test_D12_a_current_that_leads_elsewhere_is_refused(tmp_path: Path, target: str) -> None:
    """A link that we did not make is not replaced."""
    (tmp_path / "current").symlink_to(target)

    with pytest.raises(StorageError, match="does not lead to generations"):
        show(tmp_path, ONE)
    with pytest.raises(StorageError, match="does not lead to generations"):
        current_generation(tmp_path)

    assert (tmp_path / "current").readlink() == Path(target)


def test_D12_a_current_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    """Somebody else's files are not replaced by a link."""
    (tmp_path / "current").mkdir()

    with pytest.raises(StorageError, match="symbolic link was expected"):
        show(tmp_path, ONE)

    assert [path.name for path in tmp_path.iterdir()] == ["current"]


@pytest.mark.parametrize("planted", ["mars/space.txt", "mars"])
def test_D12_a_link_inside_a_generation_is_not_followed(tmp_path: Path, planted: str) -> None:
    """Neither for a file nor for a page: what readers get next are files of ours."""
    output = tmp_path / "public"
    show(output, ONE)
    inside = output / "generations/000001" / planted
    inside.rename(tmp_path / "elsewhere")
    inside.symlink_to(tmp_path / "elsewhere")

    done = show(output, ONE)

    assert done is not None
    assert "mars/space.txt" in done.changed
    assert not any(path.is_symlink() for path in (output / "generations/000002").rglob("*"))
    assert_whole(output)


def test_an_output_that_is_a_link_is_the_operators_choice(tmp_path: Path) -> None:
    """Only what is inside the output is ours alone."""
    (tmp_path / "www").mkdir()
    (tmp_path / "public").symlink_to("www")

    show(tmp_path / "public", ONE)

    assert_whole(tmp_path / "www")
