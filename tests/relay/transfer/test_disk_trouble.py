"""Disks that are full, small, read-only, or see one name where there are two: real ones, where this machine lets us."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rs_relay.errors import DiskFull, RsError, TransferFailed
from rs_relay.transfer import messages as m
from rs_relay.transfer.disk import Store
from rs_relay.transfer.folder import HeldFolder
from rs_relay.transfer.names import PART_PREFIX
from rs_relay.transfer.pipe import PipeSource
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Found, Line, Sender
from tests.support.transfer import Conversation, Told, opening, plan_of

MiB = 1024 * 1024
WIDE = Line(MiB, 200_000, 400_000)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts of Linux")
Mount = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system of its own; skips where that is not allowed."""
    with ExitStack() as ends:

        def do(*options: str, name: str = "disk") -> Path:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
            if done.returncode:
                pytest.skip(f"no mount: {done.stderr.decode().strip()}")
            ends.callback(lambda: subprocess.run(["umount", "-l", str(folder)], check=False))
            return folder

        yield do


def _tmpfs(mount: Mount, size: int) -> Path:
    return mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")


def _send(
    store: Store, files: dict[str, bytes], *, size: int = m.UNKNOWN, key: str = "k" * 32, overwrite: bool = False
) -> tuple[Receiver, Told]:
    told = Told()
    opened = m.Open(1, key, key, "things", size=size)
    receiver = Receiver(lambda o: store.landing(o.key, overwrite=overwrite), Told())
    talk = Conversation(Sender(opened, plan_of(files), told), receiver, WIDE)
    try:
        talk.run()
    except RsError as error:
        receiver.give_up(error)  # as the carrier does
    return receiver, told


def test_a_batch_that_finds_no_room_is_told_before_the_first_byte(mount: Mount) -> None:
    disk = _tmpfs(mount, 8 * MiB)
    files = {f"f{n}": os.urandom(3 * MiB) for n in range(4)}
    receiver, _ = _send(Store(disk, margin=0), files, size=12 * MiB)
    assert isinstance(receiver.aborted, DiskFull)
    assert "4.2 MB are missing" in receiver.aborted.message
    assert list(disk.iterdir()) == []


def test_what_an_earlier_run_left_is_not_needed_again(mount: Mount) -> None:
    disk = _tmpfs(mount, 8 * MiB)
    data = os.urandom(5 * MiB)
    store = Store(disk, margin=0)
    told = Told()
    receiver = Receiver(lambda o: store.landing(o.key), Told())
    talk = Conversation(Sender(opening(), plan_of({"a": data}), told), receiver, Line(400_000, 200_000, 400_000))
    for _ in range(30):
        talk.step()
    receiver.park()
    assert store.free() < 5 * MiB
    receiver, told = _send(store, {"a": data}, size=5 * MiB)
    assert receiver.finished
    assert (disk / "a").read_bytes() == data
    assert told.outcomes[0].resumed_from > 0


def test_a_disk_that_fills_up_meanwhile_leaves_what_can_be_gone_on_with(mount: Mount) -> None:
    disk = _tmpfs(mount, 8 * MiB)
    data = os.urandom(6 * MiB)
    store = Store(disk, margin=0)
    told = Told()
    receiver = Receiver(lambda o: store.landing(o.key), Told())
    talk = Conversation(Sender(opening(), plan_of({"a": data}), told), receiver, Line(400_000, 200_000, 400_000))
    while talk.step():
        if not (disk / "other").exists() and store.free() < 5 * MiB:
            (disk / "other").write_bytes(bytes(4 * MiB))
    (error,) = told.errors
    assert isinstance(error, DiskFull)
    assert "are missing" in error.message
    assert not (disk / "a").exists()
    (disk / "other").unlink()
    receiver, told = _send(store, {"a": data})
    assert (disk / "a").read_bytes() == data
    assert told.outcomes[0].resumed_from > MiB


def test_a_read_only_target(mount: Mount) -> None:
    disk = mount("-t", "tmpfs", "-o", "size=8m,ro", "tmpfs")
    _, told = _send(Store(disk, margin=0), {"a": bytes(MiB), "b": b"small"})
    assert [type(error) for error in told.errors] == [TransferFailed, TransferFailed]
    assert all("may not be written" in error.message for error in told.errors)


LIMITED = """
import sys
import threading
from tests.relay.transfer.test_disk_trouble import Path, Store, _send
_, told = _send(Store(Path(sys.argv[1]), margin=0), {"a": bytes(3_000_000), "b": bytes(500_000)})
print(*[f"{o.name}:{type(o.error).__name__}:{o.error.message if o.error else ''}" for o in told.outcomes], sep="\\n")
"""


def test_a_limit_on_the_size_of_a_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MiB, MiB)),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert "a:DiskFull:The receiving disk takes no file of this size." in done.stdout
    assert "b:NoneType" in done.stdout
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["b"]


NAMES = {"Report.txt": b"upper", "report.txt": b"lower", "RÉSUMÉ": b"accents", "résumé": b"lower accents"}


def _nothing_lost(
    folder: Path, files: dict[str, bytes], held: HeldFolder | None = None, overwrite: bool = False
) -> None:
    _, told = _send(Store(held or folder, margin=0), files, overwrite=overwrite)
    assert not told.errors
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert sorted(found.values()) == sorted(files.values())
    assert {o.saved_as: files[o.name] for o in told.outcomes} == found


