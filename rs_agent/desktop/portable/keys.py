"""From neutral key names to pynput: the name of a member of `pynput.keyboard.Key`, or a virtual key code of the system.

pynput's `Key` lacks the numeric keypad and some keys of each system; those go by the system's own number: Windows
virtual-key codes (winuser.h), macOS virtual key codes (HIToolbox/Events.h). A name that a system has no key for at all
is None: that key cannot be pressed there, and the customer's end says so.
"""

from __future__ import annotations

from rs_relay.channels.control.keys import FUNCTION

Key = str | int | None

_BOTH: dict[str, Key] = {
    "shift_left": "shift_l",
    "shift_right": "shift_r",
    "control_left": "ctrl_l",
    "control_right": "ctrl_r",
    "alt_left": "alt_l",
    "alt_right": "alt_r",
    "alt_graph": "alt_gr",
    "super_left": "cmd_l",
    "super_right": "cmd_r",
    "enter": "enter",
    "tab": "tab",
    "back_tab": "tab",  # Shift is held where it was pressed
    "backspace": "backspace",
    "escape": "esc",
    "space": "space",
    "delete": "delete",
    "home": "home",
    "end": "end",
    "page_up": "page_up",
    "page_down": "page_down",
    "arrow_left": "left",
    "arrow_right": "right",
    "arrow_up": "up",
    "arrow_down": "down",
    "caps_lock": "caps_lock",
    "volume_up": "media_volume_up",
    "volume_down": "media_volume_down",
    "volume_mute": "media_volume_mute",
    "media_play_pause": "media_play_pause",
    "media_next": "media_next",
    "media_previous": "media_previous",
    **{name: name for name in FUNCTION[:20]},
}

WINDOWS: dict[str, Key] = {
    **_BOTH,
    **{name: 0x70 + n for n, name in enumerate(FUNCTION) if n >= 20},
    "insert": "insert",
    "num_lock": "num_lock",
    "scroll_lock": "scroll_lock",
    "print_screen": "print_screen",
    "pause": "pause",
    "context_menu": "menu",
    "media_stop": 0xB2,
    **{f"kp_{n}": 0x60 + n for n in range(10)},
    "kp_multiply": 0x6A,
    "kp_add": 0x6B,
    "kp_subtract": 0x6D,
    "kp_decimal": 0x6E,
    "kp_divide": 0x6F,
    "kp_enter": "enter",  # Windows tells them apart by the extended-key flag, which pynput does not set
    "kp_equal": 0x92,
}

MACOS: dict[str, Key] = {
    **_BOTH,
    **dict.fromkeys(FUNCTION[20:]),
    "insert": 0x72,  # Help, which stands where Insert does
    "num_lock": 0x47,  # Clear
    "scroll_lock": "f14",  # where a PC keyboard's keys are on a Mac's
    "print_screen": "f13",
    "pause": "f15",
    "context_menu": 0x6E,
    "media_stop": None,
    **{f"kp_{n}": 0x52 + n for n in range(8)},
    "kp_8": 0x5B,
    "kp_9": 0x5C,
    "kp_decimal": 0x41,
    "kp_multiply": 0x43,
    "kp_add": 0x45,
    "kp_divide": 0x4B,
    "kp_enter": 0x4C,
    "kp_subtract": 0x4E,
    "kp_equal": 0x51,
}
