"""The picture against honest frames, and against an agent that lies."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from rs_relay.channels.screen.codecs import depth, exact, jpeg
from rs_relay.channels.screen.messages import MAX_TILES, Colours, Copy, Frame, Layout, Patch, Region
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import SIDE, Rect
from rs_relay.errors import PeerBroke
from tests.support.scenery import photograph, rgb

WIDTH, HEIGHT = 4 * SIDE - 5, 3 * SIDE - 7  # 4 x 3 tiles, cut at both edges


def begun(width: int = WIDTH, height: int = HEIGHT) -> Picture:
    picture = Picture()
    picture.reset(Layout(1, 0, 0, width, height))
    return picture


def plain(*colours: int) -> bytes:
    return b"".join(bytes([c]) * SIDE * SIDE * 3 for c in colours)


def test_a_picture_begins_black_and_incomplete() -> None:
    picture = begun()
    assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
    assert not picture.pixels.any()
    assert not picture.complete
    assert not picture.exact


def test_tiles_come_to_their_places_cut_at_the_edge() -> None:
    picture, stream = begun(), exact.Encoder()
    changed = picture.apply(Frame(1, 1, spans=(1, 1, 9, 1), data=stream.encode(plain(10, 20))))
    assert changed == [Rect(SIDE, 0, SIDE, SIDE), Rect(3 * SIDE, 2 * SIDE, SIDE - 5, SIDE - 7)]
    assert (picture.pixels[:SIDE, SIDE : 2 * SIDE] == 10).all()
    assert (picture.pixels[2 * SIDE :, 3 * SIDE :] == 20).all()
    assert int((picture.pixels != 0).sum()) == 3 * (SIDE * SIDE + (SIDE - 5) * (SIDE - 7))
    assert picture.exact


def test_an_update_is_complete_with_its_last_frame() -> None:
    picture, stream = begun(), exact.Encoder()
    picture.apply(Frame(1, 1, spans=(0, 1), data=stream.encode(plain(1)), more=True))
    assert not picture.complete
    picture.apply(Frame(1, 1, spans=(1, 1), data=stream.encode(plain(2)), lossy=3))
    assert picture.complete
    assert not picture.exact
    picture.apply(Frame(2, 1))
    assert picture.exact


def test_copies_go_before_tiles_and_may_overlap() -> None:
    picture, stream = begun(), exact.Encoder()
    picture.apply(Frame(1, 1, spans=(0, 3), data=stream.encode(plain(1, 2, 3))))
    changed = picture.apply(
        Frame(2, 1, (Copy(0, 0, 2 * SIDE, SIDE, 16, 0), Copy(0, 0, 8, 8, 0, SIDE)), (0, 1), stream.encode(plain(9)))
    )
    assert changed == [Rect(16, 0, 2 * SIDE, SIDE), Rect(0, SIDE, 8, 8), Rect(0, 0, SIDE, SIDE)]
    row = picture.pixels[0, :, 0]
    assert (row[:SIDE] == 9).all()
    assert (row[SIDE : SIDE + 16] == 1).all()
    assert (row[SIDE + 16 : 2 * SIDE + 16] == 2).all()
    assert (picture.pixels[SIDE : SIDE + 8, :8] == 1).all()


def test_a_region_is_put_where_it_says() -> None:
    picture = begun()
    photo = np.ascontiguousarray(rgb(photograph(HEIGHT - SIDE, WIDTH - SIDE)))
    data = jpeg.encode(photo)
    changed = picture.apply(Frame(1, 1, regions=(Region("jpeg", 1, 1, 3, 2, data),), lossy=6))
    assert changed == [Rect(SIDE, SIDE, WIDTH - SIDE, HEIGHT - SIDE)]
    assert (picture.pixels[SIDE:, SIDE:] == jpeg.decode(data, WIDTH - SIDE, HEIGHT - SIDE)).all()
    assert not picture.pixels[:SIDE].any()
    assert picture.complete
    assert not picture.exact


@pytest.mark.parametrize("size", [(0, 5), (16_385, 10), (10, 16_385), (16_000, 16_000)])
def test_an_absurd_size_is_refused_before_anything_is_allocated(size: tuple[int, int]) -> None:
    picture, stream = begun(), exact.Encoder()
    picture.apply(Frame(1, 1, spans=(0, 1), data=stream.encode(plain(5))))
    with pytest.raises(PeerBroke):
        picture.reset(Layout(2, 0, 0, *size))
    assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
    assert picture.pixels[0, 0, 0] == 5
    with pytest.raises(PeerBroke):
        picture.apply(Frame(2, 1))


def test_frames_before_a_layout_are_refused() -> None:
    with pytest.raises(PeerBroke):
        Picture().apply(Frame(1, 0))


def photo(width: int = SIDE, height: int = SIDE, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "blue").save(out, "JPEG", **more)
    return out.getvalue()


ONE = exact.Encoder().encode(plain(7))
DOT = Patch(3, 4, 1, 1)
DOT_DATA = exact.Encoder().encode(b"\1\2\3")
LIES: dict[str, Callable[[], Frame]] = {
    "wrong layout": lambda: Frame(1, 2),
    "tile outside": lambda: Frame(1, 1, spans=(12, 1), data=ONE),
    "tile far outside": lambda: Frame(1, 1, spans=(1 << 53, 1), data=ONE),
    "spans of no sense": lambda: Frame(1, 1, spans=(0,), data=ONE),
    "pixels without tiles": lambda: Frame(1, 1, data=ONE),
    "tiles without pixels": lambda: Frame(1, 1, spans=(0, 1)),
    "more tiles than pixels": lambda: Frame(1, 1, spans=(0, 2), data=ONE),
    "truncated": lambda: Frame(1, 1, spans=(0, 1), data=ONE[:-2]),
    "garbage": lambda: Frame(1, 1, spans=(0, 1), data=b"not zstd at all"),
    "bomb": lambda: Frame(1, 1, spans=(0, 1), data=exact.Encoder().encode(bytes(64 * 1024 * 1024))),
    "copy from outside": lambda: Frame(1, 1, (Copy(WIDTH - 4, 0, 5, 5, 0, 0),)),
    "copy to outside": lambda: Frame(1, 1, (Copy(0, 0, 5, 5, 0, HEIGHT - 4),)),
    "copy of nothing": lambda: Frame(1, 1, (Copy(0, 0, 0, 5, 0, 0),)),
    "region outside": lambda: Frame(1, 1, regions=(Region("jpeg", 4, 0, 1, 1, photo()),)),
    "region reaches out": lambda: Frame(1, 1, regions=(Region("jpeg", 3, 0, 2, 1, photo(2 * SIDE)),)),
    "region of nothing": lambda: Frame(1, 1, regions=(Region("jpeg", 0, 0, 0, 1, photo()),)),
    "region of another size": lambda: Frame(1, 1, regions=(Region("jpeg", 0, 0, 1, 1, photo(SIDE + 1)),)),
    "region of another codec": lambda: Frame(1, 1, regions=(Region("tiff", 0, 0, 1, 1, photo()),)),
    "a huge jpeg": lambda: Frame(1, 1, regions=(Region("jpeg", 0, 0, 1, 1, photo(6000, 6000)),)),
    "a broken jpeg": lambda: Frame(1, 1, regions=(Region("jpeg", 0, 0, 1, 1, photo()[:-40]),)),
    "many regions": lambda: Frame(1, 1, regions=(Region("jpeg", 0, 0, 4, 3, photo(WIDTH, HEIGHT)),) * 100),
    "shades of no size": lambda: Frame(1, 1, spans=(0, 1), data=ONE, shades=3),
    "shades with another's pixels": lambda: Frame(1, 1, spans=(0, 1), data=ONE, shades=2),
    "shades and patches": lambda: Frame(1, 1, data=exact.Encoder().encode(bytes(256)), shades=1, patches=(DOT,)),
    "patch outside": lambda: Frame(1, 1, data=DOT_DATA, patches=(Patch(WIDTH, 0, 1, 1),)),
    "patch of nothing": lambda: Frame(1, 1, data=DOT_DATA, patches=(Patch(0, 0, 0, 1),)),
    "patch without pixels": lambda: Frame(1, 1, patches=(DOT,)),
    "patch of other pixels": lambda: Frame(1, 1, data=ONE, patches=(DOT,)),
    "good first, then bad": lambda: Frame(
        1, 1, (Copy(0, 0, 5, 5, 9, 9),), (0, 1), ONE, (Region("jpeg", 1, 0, 1, 1, b"x"),)
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_changes_nothing_and_a_new_layout_heals(lie: Callable[[], Frame]) -> None:
    picture, stream = begun(), exact.Encoder()
    photograph_here = jpeg.encode(np.ascontiguousarray(rgb(photograph(HEIGHT, WIDTH))))
    picture.apply(Frame(1, 1, regions=(Region("jpeg", 0, 0, 4, 3, photograph_here),)))
    before = picture.pixels.copy()
    with pytest.raises(PeerBroke):
        picture.apply(lie())
    assert (picture.pixels == before).all()
    with pytest.raises(PeerBroke):  # honest, but the stream has lost its thread
        picture.apply(Frame(2, 1, spans=(0, 1), data=stream.encode(plain(3))))

    picture.reset(Layout(2, 0, 0, WIDTH, HEIGHT))
    picture.apply(Frame(3, 2, spans=(0, 1), data=exact.Encoder().encode(plain(3))))
    assert (picture.pixels[:SIDE, :SIDE] == 3).all()


def test_a_frame_over_the_limit_of_tiles_is_refused() -> None:
    side = 40 * SIDE  # 1600 tiles
    stream = exact.Encoder()
    picture = begun(side, side)
    picture.apply(Frame(1, 1, spans=(0, MAX_TILES), data=stream.encode(plain(1) * MAX_TILES)))
    with pytest.raises(PeerBroke):
        picture.apply(Frame(2, 1, spans=(0, MAX_TILES + 1), data=stream.encode(plain(1) * (MAX_TILES + 1))))


@pytest.mark.parametrize(
    ("colours", "raw"), [(Colours.ALL, [7] * 9), (Colours.C256, [0xFF] * 3), (Colours.GREYS, [255] * 2)]
)
def test_a_patch_lies_where_it_says_and_follows_the_tiles(colours: Colours, raw: list[int]) -> None:
    picture, stream = Picture(), exact.Encoder()
    picture.reset(Layout(1, 0, 0, WIDTH, HEIGHT, colours=colours))
    tile = bytes(depth.size(SIDE * SIDE, colours))
    data = stream.encode(tile + bytes(raw) + bytes(raw))
    changed = picture.apply(Frame(1, 1, spans=(0, 1), data=data, patches=(Patch(5, 6, 3, 1), Patch(9, 9, 1, 3))))
    assert changed == [Rect(0, 0, SIDE, SIDE), Rect(5, 6, 3, 1), Rect(9, 9, 1, 3)]
    lit = np.argwhere(picture.pixels[..., 0] > 0).tolist()
    assert lit == [[6, 5], [6, 6], [6, 7], [9, 9], [10, 9], [11, 9]]


def test_patches_count_as_what_a_frame_may_bring() -> None:
    picture = begun(40 * SIDE, 40 * SIDE)
    with pytest.raises(PeerBroke):
        picture.apply(Frame(1, 1, patches=(Patch(0, 0, 40 * SIDE, 40 * SIDE),)))


def test_shades_are_refused_by_who_did_not_name_them() -> None:
    frame = Frame(1, 1, spans=(0, 1), data=exact.Encoder().encode(bytes(depth.shade_bytes(4))), shades=4)
    for codecs, taken in ((("shades",), True), (("jpeg",), False)):
        picture = Picture(codecs)
        picture.reset(Layout(1, 0, 0, WIDTH, HEIGHT))
        if taken:
            assert picture.apply(frame) == [Rect(0, 0, SIDE, SIDE)]
        else:
            with pytest.raises(PeerBroke):
                picture.apply(frame)
