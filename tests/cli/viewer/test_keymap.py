from __future__ import annotations

import pytest

from rs_cli.viewer import keymap
from rs_relay.channels.control import keys


def test_every_name_is_one_that_the_other_end_knows():
    assert set(keymap.NAMES.values()) <= keys.NAMES


def test_every_key_of_the_neutral_names_can_be_pressed():
    # Shift+Tab is Tab beside Shift.
    assert keys.NAMES - set(keymap.NAMES.values()) == {"back_tab"}


@pytest.mark.parametrize(
    ("number", "character"),
    [
        (0x61, "a"), (0x41, "A"), (0x20, " "), (0xE9, "é"), (0xDF, "ß"),
        (0x20AC, "€"), (0x1B1, "ą"), (0x6D3, "с"), (0x7E1, "α"), (0xCE0, "א"), (0xDA1, "ก"), (0x5C7, "ا"),
        (0x1000416, "Ж"), (0x101F600, "😀"), (0x13BD, "œ"),
        (0xFF0D, ""), (0xFFE1, ""), (0xFE51, ""), (0x1000007, ""), (0, ""), (0x7F, ""), (0x2000000, ""), (-1, ""),
    ],
)  # fmt: skip
def test_the_character_of_a_keysym(number, character):
    assert keymap.character(number) == character


def test_a_keysym_without_a_name_has_none():
    assert keymap.special("eacute") is None
    assert keymap.special("Meta_L") == "alt_left"