def test_a_disk_that_folds_case_loses_nothing(mount: Mount, tmp_path: Path) -> None:
    if not shutil.which("mkfs.ext4"):
        pytest.skip("no mkfs.ext4")
    image = tmp_path / "image"
    image.write_bytes(bytes(16 * MiB))
    subprocess.run(["mkfs.ext4", "-q", "-O", "casefold", "-E", "encoding=utf8", str(image)], check=True)
    disk = mount("-o", "loop", str(image))
    folder = disk / "folds"
    folder.mkdir()
    if subprocess.run(["chattr", "+F", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("this kernel folds no case")
    _nothing_lost(folder, NAMES)
    _nothing_lost(folder / "over", {**NAMES, "large": os.urandom(300_000), "LARGE": b"small"}, overwrite=True)
    (folder / "over/resume").write_bytes(b"of before")
    _, told = _send(Store(folder / "over", margin=0), {"Resume": b"new", "d/A": b"1", "D/a": b"2"}, overwrite=True)
    assert (folder / "over/resume").read_bytes() == b"new"
    assert not told.errors
    assert sorted(path.read_bytes() for path in (folder / "over/d").iterdir()) == [b"1", b"2"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_memory_stick_that_folds_case_loses_nothing(mount: Mount, tmp_path: Path, overwrite: bool) -> None:
    if not shutil.which("mkfs.exfat"):
        pytest.skip("no mkfs.exfat")
    image = tmp_path / "image"
    image.write_bytes(bytes(16 * MiB))
    subprocess.run(["mkfs.exfat", str(image)], check=True, capture_output=True)
    disk = mount("-t", "exfat-fuse", "-o", "loop", str(image))  # the kernel's own needs a module, this one none
    if overwrite:
        (disk / "REPORT.TXT").write_bytes(b"of before")
    _nothing_lost(disk, {**NAMES, "large": os.urandom(300_000), "LARGE": b"small"}, overwrite=overwrite)


class FoldingFolder(HeldFolder):
    """Stands for a disk to which names are the same that differ in case or in how they are composed."""

    def _taken(self, name: str) -> bool:
        return _folded(name) in {_folded(other) for other in self.names() if not other.startswith(PART_PREFIX)}

    def below(self, parts: tuple[str, ...], *, create: bool) -> HeldFolder:
        return FoldingFolder(super().below(parts, create=create)._fd)

    def copy(self) -> HeldFolder:
        return FoldingFolder(super().copy()._fd)

    def stat(self, name: str) -> os.stat_result:
        for other in self.names():
            if _folded(other) == _folded(name):
                name = other
        return super().stat(name)

    def replace(self, name: str, final: str) -> None:
        for other in self.names():
            if _folded(other) == _folded(final):
                self.unlink(other)
        super().replace(name, final)

    def make(self, name: str) -> None:
        if self._taken(name):
            raise FileExistsError
        super().make(name)

    def rename_new(self, name: str, final: str) -> None:
        if self._taken(final):
            raise FileExistsError
        super().rename_new(name, final)

    def give_name(self, fd: int, name: str) -> None:
        if self._taken(name):
            raise FileExistsError
        super().give_name(fd, name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_disk_that_folds_names_loses_nothing(tmp_path: Path, overwrite: bool) -> None:
    large = {"Large.bin": os.urandom(300_000), "large.BIN": os.urandom(300_001)}
    files = {**NAMES, unicodedata.normalize("NFD", "é.txt"): b"NFD", "É.TXT": b"upper NFC", **large}
    folder = FoldingFolder(os.open(tmp_path, os.O_RDONLY))
    _nothing_lost(tmp_path, files, folder, overwrite=overwrite)
    assert len({_folded(path.name) for path in tmp_path.iterdir()}) == len(files)


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_spellings_of_one_name_do_not_replace_each_other(tmp_path: Path, overwrite: bool) -> None:
    names = {unicodedata.normalize(form, "é.txt"): form.encode() for form in ("NFC", "NFD")}
    assert len(names) == 2
    _nothing_lost(tmp_path, names, overwrite=overwrite)


def test_what_came_from_a_pipe_is_not_kept_on_a_full_disk(mount: Mount) -> None:
    """It cannot be sent again from where it stopped; and some room is left to the owner."""
    disk = _tmpfs(mount, 16 * MiB)
    store = Store(disk, margin=1)
    told = Told()
    out, into = os.pipe()
    writing = threading.Thread(target=_feed, args=(into, 32 * MiB))
    writing.start()
    source = PipeSource(out, "k" * 64)
    sender = Sender(opening(), iter([Found("out", open=lambda: source)]), told)
    talk = Conversation(sender, Receiver(lambda o: store.landing(o.key), Told()), WIDE)
    while not told.errors:
        talk.step()
    os.close(out)
    writing.join()
    (error,) = told.errors
    assert isinstance(error, DiskFull)
    assert error.message == "The receiving disk is full."
    assert list(disk.iterdir()) == []


def _feed(into: int, size: int) -> None:
    with os.fdopen(into, "wb") as pipe, contextlib.suppress(BrokenPipeError):
        pipe.write(bytes(size))
