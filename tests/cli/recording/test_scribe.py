"""What is written shows what was heard, to the pixel, and each segment shows it alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rs_cli.recording import format, scribe
from rs_cli.recording.format import RECORD, Kind, Record
from rs_cli.recording.scribe import Scribe
from rs_relay.channels.screen.messages import Colours, Frame, Layout, Pointer, Shape
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Pixels
from rs_relay.errors import PeerBroke
from tests.support.pictures import Painter
from tests.support.recordings import film, pixels, sheet

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def read(records: list[bytes]) -> list[Record]:
    return [format.unpack(r[: RECORD.size], r[RECORD.size :]) for r in records]


def shown(records: list[Record], picture: Picture | None = None) -> Pixels:
    return pixels([r.message for r in records], picture).pixels  # type: ignore[misc]


def hear(to: Scribe, painter: Painter, picture: Pixels) -> None:
    for frame in painter.frames(picture):
        to.heard(frame)


def test_each_update_is_written_and_leaves_its_picture() -> None:
    painter, to, picture = Painter(200, 120), Scribe(), Picture()
    to.heard(painter.layout)
    assert list(to.write(0)) == []  # nothing to see yet
    for n, drawn in enumerate(film()):
        hear(to, painter, drawn)
        assert np.array_equal(shown(read(list(to.write(n * 100))), picture), drawn)
        assert list(to.write(n * 100)) == []
    assert picture.exact


def test_half_an_update_is_not_written() -> None:
    painter, to = Painter(1600, 1000), Scribe()
    to.heard(painter.layout)
    first, *rest = painter.frames(sheet(1600, 1000))
    assert rest
    to.heard(first)
    assert list(to.write(0)) == []
    for frame in rest:
        to.heard(frame)
    records = read(list(to.write(1)))
    assert [r.kind for r in records if r.kind in (Kind.PART, Kind.FRAME)][-1] == Kind.FRAME
    assert np.array_equal(shown(records), sheet(1600, 1000))


def test_what_was_not_written_for_a_while_comes_at_once() -> None:
    painter, to, picture = Painter(200, 120), Scribe(), Picture()
    to.heard(painter.layout)
    drawn = film()
    hear(to, painter, drawn[0])
    shown(read(list(to.write(0))), picture)
    for each in drawn[1:]:
        hear(to, painter, each)
    assert np.array_equal(shown(read(list(to.write(900))), picture), drawn[-1])


def test_a_segment_that_has_lasted_is_followed_by_one_that_stands_alone() -> None:
    painter, to = Painter(200, 120), Scribe()
    to.heard(painter.layout)
    to.heard(Pointer(5, 6))
    to.heard(Shape(1, width=1, height=1, data=zstd.compress(b"abcd")))
    drawn = film()
    hear(to, painter, drawn[0])
    first = read(list(to.write(0)))
    assert [r.kind for r in first] == [Kind.SEGMENT, Kind.FRAME, Kind.SHAPE, Kind.POINTER]
    assert list(to.write(scribe.SEGMENT_TIME + 1)) == []  # a picture that rests needs no new one
    hear(to, painter, drawn[1])
    second = read(list(to.write(scribe.SEGMENT_TIME + 2)))
    assert [r.kind for r in second] == [Kind.SEGMENT, Kind.FRAME, Kind.SHAPE, Kind.POINTER]
    assert np.array_equal(shown(second), drawn[1])
    assert [r.message.number for r in (first[0], second[0]) if isinstance(r.message, Layout)] == [1, 2]


def test_a_segment_that_has_grown_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribe, "SEGMENT_BYTES", 200)
    painter, to = Painter(200, 120), Scribe()
    to.heard(painter.layout)
    for n, drawn in enumerate(film()):
        hear(to, painter, drawn)
        records = read(list(to.write(n)))
        assert records[0].kind == Kind.SEGMENT
        assert np.array_equal(shown(records), drawn)


def test_a_write_that_broke_off_is_made_good() -> None:
    painter, to = Painter(200, 120), Scribe()
    to.heard(painter.layout)
    drawn = film()
    hear(to, painter, drawn[0])
    list(to.write(0))
    hear(to, painter, drawn[1])
    next(to.write(1))
    to.again()
    assert np.array_equal(shown(read(list(to.write(2)))), drawn[1])


def test_a_film_is_lossy_and_becomes_exact_when_it_rests() -> None:
    painter, to, picture = Painter(640, 400), Scribe(), Picture()
    to.heard(painter.layout)
    rng = np.random.default_rng(3)
    for n in range(8):
        moving = sheet(640, 400)
        smooth = rng.integers(0, 255, (13, 20, 3)).repeat(32, 0)[:400].repeat(32, 1).astype(np.int16)
        moving[:] = np.clip(smooth + rng.integers(-20, 20, (400, 640, 3)), 0, 255)
        hear(to, painter, moving)
        shown(read(list(to.write(n * 40))), picture)
    assert picture.lossy
    for n in range(20):
        shown(read(list(to.write(1000 + n * 250))), picture)
    assert picture.exact
    assert np.array_equal(picture.pixels, moving)


def test_a_new_layout_is_a_new_segment_and_frames_of_the_old_one_are_none() -> None:
    old, new, to = Painter(200, 120, number=1), Painter(300, 90, number=2), Scribe()
    to.heard(old.layout)
    hear(to, old, sheet(200, 120))
    list(to.write(0))
    to.heard(new.layout)
    hear(to, old, sheet(200, 120, 9))  # was under way
    assert list(to.write(1)) == []
    hear(to, new, sheet(300, 90))
    records = read(list(to.write(2)))
    assert np.array_equal(shown(records), sheet(300, 90))


def test_a_shape_named_again_comes_with_its_pixels() -> None:
    painter, to = Painter(64, 64), Scribe()
    to.heard(painter.layout)
    hear(to, painter, sheet(64, 64))
    one, two = (Shape(n, width=1, height=1, data=zstd.compress(bytes([n] * 4))) for n in (1, 2))
    for said, wanted in ((one, one), (two, two), (Shape(1), one)):
        to.heard(said)
        assert [r.message for r in read(list(to.write(5))) if r.kind == Kind.SHAPE] == [wanted]


def test_a_shape_that_is_none_is_not_kept() -> None:
    with pytest.raises(PeerBroke):
        Scribe().heard(Shape(1, width=256, height=256, data=b"x" * (scribe.LARGEST_SHAPE + 1)))


def test_few_colours_are_written_as_what_they_are() -> None:
    to = Scribe()
    to.heard(Layout(1, 0, 0, 64, 64, colours=Colours.GREYS))
    to.heard(Frame(1, 1))  # black
    first = read(list(to.write(0)))[0]
    assert isinstance(first.message, Layout)
    assert first.message.colours is Colours.ALL


def test_frames_say_which_segment_they_belong_to() -> None:
    painter, to = Painter(64, 64, number=9), Scribe()
    to.heard(painter.layout)
    hear(to, painter, sheet(64, 64))
    records = read(list(to.write(0)))
    assert {r.message.layout for r in records if isinstance(r.message, Frame)} == {1}
