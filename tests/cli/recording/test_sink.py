from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from rs_cli.recording import sink
from rs_cli.recording.sink import Sink
from rs_relay.errors import DiskFull, LocalProblem, UsageError
from tests.support.xdesktop import until


def test_what_is_put_is_in_the_file_and_only_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    to = Sink(path)
    to.put(b"one ")
    to.put(b"two", flush=True)
    to.close()
    assert path.read_bytes() == b"one two"
    assert to.size == 7
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    path.write_bytes(b"mine")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="there already"):
        Sink(path)
    assert path.read_bytes() == b"mine"
    to = Sink(path, replace=True)
    to.put(b"new")
    to.close()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    (tmp_path / "a.rsrec").symlink_to(other)
    Sink(tmp_path / "a.rsrec", replace=True).close()
    assert other.read_bytes() == b"mine"


def test_a_place_that_is_none_is_a_local_problem(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem):
        Sink(tmp_path / "none" / "a.rsrec")


def test_it_is_full_while_the_disk_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    write = os.write

    def slow(fd: int, data: bytes) -> int:
        gate.wait(10)
        return write(fd, data)

    monkeypatch.setattr(sink.os, "write", slow)
    monkeypatch.setattr(sink, "QUEUE", 10)
    to = Sink(tmp_path / "a.rsrec")
    to.put(b"x" * 11)
    assert to.full
    gate.set()
    until(lambda: not to.full, "the disk")
    to.close()


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFull), (errno.EIO, LocalProblem)])
def test_a_disk_that_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def broken(fd: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sink.os, "write", broken)
    to = Sink(tmp_path / "a.rsrec")
    to.put(b"x")
    until(lambda: to.failed is not None, "the failure")
    to.put(b"y")  # goes nowhere
    assert not to.full
    with pytest.raises(kind):
        to.close()
