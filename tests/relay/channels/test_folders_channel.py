"""Names on the wire: any that a file system can hold goes over and comes back the same."""

from __future__ import annotations

import os

import msgspec
import pytest

from rs_relay.channels.folders import SPEC, Remove, text, wire

NAMES = [b"report.pdf", "gr\u00fc\u00dfe".encode(), b"caf\xe9", b"\xff\xfe\x80", b"\xed\xa0\x80", b"a\nb"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_linux_goes_over_as_its_bytes(name: bytes) -> None:
    message = Remove(1, wire(os.fsdecode(name)))
    heard = SPEC.decode_up(msgspec.msgpack.encode(message))
    assert isinstance(heard, Remove)
    assert os.fsencode(text(heard.path)) == name


def test_a_name_of_windows_that_is_half_a_pair() -> None:
    assert text(wire("a\ud83db")) == "a\ud83db"


@pytest.mark.parametrize("said", ["a\0b", "\0", "\0dc", "\000041", "\0DCE9"])
def test_other_uses_of_nul_stay_what_no_name_may_hold(said: str) -> None:
    assert "\0" in text(said)
