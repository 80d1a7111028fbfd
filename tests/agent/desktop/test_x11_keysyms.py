from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_agent.desktop.x11 import keysyms
from rs_relay.channels.control.keys import NAMES


def test_every_key_name_has_a_keysym() -> None:
    assert set(keysyms.SPECIAL) == NAMES
    assert all(keysyms.SPECIAL.values())


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", (0x61,)),
        ("é", (0xE9,)),
        ("€", (0x20AC, 0x010020AC)),
        ("с", (0x6D3, 0x01000441)),  # Cyrillic_es
        ("α", (0x7E1, 0x010003B1)),
        ("א", (0xCE0, 0x010005D0)),
        ("Ž", (0x1AE, 0x0100017D)),
        ("你", (0x01004F60,)),
        ("😀", (0x0101F600,)),
        ("\n", (0xFF0D,)),
        ("\t", (0xFF09,)),
    ],
)
def test_a_character_and_its_keysyms(character: str, expected: tuple[int, ...]) -> None:
    assert keysyms.keysyms(character) == expected


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\uffff", "\U0010ffff"])
def test_what_has_no_key(character: str) -> None:
    assert keysyms.keysyms(character) == ()


@given(st.characters())
def test_no_two_characters_share_a_keysym_of_our_own(character: str) -> None:
    own = keysyms.own(character)
    point = own & 0xFFFFFF if own & keysyms.UNICODE else own
    assert chr(point) == character
    assert not 0x01000000 <= own <= 0x010000FF or not keysyms.typable(character)
