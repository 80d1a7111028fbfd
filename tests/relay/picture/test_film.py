"""What plays as a film, and what never does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rs_relay.channels.screen.codecs import film, stills
from rs_relay.channels.screen.messages import MAX_FILMS, Film
from rs_relay.channels.screen.tiles import SIDE, Grid
from rs_relay.errors import LocalProblem
from rs_relay.picture import quality
from rs_relay.picture.damage import changed, take
from rs_relay.picture.film import BEGIN, END, LOOK, SETTLED, Films, bounds, clusters, natural
from tests.support.scenery import Words, page, photograph

WIDTH, HEIGHT = 40 * SIDE, 25 * SIDE
FPS = 1 / 30


class Cinema:
    """A screen, and the films that are found on it."""

    def __init__(self, allowed: tuple[str, ...] = (film.NAME,)) -> None:
        self.grid = Grid(WIDTH, HEIGHT)
        self.films = Films(self.grid, allowed)
        self.sent = page(HEIGHT, WIDTH)
        self.seen = self.sent.copy()
        self.now = 50.0
        self.pictures: list[Film] = []

    def draw(self, what: Words, column: int, row: int) -> None:
        y, x = row * SIDE, column * SIDE
        self.seen[y : y + what.shape[0], x : x + what.shape[1]] = what

    def look(self, after: float = FPS) -> np.ndarray:
        """Which tiles a film shows now."""
        self.now += after
        damaged = changed(self.sent, self.seen, self.grid)
        take(self.sent, self.seen, self.grid, damaged)
        shown = self.films.saw(damaged, self.now, self._tiles)
        assert not (shown & ~damaged).any() or self.films.plays
        self.pictures = [*self.films.ends()]
        for n, part in self.films.shares(shown):
            self.pictures += self.films.picture(n, part, self.sent, self.now)
        return shown

    def play(self, seconds: float, draw: Callable[[int], None], rate: int = 30) -> np.ndarray:
        shown = self.grid.empty()
        for n in range(round(seconds * rate)):
            draw(n)
            shown = self.look(1 / rate)
        return shown

    def _tiles(self, numbers: np.ndarray) -> Words:
        cut = self.sent.reshape(self.grid.rows, SIDE, self.grid.columns, SIDE).transpose(0, 2, 1, 3)
        return np.ascontiguousarray(cut.reshape(-1, SIDE, SIDE)[numbers, ::4])

    @property
    def places(self) -> list[tuple[int, int, int, int]]:
        return sorted(bounds(part) or (0, 0, 0, 0) for part in [self.films.area] if part.any())


def camera(rows: int, columns: int) -> Callable[[int], Words]:
    return lambda n: photograph(rows * SIDE, columns * SIDE, seed=n)


def test_what_keeps_moving_plays_after_a_moment_and_in_its_rectangle() -> None:
    cinema, picture = Cinema(), camera(8, 12)
    assert not cinema.play(BEGIN - 0.1, lambda n: cinema.draw(picture(n), 10, 5)).any()
    shown = cinema.play(LOOK + 0.2, lambda n: cinema.draw(picture(n + 50), 10, 5))
    assert shown[5:13, 10:22].all()
    assert int(shown.sum()) == 8 * 12
    [told] = cinema.pictures
    assert (told.codec, told.column, told.row, told.columns, told.rows, told.spans) == (film.NAME, 10, 5, 12, 8, ())


def test_each_picture_is_the_next_of_one_stream() -> None:
    cinema, picture = Cinema(), camera(8, 12)
    streams = set()
    decoder = film.Decoder(12 * SIDE, 8 * SIDE)
    for n in range(90):
        cinema.draw(picture(n), 10, 5)
        cinema.look()
        for told in cinema.pictures:
            streams.add(told.stream)
            shown = decoder.decode(told.data)
            wanted = picture(n).view(np.uint8).reshape(8 * SIDE, 12 * SIDE, 4)[..., 2::-1]
            assert np.abs(shown.astype(int) - wanted).mean() < 10
    assert len(streams) == 1


@pytest.mark.parametrize("rate", [8, 12, 24, 60])
def test_it_plays_at_any_pace(rate: int) -> None:
    cinema, picture = Cinema(), camera(8, 12)
    assert cinema.play(2, lambda n: cinema.draw(picture(n), 10, 5), rate).any()
    cinema.play(2, lambda n: cinema.draw(picture(n + 100), 10, 5), rate)
    assert cinema.pictures[0].stream == 1


def test_text_that_scrolls_fast_is_no_film() -> None:
    cinema, long = Cinema(), page(HEIGHT * 6, WIDTH, seed=3)
    for dark in (False, True):
        text = long ^ np.uint32(0xFFFFFF) if dark else long
        assert not cinema.play(2, lambda n, t=text: cinema.draw(t[n * 37 : n * 37 + HEIGHT], 0, 0)).any()
        assert not cinema.films.plays


def test_text_beside_a_film_is_none() -> None:
    cinema, picture, long = Cinema(), camera(8, 12), page(4000, 12 * SIDE, seed=3)

    def both(n: int) -> None:
        cinema.draw(picture(n), 10, 5)
        cinema.draw(long[n * 37 : n * 37 + 8 * SIDE], 22, 5)  # it touches

    shown = cinema.play(2, both)
    assert shown[5:13, 10:22].all()
    assert not shown[:, 22:].any()


def test_text_over_a_film_is_none() -> None:
    cinema, picture, long = Cinema(), camera(12, 20), page(4000, 6 * SIDE, seed=3)

    def both(n: int) -> None:
        cinema.draw(picture(n), 10, 5)
        cinema.draw(long[n * 37 : n * 37 + 4 * SIDE], 15, 8)

    shown = cinema.play(2, both)
    assert not shown[8:12, 15:21].any()
    assert int(shown[5:17, 10:30].sum()) == 12 * 20 - 4 * 6
    assert cinema.pictures[0].spans


def test_a_toolbar_that_comes_over_a_film_leaves_it() -> None:
    cinema, picture, bar = Cinema(), camera(12, 20), page(2 * SIDE, 20 * SIDE, seed=9)
    cinema.play(1.5, lambda n: cinema.draw(picture(n), 10, 5))

    def with_bar(n: int) -> None:
        cinema.draw(picture(n + 90), 10, 5)
        cinema.draw(bar, 10, 15)

    cinema.play(quality.REST + 2 * LOOK, with_bar)
    rest = cinema.films.rest(cinema.now, quality.REST)
    assert (rest[15:17, 10:30] == quality.REST).all()  # it waits no longer than text elsewhere
    assert (rest[5:15, 10:30] > quality.REST).all()


def test_a_photograph_that_is_shown_once_or_scrolled_now_and_then_is_none() -> None:
    cinema, tall = Cinema(), photograph(4 * HEIGHT, WIDTH)
    for n in range(10):
        cinema.draw(tall[n * 50 : n * 50 + HEIGHT], 0, 0)
        assert not cinema.look(0.4).any()


def test_little_things_are_none() -> None:
    cinema, picture = Cinema(), camera(3, 3)
    assert not cinema.play(2, lambda n: cinema.draw(picture(n), 10, 5)).any()


def test_it_ends_when_it_rests_and_says_so() -> None:
    cinema, picture = Cinema(), camera(8, 12)
    cinema.play(1.5, lambda n: cinema.draw(picture(n), 10, 5))
    ended = []
    for _ in range(round((END + 2 * LOOK) * 30)):
        assert not cinema.look().any()
        ended += cinema.pictures
    assert [(e.stream, e.data) for e in ended] == [(1, b"")]
    assert not cinema.films.plays
    cinema.play(1.5, lambda n: cinema.draw(picture(n), 10, 5))
    assert cinema.pictures[0].stream == 2


def test_a_pause_shorter_than_that_does_not_end_it() -> None:
    cinema, picture = Cinema(), camera(8, 12)
    cinema.play(1.5, lambda n: cinema.draw(picture(n), 10, 5))
    cinema.play(END - 0.2, lambda n: None)
    cinema.play(0.2, lambda n: cinema.draw(picture(n + 50), 10, 5))
    assert cinema.pictures[0].stream == 1


def test_it_grows_and_shrinks_with_what_moves_but_not_at_once() -> None:
    cinema, small, large = Cinema(), camera(6, 8), camera(12, 20)
    cinema.play(SETTLED + 0.6, lambda n: cinema.draw(small(n), 10, 5))
    assert cinema.places == [(10, 5, 8, 6)]
    cinema.play(1.2, lambda n: cinema.draw(large(n), 10, 5))
    assert cinema.places == [(10, 5, 20, 12)]
    cinema.play(SETTLED / 2, lambda n: cinema.draw(small(n), 10, 5))
    assert cinema.places == [(10, 5, 20, 12)]
    cinema.play(SETTLED * 2, lambda n: cinema.draw(small(n), 10, 5))
    assert cinema.places == [(10, 5, 8, 6)]


def test_it_follows_its_window() -> None:
    cinema, picture = Cinema(), camera(10, 14)
    cinema.play(SETTLED + 0.6, lambda n: cinema.draw(picture(n), 5, 5))
    cinema.draw(page(HEIGHT, WIDTH), 0, 0)
    cinema.play(SETTLED + 0.6, lambda n: cinema.draw(picture(n), 9, 8))
    assert cinema.places == [(9, 8, 14, 10)]
    assert cinema.pictures[0].spans == ()


def test_so_many_at_once_and_no_more() -> None:
    cinema, picture = Cinema(), camera(6, 6)

    def five(n: int) -> None:
        for k in range(5):
            cinema.draw(photograph(6 * SIDE, 6 * SIDE, seed=5 * n + k), 8 * (k % 4), 9 * (k // 4))

    cinema.play(2, five)
    assert len({told.stream for told in cinema.pictures}) == MAX_FILMS
    assert picture(0).shape == (6 * SIDE, 6 * SIDE)


def test_another_budget_begins_another_stream() -> None:
    cinema = Cinema()
    picture = camera(8, 12)
    cinema.play(SETTLED + 1, lambda n: cinema.draw(picture(n), 10, 5))
    rich = len(cinema.pictures[0].data)
    cinema.films.bits = 8_000
    cinema.draw(picture(100), 10, 5)
    cinema.look()
    end, begun = cinema.pictures
    assert (end.stream, end.data, begun.stream) == (1, b"", 2)
    cinema.play(1, lambda n: cinema.draw(picture(n), 10, 5))
    [told] = cinema.pictures
    assert len(told.data) < 1_500 < rich / 2


def test_a_part_that_takes_many_words_is_all_of_it() -> None:
    grid = Grid(60 * SIDE, 60 * SIDE)  # of more than twice MAX_TILES
    films, now = Films(grid), 10.0
    whole = photograph(60 * SIDE, 60 * SIDE)
    tiles = np.ascontiguousarray(whole.reshape(60, SIDE, 60, SIDE).transpose(0, 2, 1, 3)).reshape(-1, SIDE, SIDE)
    for _ in range(30):
        now += FPS
        films.saw(grid.empty() | True, now, lambda numbers: tiles[numbers])
    chess = (np.indices((60, 60)).sum(axis=0) % 2).astype(bool)
    assert films.saw(chess, now + FPS, lambda numbers: tiles[numbers]).all()
    half = grid.empty()
    half[:, :30] = True
    assert (films.saw(half, now + 2 * FPS, lambda numbers: tiles[numbers]) == half).all()


def test_where_none_is_allowed_there_is_none() -> None:
    cinema, picture = Cinema(allowed=()), camera(8, 12)
    assert not cinema.play(2, lambda n: cinema.draw(picture(n), 10, 5)).any()


def test_where_none_can_be_made_all_else_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> film.Encoder:
        raise LocalProblem("This computer's PyAV cannot encode H.264.")

    monkeypatch.setattr(film, "Encoder", cannot)
    cinema, picture = Cinema(), camera(8, 12)
    assert not cinema.play(2, lambda n: cinema.draw(picture(n), 10, 5)).any()
    assert cinema.films.ends() == ()


@pytest.mark.parametrize("made", [page, lambda height, width: page(height, width) ^ np.uint32(0xFFFFFF)])
def test_letters_are_told_from_photographs(made: Callable[[int, int], Words]) -> None:
    def tiles(picture: Words) -> Words:
        return np.ascontiguousarray(picture.reshape(8, SIDE, 8, SIDE).transpose(0, 2, 1, 3)).reshape(-1, SIDE, SIDE)

    soft, hard = natural(tiles(made(8 * SIDE, 8 * SIDE)))
    assert not soft.any()
    assert hard.mean() > 0.8  # the others are hardly more than blank
    soft, hard = natural(tiles(photograph(8 * SIDE, 8 * SIDE)))
    assert soft.all()
    assert not hard.any()
    soft, hard = natural(np.full((3, SIDE, SIDE), 0x204060, np.uint32))
    assert not (soft | hard).any()


def test_clusters_are_cut_apart_where_nothing_moves() -> None:
    mask = np.zeros((30, 60), bool)
    mask[2:10, 3:12] = True
    mask[2:10, 20:30] = True
    mask[15:28, 5:40] = True
    mask[4, 25] = False  # a hole
    mask[12, 50] = True  # dust
    assert clusters(mask) == [(5, 15, 35, 13), (20, 2, 10, 8), (3, 2, 9, 8)]
    sparse = np.zeros((30, 60), bool)
    sparse[::3, ::2] = True
    assert clusters(sparse) == []


@pytest.mark.parametrize("seconds", [0.25, 0.5])
def test_a_film_begins_on_a_line_that_takes_few_updates_a_second(seconds: float) -> None:
    films, grid, now = Films(Grid(1280, 800)), Grid(1280, 800), 100.0
    films.bits = 30_000
    mask = grid.empty()
    mask[4:18, 5:30] = True

    def look(numbers: np.ndarray) -> np.ndarray:
        tiles = photograph(SIDE, SIDE * max(1, len(numbers)), seed=int(now * 100))
        return np.ascontiguousarray(tiles.reshape(SIDE, -1, SIDE).swapaxes(0, 1))

    shown = False
    for _ in range(20):
        now += seconds
        shown = bool(films.saw(mask, now, look).any())
    assert shown


@pytest.mark.parametrize(
    ("allowed", "bits", "codec"),
    [
        ((stills.NAME, film.NAME), film.BITS, stills.NAME),
        ((stills.NAME, film.NAME), film.BITS // 3, film.NAME),
        ((stills.NAME,), film.BITS // 3, stills.NAME),
        ((film.NAME,), film.BITS, film.NAME),
    ],
)
def test_the_least_work_where_the_line_carries_anything_else_the_fewest_bytes(
    allowed: tuple[str, ...], bits: int, codec: str
) -> None:
    cinema, picture = Cinema(allowed), camera(8, 12)
    cinema.films.bits = bits
    cinema.play(1.0, lambda n: cinema.draw(picture(n), 10, 5))
    assert [shown.codec for shown in cinema.pictures] == [codec]


def test_a_line_that_gives_less_makes_another_stream_of_it() -> None:
    cinema, picture = Cinema((stills.NAME, film.NAME)), camera(8, 12)
    cinema.play(SETTLED + 1, lambda n: cinema.draw(picture(n), 10, 5))
    cinema.films.bits = film.BITS // 3
    cinema.draw(picture(3), 10, 5)
    cinema.look()
    end, begun = cinema.pictures
    assert (end.codec, end.data) == (stills.NAME, b"")
    assert (begun.codec, begun.stream) == (film.NAME, end.stream + 1)


def test_a_computer_without_x264_goes_on_with_stills(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LocalProblem("This computer's PyAV cannot encode H.264.")

    monkeypatch.setattr(film, "Encoder", broken)
    cinema, picture = Cinema((stills.NAME, film.NAME)), camera(8, 12)
    cinema.films.bits = film.BITS // 3
    cinema.play(1.0, lambda n: cinema.draw(picture(n), 10, 5))
    assert [shown.codec for shown in cinema.pictures] == [stills.NAME]
