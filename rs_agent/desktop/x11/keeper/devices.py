"""The customer's own keyboards and mice held: each physical device is grabbed, which takes it off the desktop's pointer
and keyboard. What the technician does comes from the X server's own test devices, which stay.

The X server ends the grabs with the connection: nothing of this outlives the process, however it dies. And a grabbed
keyboard still tells its keys here, so the way out (see `WayOut`) works whatever is held.
"""

from __future__ import annotations

import struct
from typing import Any

from Xlib import XK, X
from Xlib.ext import xinput

from rs_relay.errors import LocalProblem

TIMES, WITHIN = 3, 2000  # presses of Escape within so many milliseconds
RAW_KEY_PRESS = 13  # XI_RawKeyPress, which python-xlib does not name
_RAW = struct.Struct("=HII H")  # device, time, key, source: the beginning of a raw event's body
_SLAVES = (xinput.SlavePointer, xinput.SlaveKeyboard)
_BUTTONS = 0x1F00  # the core pointer's five buttons in a state mask


def physical(display: Any) -> dict[int, bool]:
    """The devices that a person's hands are on, by number; True for a keyboard."""
    return {
        int(device.deviceid): device.use == xinput.SlaveKeyboard
        for device in display.xinput_query_device(xinput.AllDevices).devices
        if device.use in (*_SLAVES, xinput.FloatingSlave) and device.enabled and "XTEST" not in str(device.name)
    }


class Held:
    of_server = True
    retried = True

    def __init__(self, display: Any) -> None:
        self._display = display
        self._root = display.screen().root
        self._grabbed: set[int] = set()

    def before(self) -> dict[str, object]:
        if not physical(self._display):
            raise LocalProblem("There is no keyboard or mouse at the customer's computer that rs could hold.")
        return {}

    def make(self, before: dict[str, object]) -> dict[str, object]:
        return self.upkeep(before)

    def upkeep(self, before: dict[str, object]) -> dict[str, object]:
        """What was plugged in meanwhile is held, too. Not while a key is down: its release would go unheard, and it
        would repeat for ever."""
        new = set(physical(self._display)) - self._grabbed
        if not new:
            return before
        self._display.grab_server()
        try:
            if any(self._display.query_keymap()) or self._root.query_pointer().mask & _BUTTONS:
                if self._grabbed:
                    return before  # the next turn, then
                raise LocalProblem("A key or a button is held down at the customer's computer; it is tried again.")
            for number in sorted(new):
                self._grab(number)
        finally:
            self._display.ungrab_server()
            self._display.sync()
        return before

    def undo(self, before: dict[str, object]) -> None:
        for number in self._grabbed:
            self._display.xinput_ungrab_device(number, X.CurrentTime)
        self._grabbed.clear()
        self._display.sync()

    def _grab(self, number: int) -> None:
        answer = self._root.xinput_grab_device(
            number, X.CurrentTime, xinput.GrabModeAsync, xinput.GrabModeAsync, False, xinput.KeyPressMask
        )
        if answer.status != X.GrabSuccess:
            raise LocalProblem("A program at the customer's computer holds the keyboard or mouse itself.")
        self._grabbed.add(number)


class WayOut:
    """Escape three times on a physical keyboard, held or not; the technician's keys do not count."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._pressed: list[int] = []

    def listen(self, on: bool) -> None:
        mask = 1 << RAW_KEY_PRESS if on else 0
        self._display.screen().root.xinput_select_events([(xinput.AllDevices, mask)])
        self._display.sync()
        self._pressed = []

    def heard(self, event: Any) -> bool:
        """Whether this event completes it."""
        if (pressed := _pressed(event)) is None:
            return False
        device, key, at = pressed
        if key not in self._escapes() or device not in physical(self._display):
            self._pressed = [] if device in physical(self._display) else self._pressed
            return False
        if at not in self._pressed:  # held and listened to, a key may be told twice
            self._pressed = [*self._pressed[1 - TIMES :], at]
        return len(self._pressed) == TIMES and (at - self._pressed[0]) % (1 << 32) <= WITHIN

    def _escapes(self) -> set[int]:
        return {key for key, _level in self._display.keysym_to_keycodes(XK.XK_Escape)}


def _pressed(event: Any) -> tuple[int, int, int] | None:
    """(device, keycode, milliseconds) of a key that went down on a device itself, not told again for its master."""
    kind = getattr(event, "evtype", None)
    if kind == xinput.KeyPress:
        data = event.data
        return (data.deviceid, data.detail, data.time) if data.deviceid == data.sourceid else None
    if kind == RAW_KEY_PRESS:
        device, at, key, source = _RAW.unpack_from(event.data)
        return (device, key, at) if device == source else None
    return None
