"""What of a film is looked at closely, and that nothing is lost of what is not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.channels.screen.tiles import SIDE, Grid, Mask
from rs_relay.picture.damage import EVERY, Words, bring
from rs_relay.picture.running import COMPARE, Found, Running
from tests.support.scenery import page

COLUMNS, ROWS = 8, 5
FPS = 1 / 30
INK = np.uint32(0x00F0F0)


class Set:
    """A screen with a film in its middle, and who looks at it: takes what is found, shows what need not be looked at,
    and remembers what a viewer has."""

    def __init__(self) -> None:
        self.grid = Grid(COLUMNS * SIDE, ROWS * SIDE)
        self.seen = page(self.grid.height, self.grid.width)
        self.sent, self.viewer = self.seen.copy(), self.seen.copy()
        self.running = Running(self.grid)
        self.area = self.grid.empty()
        self.area[1:4, 1:7] = True
        self.members = self.area.copy()
        self.now = 10.0
        self.drawn = self.grid.empty()

    def at(self, row: int, column: int) -> Words:
        return self.seen[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]

    def draw(self, tiles: Mask, line: int | None = None, by: int = 1) -> None:
        """Something else in all of `tiles`, or in one row of pixels of each; `by` -1 takes one of 1 back."""
        for row, column in zip(*np.nonzero(tiles), strict=True):
            pixels = self.at(row, column)[slice(None) if line is None else line]
            pixels[:] = pixels & np.uint32(0xFFFFFF00) | (pixels + np.uint32(by % 256)) & np.uint32(0xFF)
        self.drawn |= tiles

    def look(self, after: float = FPS, *, told: bool = True, quick: bool = True) -> Found:
        self.now += after
        drawn, self.drawn = self.drawn, self.grid.empty()
        members, area = self.members, self.area
        found = self.running.look(
            self.sent, self.seen, drawn if told else None, members, area, self.now if quick else None
        )
        assert not (found.owed & ~found.changed).any()
        bring(self.sent, self.seen, self.grid, found.changed)
        self.running.owe(found.unseen & ~found.changed)
        bring(self.viewer, self.seen, self.grid, found.changed | found.unseen)
        return found

    def play(self, times: int) -> None:
        """Until the film is known to move."""
        for _ in range(times):
            self.draw(self.members)
            self.drawn |= self.area
            self.look()

    def rest(self) -> None:
        self.look()
        assert not self.running.unsure


def test_a_tile_of_a_film_that_moves_is_shown_without_a_look_until_one_is_due() -> None:
    film = Set()
    film.play(1)
    closely = 0
    for _ in range(30):
        film.draw(film.members)
        found = film.look()
        assert ((found.changed | found.unseen) == film.members).all()
        closely += not found.unseen.any()
    assert closely == 3


def test_what_was_shown_and_not_compared_changes_at_the_next_look_though_it_is_as_it_was_sent() -> None:
    """The viewer has what it showed in between."""
    film = Set()
    film.play(1)
    there = film.members
    film.draw(there)
    assert film.look().unseen[there].all()
    film.draw(there, by=-1)  # as at the last look
    assert (film.seen == film.sent).all()
    found = film.look(after=COMPARE)
    assert found.changed[there].all()
    assert found.owed[there].all()
    assert (film.viewer == film.seen).all()


def test_what_was_shown_and_then_rests_is_brought_into_what_was_sent() -> None:
    film = Set()
    film.play(2)
    assert (film.sent != film.seen).any()
    found = film.look()
    assert not (found.changed | found.unseen).any()
    assert (film.sent == film.seen).all()


def test_a_letter_over_a_film_is_found_at_once() -> None:
    film = Set()
    film.members[2, 3] = False
    film.play(2)
    film.at(2, 3)[9:20, 4:9] ^= INK
    film.drawn |= film.area
    film.draw(film.members)
    assert film.look().changed[2, 3]


def test_one_row_of_pixels_over_a_film_is_found_in_a_moment() -> None:
    for line in range(SIDE):
        film = Set()
        film.members[2, 3] = False
        film.play(2)
        there = film.grid.empty()
        there[2, 3] = True
        film.draw(there, line)
        looks = 0
        while (film.sent != film.seen)[2 * SIDE : 3 * SIDE, 3 * SIDE : 4 * SIDE].any():
            assert looks < EVERY
            film.draw(film.members)
            film.drawn |= film.area
            film.look()
            looks += 1


def test_what_a_glance_missed_is_found_when_nothing_is_drawn_any_more() -> None:
    missed = 0
    for line in range(EVERY):
        film = Set()
        film.members[2, 3] = False
        film.play(2)
        there = film.grid.empty()
        there[2, 3] = True
        film.draw(there, line)
        found = film.look()
        assert found.changed[2, 3] != film.running.unsure
        missed += film.running.unsure
        film.look()
        assert not film.running.unsure
        assert (film.sent == film.seen).all()
    assert missed == EVERY - 1


def test_a_tile_that_stops_is_looked_at_and_rests_while_others_move() -> None:
    film = Set()
    film.play(2)
    still = film.grid.empty()
    still[2, 2] = True
    closely = []
    for _ in range(40):
        film.draw(film.members & ~still)
        film.drawn |= still
        found = film.look()
        closely.append(bool(found.changed[2, 2] or found.unseen[2, 2]))
    assert not any(closely[-20:])


def test_without_a_word_of_what_was_drawn_and_on_a_slow_line_all_is_compared() -> None:
    for how in ({"told": False}, {"quick": False}):
        film = Set()
        film.play(2)
        film.draw(film.members)
        found = film.look(**how)
        assert not found.unseen.any()
        assert (film.sent == film.seen).all()
        assert (film.viewer == film.seen).all()


masks = st.integers(0, 2 ** (COLUMNS * ROWS) - 1).map(
    lambda bits: np.array([bits >> n & 1 for n in range(COLUMNS * ROWS)], np.bool_).reshape(ROWS, COLUMNS)
)


@given(
    st.lists(
        st.tuples(
            masks,
            st.sampled_from([None, 0, 1, 2, 3, 17, 31]),
            st.sampled_from([1, -1]),
            masks,
            st.sampled_from([FPS, FPS, COMPARE]),
            st.sampled_from(["told", "told", "told", "untold", "slow", "others", "ended"]),
        ),
        max_size=14,
    )
)
def test_whatever_is_drawn_it_is_shown_in_the_end(
    happens: list[tuple[Mask, int | None, int, Mask, float, str]],
) -> None:
    film = Set()
    film.play(2)
    for tiles, line, by, also, after, how in happens:
        film.draw(tiles, line, by)
        film.drawn |= also  # told, and as it was
        if how == "others":
            film.members = also & film.area
        elif how == "ended":
            film.area, film.members = film.grid.empty(), film.grid.empty()
        film.look(after, told=how != "untold", quick=how != "slow")
        if not film.running.unsure:
            assert (film.viewer == film.seen).all()
    film.rest()
    assert (film.viewer == film.seen).all()
    assert (film.sent == film.seen).all()
