"""What can be done in a directory that is held open: here, and in the stand-in for Windows as far as it runs here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.transfer import folder as folders
from rs_relay.transfer.folder import Folder, publish, read_at, set_time, write_at
from rs_relay.transfer.folder_windows import PathFolder


class _PathFolderHere(PathFolder):
    """os.rename replaces on POSIX and does not on Windows: the difference made up for."""

    def below(self, parts: tuple[str, ...], *, create: bool) -> PathFolder:
        return _PathFolderHere(super().below(parts, create=create)._path)

    def rename_new(self, name: str, final: str) -> None:
        if final in self.names():
            raise FileExistsError(final)
        super().rename_new(name, final)


@pytest.fixture(params=["held", "path"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    made = folders.hold(tmp_path / "root") if request.param == "held" else _PathFolderHere(tmp_path / "root")
    yield made
    made.close()


def put(folder: Folder, name: str, data: bytes = b"x") -> None:
    fd = folder.create(name)
    write_at(fd, memoryview(data), 0)
    os.close(fd)


def test_files_and_folders(root: Folder, tmp_path: Path) -> None:
    below = root.below(("a", "b"), create=True)
    put(below, "f", b"hello")
    fd = below.open("f")
    assert read_at(fd, 3, 1) == b"ell"
    os.close(fd)
    assert below.names() == ["f"]
    assert below.stat("f").st_size == 5
    with pytest.raises(FileExistsError):
        below.create("f")
    with pytest.raises(FileExistsError):
        root.make("a")
    below.unlink("f")
    below.unlink("f")
    again = below.copy()
    below.close()
    assert again.names() == []
    again.close()
    total, free = root.space()
    assert 0 < free <= total
    assert (tmp_path / "root/a/b").stat().st_mode & 0o777 == 0o700


def test_publishing(root: Folder, tmp_path: Path) -> None:
    names = []
    for text in (b"1", b"2", b"3"):
        put(root, "temporary", text)
        names.append(publish(root, "temporary", "a.txt", False))
    assert names == ["a.txt", "a (1).txt", "a (2).txt"]
    put(root, "temporary", b"new")
    assert publish(root, "temporary", "a.txt", True) == "a.txt"
    root.sync()
    assert {p.name: p.read_bytes() for p in (tmp_path / "root").iterdir()} == {
        "a.txt": b"new",
        "a (1).txt": b"2",
        "a (2).txt": b"3",
    }


def test_no_link_is_followed(root: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "secret").write_text("secret")
    (tmp_path / "root/dir").symlink_to(outside)
    (tmp_path / "root/file").symlink_to(outside / "secret")
    (tmp_path / "root/dangling").symlink_to(outside / "made")
    for parts in (("dir",), ("dir", "x"), ("file",)):
        for create in (True, False):
            with pytest.raises(OSError):
                root.below(parts, create=create)
    for name in ("file", "dangling"):
        with pytest.raises(OSError):
            root.open(name, write=True)
        with pytest.raises(OSError):
            root.create(name)
    root.unlink("file")
    assert [p.name for p in outside.iterdir()] == ["secret"]


def test_a_folder_that_was_moved_is_still_the_one_that_was_opened(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    held = folders.hold(tmp_path / "root")
    (tmp_path / "root").rename(tmp_path / "moved")
    (tmp_path / "root").symlink_to("/")
    put(held, "f")
    held.close()
    assert (tmp_path / "moved/f").exists()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(root: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "root/fifo")
    os.close(root.open("fifo"))


def test_times_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    before = path.stat().st_mtime_ns
    fd = os.open(path, os.O_RDWR)
    for time in (0, -5):
        set_time(fd, time)
    assert path.stat().st_mtime_ns == before
    set_time(fd, 2**80)  # the file system takes it or leaves it
    set_time(fd, 10**18)
    assert path.stat().st_mtime_ns == 10**18
    os.close(fd)
