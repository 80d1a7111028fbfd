"""The keyboard and the clipboard of a test's X server, looked at and set by a client of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Xlib import display

from rs_agent.desktop.x11.xkb import Keyboard, State, _LatchLockState
from tests.support.xdesktop import XDesktop, until


@contextmanager
def client(x: XDesktop) -> Iterator[Any]:
    """A connection of python-xlib."""
    opened = display.Display(x.display)
    try:
        yield opened
    finally:
        opened.close()


def lock_group(x: XDesktop, group: int) -> None:
    """Switches to the layout's group `group` (0 to 3), as the desktop's keyboard menu does."""
    with client(x) as opened:
        keyboard = Keyboard(opened)
        keyboard._ask(
            _LatchLockState, affect_locks=0, locks=0, lock_group=True, group=group, affect_latches=0, latches=0,
            latch_group=False, group_latch=0,
        )  # fmt: skip
        assert keyboard.state().group == group


def state(x: XDesktop) -> State:
    with client(x) as opened:
        return Keyboard(opened).state()


def mapping(x: XDesktop) -> list[tuple[int, ...]]:
    """The core keyboard mapping from keycode 8 on."""
    with client(x) as opened:
        return [tuple(each) for each in opened.get_keyboard_mapping(8, 248)]


def keys_down(x: XDesktop) -> list[int]:
    """The keycodes that the server says are down."""
    with client(x) as opened:
        bits = opened.query_keymap()
        return [code for code in range(256) if bits[code // 8] >> (code % 8) & 1]


def repeats(x: XDesktop, code: int) -> bool:
    with client(x) as opened:
        each = opened.get_keyboard_control().auto_repeats
        return bool(each[code // 8] >> (code % 8) & 1)


def pointer(x: XDesktop) -> Any:
    """python-xlib's answer to QueryPointer: root_x, root_y, mask."""
    with client(x) as opened:
        return opened.screen().root.query_pointer()


def owner(x: XDesktop) -> int:
    """The window that owns the clipboard; 0 for none."""
    with client(x) as opened:
        found = opened.get_selection_owner(opened.get_atom("CLIPBOARD"))
        return int(getattr(found, "id", found))


def copy(x: XDesktop, text: str) -> None:
    """Somebody at the computer copies `text`. (xclip's first process ends a moment before its second is the owner.)"""
    before = owner(x)
    given = x.spawn("xclip", "-selection", "clipboard", "-i", name="xclip", stdin=subprocess.PIPE)
    given.communicate(text.encode(), timeout=30)
    until(lambda: owner(x) not in (0, before), "xclip to own the clipboard")


def paste(x: XDesktop, *more: str) -> str:
    """What a program would paste now."""
    argv = ["xclip", "-selection", "clipboard", "-o", *more]
    return subprocess.run(argv, env=x.env, capture_output=True, timeout=60).stdout.decode()
