"""Small files written together: named only when the disk has them, and never over something."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rs_relay.errors import DiskFull, RsError
from rs_relay.transfer import folder as folders
from rs_relay.transfer import small
from rs_relay.transfer.disk import Store
from rs_relay.transfer.part import Wanted
from rs_relay.transfer.small import Small


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "root", margin=0)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def not_told_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a disk takes is found out anew."""
    monkeypatch.setattr(folders, "_takes_nameless", {})


@pytest.fixture(params=["nameless", "named"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With files that have no name at first, and where the system has none of those."""
    if request.param == "named":
        monkeypatch.setattr(folders.HeldFolder, "takes_nameless", False)
    return str(request.param)


def wanted(name: str, overwrite: bool = False, mode: int = -1) -> Wanted:
    return Wanted((name,), 1, 1_000_000_000, "", overwrite, mode)


def view(text: str) -> memoryview:
    return memoryview(text.encode())


def there(tmp_path: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((tmp_path / "root").iterdir())}


def test_nothing_has_a_name_before_all_are_on_the_disk(
    store: Store, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    def sync(fd: int) -> int:
        seen.append({name: text for name, text in there(tmp_path).items() if not name.startswith(".rs-part-")})
        return 0

    monkeypatch.setattr(small, "_syncfs", lambda: sync)
    together = Small(store)
    for number in range(10):
        together.put(number, store.root, wanted(f"f{number}"), view(str(number)))
    assert together.publish() == {number: f"f{number}" for number in range(10)}
    assert seen == [{}]
    assert there(tmp_path) == {f"f{number}": str(number) for number in range(10)}


def test_a_taken_name_gets_a_number_and_is_replaced_only_if_that_was_asked(
    store: Store, tmp_path: Path, how: str
) -> None:
    together = Small(store)
    for number, text in enumerate(("one", "two", "three")):
        together.put(number, store.root, wanted("a.txt"), view(text))
    assert together.publish() == {0: "a.txt", 1: "a (1).txt", 2: "a (2).txt"}
    together.put(0, store.root, wanted("a.txt", overwrite=True), view("four"))
    assert together.publish() == {0: "a.txt"}
    assert there(tmp_path) == {"a.txt": "four", "a (1).txt": "two", "a (2).txt": "three"}


def test_a_link_of_that_name_is_not_followed(store: Store, tmp_path: Path, how: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root/a").symlink_to(tmp_path / "secret")
    together = Small(store)
    together.put(0, store.root, wanted("a"), view("x"))
    together.put(1, store.root, wanted("a", overwrite=True), view("y"))
    assert together.publish() == {0: "a (1)", 1: "a"}
    assert (tmp_path / "secret").read_text() == "secret"
    assert not (tmp_path / "root/a").is_symlink()


def test_times_and_modes(store: Store, tmp_path: Path, how: str) -> None:
    together = Small(store)
    together.put(0, store.root, wanted("plain"), view("x"))
    together.put(1, store.root, wanted("program", mode=0o4755), view("x"))
    together.publish()
    plain, program = (tmp_path / "root/plain").stat(), (tmp_path / "root/program").stat()
    assert (plain.st_mode & 0o7777, program.st_mode & 0o7777) == (0o600, 0o755)
    assert plain.st_mtime_ns == 1_000_000_000


@pytest.mark.parametrize("call", ["open", "pwrite", "link", "fdatasync"])
def test_what_the_disk_refuses_fails_that_file_and_leaves_nothing(
    store: Store, tmp_path: Path, how: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "full")

    together = Small(store)
    assert store.root.takes_nameless is (how == "nameless") or how == "nameless"
    before = len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as patch:
        patch.setattr(folders, "os", SimpleNamespace(**{**vars(os), call: fails}))
        together.put(0, store.root, wanted("a"), view("x"))
        done = together.publish()
    assert isinstance(done[0], DiskFull)
    assert there(tmp_path) == {}
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_disk_that_cannot_keep_them_names_none(
    store: Store, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small, "_syncfs", lambda: lambda fd: -1)
    together = Small(store)
    for number in range(10):
        together.put(number, store.root, wanted(f"f{number}"), view("x"))
    assert all(isinstance(found, RsError) for found in together.publish().values())
    assert there(tmp_path) == {}


def test_more_than_may_be_open_at_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(small, "HELD", 4)
    together = Small(store)
    for number in range(11):
        together.put(number, store.root, wanted(f"f{number}"), view("x"))
    assert len(together.publish()) == len(there(tmp_path)) == 11


def test_a_system_that_has_no_more_descriptors_is_given_some_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, scarce = folders.HeldFolder.nameless, [False]
    assert store.root.takes_nameless

    def nameless(self: folders.HeldFolder) -> int:
        if scarce[0]:
            scarce[0] = False
            raise OSError(errno.EMFILE, "too many")
        return real(self)

    monkeypatch.setattr(folders.HeldFolder, "nameless", nameless)
    together = Small(store)
    together.put(0, store.root, wanted("a"), view("x"))
    scarce[0] = True
    together.put(1, store.root, wanted("b"), view("y"))
    assert together.publish() == {0: "a", 1: "b"}


def test_names_are_given_in_order_though_they_are_given_beside_the_writing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(small, "HELD", 2)
    files = Small(store)
    for number in range(7):
        files.put(number, store.root, wanted("a"), view(str(number)))
    names = ["a", *(f"a ({number})" for number in range(1, 7))]
    assert files.publish() == dict(enumerate(names))
    assert there(tmp_path) == {name: str(number) for number, name in enumerate(names)}


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="no syncfs here")
def test_a_disk_that_cannot_keep_some_names_the_others(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What fails in the second thread fails those files, and nothing is left of them."""
    answers = iter([-1, 0])
    monkeypatch.setattr(small, "_syncfs", lambda: lambda fd: next(answers))
    monkeypatch.setattr(small, "HELD", 4)
    files = Small(store)
    for number in range(8):
        files.put(number, store.root, wanted(str(number)), view("x"))
    done = files.publish()
    assert all(isinstance(done[number], RsError) for number in range(4))
    assert [done[number] for number in range(4, 8)] == ["4", "5", "6", "7"]
    assert there(tmp_path) == {str(number): "x" for number in range(4, 8)}


def test_how_much_is_free_is_asked_for_many_at_once_and_noticed_all_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, asked = [10], [0]

    def free() -> int:
        asked[0] += 1
        return left[0]

    def check(needed: int) -> None:
        if needed > left[0]:
            raise DiskFull("full")

    monkeypatch.setattr(store, "free", free)
    monkeypatch.setattr(store, "check_room", check)
    monkeypatch.setattr(small, "HELD", 4)
    files = Small(store)
    for number in range(12):
        files.put(number, store.root, wanted(str(number)), view("x"))
    done = files.publish()
    assert [number for number, found in done.items() if isinstance(found, RsError)] == []
    assert asked[0] == 3  # of twelve files, four at a time
    left[0] = 2
    for number in range(4):
        files.put(number, store.root, wanted(f"more {number}"), view("xx"))
        left[0] = 0
    done = files.publish()
    assert [isinstance(done[number], DiskFull) for number in range(4)] == [False, True, True, True]


def test_two_batches_at_once_do_with_the_descriptors_that_everybody_has(store: Store, tmp_path: Path, how: str) -> None:
    """1,024 of them, of which half are left for all else."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 3 * small.HELD
    most, open_before = 0, len(os.listdir("/proc/self/fd"))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[1]), before[1]))
        together = [Small(store), Small(store)]
        for number in range(count):
            for which, files in enumerate(together):
                files.put(number, store.root, wanted(f"{which}-{number}"), view("x"))
            most = max(most, len(os.listdir("/proc/self/fd")) - open_before)
        done = [files.publish() for files in together]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert done == [{number: f"{which}-{number}" for number in range(count)} for which in range(2)]
    assert len(there(tmp_path)) == 2 * count
    assert most <= 520
