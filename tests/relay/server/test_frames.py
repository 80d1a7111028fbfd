"""Frames cut through, however they are cut up on their way here. `websockets`' own parser is the judge of what left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from rs_relay.server.frames import (
    BINARY,
    CLOSE,
    CONT,
    FIN,
    FRAGMENTS,
    PING,
    PONG,
    TEXT,
    FrameCutter,
    close_frame,
    control_frame,
    text_frame,
)
from rs_relay.wire import closing
from rs_relay.wire.limits import LINK_MESSAGE

masks = st.sampled_from([b"\0\0\0\0", b"\x01\x02\x03\x04", b"\xff\x00\xff\x7f"])


def masked(first: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    length = len(payload)
    if length < 126:
        header = bytes((first, 0x80 | length))
    elif length < 65536:
        header = bytes((first, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((first, 0x80 | 127)) + length.to_bytes(8, "big")
    return header + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload))


def heard(data: bytes) -> list[Frame]:
    """What a client of the relay hears."""
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None, client.parser_exc
    return [event for event in client.events_received() if isinstance(event, Frame)]


def cut(cutter: FrameCutter, data: bytes, at: list[int]) -> bytes:
    """Feed `data` in pieces that end at `at`; what leaves, checked after each piece."""
    out = bytearray()
    start = 0
    for end in [*sorted(a % (len(data) + 1) for a in at), len(data)]:
        out += b"".join(cutter.cut(data[start:end]))
        start = end
    return bytes(out)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[Frame], list[tuple[int, bytes]]]:
    """(bytes of a client, the data frames in it, its control frames)"""
    data, frames, controls = bytearray(), [], []
    for _ in range(draw(st.integers(0, 6))):
        pieces = draw(st.lists(st.binary(max_size=300) | st.just(b"x" * 70_000), min_size=1, max_size=3))
        for i, piece in enumerate(pieces):
            if draw(st.booleans()):
                control, said = draw(st.sampled_from([PING, PONG])), draw(st.binary(max_size=125))
                data += masked(FIN | control, said, draw(masks))
                controls.append((control, said))
            last = i == len(pieces) - 1
            opcode = CONT if i else BINARY
            data += masked((FIN if last else 0) | opcode, piece, draw(masks))
            frames.append(Frame(Opcode(opcode), piece, last))
    return bytes(data), frames, controls


@given(conversations(), st.lists(st.integers(0, 500_000), max_size=12))
def test_what_leaves_is_what_came_however_it_was_cut_up(
    conversation: tuple[bytes, list[Frame], list[tuple[int, bytes]]], at: list[int]
) -> None:
    data, frames, controls = conversation
    cutter = FrameCutter(opening=False)
    assert heard(cut(cutter, data, at)) == frames
    assert [(c.opcode, c.payload) for c in cutter.controls] == controls
    assert cutter.broken is None
    assert cutter.between_frames


@given(st.binary(min_size=1, max_size=40))
def test_a_byte_at_a_time(payload: bytes) -> None:
    cutter = FrameCutter(opening=False)
    data = masked(FIN | BINARY, payload) + masked(FIN | PING, b"are you there") + masked(FIN | BINARY, payload)
    out = b"".join(b"".join(cutter.cut(data[i : i + 1])) for i in range(len(data)))
    assert [f.data for f in heard(out)] == [payload, payload]
    assert cutter.controls[0].payload == b"are you there"


def test_a_payload_leaves_before_the_frame_is_complete() -> None:
    cutter = FrameCutter(opening=False)
    data = masked(FIN | BINARY, b"abcdefgh")
    assert b"".join(cutter.cut(data[:9])) == bytes((FIN | BINARY, 8)) + b"abc"
    assert not cutter.between_frames
    assert b"".join(cutter.cut(data[9:])) == b"defgh"
    assert cutter.between_frames


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(FIN | TEXT, b"hello"), closing.NOT_BINARY),
        (masked(FIN | CONT, b"x"), closing.PROTOCOL_ERROR),
        (masked(BINARY, b"x") + masked(FIN | BINARY, b"x"), closing.PROTOCOL_ERROR),
        (masked(FIN | 0x40 | BINARY, b"compressed"), closing.PROTOCOL_ERROR),
        (masked(FIN | 0x3, b"x"), closing.PROTOCOL_ERROR),
        (masked(FIN | 0xB, b"x"), closing.PROTOCOL_ERROR),
        (masked(PING, b"x"), closing.PROTOCOL_ERROR),
        (masked(FIN | PING, b"x" * 126), closing.PROTOCOL_ERROR),
        (bytes((FIN | BINARY, 1)) + b"x", closing.PROTOCOL_ERROR),
        (masked(FIN | BINARY, b"x" * (LINK_MESSAGE + 1))[:14], closing.TOO_BIG),
        (bytes((FIN | BINARY, 0xFF)) + b"\xff" * 8 + b"\0" * 4, closing.TOO_BIG),
        (masked(BINARY, b"x" * LINK_MESSAGE) + masked(FIN | CONT, b"x"), closing.TOO_BIG),
        (masked(BINARY, b"") + masked(CONT, b"") * FRAGMENTS, closing.POLICY),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 10**9])
def test_what_is_refused_and_how(data: bytes, code: int, step: int) -> None:
    if step == 1 and len(data) > 10_000:
        data = data[:20] + data[-20:] if code != closing.TOO_BIG else data
        if code == closing.TOO_BIG and len(data) > 10_000:
            step = 1000
    good = masked(FIN | BINARY, b"before")
    cutter = FrameCutter(opening=False)
    out = b"".join(b"".join(cutter.cut((good + data)[i : i + step])) for i in range(0, len(good + data), step))
    assert cutter.broken is not None
    assert cutter.broken.code == code
    assert out.startswith(bytes((FIN | BINARY, 6)) + b"before"), "what came before still goes through"
    assert cutter.cut(good) == [], "and nothing after"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5), st.booleans())
def test_garbage_never_makes_a_frame_that_a_client_would_choke_on(data: bytes, at: list[int], opening: bool) -> None:
    cutter = FrameCutter(opening=opening)
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(cut(cutter, data, at))
    assert client.parser_exc is None
    if opening and cutter.opening is None:
        assert client.events_received() == [], "nothing passes before the ticket"


def test_the_opening_is_held_and_what_follows_it_is_kept() -> None:
    cutter = FrameCutter()
    after = masked(FIN | BINARY, b"early")
    assert cutter.cut(masked(FIN | PING, b"p") + masked(FIN | TEXT, b"ticket") + after) == []
    assert (cutter.opening, cutter.rest) == (b"ticket", after)
    assert b"".join(cutter.cut(cutter.rest)).endswith(b"early")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(FIN | BINARY, b"x"), closing.POLICY),
        (masked(TEXT, b"x"), closing.POLICY),
        (masked(FIN | TEXT, b"x" * 4097)[:8], closing.TOO_BIG),
    ],
)
def test_an_opening_is_one_short_text(data: bytes, code: int) -> None:
    cutter = FrameCutter()
    cutter.cut(data)
    assert cutter.broken is not None
    assert cutter.broken.code == code


def test_nothing_passes_after_a_close_frame() -> None:
    cutter = FrameCutter(opening=False)
    out = cutter.cut(masked(FIN | CLOSE, b"\x03\xe8") + masked(FIN | BINARY, b"late"))
    assert out == []
    assert cutter.closed
    assert cutter.cut(masked(FIN | BINARY, b"later")) == []


def test_what_the_relay_says_itself_is_heard() -> None:
    frames = heard(text_frame("x" * 200) + control_frame(PING, b"p") + close_frame(4008, "ü" * 100))
    assert [f.opcode for f in frames] == [Opcode.TEXT, Opcode.PING, Opcode.CLOSE]
    assert frames[2].data[:2] == (4008).to_bytes(2, "big")
    assert frames[2].data[2:].decode() == "ü" * 61
