"""How a keysym is typed, on maps written by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_agent.desktop.x11.keymap import LOCK, SHIFT, Key, Keymap, KeyType

LEVEL3, NUM = 128, 16
ONE = KeyType(0)
TWO = KeyType(SHIFT, {SHIFT: 1})
ALPHABETIC = KeyType(SHIFT | LOCK, {SHIFT: 1, LOCK: 1})
FOUR = KeyType(SHIFT | LEVEL3, {SHIFT: 1, LEVEL3: 2, SHIFT | LEVEL3: 3})
KEYPAD = KeyType(SHIFT | NUM, {SHIFT: 1, NUM: 1})
SHIFT_L, ALTGR, RETURN, A = 0xFFE1, 0xFE03, 0xFF0D, 0x61


def keymap(keys: dict[int, Key], modifiers: dict[int, int] | None = None) -> Keymap:
    return Keymap(keys, modifiers or {}, 8, 20)


def test_levels_and_their_modifiers() -> None:
    known = keymap({10: Key((FOUR,), ((1, 2, 3, 4),)), 11: Key((ALPHABETIC,), ((0x61, 0x41),))})
    assert [(w.keycode, w.level, w.held) for w in known.ways(3, 0)] == [(10, 2, (LEVEL3,))]
    assert [w.held for w in known.ways(4, 0)] == [(SHIFT | LEVEL3,)]
    assert [w.held for w in known.ways(0x61, 0)] == [(0, SHIFT | LOCK)]
    assert [w.held for w in known.ways(0x41, 0)] == [(SHIFT, LOCK)]
    assert list(known.ways(99, 0)) == []


def test_a_keypad_key_with_num_lock_or_without() -> None:
    known = keymap({10: Key((KEYPAD,), ((0xFF96, 0xFFB4),))})
    assert [w.held for w in known.ways(0xFFB4, 0)] == [(SHIFT, NUM)]
    assert [w.held for w in known.ways(0xFF96, 0)] == [(0, SHIFT | NUM)]


def test_lower_levels_come_first() -> None:
    known = keymap({12: Key((FOUR,), ((9, 0, 5, 0),)), 11: Key((TWO,), ((8, 5),)), 13: Key((ONE,), ((5,),))})
    assert [(w.keycode, w.level) for w in known.ways(5, 0)] == [(13, 0), (11, 1), (12, 2)]


def test_a_group_that_the_key_lacks() -> None:
    groups = ((1,), (2,), (3,))
    for rule, meant in [
        (0x00, [0, 1, 2, 0]),
        (0x40, [0, 1, 2, 2]),
        (0x80 | 0x10, [0, 1, 2, 1]),
        (0x80 | 0x30, [0, 1, 2, 0]),
    ]:
        key = Key((ONE, ONE, ONE), groups, rule | 3)
        assert [key.group(n) for n in range(4)] == meant


def test_only_keys_that_pass_may_be_pressed_for_a_character() -> None:
    keys = {
        10: Key((ONE,), ((SHIFT_L,),)),
        11: Key((ONE,), ((ALTGR,),)),
        12: Key((ONE,), ((0xFFE5,),)),  # Caps_Lock
        13: Key((TWO,), ((0xFFE9, ALTGR),)),  # AltGr only with Shift
    }
    assert keymap(keys, {10: SHIFT, 11: LEVEL3, 12: LOCK, 13: 8}).passing() == {SHIFT: 10, LEVEL3: 11}
    assert keymap(keys).passing() == {}


def test_spare_keys_mean_nothing_and_set_nothing() -> None:
    known = keymap({10: Key((ONE,), ((1,),)), 11: Key((TWO,), ((0, 0),))}, {12: SHIFT})
    assert known.spare() == (9, 11, 13, 14, 15, 16, 17, 18, 19, 20)


def test_without() -> None:
    known = keymap({10: Key((ONE,), ((5,),)), 11: Key((ONE,), ((5,),))})
    assert [w.keycode for w in known.ways(5, 0)] == [10, 11]
    assert [w.keycode for w in known.without([10]).ways(5, 0)] == [11]
    assert known.first(10) == 5
    assert known.first(99) == 0


@given(st.integers(0, 255), st.dictionaries(st.integers(0, 255), st.integers(0, 7)), st.integers(0, 255))
def test_each_set_of_modifiers_chooses_exactly_one_level(mask: int, levels: dict[int, int], held: int) -> None:
    kind = KeyType(mask, {modifiers & mask: level for modifiers, level in levels.items()})
    assert sum(held & mask in kind.choosing(level) for level in range(8)) == 1
