"""The recorder's process, real, as the process that holds the session drives it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import psutil
import pytest

from rs_cli.recording.reader import open_recording
from rs_cli.recording.recorder import Recorder
from rs_cli.recording.reel import Reel
from rs_relay.channels.screen.messages import Frame
from rs_relay.errors import LocalProblem, PeerBroke, UsageError
from tests.support.customer import until
from tests.support.pictures import Painter
from tests.support.recordings import film, seen


async def take(recorder: Recorder, painter: Painter, *pictures: np.ndarray) -> None:
    for picture in pictures:
        for frame in painter.frames(picture):
            await recorder.take(frame)


def process(recorder: Recorder) -> psutil.Process:
    assert recorder._child
    return psutil.Process(recorder._child._process.pid)


async def test_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    painter = Painter(200, 120)
    async with Recorder(path, "1 · Maria's PC") as recorder:
        recorder.allowed = True
        await recorder.take(painter.layout)
        await take(recorder, painter, *film())
        await until(lambda: recorder.segments == 1 and recorder.size > 100)
        recorder.allowed = False
        await take(recorder, painter, film(seed=9)[0])
    made = open_recording(path)
    assert made.finished
    assert made.about.title == "1 · Maria's PC"
    assert np.array_equal(seen(Reel(made), made.duration), film()[-1])
    assert recorder.size == made.size
    assert recorder.seconds * 1000 >= made.duration


async def test_what_came_before_it_was_allowed_is_not_in_it(tmp_path: Path) -> None:
    painter = Painter(200, 120)
    async with Recorder(tmp_path / "a.rsrec", "") as recorder:
        await recorder.take(painter.layout)
        await take(recorder, painter, film(seed=9)[0], film()[0])
        recorder.allowed = True  # in the same moment: the pictures above were not
        await take(recorder, painter, *film()[1:])
    made = open_recording(tmp_path / "a.rsrec")
    first = seen(Reel(made), 0)
    assert any(np.array_equal(first, picture) for picture in film())


async def test_the_process_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", "/somewhere")
    monkeypatch.setenv("RS_TOKEN", "secret")
    async with Recorder(tmp_path / "a.rsrec", "") as recorder:
        its = process(recorder)
        assert not [name for name in its.environ() if name.startswith("RS_")]
        assert str(tmp_path) not in " ".join(its.cmdline())
        assert its.net_connections() == []


async def test_a_name_that_is_taken_and_a_place_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.rsrec").write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        async with Recorder(tmp_path / "a.rsrec", ""):
            pass
    assert (tmp_path / "a.rsrec").read_bytes() == b"mine"
    with pytest.raises(LocalProblem, match="cannot be written"):
        async with Recorder(tmp_path / "none" / "a.rsrec", ""):
            pass
    async with Recorder(tmp_path / "a.rsrec", "", replace=True):
        pass
    assert open_or_none(tmp_path / "a.rsrec") is None  # no picture, no file


def open_or_none(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


async def test_pixels_that_make_no_sense_end_it_and_what_was_written_plays(tmp_path: Path) -> None:
    painter = Painter(200, 120)
    with pytest.raises(PeerBroke):
        async with Recorder(tmp_path / "a.rsrec", "") as recorder:
            recorder.allowed = True
            await recorder.take(painter.layout)
            await take(recorder, painter, film()[0])
            await recorder.take(Frame(9, 1, spans=(900, 7)))
            async with asyncio.timeout(20):
                await recorder.ended
    made = open_recording(tmp_path / "a.rsrec")
    assert np.array_equal(seen(Reel(made), made.duration), film()[0])


async def test_a_process_that_is_killed_is_told_and_what_it_wrote_plays(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    painter = Painter(200, 120)
    with pytest.raises(LocalProblem, match="ended unexpectedly"):
        async with Recorder(path, "") as recorder:
            recorder.allowed = True
            await recorder.take(painter.layout)
            await take(recorder, painter, *film())
            await until(lambda: recorder.segments == 1 and path.stat().st_size > 1000)
            process(recorder).kill()
            while True:
                await take(recorder, painter, film()[0])
                await asyncio.sleep(0.01)
    made = open_recording(path)
    assert not made.finished
    assert made.updates
