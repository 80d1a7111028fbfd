"""Which device a name means."""

from __future__ import annotations

import pytest

from rs_cli.joining.picking import pick, place
from rs_relay.errors import NoSuchSession, UsageError
from rs_relay.wire.messages import Device


def _device(host: str, name: str, group: str = "") -> Device:
    return Device(host * 8, name, (), group, online=True)


TILL, SECOND, OFFICE = _device("aaa1", "till", "Lyon"), _device("bbb2", "till", "Paris"), _device("abc3", "Office")
ALL = (TILL, SECOND, OFFICE)


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        ("Office", OFFICE),
        ("office", OFFICE),
        ("Lyon/till", TILL),
        ("paris/TILL", SECOND),
        ("bbb2", SECOND),
        ("bbb2bbb2", SECOND),
        ("aaa1" * 8, TILL),
    ],
)
def test_what_is_meant(wanted: str, device: Device) -> None:
    assert pick(wanted, ALL) is device


def test_two_of_one_name_are_told_apart_and_not_guessed() -> None:
    with pytest.raises(UsageError) as e:
        pick("till", ALL)
    assert "aaa1aaa1 (Lyon/till)" in e.value.hint
    assert "bbb2bbb2 (Paris/till)" in e.value.hint


@pytest.mark.parametrize("wanted", ["", "aaa", "tills", "Rome/till"])
def test_what_nobody_is(wanted: str) -> None:
    with pytest.raises(NoSuchSession):
        pick(wanted, ALL)


def test_a_name_does_nothing_to_a_terminal() -> None:
    assert "\x1b" not in place(_device("aaa1", "\x1b[2J", "\x1b[0m"))
