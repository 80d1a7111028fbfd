"""The keymap that rs reads, against xmodmap's view of the same keyboard."""

from __future__ import annotations

import re

import pytest
from Xlib import display

from rs_agent.desktop.x11 import keysyms
from rs_agent.desktop.x11.keymap import CONTROL, LOCK, MOD1, SHIFT
from rs_agent.desktop.x11.xkb import Keyboard
from tests.support.xdesktop import XDesktop
from tests.support.xkeyboard import lock_group


@pytest.mark.parametrize("layout", ["us", "fr", "de", "us,ru", "us,gr,ara,il"])
def test_the_first_group_is_what_xmodmap_says(x: XDesktop, layout: str) -> None:
    x.run("setxkbmap", layout, check=True)
    keymap = Keyboard(display.Display(x.display)).keymap()
    lines = x.run("xmodmap", "-pk").stdout.splitlines()
    compared = 0
    for line in lines:
        if found := re.match(r"\s+(\d+)\s+0x([0-9a-f]+) \(\w+\)(?:\s+0x([0-9a-f]+) \(\w+\))?", line):
            key = keymap.keys[int(found[1])]
            assert key.symbols[0][0] == int(found[2], 16), line
            compared += 1
    assert compared > 200


def test_modifiers_and_state(x: XDesktop) -> None:
    opened = display.Display(x.display)
    keyboard = Keyboard(opened)
    keymap = keyboard.keymap()
    found = {keymap.first(code): bits for code, bits in keymap.modifiers.items()}
    assert (found[0xFFE1], found[0xFFE5], found[0xFFE3], found[0xFFE9]) == (SHIFT, LOCK, CONTROL, MOD1)
    assert keyboard.state().locked == 0
    keyboard.lock(LOCK, LOCK)
    assert keyboard.state().locked == keyboard.state().modifiers == LOCK
    keyboard.lock(LOCK, 0)
    assert keyboard.state().modifiers == 0
    x.run("setxkbmap", "us,ru", check=True)
    lock_group(x, 1)
    assert keyboard.state().group == 1
    assert [way.keycode for s in keysyms.keysyms("с") for way in keyboard.keymap().ways(s, 1)] == [54]


def test_changes_are_heard_with_what_they_change(x: XDesktop) -> None:
    opened = display.Display(x.display)
    keyboard = Keyboard(opened)
    keyboard.state()

    def heard() -> set[int]:
        keyboard.state()
        codes: set[int] = set()
        while opened.pending_events():
            codes |= set(keyboard.changed_keys(opened.next_event()) or ())
        return codes

    assert heard() == set()
    opened.change_keyboard_mapping(248, [(0x01004E00, 0x01004E00)])
    assert heard() == {248}
    x.run("setxkbmap", "fr", check=True)
    assert len(heard()) > 200
