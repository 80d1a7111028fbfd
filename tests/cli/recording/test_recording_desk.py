"""What is written, and when, with the process left out."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from rs_cli.recording import desk as desks
from rs_cli.recording import pipe
from rs_cli.recording.desk import Desk
from rs_cli.recording.reader import Recording, open_recording
from rs_cli.recording.reel import Reel
from rs_relay.channels.screen.messages import Frame
from rs_relay.errors import DiskFull, LocalProblem, PeerBroke, UsageError
from tests.support.pictures import Painter
from tests.support.recordings import film, seen, sheet
from tests.support.xdesktop import until


class At:
    """A desk with a clock that is set."""

    def __init__(self, path: Path, title: str = "") -> None:
        self.now = 50.0
        self.desk = Desk(pipe.Begin(str(path), title), lambda: self.now)
        self.painter = Painter(200, 120)
        self.desk.take(self.painter.layout)

    def show(self, *pictures: np.ndarray) -> None:
        for picture in pictures:
            for frame in self.painter.frames(picture):
                self.desk.take(frame)

    def allow(self, on: bool) -> None:
        self.desk.take(pipe.Allow(on))


def lying(path: Path) -> Recording | None:
    """What could be played if the program were killed now."""
    try:
        return open_recording(path)
    except LocalProblem:
        return None


def test_a_recording_from_its_first_picture_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    it = At(path, "1 · Maria's PC")
    it.allow(True)
    it.now = 70.0  # nothing was to be seen for a while
    it.show(film()[0])
    it.now = 72.5
    it.show(film()[1])
    assert it.desk.state().seconds == 2.5
    it.now = 73.0
    it.allow(False)
    it.desk.close(finished=True)
    assert it.desk.state().size == path.stat().st_size
    made = open_recording(path)
    assert (made.about.title, made.duration, made.finished, made.torn) == ("1 · Maria's PC", 3000, True, 0)
    reel = Reel(made)
    assert np.array_equal(seen(reel, 0), film()[0])
    assert np.array_equal(seen(reel, 2499), film()[0])
    assert np.array_equal(seen(reel, 2500), film()[1])


def test_nothing_is_written_but_while_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    secret, shown = sheet(200, 120, 1), sheet(200, 120, 2)
    it = At(path)
    it.show(secret)
    it.desk.look()
    assert it.desk.state().segments == 0
    it.show(shown)
    it.allow(True)  # at once, though nothing comes
    it.allow(False)
    it.show(secret)
    it.desk.look()
    it.desk.close(finished=True)
    made = open_recording(path)
    assert made.updates == 1
    assert np.array_equal(seen(Reel(made), made.duration), shown)


def test_one_without_a_picture_leaves_no_file(tmp_path: Path) -> None:
    it = At(tmp_path / "a.rsrec")
    it.allow(True)
    it.desk.close(finished=True)
    assert list(tmp_path.iterdir()) == []


def test_time_passes_in_a_picture_that_rests(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    it = At(path)
    it.allow(True)
    it.show(film()[0])
    it.now = 110.0
    it.desk.look()
    until(lambda: (lies := lying(path)) is not None and lies.duration == 60_000, "a minute in the file")
    it.desk.close(finished=False)  # as when the session's process was killed
    assert not open_recording(path).finished


def test_while_the_disk_is_slow_updates_are_left_out_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.rsrec"
    full = False
    monkeypatch.setattr(desks.Sink, "full", property(lambda self: full))
    pictures = film()
    it = At(path)
    it.allow(True)
    it.show(pictures[0])
    full = True
    it.show(*pictures[1:-1])
    full = False
    it.show(pictures[-1])
    it.desk.close(finished=True)
    made = open_recording(path)
    assert made.updates == 2
    assert np.array_equal(seen(Reel(made), made.duration), pictures[-1])


def test_a_disk_that_is_full_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("rs_cli.recording.sink.os.write", no_room)
    desk = Desk(pipe.Begin(str(tmp_path / "a.rsrec"), ""), lambda: 50.0)
    until(lambda: desk._sink.failed, "the failure")  # of the file's first bytes, which its own thread writes
    with pytest.raises(DiskFull):
        desk.take(Painter(200, 120).layout)
    with pytest.raises(DiskFull):
        desk.look()
    with pytest.raises(DiskFull):
        desk.close(finished=False)


def test_what_makes_no_sense_and_a_file_that_is_there(tmp_path: Path) -> None:
    it = At(tmp_path / "a.rsrec")
    with pytest.raises(PeerBroke):
        it.desk.take(Frame(1, 1, spans=(900, 7)))
    with pytest.raises(UsageError):
        At(tmp_path / "a.rsrec")
    with pytest.raises(LocalProblem):
        At(tmp_path / "none" / "a.rsrec")
