"""T-26: whatever the other side sends, no terminal and no toolkit obeys it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.text import CUT, cells, printable

HOSTILE = {
    "an escape sequence": "\x1b[2J\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "the clipboard by OSC 52": "\x1b]52;c;aGk=\x07",
    "C1 control": "\x9b31mred",
    "bell, null, backspace, delete": "\a\0\b\x7f",
    "right to left": "exe.\u202egpj\u202c \u2066x\u2069 \u200f",
    "zero width": "ad\u200bmin\u200d\u2060\ufeff\u00ad",
    "invisible letters": "\u3164\u115f\u2800\u034f",
    "tags": "\U000e0041\U000e0042",
    "separators": "a\u2028b\u2029c\u0085d",
    "a lone surrogate": "\ud800",
}
anything = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("a漢é\u0301\u0300\u0316\u0317\u0323\x1b\x07\x9b\r\n\t\u202e\u200b\u00a0\u3164\ud800 😀"),
    max_size=60,
)


def is_safe(text: str) -> bool:
    return all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_is_obeyed_survives(text: str) -> None:
    shown = printable(text)
    assert is_safe(shown)
    assert "\\x" in shown or "\\u" in shown or "\\U" in shown


@given(anything)
def test_no_text_survives_that_is_obeyed(text: str) -> None:
    assert is_safe(printable(text))


@given(anything)
def test_with_lines_only_line_feeds_are_left(text: str) -> None:
    assert is_safe(printable(text, lines=True).replace("\n", ""))


@given(anything, st.integers(0, 40))
def test_it_is_never_wider_than_the_limit(text: str, limit: int) -> None:
    assert cells(printable(text, limit)) <= limit


@given(anything)
def test_marks_do_not_pile_up(text: str) -> None:
    run = 0
    for c in printable(text):
        run = run + 1 if unicodedata.category(c) in ("Mn", "Me") else 0
        assert run <= 3


@given(anything)
def test_showing_again_changes_nothing(text: str) -> None:
    once = printable(text, 1000)
    assert printable(once, 1000) == once


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    for text in ("Grüße, Łódź", "日本語のテキスト", "שלום", "Việt Nam", "😀 ok", "a < b & [bold]"):
        assert printable(text) == text


def test_a_cut_shows() -> None:
    assert printable("abcdef", 4) == "abc" + CUT
    assert printable("abcd", 4) == "abcd"
    assert printable("漢漢漢", 5) == "漢漢" + CUT
    assert printable("abc", 0) == ""


def test_line_breaks_of_every_system_become_one() -> None:
    assert printable("a\r\nb\rc\nd", lines=True) == "a\nb\nc\nd"
    assert printable("a\nb") == "a\\x0ab"


def test_two_names_that_differ_do_not_look_alike() -> None:
    assert printable("admin") != printable("ad\u200bmin")
