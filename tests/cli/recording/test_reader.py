"""Whatever became of a file, what is whole of it plays, and nothing ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_cli.recording import format
from rs_cli.recording.format import HEAD, Kind
from rs_cli.recording.reader import Recording, open_recording
from rs_cli.recording.reel import Reel
from rs_relay.errors import LocalProblem, RsError, UsageError
from tests.support.recordings import ABOUT, film, recorded, seen

PICTURES = film(64, 48, 4)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two scenes."""
    return recorded(tmp_path / "small.rsrec", [(0, PICTURES), (1000, film(48, 40, 2))])


def test_what_is_known_of_a_whole_one(small: Path) -> None:
    made = open_recording(small)
    assert made.about == ABOUT
    assert [(s.time, s.layout.width, s.layout.height) for s in made.segments] == [(0, 64, 48), (1000, 48, 40)]
    assert (made.duration, made.updates, made.finished, made.torn) == (1200, 6, True, 0)
    assert made.largest == (64, 48)
    assert [made.at(t) for t in (0, 999, 1000, 5000)] == [0, 0, 1, 1]


def test_cut_at_each_byte_the_whole_part_plays(small: Path, tmp_path: Path) -> None:
    """Each prefix is a shorter recording, with the picture of its last moment, or says that it holds none."""
    data = small.read_bytes()
    cut = tmp_path / "cut.rsrec"
    updates, empty = -1, 0
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        try:
            made = open_recording(cut)
        except LocalProblem:
            empty += 1
            continue
        assert made.updates >= updates
        if made.updates != updates:  # else it is the same as before
            updates = made.updates
            wanted = PICTURES[updates - 1] if updates <= 4 else film(48, 40, 2)[updates - 5]
            assert np.array_equal(seen(Reel(made), made.duration), wanted)
        assert not made.finished
        assert made.end <= length
    assert updates == 6
    cut.write_bytes(data[: empty - 1])  # only the shortest ones hold none: no longer one held less
    with pytest.raises(LocalProblem, match="holds no picture"):
        open_recording(cut)


def test_a_flipped_byte_ends_it_there(small: Path, tmp_path: Path) -> None:
    data = bytearray(small.read_bytes())
    broken = tmp_path / "broken.rsrec"
    for at in range(len(HEAD), len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 0x40
        broken.write_bytes(changed)
        try:
            made = open_recording(broken)
        except LocalProblem:
            continue
        assert made.end <= at
        assert made.torn
        play(made)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_rubbish_after_a_whole_part_is_no_part_of_it(
    tmp_path_factory: pytest.TempPathFactory, more: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("rubbish")
    data = recorded(folder / "a.rsrec", [(0, PICTURES[:2])]).read_bytes()
    (folder / "a.rsrec").write_bytes(data[: len(data) - at] + more)
    try:
        made = open_recording(folder / "a.rsrec")
    except RsError:
        return
    play(made)


def play(made: Recording) -> None:
    for time in (0, made.duration // 2, made.duration):
        seen(Reel(made), time)


def test_what_is_no_recording_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in (b"\x89PNG\r\n\x1a\n and more", b"hello", b"\x00" * 100):
        path.write_bytes(data)
        with pytest.raises(UsageError, match="is not a recording"):
            open_recording(path)
    for data in (b"", HEAD[:5], HEAD):
        path.write_bytes(data)
        with pytest.raises(LocalProblem, match="holds no picture"):
            open_recording(path)
    path.write_bytes(HEAD[:-2] + b"\x00\x02")
    with pytest.raises(UsageError, match="later version"):
        open_recording(path)
    with pytest.raises(LocalProblem, match="cannot be read"):
        open_recording(tmp_path / "none")
    with pytest.raises(LocalProblem):
        open_recording(tmp_path)


def test_a_time_that_goes_back_ends_it(small: Path) -> None:
    small.write_bytes(small.read_bytes() + format.pack(3, Kind.TICK))
    assert open_recording(small).torn


def test_records_of_a_later_rs_are_passed_over(small: Path) -> None:
    small.write_bytes(small.read_bytes() + format.pack(1300, 99, ABOUT))  # type: ignore[arg-type]
    made = open_recording(small)
    assert made.updates == 6
    play(made)


def test_a_file_that_changes_while_it_is_played_is_told(small: Path) -> None:
    made = open_recording(small)
    data = bytearray(small.read_bytes())
    data[made.segments[0].offset + 20] ^= 1
    small.write_bytes(data)
    with pytest.raises(LocalProblem, match="has changed"):
        seen(Reel(made), 0)
    small.unlink()
    with pytest.raises(LocalProblem, match="has changed"):
        seen(Reel(made), 0)
