"""Keyboards of several countries, for real: the X server has the layout, keys are pressed by where they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from rs_relay.channels.control.messages import Key, Move, Type
from tests.support.pictures import Painter
from tests.support.viewer import RealViewer, real_viewer

pytestmark = pytest.mark.journey

SHIFT, CONTROL, ALT_GRAPH, ENTER = 50, 37, 108, 36
A, C, E, Q, Y, Z, NINE, QUOTE = 38, 54, 26, 24, 29, 52, 18, 48  # where a US keyboard has them


@pytest.fixture(scope="module")
def viewer() -> Iterator[RealViewer]:
    with real_viewer((700, 500)) as running:
        running.begin(Painter(400, 300), np.full((300, 400, 3), 70, np.uint8), exact=True)
        yield running


def press(viewer: RealViewer, *places: int | tuple[int, ...]) -> list[Key | Type]:
    """Presses keys by their keycodes, those of a tuple together, then Enter; what was heard before that."""
    display = Display(viewer.desktop.display)
    for place in (*places, ENTER):
        chord = place if isinstance(place, tuple) else (place,)
        for code in chord:
            xtest.fake_input(display, X.KeyPress, code)
        for code in reversed(chord):
            xtest.fake_input(display, X.KeyRelease, code)
        display.sync()
    display.close()
    heard = [said for said in viewer.hands(Key("enter", False)) if not isinstance(said, Move)]
    return heard[:-2]


def typed(viewer: RealViewer, *places: int | tuple[int, ...]) -> str:
    return "".join(said.text for said in press(viewer, *places) if isinstance(said, Type))


@pytest.mark.parametrize(
    ("layout", "places", "text"),
    [
        ("us", (Q, Y, Z), "qyz"),
        ("de", (Q, Y, Z, QUOTE, (ALT_GRAPH, Q), (ALT_GRAPH, E)), "qzyä@€"),
        ("fr", (A, Q, NINE, (SHIFT, NINE)), "qaç9"),
        ("ru", (Q, C, (SHIFT, C)), "йсС"),
        ("us -variant intl", (QUOTE, E, (SHIFT, QUOTE), A, QUOTE, 65), "éä'"),
    ],
)
def test_the_character_that_was_meant_arrives(
    viewer: RealViewer, layout: str, places: tuple[int | tuple[int, ...], ...], text: str
) -> None:
    """Dead keys included: the last layout has them on the quotes."""
    viewer.desktop.run("setxkbmap", *layout.split(), check=True)
    assert typed(viewer, *places) == text


@pytest.mark.parametrize(
    ("layout", "place", "name"),
    [("us", Z, "z"), ("de", Y, "z"), ("fr", Q, "a"), ("ru", C, "c"), ("gr", Z, "z")],
)
def test_a_shortcut_keeps_its_meaning(viewer: RealViewer, layout: str, place: int, name: str) -> None:
    viewer.desktop.run("setxkbmap", layout, check=True)
    assert press(viewer, (CONTROL, place)) == [
        Key("control_left", True), Key(name, True), Key(name, False), Key("control_left", False),
    ]  # fmt: skip


def test_a_sequence_of_compose_is_its_character(viewer: RealViewer) -> None:
    viewer.desktop.run("setxkbmap", "us", "-option", "compose:rctrl", check=True)
    assert typed(viewer, 105, (SHIFT, QUOTE), A, 105, QUOTE, E) == "äé"
    viewer.desktop.run("setxkbmap", "us", "-option", "", check=True)
