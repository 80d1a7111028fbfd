from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from rs_cli.recording import recorder as recorders
from rs_cli.recording.reader import Recording, open_recording
from rs_cli.recording.recorder import Recorder
from rs_cli.recording.reel import Reel
from rs_relay.channels.screen.messages import Frame
from rs_relay.errors import DiskFull, LocalProblem, PeerBroke, UsageError
from tests.support.customer import until
from tests.support.pictures import Painter
from tests.support.recordings import film, seen, sheet


async def take(recorder: Recorder, painter: Painter, *pictures: np.ndarray) -> None:
    for picture in pictures:
        for frame in painter.frames(picture):
            await recorder.take(frame)


def lying(path: Path) -> Recording | None:
    """What could be played if the program were killed now."""
    try:
        return open_recording(path)
    except LocalProblem:
        return None


async def test_a_recording_from_its_first_picture_to_its_last(tmp_path: Path) -> None:
    now = 50.0
    path = tmp_path / "a.rsrec"
    async with Recorder(path, "1 · Maria's PC", clock=lambda: now) as recorder:
        recorder.allowed = True
        painter = Painter(200, 120)
        now = 70.0  # nothing was to be seen for a while
        await recorder.take(painter.layout)
        await take(recorder, painter, film()[0])
        now = 72.5
        await take(recorder, painter, film()[1])
        assert recorder.seconds == 2.5
        now = 73.0
        recorder.allowed = False
    made = open_recording(path)
    assert (made.about.title, made.duration, made.finished, made.torn) == ("1 · Maria's PC", 3000, True, 0)
    assert recorder.size == path.stat().st_size
    reel = Reel(made)
    assert np.array_equal(seen(reel, 0), film()[0])
    assert np.array_equal(seen(reel, 2499), film()[0])
    assert np.array_equal(seen(reel, 2500), film()[1])


async def test_nothing_is_written_but_while_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    secret, shown = sheet(200, 120, 1), sheet(200, 120, 2)
    async with Recorder(path, "") as recorder:
        painter = Painter(200, 120)
        await recorder.take(painter.layout)
        await take(recorder, painter, secret)
        await asyncio.sleep(2 * recorders.LOOK)
        assert recorder.segments == 0
        await take(recorder, painter, shown)
        recorder.allowed = True
        await until(lambda: lying(path) is not None)  # at the next look, though nothing comes
        recorder.allowed = False
        await take(recorder, painter, secret)
        await asyncio.sleep(2 * recorders.LOOK)
    made = open_recording(path)
    assert made.updates == 1
    assert np.array_equal(seen(Reel(made), made.duration), shown)


async def test_one_without_a_picture_leaves_no_file(tmp_path: Path) -> None:
    async with Recorder(tmp_path / "a.rsrec", "") as recorder:
        recorder.allowed = True
    assert lying(tmp_path / "a.rsrec") is None
    Recorder(tmp_path / "a.rsrec", "")  # nothing is in its place


async def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.rsrec").write_bytes(b"mine")
    with pytest.raises(UsageError):
        Recorder(tmp_path / "a.rsrec", "")
    assert (tmp_path / "a.rsrec").read_bytes() == b"mine"


async def test_time_passes_in_a_picture_that_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorders, "LOOK", 0.01)
    now = 0.0
    path = tmp_path / "a.rsrec"
    async with Recorder(path, "", clock=lambda: now) as recorder:
        recorder.allowed = True
        painter = Painter(64, 64)
        await recorder.take(painter.layout)
        await take(recorder, painter, sheet(64, 64))
        now = 60.0
        await until(lambda: (lies := lying(path)) is not None and lies.duration == 60_000)
        killed = lying(path)
        assert killed is not None
        assert not killed.finished


async def test_while_the_disk_is_slow_updates_are_left_out_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.rsrec"
    full = False
    monkeypatch.setattr(recorders.Sink, "full", property(lambda self: full))
    pictures = film()
    async with Recorder(path, "") as recorder:
        recorder.allowed = True
        painter = Painter(200, 120)
        await recorder.take(painter.layout)
        await take(recorder, painter, pictures[0])
        full = True
        await take(recorder, painter, *pictures[1:-1])
        full = False
        await take(recorder, painter, pictures[-1])
    made = open_recording(path)
    assert made.updates == 2
    assert np.array_equal(seen(Reel(made), made.duration), pictures[-1])


async def test_a_disk_that_is_full_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorders, "LOOK", 0.01)
    monkeypatch.setattr("rs_cli.recording.sink.os.write", no_room)
    with pytest.raises(DiskFull):
        async with Recorder(tmp_path / "a.rsrec", "") as recorder:
            recorder.allowed = True
            async with asyncio.timeout(10):
                await recorder.ended


async def test_what_makes_no_sense_is_told(tmp_path: Path) -> None:
    async with Recorder(tmp_path / "a.rsrec", "") as recorder:
        await recorder.take(Painter(64, 64).layout)
        with pytest.raises(PeerBroke):
            await recorder.take(Frame(1, 1, spans=(900, 7)))


async def test_a_defect_comes_to_light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorders, "LOOK", 0.001)

    def broken(self: Recorder) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Recorder, "_look", broken)
    with pytest.raises(ZeroDivisionError):
        async with Recorder(tmp_path / "a.rsrec", ""):
            await asyncio.sleep(0.1)
    with pytest.raises(LocalProblem):
        Recorder(tmp_path / "none" / "a.rsrec", "")
