"""What is found below a path: nothing outside it, no link followed, everything told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rs_relay.errors import NoSuchSession, NotAllowed, TransferFailed, UsageError
from rs_relay.transfer import plan


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
    found = {f.name: f for f in root.found()}
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


@pytest.mark.parametrize("path", ["tree/a.txt", "~/tree/a.txt", "./tree/../tree/a.txt", "{home}/tree/a.txt", "inside"])
def test_what_may_be_asked_for(tree: Path, path: str) -> None:
    (tree.parent / "inside").symlink_to(tree / "a.txt")
    root = plan.below(tree.parent, path.format(home=tree.parent))
    (found,) = root.found()
    assert found.name == "a.txt"
    root.close()


FORBIDDEN = (
    "/etc/passwd ../../etc/passwd ~ ~/ . .. tree/.. tree/link/passwd out ~root/x "
    "tree/nothing tree/a.txt/x {home}x/a loop"
)


@pytest.mark.parametrize("path", [*FORBIDDEN.split(), "", "a\0b", "x" * 5000, "\udcff"])
def test_what_may_not(tree: Path, path: str) -> None:
    home = tree.parent
    (home / "out").symlink_to("/etc/hosts")
    (home / "loop").symlink_to("loop")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NoSuchSession) as e:
        plan.below(home, path.format(home=home))
    assert e.value.message == "There is no such file in the customer's home folder."
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "path", [".ssh/id_ed25519", "~/.ssh", ".bashrc", "sub/../.ssh/id_ed25519", "innocent", ".gone"]
)
def test_what_is_hidden_below_home_is_not_fetched(tmp_path: Path, path: str) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text("a key")
    (tmp_path / ".bashrc").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "innocent").symlink_to(tmp_path / ".ssh" / "id_ed25519")
    with pytest.raises(NotAllowed):
        plan.below(tmp_path, path)


def test_what_is_hidden_in_a_fetched_directory_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / ".env").write_text("a password")
    (tmp_path / "work" / "report").write_text("text")
    root = plan.below(tmp_path, "work")
    found = {f.name: f.message for f in root.found()}
    assert {name for name, message in found.items() if message == "Hidden; not fetched."} == {"work/.git", "work/.env"}
    assert root.totals().files == 1
    root.close()
    own = plan.local(str(tmp_path / "work"))
    assert own.totals().files == 2
    own.close()
