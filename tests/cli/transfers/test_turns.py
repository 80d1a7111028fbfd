"""Whose turn it is."""

from __future__ import annotations

import random

from rs_cli.transfers.turns import Turns


def made(names: str, at_once: int = 1) -> Turns[str]:
    turns: Turns[str] = Turns(at_once)
    for name in names:
        turns.join(name)
    return turns


def test_one_after_the_other_in_order() -> None:
    turns = made("abc")
    assert turns.due() == ["a"]
    assert turns.due() == []
    turns.leave("a")
    assert turns.due() == ["b"]


def test_several_at_once() -> None:
    turns = made("abcd", 2)
    assert turns.due() == ["a", "b"]
    turns.leave("b")
    assert turns.due() == ["c"]
    assert turns.running == ["a", "c"]


def test_one_that_is_held_gives_up_its_turn_and_keeps_its_place() -> None:
    turns = made("abc")
    turns.due()
    turns.hold("a")
    assert turns.due() == ["b"]
    turns.release("a")
    assert turns.due() == []
    turns.leave("b")
    assert turns.due() == ["a"]


def test_moved_in_the_queue_without_stopping_what_runs() -> None:
    turns = made("abcd")
    turns.due()
    turns.move("d", None)
    turns.move("b", 1)
    assert turns.order == ["d", "a", "c", "b"]
    assert turns.running == ["a"]
    turns.move("a", 99)
    turns.move("gone", 1)
    turns.leave("a")
    assert turns.due() == ["d"]


def test_never_more_than_may_and_nobody_is_forgotten() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        turns = made("abcdefgh", chance.randint(1, 3))
        ended: set[str] = set()
        for _ in range(300):
            one = chance.choice("abcdefgh")
            match chance.randrange(5):
                case 0:
                    turns.hold(one)
                case 1 | 2:
                    turns.release(one)
                case 3:
                    turns.move(one, chance.choice([None, -1, 1]))
                case 4 if turns.is_running(one):
                    turns.leave(one)
                    ended.add(one)
            turns.due()
            assert len(turns.running) <= turns.at_once
            assert not any(turns.is_held(each) for each in turns.running)
            assert set(turns.order) == set("abcdefgh") - ended
