"""The receiving disk, for real: names that are never taken twice, partial files that survive, and every way to fail."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rs_relay.errors import DiskFull, LocalProblem, NotAllowed, RsError, TransferFailed, UsageError
from rs_relay.transfer import folder, resume
from rs_relay.transfer import messages as m
from rs_relay.transfer.disk import Landing, Store
from rs_relay.transfer.outcome import Kept

DATA = bytes(range(256)) * 4096  # 1 MiB
SHA = hashlib.sha256(DATA).digest()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "root", margin=0)
    yield made
    made.close()


def view(data: bytes) -> memoryview:
    return memoryview(data)


def put(store: Store, name: str = "a", data: bytes = DATA, **options: Any) -> str:
    """One file, in pieces, as the receiver does it."""
    landing = store.landing("batch", **options)
    part = landing.begin(name, len(data), 1, "key")
    for at in range(part.offset, len(data), 100_000):
        part.write(view(data[at : at + 100_000]))
    assert part.digest() == hashlib.sha256(data).digest()
    name = part.publish()
    landing.settle()
    return name


def place(landing: Landing, name: str, data: bytes = b"1", mtime_ns: int = 1, mode: int = -1) -> str | Kept:
    """One small file; its name. Raises what went wrong with it."""
    sha256 = hashlib.sha256(data).digest()
    (found,) = landing.wholes([m.Whole(1, 0, name, mtime_ns, sha256, view(data), mode)])
    if isinstance(found, RsError):
        raise found
    return found


def whole(store: Store, name: str, data: bytes = b"x", **options: Any) -> str | Kept:
    landing = store.landing("batch", **options)
    saved = place(landing, name, data)
    landing.settle()
    return saved


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("how", [put, whole])
def test_the_same_name_three_times(store: Store, tmp_path: Path, how: Callable[..., Any]) -> None:
    """T-03"""
    names = [how(store, "a.txt", data) for data in (b"one", b"two", b"three")]
    assert names == ["a.txt", "a (1).txt", "a (2).txt"]
    assert files(tmp_path / "root") == {"a.txt": b"one", "a (1).txt": b"two", "a (2).txt": b"three"}


@pytest.mark.parametrize("how", [put, whole])
def test_overwrite_replaces_and_never_a_directory(store: Store, tmp_path: Path, how: Callable[..., Any]) -> None:
    how(store, "a", b"one")
    assert how(store, "a", b"two", overwrite=True) == "a"
    assert files(tmp_path / "root") == {"a": b"two"}
    (tmp_path / "root/d").mkdir()
    with pytest.raises(TransferFailed):
        how(store, "d", b"x", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_link_in_the_way_is_not_followed(store: Store, tmp_path: Path, overwrite: bool) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    root = tmp_path / "root"
    (root / "a").symlink_to(outside)
    (root / "dangling").symlink_to(tmp_path / "made")
    (root / "dir").symlink_to(tmp_path)
    put(store, "a", b"x", overwrite=overwrite)
    put(store, "dangling", b"x", overwrite=overwrite)
    if overwrite:
        with pytest.raises(TransferFailed):
            put(store, "dir/evil", b"x", overwrite=True)
    else:
        assert put(store, "dir/evil", b"x") == "dir (1)/evil"
    with pytest.raises(TransferFailed):
        put(store, "x", b"x", into="dir")
    assert outside.read_text() == "mine"
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "evil").exists()


def test_everything_is_private_from_the_first_byte(store: Store, tmp_path: Path) -> None:
    """T-32"""
    old = os.umask(0)
    try:
        landing = store.landing("b", into="sub")
        part = landing.begin("d/a", len(DATA), 1, "k")
        part.write(view(DATA[:10]))
        part.park()
        whole(store, "w")
    finally:
        os.umask(old)
    for path in (tmp_path / "root").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_a_parked_file_goes_on_in_another_run(tmp_path: Path) -> None:
    first = Store(tmp_path / "root", margin=0)
    part = first.landing("b").begin("a", len(DATA), 7, "key")
    part.write(view(DATA[:300_000]))
    part.park()
    first.close()
    second = Store(tmp_path / "root", margin=0)
    part = second.landing("another").begin("a", len(DATA), 7, "key")
    assert part.offset == 300_000
    assert part.digest() == hashlib.sha256(DATA[:300_000]).digest()
    part.write(view(DATA[300_000:]))
    assert part.publish() == "a"
    assert files(tmp_path / "root") == {"a": DATA}
    second.close()


@pytest.mark.parametrize("other", [{"size": len(DATA) - 1}, {"mtime_ns": 8}, {"key": "other"}, {"name": "b"}])
def test_another_version_never_goes_on(store: Store, other: dict[str, Any]) -> None:
    how: dict[str, Any] = {"name": "a", "size": len(DATA), "mtime_ns": 7, "key": "key"}
    part = store.landing("b").begin(**how)
    part.write(view(DATA[:1000]))
    part.park()
    assert store.landing("b").begin(**(how | other)).offset == 0


@pytest.mark.parametrize("at", [0, 150_000, 299_999])
def test_a_byte_flipped_in_the_partial_file_is_caught(tmp_path: Path, at: int) -> None:
    """F-13, in the same run (with its running hash in memory) and in another."""
    for same_run in (True, False):
        store = Store(tmp_path / f"root{same_run}", margin=0)
        part = store.landing("b").begin("a", len(DATA), 7, "key")
        part.write(view(DATA[:300_000]))
        part.park()
        (path,) = (p for p in (tmp_path / f"root{same_run}").iterdir() if p.suffix == "")
        with path.open("r+b") as f:
            f.seek(at)
            f.write(bytes([DATA[at] ^ 1]))
        if not same_run:
            store = Store(tmp_path / f"root{same_run}", margin=0)
        assert store.landing("b").begin("a", len(DATA), 7, "key").offset == 0


def test_a_partial_file_that_is_a_link_or_shared_is_not_written_to(store: Store, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.write_bytes(b"mine")
    for make in (os.symlink, os.link):
        part = store.landing("b").begin("a", len(DATA), 7, "key")
        part.write(view(DATA[:1000]))
        part.park()
        (path,) = (p for p in root.iterdir() if p.suffix == "")
        path.unlink()
        make(outside, path)
        part = store.landing("b").begin("a", len(DATA), 7, "key")
        assert part.offset == 0
        part.write(view(DATA))
        part.discard()
    assert outside.read_bytes() == b"mine"
    assert list(root.iterdir()) == []


def test_the_same_file_twice_at_once_does_not_share_a_partial_file(store: Store, tmp_path: Path) -> None:
    parts = [store.landing("b").begin("a", 4, 7, "key") for _ in range(2)]
    for part, data in zip(parts, (b"1111", b"2222"), strict=True):
        part.write(view(data[:2]))
    for part, data in zip(parts, (b"1111", b"2222"), strict=True):
        part.write(view(data[2:]))
    assert [part.publish() for part in parts] == ["a", "a (1)"]
    assert files(tmp_path / "root") == {"a": b"1111", "a (1)": b"2222"}


def test_a_directory_gets_one_name_and_an_unfinished_one_goes_on(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "d").mkdir()
    landing = store.landing("b1")
    assert landing.folder("d", "dirkey") == "d (1)"
    assert landing.folder("d/e", "x") == "d (1)/e"
    assert place(landing, "d/e/a") == "d (1)/e/a"
    landing.settle()  # and now the program is killed
    again = store.landing("b2")
    assert again.folder("d", "dirkey") == "d (1)"
    assert place(again, "d/e/a") == "d (1)/e/a"
    there = again.begin("d/e/a", 1, 1, "k")
    assert (there.offset, there.publish()) == (1, "d (1)/e/a")
    other = again.begin("d/e/a", 1, 1, "k")
    other.restart()
    other.write(view(b"2"))
    assert other.publish() == "d (1)/e/a (1)"
    again.settle()
    again.complete()
    again.settle()
    assert files(root) == {"d (1)/e/a": b"1", "d (1)/e/a (1)": b"2"}
    assert store.landing("b3").folder("d", "dirkey") == "d (2)"


def test_a_name_for_the_topmost_thing(store: Store) -> None:
    landing = store.landing("b", rename="mine")
    assert place(landing, "theirs") == "mine"
    assert landing.folder("theirs", "k") == "mine (1)"
    assert place(landing, "theirs/x") == "mine (1)/x"


def test_room_is_looked_for_first_and_the_message_has_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-11"""
    store = Store(tmp_path / "root")
    with pytest.raises(DiskFull, match=r"has [0-9.]+ [MG]B free, and 115292\d+\.\d\d GB are needed"):
        store.landing("b").begin("a", 1 << 60, 1, "k")
    monkeypatch.setattr(store, "free", lambda: 0)
    with pytest.raises(DiskFull):
        whole(store, "a")
    assert list((tmp_path / "root").iterdir()) == []
    assert store.promised == store.busy == {}


