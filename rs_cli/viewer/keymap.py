"""What Tk calls a key, as the neutral names of `rs_relay.channels.control.keys`: a table, and how a keysym's number
says its character.

A keysym's number is (X11 protocol, appendix A) the Latin-1 code for Latin-1, 0x01000000 plus the code point for what is
in Unicode only, and for older alphabets 0xNN00 plus the code in one 8-bit standard each: these standards are Python's
codecs, so no table of 800 lines is needed. Keys of other alphabets matter in shortcuts only; text comes as text.
"""

from __future__ import annotations

import unicodedata

from rs_relay.channels.control import keys

NAMES: dict[str, str] = {
    "Shift_L": "shift_left", "Shift_R": "shift_right",
    "Control_L": "control_left", "Control_R": "control_right",
    "Alt_L": "alt_left", "Alt_R": "alt_right",
    "Meta_L": "alt_left", "Meta_R": "alt_right",  # what X calls Alt while Shift is held
    "ISO_Level3_Shift": "alt_graph", "Mode_switch": "alt_graph",
    "Super_L": "super_left", "Super_R": "super_right", "Hyper_L": "super_left", "Hyper_R": "super_right",
    "Win_L": "super_left", "Win_R": "super_right",
    # Shift+Tab has a keysym of its own; Shift travels beside it, so it is Tab.
    "Return": "enter", "Linefeed": "enter", "Tab": "tab", "BackSpace": "backspace", "Escape": "escape",
    "ISO_Left_Tab": "tab", "space": "space", "Delete": "delete", "Insert": "insert",
    "Home": "home", "End": "end", "Prior": "page_up", "Next": "page_down", "Page_Up": "page_up",
    "Page_Down": "page_down", "Left": "arrow_left", "Right": "arrow_right", "Up": "arrow_up", "Down": "arrow_down",
    "Caps_Lock": "caps_lock", "Shift_Lock": "caps_lock", "Num_Lock": "num_lock", "Scroll_Lock": "scroll_lock",
    "Print": "print_screen", "Sys_Req": "print_screen", "Snapshot": "print_screen",
    "Pause": "pause", "Break": "pause", "Menu": "context_menu", "App": "context_menu",
    **{f"KP_{n}": f"kp_{n}" for n in range(10)},
    "KP_Decimal": "kp_decimal", "KP_Separator": "kp_decimal", "KP_Add": "kp_add", "KP_Subtract": "kp_subtract",
    "KP_Multiply": "kp_multiply", "KP_Divide": "kp_divide", "KP_Enter": "kp_enter", "KP_Equal": "kp_equal",
    # The keypad without Num Lock: what the key does, not where it is.
    "KP_Home": "home", "KP_End": "end", "KP_Prior": "page_up", "KP_Next": "page_down", "KP_Page_Up": "page_up",
    "KP_Page_Down": "page_down", "KP_Left": "arrow_left", "KP_Right": "arrow_right", "KP_Up": "arrow_up",
    "KP_Down": "arrow_down", "KP_Insert": "insert", "KP_Delete": "delete", "KP_Space": "space", "KP_Tab": "tab",
    **{f"F{n}": f"f{n}" for n in range(1, 25)},
    "XF86AudioRaiseVolume": "volume_up", "XF86AudioLowerVolume": "volume_down", "XF86AudioMute": "volume_mute",
    "XF86AudioPlay": "media_play_pause", "XF86AudioPause": "media_play_pause", "XF86AudioNext": "media_next",
    "XF86AudioPrev": "media_previous", "XF86AudioStop": "media_stop",
}  # fmt: skip

MODIFIERS = frozenset(keys.MODIFIERS)
# Locks act on what the technician's own keyboard types; the text is sent as it was meant, so they are not passed on.
LOCAL = frozenset({"caps_lock", "num_lock"})

# Bits of Tk's event.state on X11; on Windows Alt has a bit far up. What they mean is looked at only to find a modifier
# whose press was not seen, because the keyboard was elsewhere then.
HELD: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0x0001, ("shift_left", "shift_right")),
    (0x0004, ("control_left", "control_right")),
    (0x0008 | 0x20000, ("alt_left", "alt_right")),
    (0x0040, ("super_left", "super_right")),
)

# The second byte of a keysym's number, as the codec of its first.
_ALPHABETS = {
    0x01: "iso8859-2", 0x02: "iso8859-3", 0x03: "iso8859-4", 0x05: "iso8859-6", 0x06: "koi8-u", 0x07: "iso8859-7",
    0x0C: "iso8859-8", 0x0D: "tis-620", 0x13: "iso8859-15",
}  # fmt: skip
_UNICODE = 0x01000000
_EURO = 0x20AC  # its keysym is its own code point, alone among them

# Where a key is, as what a US keyboard has there, by its keycode: X counts as the kernel does, plus 8; Windows names
# letters and digits by themselves. macOS has its own order, which Tk mixes with the character.
_ROWS = {10: "1234567890-=", 24: "qwertyuiop[]", 38: "asdfghjkl;'`", 51: "\\zxcvbnm,./"}
X11_PLACES = {first + n: key for first, row in _ROWS.items() for n, key in enumerate(row)}
WINDOWS_PLACES = {ord(key.upper()): key for key in "abcdefghijklmnopqrstuvwxyz0123456789"}


def latin(character: str) -> bool:
    """Whether keyboards that write Latin letters may have it: they have no letter of another alphabet."""
    return not character.isalpha() or "LATIN" in unicodedata.name(character, "")


def special(keysym: str) -> str | None:
    """The neutral name of a key that types no character, or that has a name besides."""
    return NAMES.get(keysym)


def character(number: int) -> str:
    """The one printable character that the keysym of that number stands for, or ''."""
    found = ""
    if 0x20 <= number <= 0x7E or 0xA0 <= number <= 0xFF or number == _EURO:
        found = chr(number)
    elif _UNICODE < number <= _UNICODE + 0x10FFFF:
        found = chr(number - _UNICODE)
    elif codec := _ALPHABETS.get(number >> 8):
        found = bytes([number & 0xFF]).decode(codec, "ignore")
    return found if found.isprintable() else ""
