"""The address of a device: what is copied from it to a technician."""

from __future__ import annotations

import pytest

from rs_relay.errors import UsageError
from rs_relay.link.address import Address

ONE = Address("a" * 32, "b" * 64, bytes(range(32)))


def test_an_address_comes_back_however_it_was_wrapped() -> None:
    text = str(ONE)
    assert text.startswith("rsd_")
    assert len(text) == 116
    assert Address.parse(text) == ONE
    assert Address.parse(f"  {text[:50]}\n   {text[50:]} ") == ONE


@pytest.mark.parametrize("at", [4, 20, 60, 110, 115])
def test_a_slip_is_seen(at: int) -> None:
    text = str(ONE)
    with pytest.raises(UsageError):
        Address.parse(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])


@pytest.mark.parametrize("text", ["", "rsd_", "482-915-733", "rsd_!!", "rsd_" + "A" * 112, "é" * 116])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError):
        Address.parse(text)