def test_what_running_transfers_still_need_is_not_promised_twice(store: Store) -> None:
    half = store.free() // 2 + (1 << 29)
    first = store.landing("b").begin("a", half, 1, "k1")
    with pytest.raises(DiskFull):
        store.landing("b").begin("b", half, 1, "k2")
    first.discard()
    store.landing("b").begin("b", half, 1, "k2").discard()


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, after: int) -> None:
    """From its call `after` on, os.`name` fails in the disk module."""
    calls = 0
    real = getattr(os, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    monkeypatch.setattr(folder, "os", SimpleNamespace(**{**vars(os), name: call}))


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "free, and"), (errno.EDQUOT, "quota .* are needed"), (errno.EFBIG, "no file of this size")],
)
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_disk_that_fills_up_keeps_what_is_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str, after: int
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, "pwrite", number, after)
        part = store.landing("b").begin("a", len(DATA), 1, "key")
        with pytest.raises(DiskFull, match=told):
            for at in range(0, len(DATA), 100_000):
                part.write(view(DATA[at : at + 100_000]))
    part.park()
    assert all(name.startswith(".rs-part-") for name in files(tmp_path / "root"))
    assert put(store) == "a"
    assert files(tmp_path / "root") == {"a": DATA}


@pytest.mark.parametrize("call", ["fdatasync", "link", "pwrite", "open", "fsync"])
@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.ENOSPC])
def test_an_error_of_the_disk_is_one_of_ours_and_publishes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    for how in (put, whole):
        with monkeypatch.context() as patch:
            failing(patch, call, number, 0)
            with pytest.raises(RsError) as e:
                how(store, "a")
            assert str(tmp_path) not in e.value.message
        if call != "fsync":  # the name is given by then, and only its permanence in doubt
            assert "a" not in files(tmp_path / "root")


