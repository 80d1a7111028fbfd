"""Neutral key names: what the two ends call a key, whatever their system or layout calls it.

A name is either one of NAMES or exactly one printable character. The names follow the W3C `KeyboardEvent.key`
values where these exist, lower-cased with `_`, so that no end needs another's tables.
"""

from __future__ import annotations

MODIFIERS = (
    "shift_left", "shift_right", "control_left", "control_right", "alt_left", "alt_right", "alt_graph",
    "super_left", "super_right",
)  # fmt: skip
SPECIAL = (
    "enter", "tab", "backspace", "escape", "space", "delete", "insert", "home", "end", "page_up", "page_down",
    "arrow_left", "arrow_right", "arrow_up", "arrow_down", "caps_lock", "num_lock", "scroll_lock", "print_screen",
    "pause", "context_menu", "back_tab",
    "kp_0", "kp_1", "kp_2", "kp_3", "kp_4", "kp_5", "kp_6", "kp_7", "kp_8", "kp_9", "kp_decimal", "kp_add",
    "kp_subtract", "kp_multiply", "kp_divide", "kp_enter", "kp_equal",
    "volume_up", "volume_down", "volume_mute", "media_play_pause", "media_next", "media_previous", "media_stop",
)  # fmt: skip
FUNCTION = tuple(f"f{n}" for n in range(1, 25))
NAMES: frozenset[str] = frozenset(MODIFIERS + SPECIAL + FUNCTION)


def is_key(name: str) -> bool:
    """Whether `name` may stand in a Key message."""
    return name in NAMES or (len(name) == 1 and name.isprintable())
