"""Films in the picture, against honest streams and against an agent that lies."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from rs_relay.channels.screen import codecs
from rs_relay.channels.screen.codecs import film, jpeg
from rs_relay.channels.screen.messages import MAX_FILMS, Film, Frame, Layout, Region
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.playing import Playing
from rs_relay.channels.screen.tiles import SIDE, Grid, Rect
from rs_relay.errors import PeerBroke
from tests.support.scenery import grabbed, photograph, rgb

GRID = Grid(10 * SIDE, 6 * SIDE - 7)


def seen(n: int = 0, columns: int = 4, rows: int = 3) -> np.ndarray:
    return photograph(rows * SIDE, columns * SIDE, seed=n)


def stream(count: int, columns: int = 4, rows: int = 3) -> list[bytes]:
    encoder = film.Encoder(columns * SIDE, rows * SIDE)
    return [encoder.encode(grabbed(seen(n, columns, rows))) for n in range(count)]


def test_each_film_gives_its_picture_at_its_place() -> None:
    picture = Picture()
    picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
    for n, data in enumerate(stream(3)):
        changed = picture.apply(Frame(n, 1, films=(Film(1, film.NAME, 2, 1, 4, 3, data),), lossy=12))
        assert changed == [Rect(2 * SIDE, SIDE, 4 * SIDE, 3 * SIDE)]
        shown = picture.pixels[SIDE : 4 * SIDE, 2 * SIDE : 6 * SIDE]
        assert np.abs(shown.astype(int) - rgb(seen(n))).mean() < 8
    outside = picture.pixels.copy()
    outside[SIDE : 4 * SIDE, 2 * SIDE : 6 * SIDE] = 0
    assert not outside.any()


def test_only_the_tiles_that_were_named_show_it() -> None:
    picture = Picture()
    picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
    data = stream(1)[0]
    changed = picture.apply(Frame(1, 1, films=(Film(1, film.NAME, 2, 1, 4, 3, data, (1, 2, 2, 1)),)))
    assert changed == [Rect(3 * SIDE, SIDE, 2 * SIDE, SIDE), Rect(3 * SIDE, 2 * SIDE, SIDE, SIDE)]
    lit = picture.pixels.any(axis=2)
    assert lit[SIDE : 2 * SIDE, 3 * SIDE : 5 * SIDE].mean() > 0.9
    assert not lit[SIDE : 2 * SIDE, 2 * SIDE : 3 * SIDE].any()
    with pytest.raises(PeerBroke):
        picture.apply(Frame(2, 1, films=(Film(1, film.NAME, 2, 1, 4, 3, data, (0, 13)),)))


def test_what_shows_most_of_it_is_painted_as_a_whole() -> None:
    picture = Picture()
    picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
    picture.pixels[:] = 255
    changed = picture.apply(Frame(1, 1, films=(Film(1, film.NAME, 2, 1, 4, 3, stream(1)[0], (1, 11)),)))
    assert changed == [Rect(2 * SIDE, SIDE, 4 * SIDE, 3 * SIDE)]
    assert (picture.pixels[SIDE : 2 * SIDE, 2 * SIDE : 3 * SIDE] == 255).all()


def test_a_film_at_the_edge_is_cut_there() -> None:
    playing = Playing(GRID)
    encoder = film.Encoder(2 * SIDE, film.even(2 * SIDE - 7))
    [shown] = playing.decode(
        (Film(1, film.NAME, 8, 4, 2, 2, encoder.encode(grabbed(seen(columns=2, rows=2))[: film.even(2 * SIDE - 7)])),)
    )
    assert shown.at == Rect(8 * SIDE, 4 * SIDE, 2 * SIDE, 2 * SIDE - 7)
    assert shown.pixels.shape == (2 * SIDE - 7, 2 * SIDE, 3)


def test_a_stream_ends_by_word_or_by_a_higher_one_in_its_place() -> None:
    playing = Playing(GRID)
    first, second = stream(2), stream(2)
    playing.decode((Film(1, film.NAME, 0, 0, 4, 3, first[0]),))
    playing.decode((Film(2, film.NAME, 3, 2, 4, 3, second[0]),))
    playing.decode((Film(2, film.NAME, 3, 2, 4, 3, second[1]), Film(2, film.NAME, 3, 2, 4, 3, b"")))
    for lost in (Film(2, film.NAME, 3, 2, 4, 3, b""), Film(1, film.NAME, 0, 0, 4, 3, first[1])):
        with pytest.raises(PeerBroke):
            playing.decode((lost,))


def test_no_more_decoders_live_than_allowed() -> None:
    playing = Playing(Grid(40 * SIDE, 3 * SIDE))
    data = stream(1)[0]
    for n in range(MAX_FILMS):
        playing.decode((Film(n, film.NAME, 4 * n, 0, 4, 3, data),))
    with pytest.raises(PeerBroke):
        playing.decode((Film(9, film.NAME, 36, 0, 4, 3, data),))
    playing.decode((Film(0, film.NAME, 0, 0, 4, 3, b""), Film(9, film.NAME, 36, 0, 4, 3, data)))


@pytest.mark.parametrize(
    "told",
    [
        (1, film.NAME, 7, 0, 4, 3),  # beyond the right edge
        (1, film.NAME, 0, 0, 4, 0),
        (1, film.NAME, 0, 0, 4, 2),  # not of the stream's size
        (1, film.NAME, 0, 0, 10, 6),
        (1, "mpeg", 0, 0, 4, 3),
        (0, film.NAME, 0, 0, 4, 3),  # a number that was
    ],
)
def test_what_was_not_agreed_on_is_refused(told: tuple[int, str, int, int, int, int]) -> None:
    playing = Playing(GRID)
    data = stream(2)
    playing.decode((Film(0, film.NAME, 0, 0, 4, 3, data[0]), Film(0, film.NAME, 0, 0, 4, 3, b"")))
    with pytest.raises(PeerBroke):
        playing.decode((Film(*told, data[0]),))


def test_a_film_does_not_move() -> None:
    playing = Playing(GRID)
    data = stream(2)
    playing.decode((Film(0, film.NAME, 0, 0, 4, 3, data[0]),))
    with pytest.raises(PeerBroke):
        playing.decode((Film(0, film.NAME, 1, 0, 4, 3, data[1]),))


def test_a_refused_film_changes_no_pixel_and_a_new_layout_begins_anew() -> None:
    picture = Picture()
    data = stream(2)
    picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
    with pytest.raises(PeerBroke):
        picture.apply(Frame(1, 1, films=(Film(1, film.NAME, 0, 0, 4, 3, data[1]),)))  # its key picture is missing
    assert not picture.pixels.any()
    picture.reset(Layout(2, 0, 0, GRID.width, GRID.height))
    picture.apply(Frame(2, 2, films=(Film(1, film.NAME, 0, 0, 4, 3, data[0]),)))
    assert picture.pixels.any()


def test_who_did_not_name_a_codec_decodes_none_of_it() -> None:
    data = stream(1)[0]
    for allowed in ((), codecs.PLAIN):
        picture = Picture(allowed)
        picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
        with pytest.raises(PeerBroke):
            picture.apply(Frame(1, 1, films=(Film(1, film.NAME, 0, 0, 4, 3, data),)))
    photo = jpeg.encode(np.zeros((SIDE, SIDE, 3), np.uint8))
    for allowed, taken in (((), False), (codecs.PLAIN, True)):
        picture = Picture(allowed)
        picture.reset(Layout(1, 0, 0, GRID.width, GRID.height))
        frame = Frame(1, 1, regions=(Region(jpeg.NAME, 0, 0, 1, 1, photo),))
        with nullcontext() if taken else pytest.raises(PeerBroke):
            picture.apply(frame)