def test_without_hard_links_the_name_is_still_never_taken_twice(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "link", errno.EPERM, 0)
    assert [put(store, "a", data) for data in (b"one", b"two")] == ["a", "a (1)"]
    assert files(tmp_path / "root") == {"a": b"one", "a (1)": b"two"}


class Crash(BaseException):
    """The computer stops here."""


CHANGES = ("open", "pwrite", "fdatasync", "fsync", "link", "unlink", "rename", "mkdir", "ftruncate")


def crashing(at: int) -> tuple[SimpleNamespace, Callable[[], int]]:
    """os, stopping before its change number `at`."""
    count = 0

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count > at:
                raise Crash
            return real(*args, **kwargs)

        return call

    return SimpleNamespace(**{**vars(os), **{name: wrap(getattr(os, name)) for name in CHANGES}}), lambda: count


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_crash_between_any_two_system_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool) -> None:
    """F-23, T-34: under a final name there is the old file or the new one, and the next run ends whole."""
    monkeypatch.setattr(resume, "RECORD_MIN", 200_000)  # several records in a megabyte
    monkeypatch.setattr("rs_relay.transfer.part.claim", lambda fd: True)  # the dead hold nothing
    before = {"a": b"old"} if overwrite else {}
    for at in range(1, 500):
        root = tmp_path / f"root{at}"
        root.mkdir()
        if overwrite:
            (root / "a").write_bytes(b"old")
        with monkeypatch.context() as patch:
            broken, done = crashing(at)
            patch.setattr(folder, "os", broken)
            try:
                put(Store(root, margin=0), overwrite=overwrite)
                complete = True
            except Crash:
                complete = False
        seen = {name: data for name, data in files(root).items() if not name.startswith(".rs-part-")}
        assert seen in (before, {"a": DATA})
        if not complete:
            put(Store(root, margin=0), overwrite=overwrite)
        final = {name: data for name, data in files(root).items() if not name.startswith(".rs-part-")}
        assert final.pop("a") == DATA
        assert set(final.values()) <= {DATA}  # crashed after it had its name: then it is there twice, whole
        if complete:
            assert done() <= at
            return
    pytest.fail("the transfer never ended")


