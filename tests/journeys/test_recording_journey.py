"""Recorded by real programs: the customer is asked and reads it, a killed recorder leaves what can be played."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import av
import mss
import numpy as np
import psutil
import pytest

from rs_agent.desktop.x11.presence import WIDTH as FRAME
from rs_cli.recording.export import Easel
from rs_cli.recording.reader import Recording, open_recording
from rs_relay.errors import RsError
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

COLOURS = ("#204a87", "#8f5902", "#4e9a06", "#5c3566")


@pytest.fixture
def joined(stage: RsStage) -> RsStage:
    """A session whose customer lets the screen be seen, and is asked for the rest."""
    stage.start_agent(allow="view")
    stage.join()
    return stage


def _recording(path: Path) -> Recording | None:
    """What of it can be played now."""
    try:
        return open_recording(path)
    except RsError:
        return None


def _corner(recording: Recording, time: int) -> tuple[int, ...]:
    """Inside the frame that is round a seen screen."""
    inside = -1 - FRAME
    return tuple(int(v) for v in np.asarray(Easel(recording).at(time))[inside, inside])


def _colour(name: str) -> tuple[int, ...]:
    return tuple(int(name[at : at + 2], 16) for at in (1, 3, 5))


def _paint(desktop: XDesktop, path: Path, colour: str) -> None:
    """Until the recording has it."""
    desktop.run("xsetroot", "-solid", colour, check=True)
    until(lambda: (r := _recording(path)) and _corner(r, r.duration) == _colour(colour), f"{colour} in the file")


def test_a_killed_recorder_leaves_what_it_had(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    desktop.run("xsetroot", "-solid", COLOURS[0], check=True)
    recorder = joined.begin("record", joined.session, str(path))
    joined.agent.wait_for("asks to RECORD YOUR SCREEN")
    joined.agent.wait_for(r"Allow\? ")
    assert _recording(path) is None
    joined.agent.type("y\n")
    joined.agent.wait_for("YOUR SCREEN\\s+IS BEING RECORDED", on_screen=True)
    for colour in COLOURS:
        _paint(desktop, path, colour)
    writers = psutil.Process(recorder.pid).children(recursive=True)
    assert writers
    for each in (*writers, recorder):
        each.kill()
    recorder.wait()
    before = len(joined.agent.text)
    joined.agent.wait_for("no longer recorded", after=before - 200)

    killed = open_recording(path)
    assert not killed.finished
    assert _corner(killed, killed.duration) == _colour(COLOURS[-1])
    with mss.MSS(display=desktop.display) as camera:
        shot = camera.grab(camera.monitors[0])
        screen = np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)
    drawn = np.asarray(Easel(killed).at(killed.duration))
    inside = (drawn != screen).any(2)[FRAME:-FRAME, FRAME:-FRAME]  # the frame goes when nobody looks any more
    assert inside.sum() < 32 * 32  # all but the pointer

    said = json.loads(joined.run("play", str(path), "--info", "--json"))
    assert said["updates"] >= len(COLOURS)
    joined.run("export", str(path), str(tmp_path / "a.mp4"))
    with av.open(str(tmp_path / "a.mp4")) as film:
        *_, last = film.decode(video=0)
        corner = last.to_ndarray(format="rgb24")[-9, -9].astype(int)
    assert np.abs(corner - _colour(COLOURS[-1])).max() < 12


def test_a_refusal_records_nothing_and_a_withdrawal_ends_it(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    recorder = joined.begin("record", joined.session, str(path))
    joined.agent.wait_for(r"Allow\? ")
    joined.agent.type("n\n")
    assert recorder.wait(30) == 3
    assert not path.exists()

    joined.agent.type("/allow record\n")
    joined.agent.wait_for("allowed: .*RECORD YOUR SCREEN")
    recorder = joined.begin("record", joined.session, str(path))
    _paint(desktop, path, COLOURS[0])
    joined.agent.type("/withdraw record\n")
    assert recorder.wait(30) == 3
    desktop.run("xsetroot", "-solid", COLOURS[1], check=True)
    assert recorder.stderr
    assert "The customer has ended the recording" in recorder.stderr.read()
    kept = open_recording(path)
    assert kept.finished
    assert _corner(kept, kept.duration) == _colour(COLOURS[0])
    joined.agent.wait_for("no longer recorded")


def test_it_goes_on_after_a_lost_relay_and_ends_by_a_signal(joined: RsStage, desktop: XDesktop, tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    joined.agent.type("/allow record\n")
    joined.agent.wait_for("allowed: .*RECORD YOUR SCREEN")
    recorder = joined.begin("record", joined.session, str(path))
    _paint(desktop, path, COLOURS[2])
    joined.kill_relay()
    joined.start_relay()
    desktop.run("xsetroot", "-solid", COLOURS[3], check=True)
    until(lambda: (r := _recording(path)) and _corner(r, r.duration) == _colour(COLOURS[3]), "the new link", 60)
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(30) == 0
    made = open_recording(path)
    assert made.finished
    assert len(made.segments) == 2
