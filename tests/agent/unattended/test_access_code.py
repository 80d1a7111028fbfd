"""Access codes: made, and refused."""

from __future__ import annotations

import pytest

from rs_agent.unattended import access_code
from rs_relay.errors import UsageError
from rs_relay.link.verifier import plain


def test_one_that_is_made_is_ten_digits_and_passes_however_it_is_typed() -> None:
    made = {access_code.make() for _ in range(50)}
    assert len(made) == 50
    digits = plain(next(iter(made)))
    assert len(digits) == 10
    assert digits.isdigit()
    assert plain(f" {digits[:5]}-{digits[5:]} ") == digits
    assert plain("two-words here") == "two-words here"


@pytest.mark.parametrize(
    "code",
    ["correct horse 42", "Fünf blaue Äpfel", "tomato-lamp-seven", "x9$kQ2!mR4", "4829157331", "le petit chat noir"],
)
def test_good_ones(code: str) -> None:
    access_code.check(code)


@pytest.mark.parametrize(
    "code",
    [
        "", "short", "123456789", "1234567890", "0987654321", "1111111111", "1212121212", "abcabcabcabc", "password123",
        "Password2026!", "qwertyuiop", "AZERTYUIOP1", "motdepasse1", "administrator", "letmein2024", "abcdefghij",
        "welcome12345", "a" * 200, "line\nbreak and more",
    ],
)  # fmt: skip
def test_those_that_are_tried_first(code: str) -> None:
    with pytest.raises(UsageError):
        access_code.check(code)