def test_a_record_that_says_more_than_the_disk_has_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power loss: the record reached the disk and the data did not."""
    monkeypatch.setattr(resume, "RECORD_MIN", 200_000)
    for spoil in (lambda f: f.truncate(100_000), lambda f: (f.seek(150_000), f.write(bytes(50_000)))):
        root = tmp_path / str(id(spoil))
        part = Store(root, margin=0).landing("b").begin("a", len(DATA), 7, "key")
        part.write(view(DATA[:500_000]))
        (path,) = (p for p in root.iterdir() if p.suffix == "")
        with path.open("r+b") as f:
            spoil(f)
        assert Store(root, margin=0).landing("b").begin("a", len(DATA), 7, "key").offset == 0


def test_a_file_beyond_the_limit_of_the_process(tmp_path: Path) -> None:
    """F-11 with RLIMIT_FSIZE, in a process of its own: the real EFBIG, and the session lives on."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from rs_relay.errors import DiskFull
        from rs_relay.transfer.disk import Store
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        part = Store(Path(sys.argv[1]), margin=0).landing("b").begin("a", 1_000_000, 1, "k")
        try:
            while True:
                part.write(memoryview(bytes(70_000)))
        except DiskFull:
            part.park()
            print(part.offset)
        """
    )
    out = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert 200_000 <= int(out.stdout) <= 300_000
    assert all(name.startswith(".rs-part-") for name in files(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_small_disk_of_its_own(tmp_path: Path) -> None:
    """The real ENOSPC of a tmpfs of 512 KiB, where one can be mounted."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "rs-test", str(tmp_path)], check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        store = Store(tmp_path, margin=0)
        landing = store.landing("b")
        with pytest.raises(DiskFull, match="are needed"):
            landing.begin("a", len(DATA), 1, "k")
        store.check_room = lambda needed: None  # type: ignore[method-assign]  # somebody else filled it meanwhile
        part = landing.begin("a", len(DATA), 1, "k")
        with pytest.raises(DiskFull, match="are needed"):
            for at in range(0, len(DATA), 100_000):
                part.write(view(DATA[at : at + 100_000]))
        part.park()
        landing.settle()
        assert all(name.startswith(".rs-part-") for name in files(tmp_path))
        store.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_what_nobody_took_up_for_a_week_is_removed(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name, age in ((".rs-part-old", 8), (".rs-part-old.record", 8), (".rs-part-new", 6), ("mine", 100)):
        (root / name).touch()
        os.utime(root / name, (1e9 - age * 86400,) * 2)
    store.sweep(1e9)
    assert sorted(files(root)) == [".rs-part-new", "mine"]


def test_a_folder_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalProblem):
        Store(tmp_path / "file")


def test_descriptors_do_not_pile_up(store: Store) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        put(store, f"d{number}/e/a", b"x")
        landing = store.landing("b")
        part = landing.begin("p", 10, 1, f"key {number}")
        part.write(view(b"x"))
        part.park()
        landing.settle()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("there", "sent", "expected"),
    [(2, 1, "kept"), (2, 2, "kept"), (1, 2, "taken"), (None, 1, "taken")],
    ids=["newer here", "as new", "newer there", "not here"],
)
def test_only_what_is_newer_is_taken_and_replaces(
    store: Store, tmp_path: Path, there: int | None, sent: int, expected: str
) -> None:
    path = tmp_path / "root/a"
    if there:
        path.write_bytes(b"old")
        os.utime(path, ns=(there * 10**9, there * 10**9))
    landing = store.landing("b", if_newer=True)
    assert isinstance(landing.begin("a", 3, sent * 10**9, "k"), Kept) is (expected == "kept")
    found = place(landing, "a", b"new", mtime_ns=sent * 10**9)
    landing.settle()
    assert isinstance(found, Kept) is (expected == "kept")
    assert path.read_bytes() == (b"old" if expected == "kept" else b"new")


