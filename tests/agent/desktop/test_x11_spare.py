"""Who gets a spare key, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_agent.desktop.x11.spare import REUSE_AFTER, Spare


def with_keys(*codes: int) -> Spare:
    spare = Spare()
    spare.update(codes, {})
    return spare


def test_the_one_used_longest_ago_is_next_and_only_after_a_while() -> None:
    spare = with_keys(10, 11)
    first, second = spare.claim((1, 1), 0.0, ()), spare.claim((2, 2), 0.1, ())
    assert {first, second} == {10, 11}
    assert spare.claim((3, 3), 0.1, ()) is None
    assert spare.until_free(0.1, ()) == REUSE_AFTER - 0.1
    assert spare.find((1, 1), 0.2) == first  # used again: now the second is the older one
    assert spare.claim((3, 3), 0.1 + REUSE_AFTER, ()) == second
    assert spare.find((2, 2), 9.0) is None
    assert spare.lent == {first: (1, 1), second: (3, 3)}


def test_a_held_key_is_never_given_away() -> None:
    spare = with_keys(10)
    spare.claim((1, 1), 0.0, ())
    assert spare.claim((2, 2), 99.0, {10}) is None
    assert spare.until_free(99.0, {10}) is None


def test_a_new_layout_takes_keys_away() -> None:
    spare = with_keys(10, 11, 12)
    code = spare.claim((1, 1), 0.0, ())
    assert code is not None
    spare.update([13], {code: (1, 1)})  # the two that were free have a meaning now
    assert spare.lent == {code: (1, 1)}
    assert spare.claim((2, 2), 0.0, ()) == 13
    spare.update([], {code: (7, 7)})  # ours was overwritten
    assert spare.lent == {}
    assert spare.until_free(99.0, ()) is None


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(0, 0.8)), max_size=60))
def test_a_key_keeps_its_meaning_for_a_while_after_each_use(uses: list[tuple[int, float]]) -> None:
    spare, now = with_keys(*range(100, 104)), 0.0
    used: dict[int, tuple[int, float]] = {}
    for character, pause in uses:
        now += pause
        meaning = (character, character)
        code = spare.find(meaning, now)
        if code is None:
            code = spare.claim(meaning, now, ())
        if code is None:
            continue
        before = used.get(code)
        assert before is None or before[0] == character or now - before[1] >= REUSE_AFTER - 1e-9
        used[code] = (character, now)
