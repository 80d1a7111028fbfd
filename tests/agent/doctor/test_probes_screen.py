"""The desktop, from facts: what each extension that is missing takes away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rs_agent.desktop.wayland.survey import LOOK_ONLY, Survey
from rs_agent.doctor.facts import Desk, Display, Faces, Login
from rs_agent.doctor.probes import screen
from rs_agent.doctor.verdict import Sign
from rs_relay.errors import LocalProblem

ALL = frozenset(
    {"MIT-SHM", "DAMAGE", "XFIXES", "XTEST", "RANDR", "SHAPE", "XKEYBOARD", "XInputExtension"}
)  # fmt: skip
WHOLE = Display(":0", 1920, 1080, 2, ALL, devices=2)
JUDGES = {
    "shown": screen.shown, "hands": screen.hands, "clipboard": screen.clipboard, "drawing": screen.drawing,
    "privacy": screen.privacy,
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Survey("GNOME", True, True, True, True), ("yes", "yes", "yes", "no", "no")),
        (Survey("KDE", True, True, True), ("yes", "yes", "no", "no", "no")),
        (Survey("sway", True, why=LOOK_ONLY), ("yes", "no", "no", "no", "no")),
        (Survey("", why="No portal.", hint="Install one."), ("no", "no", "no", "no", "no")),
    ],
)
def test_a_wayland_desktop(found: Survey, expected: tuple[str, ...]) -> None:
    desk = Desk("wayland", wayland=found)
    assert tuple(str(judge(desk).sign) for judge in JUDGES.values()) == expected
    if not found.sees:
        assert screen.shown(desk).reason.startswith("No portal.")
        assert screen.shown(desk).advice == "Install one."


def signs(display: Display) -> dict[str, str]:
    """Those that are not YES."""
    found = {name: judge(Desk("x11", display)).sign for name, judge in JUDGES.items()}
    return {name: str(sign) for name, sign in found.items() if sign is not Sign.YES}


def test_a_whole_display_can_everything() -> None:
    assert signs(WHOLE) == {}
    assert "1920 × 1080" in screen.shown(Desk("x11", WHOLE)).reason


@pytest.mark.parametrize(
    ("lacks", "lost"),
    [
        ("XTEST", {"hands": "no"}),
        ("XKEYBOARD", {"hands": "no"}),
        ("DAMAGE", {"shown": "partly"}),
        ("XFIXES", {"shown": "partly", "clipboard": "partly"}),
        ("SHAPE", {"drawing": "no"}),
        ("RANDR", {"privacy": "partly"}),
        ("XInputExtension", {"privacy": "partly"}),
    ],
)
def test_what_is_lost_without_an_extension(lacks: str, lost: dict[str, str]) -> None:
    assert signs(replace(WHOLE, extensions=ALL - {lacks})) == lost


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"afar": True}, "another computer"),
        ({"fast": False}, "shares no memory"),
        ({"saver": True}, "screen saver"),
    ],
)
def test_a_screen_that_is_slow_or_covered_is_partly_there(change: dict[str, bool], words: str) -> None:
    found = screen.shown(Desk("x11", replace(WHOLE, **change)))  # type: ignore[arg-type]
    assert found.sign is Sign.PARTLY
    assert words in found.reason
    assert found.advice


def test_pixels_that_cannot_be_had_stop_all_that_needs_a_screen() -> None:
    broken = replace(WHOLE, problem=LocalProblem("It cannot be captured.", "Use 24 bits."))
    assert set(signs(broken).values()) == {"no"}
    assert screen.shown(Desk("x11", broken)).advice == "Use 24 bits."


def test_nothing_of_privacy_without_gamma_and_devices() -> None:
    found = screen.privacy(Desk("x11", replace(WHOLE, gamma=False, devices=0)))
    assert found.sign is Sign.NO


def test_another_system_and_none() -> None:
    assert screen.shown(Desk("windows")).sign is Sign.YES
    assert screen.clipboard(Desk("windows")).sign is Sign.PARTLY
    assert screen.shown(Desk("headless")).sign is Sign.PARTLY
    assert screen.hands(Desk("headless")).sign is Sign.NO


def test_a_locked_screen_is_told_and_who_is_there() -> None:
    found = screen.unlocked(Login(True, ("anna (:0)",)))
    assert found.sign is Sign.PARTLY
    assert "anna (:0)" in found.reason
    assert screen.unlocked(Login(False)).sign is Sign.YES
    assert screen.unlocked(Login(None)).sign is Sign.YES


@pytest.mark.parametrize(
    ("faces", "sign", "words"),
    [
        (Faces("8.6", True, False), Sign.YES, "Tk 8.6"),
        (Faces("", True, True), Sign.PARTLY, "Tk is not installed"),
        (Faces("8.6", False, True), Sign.PARTLY, "no display"),
        (Faces("8.6", False, False), Sign.PARTLY, "nobody could be asked"),
    ],
)
def test_what_the_customer_is_shown(faces: Faces, sign: Sign, words: str) -> None:
    found = screen.window(faces)
    assert found.sign is sign
    assert words in found.reason
