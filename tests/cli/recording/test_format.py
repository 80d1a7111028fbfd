from __future__ import annotations

import pytest

from rs_cli.recording import format
from rs_cli.recording.format import HEAD, LONGEST, RECORD, About, Kind, NotIntact, Record
from rs_relay.channels.screen.messages import Frame, Layout, Pointer, Shape

LAYOUT = Layout(3, 0, 0, 640, 400)
MESSAGES = [
    (LAYOUT, Kind.SEGMENT),
    (Frame(1, 3, data=b"xyz"), Kind.FRAME),
    (Frame(1, 3, more=True), Kind.PART),
    (Pointer(-4, 7), Kind.POINTER),
    (Shape(1, width=1, height=1, data=b"s"), Kind.SHAPE),
]


def halves(record: bytes) -> tuple[bytes, bytes]:
    return record[: RECORD.size], record[RECORD.size :]


@pytest.mark.parametrize(("message", "kind"), MESSAGES)
def test_a_message_comes_back(message: object, kind: Kind) -> None:
    start, rest = halves(format.said(1234, message))  # type: ignore[arg-type]
    assert len(rest) == format.length(start)
    assert format.unpack(start, rest) == Record(1234, kind, message)  # type: ignore[arg-type]


def test_the_bytes_are_those_of_the_page() -> None:
    assert HEAD.hex() == "895253524543 0d0a 0001".replace(" ", "")
    assert format.pack(5000, Kind.TICK).hex() == "00000000 00001388 05 7b59ef4b".replace(" ", "")
    assert format.version(HEAD) == 1
    assert format.version(b"\x89PNG\r\n\x1a\n\x00\x01") is None


def test_a_kind_of_later_is_passed_over() -> None:
    start, rest = halves(format.pack(9, 77, About(1.0)))  # type: ignore[arg-type]
    assert format.unpack(start, rest) == Record(9, 77)


def test_each_flipped_bit_is_noticed() -> None:
    record = format.said(77, LAYOUT)
    for bit in range(len(record) * 8):
        broken = bytearray(record)
        broken[bit // 8] ^= 1 << bit % 8
        start, rest = halves(bytes(broken))
        with pytest.raises(NotIntact):
            format.length(start)
            format.unpack(start, rest)


def test_an_absurd_length_and_a_payload_of_another_kind_are_not_intact() -> None:
    with pytest.raises(NotIntact):
        format.length(RECORD.pack(LONGEST + 1, 0, Kind.FRAME))
    for kind, message in ((Kind.FRAME, LAYOUT), (Kind.PART, Frame(1, 1)), (Kind.SEGMENT, About(1.0))):
        with pytest.raises(NotIntact):
            format.unpack(*halves(format.pack(0, kind, message)))  # type: ignore[arg-type]
