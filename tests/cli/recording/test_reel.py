"""However a moment is come to, it shows the same pixels."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from rs_cli.recording import scribe
from rs_cli.recording.reader import open_recording
from rs_cli.recording.reel import Reel
from rs_relay.channels.screen.messages import Layout, Pointer
from rs_relay.channels.screen.picture import Picture
from tests.support.recordings import film, pixels, recorded, seen

FIRST, SECOND = film(200, 120, 30), film(160, 130, 10, seed=5)


@pytest.fixture
def reel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reel:
    monkeypatch.setattr(scribe, "SEGMENT_TIME", 700)
    made = open_recording(recorded(tmp_path / "a.rsrec", [(0, FIRST), (4000, SECOND)]))
    assert len(made.segments) > 5
    return Reel(made)


def expected(time: int) -> np.ndarray:
    return SECOND[min((time - 4000) // 100, 9)] if time >= 4000 else FIRST[min(time // 100, 29)]


def test_forward_play_shows_each_moment(reel: Reel) -> None:
    picture = Picture()
    for time in range(0, reel.recording.duration, 50):
        pixels(list(reel.wind(time)), picture)
        assert np.array_equal(picture.pixels, expected(time))


def test_seeking_to_and_fro_equals_forward_play(reel: Reel) -> None:
    picture, dice = Picture(), random.Random(4)
    for _ in range(120):
        time = dice.randrange(reel.recording.duration + 1)
        pixels(list(reel.wind(time)), picture)
        assert np.array_equal(picture.pixels, expected(time)), time
        assert reel.time == time


def test_a_moment_outside_is_the_nearest_one(reel: Reel) -> None:
    assert np.array_equal(pixels(list(reel.wind(-5))).pixels, FIRST[0])
    assert np.array_equal(pixels(list(reel.wind(10**9))).pixels, SECOND[-1])
    assert reel.time == reel.recording.duration
    assert reel.next_time() is None


def test_forward_is_only_what_lies_between(reel: Reel) -> None:
    list(reel.wind(200))
    assert reel.next_time() == 300
    assert list(reel.wind(299)) == []
    between = list(reel.wind(400))
    assert between
    assert not any(isinstance(message, Layout) for message in between)


def test_a_seek_brings_the_pointer(reel: Reel) -> None:
    messages = list(reel.wind(1500))
    assert [m for m in messages if isinstance(m, Pointer)][-1] == Pointer(10 + 15, 20)
    assert np.array_equal(seen(reel, 1500), expected(1500))
