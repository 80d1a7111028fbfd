from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.glass.scroll import Scroll


def test_a_scrollbar_moves_it_and_is_told() -> None:
    told: list[tuple[float, float]] = []
    scroll = Scroll()
    scroll.told = lambda first, last: told.append((first, last))
    scroll.measure(100, 400)
    assert told[-1] == (0.0, 0.25)
    assert scroll.move("moveto", "0.5")
    assert (scroll.first, told[-1]) == (200, (0.5, 0.75))
    scroll.move("scroll", "-1", "units")
    assert scroll.first == 190
    scroll.move("scroll", "1", "pages")
    assert scroll.first == 280
    assert not scroll.move("moveto", "0.7")  # is where it stands
    scroll.measure(300, 400)  # the window grew
    assert (scroll.first, told[-1]) == (100, (0.25, 1.0))
    scroll.measure(500, 400)
    assert (scroll.first, told[-1]) == (0, (0.0, 1.0))


ways = st.one_of(
    st.tuples(st.just("moveto"), st.floats(-1, 2).map(str)),
    st.tuples(st.just("scroll"), st.integers(-3, 3).map(str), st.sampled_from(["units", "pages"])),
)


@given(st.integers(1, 500), st.integers(1, 500), st.lists(ways))
def test_it_never_leaves_what_there_is(room: int, full: int, moves: list[tuple[str, ...]]) -> None:
    scroll = Scroll()
    scroll.measure(room, full)
    for how in moves:
        scroll.move(*how)
        assert 0 <= scroll.first <= max(0, full - room)