def test_a_directory_that_is_there_is_filled_by_what_is_newer(store: Store, tmp_path: Path) -> None:
    (tmp_path / "root/d").mkdir()
    (tmp_path / "root/d/kept").write_bytes(b"mine")
    landing = store.landing("b", if_newer=True)
    assert landing.folder("d", "k") == "d"
    assert place(landing, "d/new", b"x", mtime_ns=1) == "d/new"
    landing.settle()
    assert files(tmp_path / "root") == {"d/kept": b"mine", "d/new": b"x"}


def test_modes_are_kept_where_that_was_asked_and_never_the_dangerous_ones(store: Store, tmp_path: Path) -> None:
    for key, modes in (("a", True), ("b", False)):
        landing = store.landing(key, modes=modes)
        landing.folder(key, "k")
        part = landing.begin(f"{key}/large", 1, 1, "k", 0o6755)
        part.write(view(b"x"))
        part.publish()
        place(landing, f"{key}/small", mode=0o7777)
        landing.finish(m.Finish(1, 9, key, 5 * 10**9, 0o2750))
        landing.settle()
    root = tmp_path / "root"
    kept = [(root / name).stat().st_mode & 0o7777 for name in ("a", "a/large", "a/small", "b", "b/large", "b/small")]
    assert kept == [0o750, 0o755, 0o777, 0o700, 0o600, 0o600]
    assert (root / "a").stat().st_mtime_ns == (root / "b").stat().st_mtime_ns == 5 * 10**9


HOSTILE_LINKS = ["/etc/passwd", "../../out", "../d/../../out", "a/../../../out", "", "x\0y", "..\\out", "../.."]


@pytest.mark.parametrize("target", HOSTILE_LINKS)
def test_a_link_that_leads_out_is_not_made(store: Store, tmp_path: Path, target: str) -> None:
    landing = store.landing("b", links=True)
    landing.folder("d", "k")
    with pytest.raises(TransferFailed):
        landing.link(m.Link(1, 1, "d/link", target))
    assert list((tmp_path / "root/d").iterdir()) == []


def test_links_are_kept_numbered_and_never_followed(store: Store, tmp_path: Path) -> None:
    landing = store.landing("b", links=True)
    landing.folder("d", "k")
    assert landing.link(m.Link(1, 1, "d/sub", "other")) == "d/sub"
    assert landing.link(m.Link(1, 2, "d/sub", "third")) == "d/sub (1)"
    assert os.readlink(tmp_path / "root/d/sub") == "other"
    (tmp_path / "root/d/other").mkdir()
    with pytest.raises(TransferFailed):
        place(landing, "d/sub/file")
    assert list((tmp_path / "root/d/other").iterdir()) == []
    with pytest.raises(TransferFailed):
        store.landing("c").link(m.Link(1, 1, "e/x", "y"))
    with pytest.raises(TransferFailed):
        landing.link(m.Link(1, 1, "alone", "y"))


def test_a_name_is_given_to_one_thing_alone(store: Store) -> None:
    landing = store.landing("b", rename="mine")
    place(landing, "theirs")
    with pytest.raises(UsageError):
        place(landing, "another")


def test_what_is_not_reached_is_not_written(store: Store, tmp_path: Path) -> None:
    (tmp_path / "root/d/kept").mkdir(parents=True)
    barred = (tmp_path / "root/d/kept").stat().st_ino

    def reached(name: str, found: os.stat_result | None) -> bool:
        return not name.startswith(".") if found is None else found.st_ino != barred

    landing = store.landing("b", overwrite=True, reached=reached)
    assert place(landing, "d/fine") == "d/fine"
    for name in (".bashrc", "d/.ssh/keys", "d/kept/x", "d/kept/below/x"):
        with pytest.raises(NotAllowed):
            place(landing, name)
    landing.settle()
    assert set(files(tmp_path / "root")) == {"d/fine"}
