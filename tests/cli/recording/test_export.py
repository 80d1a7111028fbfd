"""A film is decoded again by the same library, and shows what was recorded."""

from __future__ import annotations

import builtins
import errno
import stat
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rs_cli.recording import export as exporting
from rs_cli.recording import format
from rs_cli.recording.export import Easel, export
from rs_cli.recording.format import Kind
from rs_cli.recording.reader import Recording, open_recording
from rs_cli.recording.reel import Reel
from rs_cli.recording.scribe import opening
from rs_relay.channels.screen.messages import Frame, Layout
from rs_relay.errors import LocalProblem, UsageError
from tests.support.recordings import ABOUT, film, recorded, seen, sheet


@pytest.fixture
def two_scenes(tmp_path: Path) -> Recording:
    """A large picture for a second, then one that stands still for three, smaller and of an odd size."""
    scenes = [(0, film(320, 200, 10)), (1000, [sheet(101, 75)] * 31)]
    return open_recording(recorded(tmp_path / "a.rsrec", scenes))


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(float(f.time or 0), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Alike but for what colour at half resolution does to edges: in the mean of each 8 by 8 pixels."""
    height, width = one.shape[0] // 8 * 8, one.shape[1] // 8 * 8
    one, other = (p[:height, :width].reshape(height // 8, 8, width // 8, 8, 3).mean((1, 3)) for p in (one, other))
    return float(np.abs(one - other).max()) < 30


def test_the_film_shows_what_was_recorded(two_scenes: Recording, tmp_path: Path) -> None:
    parts: list[float] = []
    made = export(two_scenes, tmp_path / "a.mp4", moved=parts.append)
    assert (made.width, made.height) == (320, 200)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    frames = decoded(tmp_path / "a.mp4")
    assert len(frames) == made.pictures
    assert frames[0][0] == 0
    assert frames[-1][0] == pytest.approx(two_scenes.duration / 1000, abs=0.01)
    for time, picture in frames:
        wanted = np.asarray(Easel(two_scenes).at(round(time * 1000)))
        assert close(picture, wanted), time
    assert not close(frames[0][1], frames[5][1])
    assert stat.S_IMODE((tmp_path / "a.mp4").stat().st_mode) == 0o600


def test_a_still_picture_is_written_once_a_second(two_scenes: Recording) -> None:
    times = [time for time, _ in Easel(two_scenes).pictures(5)]
    assert times[:6] == [0, 200, 400, 600, 800, 1000]
    assert times[-1] == two_scenes.duration
    quiet = open_recording(
        recorded(two_scenes.path.with_name("q.rsrec"), [(0, [sheet(64, 64)]), (4500, [sheet(64, 64)])])
    )
    assert [time for time, _ in Easel(quiet).pictures(15)] == [0, 1000, 2000, 3000, 4000, 4500, 4600]


def test_a_smaller_picture_stands_in_the_middle_with_the_pointer_in_it(two_scenes: Recording) -> None:
    drawn = np.asarray(Easel(two_scenes).at(2000))
    left, top = (320 - 101) // 2, (200 - 75) // 2
    shown = drawn[top : top + 75, left : left + 101]
    differs = (shown != sheet(101, 75)).any(2)
    rows, columns = np.nonzero(differs)
    pointer = 10 + 10, 20  # at two seconds
    assert (columns.min(), rows.min()) == pointer
    assert columns.max() < pointer[0] + 16
    assert rows.max() < pointer[1] + 24
    outside = drawn.copy()
    outside[top : top + 75, left : left + 101] = 0
    assert not outside.any()


def test_scaled_to_a_width(two_scenes: Recording, tmp_path: Path) -> None:
    made = export(two_scenes, tmp_path / "a.mp4", width=160)
    assert (made.width, made.height) == (160, 100)
    assert decoded(tmp_path / "a.mp4")[0][1].shape == (100, 160, 3)
    assert export(two_scenes, tmp_path / "b.mp4", width=5000).width == 320  # never enlarged


def test_half_a_film_never_takes_the_name(
    two_scenes: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        export(two_scenes, tmp_path / "a.mp4")

    def interrupted(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(two_scenes, tmp_path / "a.mp4", replace=True, moved=interrupted)
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "a.rsrec"]
    export(two_scenes, tmp_path / "a.mp4", replace=True)
    assert decoded(tmp_path / "a.mp4")


def test_without_pyav_it_says_what_to_install(
    two_scenes: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LocalProblem) as told:
        export(two_scenes, tmp_path / "a.mp4")
    assert "rs-remote-support[video]" in told.value.hint
    assert not (tmp_path / "a.mp4").exists()


def test_what_the_library_cannot_do(two_scenes: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise av.FFmpegError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_write", full)
        with pytest.raises(LocalProblem, match="No space left"):
            export(two_scenes, tmp_path / "a.mp4")
    monkeypatch.setattr(exporting, "CODEC", "of-tomorrow")
    with pytest.raises(LocalProblem, match="cannot make H"):
        export(two_scenes, tmp_path / "a.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["a.rsrec"]


def test_places_and_names_that_do_not_work(two_scenes: Recording, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mp4"):
        export(two_scenes, tmp_path / "a.avi")
    with pytest.raises(LocalProblem, match="cannot be written"):
        export(two_scenes, tmp_path / "none" / "a.mp4")


def test_a_recording_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.rsrec"
    absurd = [Layout(1, 0, 0, 64, 64), Frame(1, 1, spans=(3, 900))]
    path.write_bytes(opening(ABOUT) + b"".join(format.said(0, m) for m in absurd) + format.pack(1, Kind.END))
    with pytest.raises(LocalProblem, match="makes no sense at 0:00"):
        export(open_recording(path), tmp_path / "a.mp4")


def test_the_easel_and_the_reel_agree(two_scenes: Recording) -> None:
    drawn = np.asarray(Easel(two_scenes).at(500))
    differs = (drawn != seen(Reel(two_scenes), 500)).any(2)
    assert 0 < int(differs.sum()) < 16 * 24  # the pointer alone
