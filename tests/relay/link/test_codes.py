"""Codes: typed in any way they are understood, shown they hide nothing but what must be hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import WrongCode
from rs_relay.link.codes import Code, make_secret, parse


@pytest.mark.parametrize(
    "typed",
    [
        "482-915-733",
        "482915733",
        " 482 915 733\n",
        "482.915.733",
        "482\u202f915\u202f733",
        "482–915–733",
        "４８２９１５７３３",
        "٤٨٢٩١٥٧٣٣",
    ],
)
def test_ways_to_type_one_code(typed: str) -> None:
    assert parse(typed) == Code("482", "915733")


@pytest.mark.parametrize("typed", ["", "48291573", "482-915-73x", "48291573²", "1" * 15, "482_915_733", "-"])
def test_what_is_no_code(typed: str) -> None:
    with pytest.raises(WrongCode):
        parse(typed)


@given(st.from_regex(r"[0-9]{9,14}", fullmatch=True))
def test_spoken_and_parsed_are_inverse(digits: str) -> None:
    code = parse(digits)
    assert code.slot + code.secret == digits
    assert parse(code.spoken()) == code
    assert len(code.secret) == (8 if len(digits) >= 12 else 6)


def test_nine_digits_are_three_groups() -> None:
    assert Code("482", "915733").spoken() == "482-915-733"
    assert Code("4821", "915733").spoken() == "4821-915-733"


def test_neither_repr_nor_str_shows_the_secret() -> None:
    code = Code("482", "915733")
    assert "915" not in f"{code!r} {code}"


def test_secrets_are_six_digits_and_differ() -> None:
    made = {make_secret() for _ in range(200)}
    assert all(len(s) == 6 and s.isdigit() for s in made)
    assert len(made) > 190
