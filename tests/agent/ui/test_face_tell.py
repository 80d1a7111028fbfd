"""What the window says, without one."""

from __future__ import annotations

import pytest

from rs_agent import language
from rs_agent.ui.face import tell
from rs_agent.ui.face.pipe import Done, Holds, Standing
from rs_relay.link.spec import Permission as P


def holds(*granted: P, who: tuple[str, ...] = ("alice",), seen: bool = False, paused: bool = False, used: P | None = None) -> Holds:  # fmt: skip  # noqa: E501
    return Holds(who, frozenset(granted), paused, True, frozenset({used} if used else ()), seen)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (tell.NOBODY, "Nobody is connected to this computer."),
        (holds(), "alice is connected and can do nothing yet."),
        (holds(P.FILES), "alice is connected."),
        (holds(P.VIEW, seen=True), "alice sees your screen."),
        (holds(P.VIEW, P.CONTROL, seen=True), "alice sees your screen and can use your mouse and keyboard."),
        (holds(P.VIEW, P.RECORD, seen=True, used=P.RECORD), "alice: YOUR SCREEN IS BEING RECORDED"),
        (holds(P.VIEW, paused=True), "PAUSED. alice cannot see your screen or use this computer."),
        (holds(P.SHELL, who=()), "Nobody is connected; the session stays open."),
    ],
)
def test_the_line(now: Holds, said: str) -> None:
    assert tell.now(now) == said


def test_each_of_several_technicians_is_told_with_what_is_theirs() -> None:
    each = (
        Standing(1, "alice", True, frozenset({P.VIEW}), frozenset()),
        Standing(2, "bob", True, frozenset(), frozenset()),
    )
    now = Holds(("alice", "bob"), frozenset({P.VIEW}), False, True, frozenset(), True, each)
    assert tell.now(now) == "alice: your screen is seen; bob: nothing is allowed"


def test_a_name_cannot_write_the_line_anew() -> None:
    line = tell.now(holds(who=("\u202eevil\n" + "x" * 500,)))
    assert "\n" not in line
    assert "\u202e" not in line
    assert len(line) < 120


def test_the_line_is_translated() -> None:
    language.use("fr")
    try:
        assert tell.now(holds(P.VIEW, seen=True)) == "alice voit votre écran."
    finally:
        language.use(None)


def test_times_and_codes_as_people_read_them() -> None:
    assert [tell.clock(s) for s in (-1, 0, 61.9, 3661)] == ["0:00", "0:00", "1:01", "1:01:01"]
    assert tell.grouped("482-915-733").split() == ["482", "915", "733"]


def test_the_summary_ends_with_nobody_being_there() -> None:
    lines = tell.summary(Done(("alice", "bob"), 61.0, (P.VIEW,), (("file received", "a\x1b.pdf"),), "You ended it."))
    assert lines[0] == "You ended it."
    assert "alice, bob" in lines[1]
    assert lines[-2] == r"received: a\x1b.pdf"
    assert lines[-1] == "Nobody is connected to this computer any more."


@pytest.mark.parametrize(("label", "shown"), [("&Refuse", ("Refuse", 0)), ("S&top", ("Stop", 1)), ("You", ("You", -1))])
def test_access_keys(label: str, shown: tuple[str, int]) -> None:
    assert tell.key(label) == shown
