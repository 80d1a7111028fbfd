from __future__ import annotations

from rs_agent.ui.digits import HEIGHT, large, width


def test_each_digit_is_five_lines_and_no_two_are_alike() -> None:
    drawn = {digit: tuple(large(digit)) for digit in "0123456789-"}
    assert {len(lines) for lines in drawn.values()} == {HEIGHT}
    assert len(set(drawn.values())) == 11


def test_a_code_fits_where_it_says() -> None:
    code = "482-915-733"
    assert max(map(len, large(code))) <= width(code)


def test_what_is_no_digit_is_left_out() -> None:
    assert large("1x1") == large("11")
