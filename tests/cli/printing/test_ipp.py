"""IPP as bytes: what is asked, and answers of all kinds, also those that are none."""

from __future__ import annotations

import struct

import pytest

from rs_cli.printing.ipp import ENUM, State, answer, request


def said(*attributes: tuple[int, bytes, bytes]) -> bytes:
    body = b"".join(struct.pack(">BH", t, len(n)) + n + struct.pack(">H", len(v)) + v for t, n, v in attributes)
    return struct.pack(">BBHI", 2, 0, 0, 1) + b"\x01" + body[:0] + b"\x02" + body + b"\x03"


def test_what_is_asked() -> None:
    asked = request(17, "anna")
    assert asked[:4] == b"\x02\x00\x00\x09"
    assert b"ipp://localhost/jobs/17" in asked
    assert asked.endswith(b"\x00\x09job-state\x03")


def test_the_state_among_other_things() -> None:
    other = (0x44, b"job-state-reasons", b"none")
    assert answer(said(other, (ENUM, b"job-state", b"\x00\x00\x00\x09"))) is State.COMPLETED
    assert answer(said((ENUM, b"job-state", b"\x00\x00\x00\x08"), other)) is State.ABORTED


@pytest.mark.parametrize(
    "data",
    [b"", b"x", said(), said((ENUM, b"job-state", b"\x63")), said((0x21, b"job-state", b"\x00\x00\x00\x09")),
     said((ENUM, b"job-state", b"\x00\x00\x00\x09"))[:-4], b"\x02\x00\x00\x00\x00\x00\x00\x01\x21\xff\xff"],
)  # fmt: skip
def test_what_says_nothing(data: bytes) -> None:
    assert answer(data) is None
