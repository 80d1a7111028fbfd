"""Whatever is asked in between, at the end the same keys are down as at the start."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from Xlib import X

from rs_agent.desktop.x11.modifiers import Modifiers

SHIFT, LEVEL3 = 1, 128
KEYS = {SHIFT: 50, LEVEL3: 92}


class Board:
    """Keys that are down, and the modifiers that they make."""

    def __init__(self, down: dict[int, int]) -> None:
        self.down = dict(down)
        self.bits = {**{key: bit for bit, key in KEYS.items()}, 62: SHIFT}

    def fake(self, kind: int, key: int) -> None:
        if kind == X.KeyPress:
            assert key not in self.down
            self.down[key] = self.bits[key]
        else:
            del self.down[key]

    @property
    def state(self) -> int:
        found = 0
        for bits in self.down.values():
            found |= bits
        return found


HELD = st.sampled_from([{}, {50: SHIFT}, {62: SHIFT}, {50: SHIFT, 62: SHIFT}, {92: LEVEL3}, {62: SHIFT, 92: LEVEL3}])
WANTS = st.lists(st.sampled_from([0, SHIFT, LEVEL3, SHIFT | LEVEL3]), max_size=8)


@given(HELD, WANTS)
def test_each_want_is_met_and_all_is_undone(held: dict[int, int], wants: list[int]) -> None:
    board = Board(held)
    modifiers = Modifiers(board.state, KEYS, held, board.fake)
    for want in wants:
        modifiers.to((want,), SHIFT | LEVEL3)
        assert board.state == want
    modifiers.restore()
    assert board.down == held


def test_what_the_type_does_not_look_at_is_left_alone() -> None:
    board = Board({92: LEVEL3})
    modifiers = Modifiers(board.state, KEYS, dict(board.down), board.fake)
    modifiers.to((0,), SHIFT)
    assert board.state == LEVEL3


def test_the_nearest_choice_is_taken_and_none_that_cannot_be_had() -> None:
    board = Board({62: SHIFT})
    modifiers = Modifiers(board.state, KEYS, dict(board.down), board.fake)
    modifiers.to((SHIFT | LEVEL3, SHIFT), SHIFT | LEVEL3)
    assert board.state == SHIFT
    modifiers.to((2, LEVEL3), SHIFT | LEVEL3 | 2)  # Lock can never be pressed for a character
    assert board.state == LEVEL3
