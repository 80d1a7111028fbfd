"""What is done in folders: right, bounded, stopped at once, and never led out of what is reached."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rs_agent.folders import filing
from rs_agent.folders.filing import Asked, Filing, Stopped
from rs_agent.folders.places import Places
from rs_relay.channels.folders import (
    Ended,
    Entries,
    Entry,
    Find,
    Glob,
    Kind,
    List,
    Make,
    Measure,
    Move,
    Passed,
    Remove,
    Space,
    Stat,
    text,
)
from rs_relay.errors import NoSuchSession, NotAllowed, RsError, UsageError
from rs_relay.link.spec import Permission


class Customer:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.disk = False
        self.stop = threading.Event()
        self.places = Places(home, lambda permission: permission is Permission.DISK and self.disk, (home / "state",))
        self.last: Filing

    def begin(self, asked: Asked) -> filing.Work:
        self.last = Filing(self.places, self.home, self.stop)
        return self.last.work(asked)

    def do(self, asked: Asked) -> tuple[list[Entry], Ended]:
        work, entries = self.begin(asked), []
        while True:
            try:
                said = next(work)
            except StopIteration as e:
                return entries, e.value
            if isinstance(said, Entries):
                entries += said.entries

    def names(self, asked: Asked) -> list[str]:
        return sorted(text(entry.name) for entry in self.do(asked)[0])


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Customer]:
    home = tmp_path / "home"
    (home / "docs" / "sub" / "deep").mkdir(parents=True)
    (home / "docs" / "report.pdf").write_bytes(b"x" * 5000)
    (home / "docs" / "sub" / "old.TXT").write_text("old")
    (home / "docs" / "sub" / "deep" / "a.txt").write_text("a")
    (home / ".ssh").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("not yours")
    (home / "docs" / "out").symlink_to(tmp_path / "outside")
    before = len(os.listdir("/proc/self/fd"))
    yield Customer(home)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_is_listed_with_what_each_thing_is(at: Customer) -> None:
    os.mkfifo(at.home / "docs" / "pipe")
    entries, ended = at.do(List(1, "docs"))
    found = {text(e.name): e for e in entries}
    assert {n: e.kind for n, e in found.items()} == {
        "report.pdf": Kind.FILE, "sub": Kind.FOLDER, "out": Kind.LINK, "pipe": Kind.OTHER,
    }  # fmt: skip
    assert (found["report.pdf"].size, found["report.pdf"].mode & 0o400) == (5000, 0o400)
    assert found["out"].target == str(at.home.parent / "outside")
    assert (ended.count, ended.path) == (4, str(at.home / "docs"))


def test_hidden_things_are_listed_with_disk_alone(at: Customer) -> None:
    assert at.names(List(1, "")) == ["docs"]
    at.disk = True
    assert at.names(List(1, "~")) == [".ssh", "docs"]
    assert at.names(List(1, "docs/out")) == ["secret"]


def test_a_file_is_listed_as_itself(at: Customer) -> None:
    assert at.names(List(1, "docs/report.pdf")) == [str(at.home / "docs" / "report.pdf")]


def test_a_link_is_looked_at_as_such_or_followed(at: Customer) -> None:
    (at.home / "in").symlink_to("docs/report.pdf")
    assert at.do(Stat(1, "in"))[0][0].kind is Kind.LINK
    assert at.do(Stat(1, "in", follow=True))[0][0].kind is Kind.FILE
    with pytest.raises(NotAllowed):
        at.do(Stat(1, "docs/out", follow=True))


def test_a_name_that_is_no_unicode_goes_as_its_bytes(at: Customer) -> None:
    name = os.fsdecode(b"caf\xe9")
    (at.home / name).write_text("")
    (entry,) = [e for e in at.do(List(1, ""))[0] if e.kind is Kind.FILE]
    assert entry.name == "caf\0dce9"
    at.do(Remove(1, entry.name))
    assert not (at.home / name).exists()


def test_a_huge_folder_is_told_in_parts_and_bounded(at: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(1000):
        (at.home / f"file {n}").touch()
    parts = [said for said in at.begin(List(1, "")) if isinstance(said, Entries)]
    assert len(parts) > 3
    assert sum(len(part.entries) for part in parts) == 1001
    monkeypatch.setattr(filing, "LISTED", 500)
    entries, ended = at.do(List(1, ""))
    assert (len(entries), ended.more) == (500, True)
    assert at.do(Find(1, "", name="file*"))[1].more


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Find(1, "docs", name="*.txt"), ["sub/deep/a.txt"]),
        (Find(1, "docs", name="*.txt", fold=True), ["sub/deep/a.txt", "sub/old.TXT"]),
        (Find(1, "docs", kind=Kind.FOLDER), ["sub", "sub/deep"]),
        (Find(1, "docs", larger=5000), ["report.pdf"]),
        (Find(1, "docs", smaller=2), ["sub/deep/a.txt"]),
        (Find(1, "docs", depth=1), ["out", "report.pdf", "sub"]),
        (Find(1, "docs", after=4e9), []),
        (Find(1, "docs", name="old*", before=4e9), ["sub/old.TXT"]),
        (Find(1, "", name="secret"), []),
    ],
)
def test_finding(at: Customer, asked: Find, found: list[str]) -> None:
    assert at.names(asked) == found


def test_patterns(at: Customer) -> None:
    assert at.names(Glob(1, "docs/*.pdf")) == ["docs/report.pdf"]
    assert at.names(Glob(1, "**/*.txt")) == ["docs/sub/deep/a.txt"]
    with pytest.raises(NoSuchSession):
        at.do(Glob(1, "docs/*.exe"))


def test_measuring(at: Customer) -> None:
    (at.home / "docs" / "sub" / "big").write_bytes(os.urandom(300_000))
    entries, ended = at.do(Measure(1, "docs"))
    sizes = {text(e.name): e.size for e in entries}
    assert sizes["sub"] >= 300_000
    assert ended.size == sum(sizes.values())
    assert ended.count == 7  # report.pdf, out, sub, old.TXT, big, deep, a.txt
    assert at.do(Measure(1, "docs/report.pdf"))[1].size >= 5000


def test_space(at: Customer) -> None:
    for path in ("", "docs/report.pdf"):
        _, ended = at.do(Space(1, path))
        assert 0 < ended.free <= ended.size


def test_folders_are_made(at: Customer) -> None:
    at.do(Make(1, "new"))
    assert at.last.change is not None
    assert (at.last.change.kind, at.last.change.what) == ("made", str(at.home / "new"))
    at.do(Make(1, "new/b/c", parents=True))
    at.do(Make(1, "new/b/c", parents=True))
    assert (at.home / "new" / "b" / "c").is_dir()
    for asked in (Make(1, "new"), Make(1, "docs"), Make(1, ""), Make(1, "a\nb"), Make(1, "x/evil\u202ename", True)):
        with pytest.raises((UsageError, NoSuchSession)):
            at.do(asked)
    for path in (".hidden", "docs/out/x", "../x"):
        with pytest.raises(NotAllowed):
            at.do(Make(1, path))


def test_moving_renames_and_goes_into_folders(at: Customer) -> None:
    at.do(Move(1, "docs/report.pdf", "docs/final.pdf"))
    at.do(Move(1, "docs/final.pdf", "docs/sub"))
    assert (at.home / "docs" / "sub" / "final.pdf").exists()
    at.do(Move(1, "docs/out", "docs/link"))  # the link itself
    assert (at.home / "docs" / "link").is_symlink()
    assert at.last.change is not None
    assert at.last.change.where == str(at.home / "docs" / "link")


def test_moving_overwrites_only_when_asked(at: Customer) -> None:
    (at.home / "new.txt").write_text("new")
    with pytest.raises(UsageError, match="already"):
        at.do(Move(1, "new.txt", "docs/report.pdf"))
    assert at.last.change is None
    at.do(Move(1, "new.txt", "docs/report.pdf", overwrite=True))
    assert (at.home / "docs" / "report.pdf").read_text() == "new"


@pytest.mark.parametrize("path", ["", ".", "~", "docs/..", "{home}"])
def test_home_itself_stays(at: Customer, path: str) -> None:
    path = path.format(home=at.home)
    for at.disk in (False, True):
        with pytest.raises(UsageError):
            at.do(Remove(1, path, recursive=True))
        with pytest.raises(UsageError):
            at.do(Move(1, path, "docs"))
    for above in ("/", "..", str(at.home.parent)):
        with pytest.raises(UsageError):
            at.do(Remove(1, above, recursive=True))
    assert (at.home / "docs" / "report.pdf").exists()


def test_what_may_not_be_moved(at: Customer) -> None:
    for asked in (
        Move(1, "docs/report.pdf", "../x"),
        Move(1, "docs/report.pdf", "docs/out"),
        Move(1, "../outside", "x"),
    ):
        with pytest.raises(NotAllowed):
            at.do(asked)
    with pytest.raises(UsageError, match="into itself"):
        at.do(Move(1, "docs", "docs/sub"))
    with pytest.raises(UsageError):
        at.do(Move(1, "docs/report.pdf", "a\nb"))


@pytest.fixture
def other() -> Iterator[Path]:
    """A folder on another file system."""
    folder = Path("/dev/shm") / f"rs-test-{os.getpid()}"
    if not Path("/dev/shm").is_dir():
        pytest.skip("there is no other file system here")
    folder.mkdir()
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_a_file_goes_to_another_file_system_whole(at: Customer, other: Path) -> None:
    at.disk = True
    report = at.home / "docs" / "report.pdf"
    os.utime(report, (1e9, 1e9))
    report.chmod(0o640)
    if report.stat().st_dev == other.stat().st_dev:
        pytest.skip("it is the same file system")
    at.do(Move(1, "docs/report.pdf", str(other)))
    moved = other / "report.pdf"
    assert moved.read_bytes() == b"x" * 5000
    assert (moved.stat().st_mtime, moved.stat().st_mode & 0o777) == (1e9, 0o640)
    assert not report.exists()
    with pytest.raises(RsError, match="only files"):
        at.do(Move(1, "docs/sub", str(other)))
    report.write_text("again")
    with pytest.raises(UsageError):
        at.do(Move(1, "docs/report.pdf", str(other)))
    assert sorted(p.name for p in other.iterdir()) == ["report.pdf"]
    assert report.read_text() == "again"


def test_removing(at: Customer) -> None:
    with pytest.raises(UsageError, match="not empty"):
        at.do(Remove(1, "docs/sub"))
    at.do(Remove(1, "docs/out"))  # the link, not what it leads to
    assert (at.home.parent / "outside" / "secret").exists()
    _, ended = at.do(Remove(1, "docs", recursive=True))
    assert ended.count == 6
    assert not (at.home / "docs").exists()
    with pytest.raises(NoSuchSession):
        at.do(Remove(1, "docs"))


def test_a_removal_leaves_what_is_not_reached(at: Customer) -> None:
    (at.home / "docs" / "sub" / ".git").mkdir()
    with pytest.raises(NotAllowed, match=r"not reached was left in it \(1\)"):
        at.do(Remove(1, "docs", recursive=True))
    assert sorted(str(p.relative_to(at.home)) for p in (at.home / "docs").rglob("*")) == ["docs/sub", "docs/sub/.git"]
    assert at.last.change is not None
    assert at.last.change.count == 5
    at.disk = True
    at.do(Remove(1, "docs", recursive=True))
    assert not (at.home / "docs").exists()


def test_a_removal_follows_no_link(at: Customer) -> None:
    (at.home / "docs" / "sub" / "away").symlink_to(at.home.parent / "outside")
    at.do(Remove(1, "docs", recursive=True))
    assert (at.home.parent / "outside" / "secret").read_text() == "not yours"


def test_a_folder_turned_into_a_link_while_it_is_emptied(at: Customer) -> None:
    """A program of the customer's swaps folders for links out, while they are removed again and again."""
    outside = at.home.parent / "outside"
    going = True

    def swap() -> None:
        n = 0
        while going:
            n += 1
            try:
                os.rename(at.home / "victim" / "sub", at.home / f"aside{n}")
                os.symlink(outside, at.home / "victim" / "sub")
            except OSError:
                pass

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(300):
            try:
                (at.home / "victim" / "sub").mkdir(parents=True, exist_ok=True)
                (at.home / "victim" / "sub" / "file").touch()
                at.do(Remove(1, "victim", recursive=True))
            except (RsError, OSError):
                pass
            (outside / "file").unlink(missing_ok=True)  # made by this test's own touch through the link
            assert (outside / "secret").exists()
    finally:
        going = False
        thread.join()


def test_work_that_is_stopped_ends_between_two_files(at: Customer) -> None:
    for n in range(3000):
        (at.home / "docs" / f"file {n}").touch()
    filing_steps = at.begin(Remove(1, "docs", recursive=True))
    at.stop.set()
    with pytest.raises(Stopped):
        for _ in filing_steps:
            pass
    assert (at.home / "docs" / "report.pdf").exists()


def test_a_walk_ends_when_disk_is_withdrawn(at: Customer) -> None:
    at.disk = True
    work = at.begin(Find(1, "/usr", name="no such thing"))
    next(work)
    at.disk = False
    with pytest.raises(NotAllowed, match="withdrawn"):
        for _ in work:
            pass


def test_long_work_says_how_far_it_is(at: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "STEP", 0.0)
    monkeypatch.setattr(filing, "TOLD", 0.0)
    said: list[Any] = list(at.begin(Remove(1, "docs", recursive=True)))
    counts = [step.count for step in said if isinstance(step, Passed)]
    assert counts == sorted(counts)
    assert counts[-1] >= 4
