"""What is found below a path: nothing outside it, no link followed, everything told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rs_relay.errors import TransferFailed, UsageError
from rs_relay.transfer import plan
from rs_relay.transfer.folder import hold


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "sub/empty").mkdir(parents=True)
    (top / "a.txt").write_text("hello")
    (top / "sub/zero").touch()
    (top / "link").symlink_to("/etc")
    (top / "sub/file-link").symlink_to("../a.txt")
    os.mkfifo(top / "fifo")
    (top / "bad\nname").touch()
    (top / ".rs-part-0123").touch()
    os.close(os.open(os.fsencode(top) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    return top


def test_a_tree(tree: Path) -> None:
    root = plan.local(str(tree))
    found = {f.name: f for f in root.found() if not f.finish}
    assert [n for n, f in found.items() if f.open] == ["tree/a.txt", "tree/sub/zero"]
    assert [n for n, f in found.items() if f.key] == ["tree", "tree/sub", "tree/sub/empty"]
    skipped = {n for n, f in found.items() if f.message and not f.code}
    assert skipped == {"tree/link", "tree/sub/file-link", "tree/fifo"}
    failed = {n for n, f in found.items() if f.code}
    assert failed == {"tree/bad\nname", "tree/?"}
    assert root.totals() == plan.Totals(2, 5)
    root.close()


def test_the_order_is_the_same_each_time(tree: Path) -> None:
    root = plan.local(str(tree))
    assert [f.name for f in root.found()] == [f.name for f in root.found()]
    root.close()


def test_a_file_is_read_by_offset_and_known_by_its_version(tree: Path) -> None:
    root = plan.local(str(tree / "a.txt"))
    (found,) = root.found()
    assert found.open
    assert found.name == "a.txt"
    source = found.open()
    assert (source.size, source.read(1, 3), source.read(5, 9), source.now()) == (5, b"ell", b"", (5, False))
    key = source.key
    (tree / "a.txt").write_text("hello, world")
    assert source.now() == (12, True)
    source.close()
    again = found.open()
    assert again.key != key
    again.close()
    root.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_left_out_as_a_failure(tree: Path) -> None:
    (tree / "a.txt").chmod(0)
    root = plan.local(str(tree))
    found = next(f for f in root.found() if f.name == "tree/a.txt")
    assert found.open
    with pytest.raises(TransferFailed):
        found.open()


@pytest.mark.parametrize("swap", ["link", "fifo", "nothing", "folder-link"])
def test_what_was_swapped_between_the_list_and_the_reading_is_not_read(tree: Path, swap: str) -> None:
    root = plan.local(str(tree))
    victim = tree / "sub/zero"
    found = next(f for f in root.found() if f.name == "tree/sub/zero")
    victim.unlink()
    secret = tree.parent / "secret"
    secret.mkdir()
    (secret / "zero").write_text("secret")
    if swap == "link":
        victim.symlink_to(secret / "zero")
    elif swap == "fifo":
        os.mkfifo(victim)
    elif swap == "folder-link":
        shutil.rmtree(tree / "sub")
        (tree / "sub").symlink_to(secret)
    assert found.open
    with pytest.raises(TransferFailed):
        found.open()
    root.close()


def test_a_link_that_the_person_named_is_followed(tree: Path) -> None:
    (tree.parent / "shortcut").symlink_to(tree / "a.txt")
    root = plan.local(str(tree.parent / "shortcut"))
    (found,) = root.found()
    assert found.name == "shortcut"
    assert root.totals().size == 5
    root.close()


@pytest.mark.parametrize("path", ["nothing", "", "/", "a\0b"])
def test_local_paths_that_cannot_be_sent(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if path == "":
        plan.local(path).close()  # the folder one is in
        return
    with pytest.raises(UsageError):
        plan.local(path)


def test_what_is_hidden_in_a_fetched_directory_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / ".env").write_text("a password")
    (tmp_path / "work" / "report").write_text("text")
    root = plan.Root(hold(tmp_path), "work", str(tmp_path / "work"), "work", shows=lambda name, _: name[0] != ".")
    found = {f.name: f.message for f in root.found()}
    assert {name for name, message in found.items() if message == "Hidden; not fetched."} == {"work/.git", "work/.env"}
    assert root.totals().files == 1
    root.close()
    own = plan.local(str(tmp_path / "work"))
    assert own.totals().files == 2
    own.close()


def test_a_directory_ends_with_its_time_and_its_mode_after_all_that_is_in_it(tree: Path) -> None:
    (tree / "sub").chmod(0o750)
    os.utime(tree / "sub", ns=(1, 5_000_000_000))
    root = plan.local(str(tree))
    found = list(root.found())
    root.close()
    names = [f.name for f in found if f.finish]
    assert names == ["tree/sub/empty", "tree/sub", "tree"]
    sub = next(f for f in found if f.name == "tree/sub" and f.finish)
    assert sub.finish == (5_000_000_000, 0o750)
    assert found.index(sub) > max(i for i, f in enumerate(found) if f.name.startswith("tree/sub/"))


def test_links_go_as_links_where_they_are_kept_and_stay_within(tree: Path) -> None:
    (tree / "sub/up").symlink_to("../sub/zero")
    (tree / "sub/out").symlink_to("../../secret")
    (tree / "sub/trick").symlink_to("empty/../../../secret")
    root = plan.local(str(tree), links=True)
    found = {f.name: f for f in root.found() if f.target or f.message}
    root.close()
    kept = {name: f.target for name, f in found.items() if f.target}
    assert kept == {"tree/sub/file-link": "../a.txt", "tree/sub/up": "../sub/zero"}
    assert {"tree/link", "tree/sub/out", "tree/sub/trick"} <= set(found)


def test_a_large_directory_is_not_held_in_memory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SORTED", 3)
    for number in range(20):
        (tree / "sub" / str(number)).touch()
    root = plan.local(str(tree / "sub"))
    assert {f.name for f in root.found() if f.open} == {f"sub/{n}" for n in [*range(20), "zero"]}
    root.close()


def test_several_are_open_only_while_they_are_walked_and_a_file_is_found_again(tree: Path) -> None:
    def broken() -> plan.Root:
        raise UsageError("There is no such file here.")

    opens = [lambda: plan.local(str(tree / "sub")), broken, lambda: plan.local(str(tree / "a.txt"))]
    before = len(os.listdir("/proc/self/fd"))
    several = plan.Several("things", opens)
    assert several.totals() == plan.Totals(2, 5)
    found = list(several.found())
    assert len(os.listdir("/proc/self/fd")) == before
    assert [f.name for f in found if f.code] == ["things (2)"]
    for file in found:
        if file.open:
            file.open().close()


def test_holes_are_found_and_what_is_read_ends_before_one(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.write(b"a" * 4096)
        file.seek(1 << 20)
        file.write(b"b" * 4096)
        file.truncate(3 << 20)
    root = plan.local(str(path))
    (found,) = root.found()
    assert found.open
    source = found.open()
    if not source.hole(4096):
        pytest.skip("this file system tells of no holes")
    assert (source.hole(0), source.hole(4096), source.hole(1 << 20)) == (0, (1 << 20) - 4096, 0)
    assert len(source.read(1 << 20, 1 << 20)) == 4096
    assert source.hole((1 << 20) + 4096) == (2 << 20) - 4096
    source.close()
    root.close()
