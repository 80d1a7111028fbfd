"""The mouse with a drawing tool in the hand, without a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewer.pen import Pen
from rs_relay.channels.draw import ALL, MAX_PIECE, Begin, Colour, Done, More, Tool


class Clock:
    """As a widget's `after`: the test says when."""

    def __init__(self) -> None:
        self.waiting: dict[str, Callable[[], object]] = {}

    def after(self, ms: int, call: Callable[[], object]) -> str:
        self.waiting["one"] = call
        return "one"

    def after_cancel(self, name: str) -> None:
        self.waiting.pop(name, None)

    def run(self) -> None:
        for call in list(self.waiting.values()):
            call()


class Case:
    def __init__(self, tool: Tool | None = Tool.PEN) -> None:
        self.clock = Clock()
        self.shown: list[Any] = []
        self.said: list[Any] = []
        self.changes = 0
        self.pen = Pen(self.clock, self.shown.append, self.said.append, self._changed)  # type: ignore[arg-type]
        self.pen.take(pipe.Pen(tool, Colour.GREEN, 5))

    def _changed(self) -> None:
        self.changes += 1

    @property
    def told(self) -> list[Any]:
        return [message.said for message in self.said if isinstance(message, pipe.Drawn)]


def test_a_drag_is_seen_at_once_and_told_in_pieces() -> None:
    case = Case()
    case.pen.pressed(10, 10)
    case.clock.run()
    for x in range(20, 100, 10):
        case.pen.moved(x, 10)
    assert len(case.shown) == 9
    assert len(case.told) == 1
    case.clock.run()
    begin, more = case.told
    assert begin == Begin(begin.id, Tool.PEN, Colour.GREEN, 5, ((10, 10),))
    assert more == More(begin.id, tuple((x, 10) for x in range(20, 100, 10)))
    case.pen.moved(200, 10)
    case.pen.lifted()
    assert case.told[2:] == [More(begin.id, ((200, 10),)), Done(begin.id)]
    case.pen.moved(300, 10)
    case.clock.run()
    assert len(case.told) == 4


def test_of_an_arrow_the_last_place_is_told() -> None:
    case = Case(Tool.ARROW)
    case.pen.pressed(10, 10)
    case.clock.run()
    for x in range(20, 100, 10):
        case.pen.moved(x, 10)
    case.clock.run()
    assert case.told[1:] == [More(case.told[0].id, ((90, 10),))]


def test_pieces_stay_within_the_protocol() -> None:
    case = Case()
    case.pen.pressed(0, 0)
    for x in range(3, 3 * 3 * MAX_PIECE, 3):
        case.pen.moved(x, 0)
    case.clock.run()
    assert len(case.told) >= 3
    assert max(len(said.points) for said in case.told) <= MAX_PIECE


def test_a_laser_pointer_needs_no_button_and_draws_nothing_here() -> None:
    case = Case(Tool.LASER)
    case.pen.moved(10, 10)
    case.pen.pressed(20, 20)
    case.pen.lifted()
    case.pen.moved(30, 30)
    case.clock.run()
    begin = case.told[0]
    assert begin.points == ((10, 10),)
    assert case.told[-1].points == ((30, 30),)
    assert case.shown == []
    case.pen.put_away()
    assert case.told[-1] == Done(begin.id)
    assert case.said[-1] == pipe.Pen()
    assert not case.pen.on


def test_another_tool_ends_the_stroke_that_is_begun() -> None:
    case = Case()
    case.pen.pressed(1, 1)
    case.pen.take(pipe.Pen(Tool.ARROW, Colour.RED, 4))
    begin = case.told[0]
    assert case.told[-1] == Done(begin.id)
    assert case.changes == 2
    case.pen.take(pipe.Pen(Tool.ARROW, Colour.RED, 4))
    assert case.changes == 2


@pytest.mark.parametrize("which", ["all", "this one"])
def test_a_stroke_that_is_erased_under_the_pen_is_drawn_on_by_nobody(which: str) -> None:
    case = Case()
    case.pen.pressed(1, 1)
    case.clock.run()
    case.pen.erased(ALL if which == "all" else case.told[0].id)
    case.pen.moved(50, 50)
    case.pen.lifted()
    assert len(case.told) == 1
    case.pen.pressed(60, 60)
    case.pen.erased(4711)  # somebody else's
    case.pen.moved(90, 90)
    case.pen.lifted()
    assert [type(said) for said in case.told[1:]] == [Begin, More, Done]
